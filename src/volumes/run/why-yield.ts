import type { ClaimSummary, ClusterObject } from '../copy.ts';
import { hasEnded, isBackuper, volumesOf } from '../plan/pod-claims.ts';

/** What a BackupEr pod holds. */
export interface Held {
  readonly source: Pick<ClaimSummary, 'name' | 'accessModes'>;
  readonly target: Pick<ClaimSummary, 'name' | 'accessModes'>;
  /** Where the BackupEr pod is; undefined while nobody knows. */
  readonly node: string | undefined;
  /** When it was made. */
  readonly since: Date;
  /** The application has been scaled to zero: whoever uses the source now has not been asked to. */
  readonly isScaledDown: boolean;
}

/** An event about a pod, as the server sent it. */
export interface PodEvent {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly name?: string };
}

interface Volume {
  readonly name?: string;
  readonly persistentVolumeClaim?: { readonly readOnly?: boolean };
}

interface Mount {
  readonly name?: string;
  readonly readOnly?: boolean;
}

interface PodSpec {
  readonly nodeName?: string;
  readonly volumes?: readonly Volume[];
  readonly containers?: readonly { readonly volumeMounts?: readonly Mount[] }[];
  readonly initContainers?: readonly { readonly volumeMounts?: readonly Mount[] }[];
}

interface PodStatus {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
}

/**
 * Why a BackupEr pod has to go: a pod of the application needs what it holds. In doubt the application comes first.
 *
 * @param pods of the project, all of them
 * @param events warnings about pods of the project
 * @returns one line; undefined when nobody waits
 */
export function whyYield(
  pods: readonly ClusterObject[],
  events: readonly PodEvent[],
  held: Held,
): string | undefined {
  for (const pod of pods.filter(isOther)) {
    const uses = { source: useOf(pod, held.source.name), target: useOf(pod, held.target.name) };
    const reason =
      (uses.target && targetReason(pod, uses.target, held)) ??
      (uses.source && sourceReason(pod, held)) ??
      (uses.target && blockedReason(pod, events, held.target, held)) ??
      (uses.source && blockedReason(pod, events, held.source, held));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The pods of the application that wait for something, so that it's worth asking for their events. */
export function waitingUsers(pods: readonly ClusterObject[], held: Held): ClusterObject[] {
  return pods
    .filter(isOther)
    .filter((pod) => [held.source, held.target].some(({ name }) => useOf(pod, name) !== undefined))
    .filter((pod) => !isRunning(pod));
}

function targetReason(pod: ClusterObject, use: 'writes' | 'reads', held: Held): string | undefined {
  return use === 'writes'
    ? `the pod ${pod.metadata.name} has begun to use ${held.target.name}, which gets the copy`
    : undefined;
}

function sourceReason(pod: ClusterObject, { source, isScaledDown }: Held): string | undefined {
  return isScaledDown
    ? `the pod ${pod.metadata.name} uses ${source.name} again, though its application was scaled to zero: something else scales it`
    : undefined;
}

function blockedReason(
  pod: ClusterObject,
  events: readonly PodEvent[],
  claim: Held['source'],
  { node, since }: Held,
): string | undefined {
  if (claim.accessModes.includes('ReadWriteMany')) return undefined;
  const { name } = pod.metadata;
  const spec: PodSpec = pod.spec ?? {};
  if (spec.nodeName !== undefined && node !== undefined && spec.nodeName !== node)
    return `the pod ${name} is to run on ${spec.nodeName} with ${claim.name}, which the copy holds on ${node}`;
  if (isRunning(pod)) return undefined;
  const failure = events.find(
    (event) => event.involvedObject?.name === name && isAttachFailure(event, since),
  );
  const refusal = schedulerRefusal(pod) ?? failure?.message;
  return refusal === undefined
    ? undefined
    : `the pod ${name} waits for ${claim.name}, which the copy holds: ${refusal}`;
}

/** Of a claim for one pod at a time. */
function schedulerRefusal(pod: ClusterObject): string | undefined {
  const { conditions = [] }: PodStatus = pod.status ?? {};
  const condition = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return /ReadWriteOncePod/u.test(condition?.message ?? '') ? condition?.message : undefined;
}

function isAttachFailure({ reason, message = '', lastTimestamp, eventTime }: PodEvent, since: Date): boolean {
  const isAbout =
    reason === 'FailedAttachVolume' ||
    (reason === 'FailedMount' && /Multi-Attach|already mounted/iu.test(message));
  // Times of events are in whole seconds.
  const timeMs = Date.parse(lastTimestamp ?? eventTime ?? '');
  return isAbout && (Number.isNaN(timeMs) || timeMs >= Math.floor(since.getTime() / 1000) * 1000);
}

function isOther(pod: ClusterObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isBackuper(pod) && !hasEnded(pod);
}

function isRunning(pod: ClusterObject): boolean {
  const { containerStatuses = [] }: PodStatus = pod.status ?? {};
  return containerStatuses.some(({ state }) => state?.running !== undefined);
}

/** How a pod uses a claim; undefined when it doesn't. */
function useOf(pod: ClusterObject, claim: string): 'writes' | 'reads' | undefined {
  const names = volumesOf(pod.spec, pod.metadata.name, claim);
  const { volumes = [], initContainers = [], containers = [] }: PodSpec = pod.spec ?? {};
  const mounts = [...initContainers, ...containers].flatMap(({ volumeMounts = [] }) => volumeMounts);
  const uses = volumes
    .filter(({ name = '' }) => names.includes(name))
    .map(({ name, persistentVolumeClaim }) => {
      const own = mounts.filter((mount) => mount.name === name);
      const isRead = own.length > 0 && own.every(({ readOnly }) => readOnly === true);
      return persistentVolumeClaim?.readOnly === true || isRead ? 'reads' : 'writes';
    });
  return uses.includes('writes') ? 'writes' : uses[0];
}
