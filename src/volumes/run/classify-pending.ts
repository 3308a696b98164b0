import { safeText } from '../../model/text.ts';
import type { ClusterObject } from '../copy.ts';
import { objectsAt, textAt, type Fields } from '../fields.ts';
import { schedulingVerdict } from './scheduling-message.ts';

/** What a pod that has not begun yet waits for. */
export type PendingVerdict =
  | { readonly kind: 'wait'; readonly message: string }
  | { readonly kind: 'fail'; readonly reason: PendingReason; readonly message: string };

/** Why a pod never began. */
export type PendingReason =
  | 'deleted'
  | 'unschedulable'
  | 'no-room'
  | 'gated'
  | 'image'
  | 'container'
  | 'attach'
  | 'mount'
  | 'sandbox'
  | 'too-long';

const MINUTE_MS = 60_000;
/** How long each cause may last: the time in which it usually passes, if it passes at all. */
const PATIENCE_MS = {
  unschedulable: 2 * MINUTE_MS,
  'no-room': 10 * MINUTE_MS,
  gated: 10 * MINUTE_MS,
  image: 3 * MINUTE_MS,
  container: MINUTE_MS,
  // A node that is gone gives its volumes free after six minutes:
  // https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/controller/volume/attachdetach/attach_detach_controller.go
  attach: 7 * MINUTE_MS,
  mount: 10 * MINUTE_MS,
  // The kubelet or the runtime goes over every file, to set groups or labels.
  slowMount: 30 * MINUTE_MS,
  sandbox: 10 * MINUTE_MS,
  'too-long': 30 * MINUTE_MS,
} as const;
const IMAGE_REASONS = [
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
];
const CONTAINER_REASONS = [
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PreCreateHookError',
  'CrashLoopBackOff',
];
const IS_SLOW =
  /context deadline exceeded|timed out waiting for the condition|is reserved for|DeadlineExceeded/u;
const NEVER_MOUNTS =
  /wrong fs type|bad superblock|cannot mount unformatted disk|read-only mode|no such host|access denied by server|No such file or directory/u;

/**
 * What keeps a pod from beginning, and whether to wait on. Only what the server says decides, not the time alone: a
 * volume with millions of files may take half an hour to mount.
 *
 * @param events about the pod, in any order; without them some causes are not told apart
 * @param waitedMs since the pod was made
 */
export function classifyPending(
  pod: ClusterObject,
  events: readonly ClusterObject[],
  waitedMs: number,
  now: Date,
): PendingVerdict {
  const name = textAt(pod, 'metadata', 'name');
  if (textAt(pod, 'metadata', 'deletionTimestamp') !== '')
    return fail('deleted', `somebody has deleted the pod ${name} before it began`);
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled && textAt(scheduled, 'status') === 'False') return unscheduled(scheduled, waitedMs);
  const startedMs = sinceScheduled(pod, scheduled, { waitedMs, now });
  return (
    ofContainer(pod, startedMs) ??
    ofEvents(events, startedMs) ??
    within('too-long', startedMs, {
      waits: textAt(pod, 'spec', 'nodeName') === '' ? 'waits for a node' : 'is being started',
      fails: `the pod ${name} has not begun, and nothing says why: see oc describe pod ${name}`,
    })
  );
}

function unscheduled(condition: Fields, waitedMs: number): PendingVerdict {
  const message = shown(textAt(condition, 'message'));
  if (textAt(condition, 'reason') === 'SchedulingGated')
    return within('gated', waitedMs, {
      waits: 'is held back by a scheduling gate',
      fails: `a scheduling gate holds the pod back: let ${message || 'the pod'} pass, or leave the project out of that queue`,
    });
  const { kind, advice } = schedulingVerdict(textAt(condition, 'message'));
  return within(kind === 'stuck' ? 'unschedulable' : 'no-room', waitedMs, {
    waits: `waits for a node: ${message}`,
    fails: `no node takes the pod, ${advice} (${message})`,
  });
}

function ofContainer(pod: ClusterObject, waitedMs: number): PendingVerdict | undefined {
  for (const status of objectsAt(pod, 'status', 'containerStatuses')) {
    const reason = textAt(status, 'state', 'waiting', 'reason');
    const message = shown(textAt(status, 'state', 'waiting', 'message'));
    if (IMAGE_REASONS.includes(reason))
      return within('image', waitedMs, {
        waits: `waits for its image: ${message || reason}`,
        fails: `the image ${textAt(status, 'image')} can't be had (${reason}: ${message}): check its name, and whether the node may pull it`,
      });
    if (!CONTAINER_REASONS.includes(reason)) continue;
    if (IS_SLOW.test(message)) return slow(message, waitedMs);
    return within('container', waitedMs, {
      waits: `is being started: ${message || reason}`,
      fails: `the container can't be made (${reason}: ${message}): see oc describe pod`,
    });
  }
  return undefined;
}

/** Events tell of causes that have passed too; those that count most come first. */
function ofEvents(events: readonly ClusterObject[], waitedMs: number): PendingVerdict | undefined {
  const warnings = events
    .filter((event) => textAt(event, 'type') !== 'Normal')
    .toSorted((a, b) => timeOf(b) - timeOf(a));
  const latest = (reason: string): string | undefined => {
    const found = warnings.find((event) => textAt(event, 'reason') === reason);
    return found && shown(textAt(found, 'message'));
  };
  const [attach, mount] = [latest('FailedAttachVolume'), latest('FailedMount') ?? latest('FailedMapVolume')];
  const isAttachLater = timeOfLatest(warnings, 'FailedAttachVolume') >= timeOfLatest(warnings, 'FailedMount');
  if (attach !== undefined && (mount === undefined || isAttachLater || IS_SLOW.test(mount)))
    return attaching(attach, waitedMs);
  if (mount !== undefined) return mounting(mount, waitedMs);
  const sandbox = latest('FailedCreatePodSandBox');
  if (sandbox === undefined) return undefined;
  return IS_SLOW.test(sandbox)
    ? slow(sandbox, waitedMs)
    : within('sandbox', waitedMs, {
        waits: `waits for its network: ${sandbox}`,
        fails: `the node can't set up the pod, look at its network: ${sandbox}`,
      });
}

function attaching(message: string, waitedMs: number): PendingVerdict {
  const isHeld = message.includes('Multi-Attach');
  return within('attach', waitedMs, {
    waits: `waits for a volume: ${message}`,
    fails: isHeld
      ? `another node has the volume: scale down who holds it, or wait until its node gives it free (${message})`
      : `the volume can't be attached: look at its storage (${message})`,
  });
}

function mounting(message: string, waitedMs: number): PendingVerdict {
  if (IS_SLOW.test(message)) return slow(message, waitedMs);
  const fails = `the volume can't be mounted: look at its storage (${message})`;
  // Such a mount is tried again and again, and fails the same way.
  const mayPass = !NEVER_MOUNTS.test(message);
  return within('mount', mayPass ? waitedMs : waitedMs * 5, {
    waits: `waits for a volume: ${message}`,
    fails,
  });
}

function slow(message: string, waitedMs: number): PendingVerdict {
  return waitedMs >= PATIENCE_MS.slowMount
    ? fail(
        'mount',
        `the volume was not mounted in ${minutes(PATIENCE_MS.slowMount)}: groups or SELinux labels are perhaps set on many files, or the storage does not answer (${message})`,
      )
    : {
        kind: 'wait',
        message: `waits for a volume, which takes long where there are many files: ${message}`,
      };
}

interface Texts {
  readonly waits: string;
  readonly fails: string;
}

function within(reason: Exclude<PendingReason, 'deleted'>, waitedMs: number, texts: Texts): PendingVerdict {
  if (waitedMs < PATIENCE_MS[reason]) return { kind: 'wait', message: texts.waits };
  return fail(reason, `${texts.fails}; waited ${minutes(Math.max(waitedMs, PATIENCE_MS[reason]))}`);
}

function fail(reason: PendingReason, message: string): PendingVerdict {
  return { kind: 'fail', reason, message };
}

/** The part of the wait that came after a node was found, so that each cause has its own time. */
function sinceScheduled(
  pod: ClusterObject,
  scheduled: Fields | undefined,
  { waitedMs, now }: { readonly waitedMs: number; readonly now: Date },
): number {
  const ageMs = now.getTime() - Date.parse(textAt(pod, 'metadata', 'creationTimestamp'));
  const sinceMs = now.getTime() - Date.parse(textAt(scheduled, 'lastTransitionTime'));
  // Times of the server are in whole seconds, and its clock may be another one.
  if (!(ageMs > 0 && sinceMs >= 0 && sinceMs < ageMs)) return waitedMs;
  return waitedMs * (sinceMs / ageMs);
}

function conditionOf(pod: ClusterObject, type: string): Fields | undefined {
  return objectsAt(pod, 'status', 'conditions').find((condition) => condition['type'] === type);
}

function timeOfLatest(events: readonly ClusterObject[], reason: string): number {
  const found = events.find((event) => textAt(event, 'reason') === reason);
  return found ? timeOf(found) : 0;
}

function timeOf(event: ClusterObject): number {
  const texts = [textAt(event, 'series', 'lastObservedTime'), textAt(event, 'lastTimestamp')];
  const times = [...texts, textAt(event, 'eventTime')].map((text) => Date.parse(text));
  return times.find((time) => !Number.isNaN(time)) ?? 0;
}

function minutes(ms: number): string {
  const count = Math.max(1, Math.round(ms / MINUTE_MS));
  return `${count} minute${count === 1 ? '' : 's'}`;
}

function shown(text: string): string {
  const line = safeText(text.replaceAll(/\s+/gu, ' ').trim());
  return line.length > 400 ? `${line.slice(0, 399)}…` : line;
}
