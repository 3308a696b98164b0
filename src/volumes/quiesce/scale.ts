import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../kubernetes/api-error.ts';
import type { ClusterObjects, ObjectRef } from '../../kubernetes/objects.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import type { ClusterObject } from '../copy.ts';
import { objectsAt, textAt, valueAt } from '../fields.ts';
import { controllerOf, isBackuper, usersOf } from '../plan/pod-claims.ts';
import { REPLICAS, replicasOf, type ScaleFacts, type ScalePlan, type Workload } from './plan-scale.ts';
import type { Undo } from '../run-record.ts';

/** What scaling needs of its surroundings. */
export interface ScaleContext {
  readonly objects: ClusterObjects;
  readonly namespace: string;
  /** Ends every wait with its reason. */
  readonly signal: AbortSignal;
  /** Tells people what happens, one line each. */
  readonly report: (message: string) => void;
  /** Between two looks at the cluster, in milliseconds. */
  readonly pollMs: number;
}

type ScaleUndo = Extract<Undo, { kind: 'scale' }>;

/** Reads what a plan for scaling depends on. @throws ApiError, but for autoscalers that may not be read */
export async function gatherScaleFacts(objects: ClusterObjects, namespace: string): Promise<ScaleFacts> {
  const apps = (plural: string): Promise<readonly ClusterObject[]> =>
    objects.list({ apiVersion: 'apps/v1', plural, namespace });
  const [deployments, statefulSets, replicaSets, pods, autoscalers] = await Promise.all([
    apps('deployments'),
    apps('statefulsets'),
    apps('replicasets'),
    listPods(objects, namespace),
    listAutoscalers(objects, namespace),
  ]);
  return { deployments, statefulSets, replicaSets, pods, autoscalers };
}

/** Every pod of a project. */
export async function listPods(
  objects: ClusterObjects,
  namespace: string,
): Promise<readonly ClusterObject[]> {
  return await objects.list({ apiVersion: 'v1', plural: 'pods', namespace });
}

/** The right to read them is no part of what a project gives to its nightly copies. */
async function listAutoscalers(
  objects: ClusterObjects,
  namespace: string,
): Promise<readonly ClusterObject[] | undefined> {
  try {
    const plural = 'horizontalpodautoscalers';
    return await objects.list({ apiVersion: 'autoscaling/v2', plural, namespace });
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/** What takes the scaling of a workload back. */
export function scaleUndo({ apiVersion, resource, name, replicas }: Workload): ScaleUndo {
  return { kind: 'scale', apiVersion, resource, name, replicas };
}

/**
 * Scales workloads to zero, each after it has been noted on it how many replicas it had. Whoever calls this has
 * recorded it already. It does no harm to do it twice.
 */
export async function scaleToZero(context: ScaleContext, workloads: readonly Workload[]): Promise<void> {
  for (const workload of workloads) {
    await annotate(context, workload, String(workload.replicas));
    await setReplicas(context, workload, 0);
    context.report(`${workload.kind} ${workload.name} is scaled from ${workload.replicas} to 0`);
  }
}

/**
 * Waits until no pod uses a claim any more.
 *
 * @param timeoutMs for so long
 * @throws KnownError `failed` at the end of that time, as soon as somebody starts to use the claim whom nobody
 *   has asked to stop, or when one of the workloads has been scaled up again; the signal's reason
 */
export async function awaitUnused(
  context: ScaleContext,
  claim: string,
  { workloads, podMakers }: Pick<ScalePlan, 'workloads' | 'podMakers'>,
  timeoutMs: number,
): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  for (;;) {
    const pods = await listPods(context.objects, context.namespace);
    const users = usersOf(pods, claim).filter((pod) => !isBackuper(pod));
    await assertStillAtZero(context, workloads);
    if (users.length === 0) return;
    const stranger = users.find((pod) => isStranger(pod, podMakers));
    if (stranger) {
      throw new KnownError(
        'failed',
        `Pod ${stranger.metadata.name} has begun to use claim ${claim} meanwhile: stop what made it, and try again`,
      );
    }
    if (performance.now() > endsAtMs) {
      const names = users.map(({ metadata }) => metadata.name).join(', ');
      throw new KnownError(
        'failed',
        `Claim ${claim} is still used after ${Math.round(timeoutMs / 1000)} s, by ${names}: see why with "kubectl describe pod", and try again`,
      );
    }
    await sleep(context.pollMs, undefined, { signal: context.signal });
  }
}

/** One that goes is no stranger: it was there before. */
function isStranger(pod: ClusterObject, podMakers: readonly string[]): boolean {
  return pod.metadata.deletionTimestamp === undefined && !podMakers.includes(controllerOf(pod)?.uid ?? '');
}

async function assertStillAtZero(context: ScaleContext, workloads: readonly Workload[]): Promise<void> {
  for (const workload of workloads) {
    const found = await context.objects.get(refOf(context, workload));
    if (found === undefined || replicasOf(found) === 0) continue;
    throw new KnownError(
      'failed',
      `${workload.kind} ${workload.name} was scaled up to ${replicasOf(found)} again while it had to stand still: pause what does that (GitOps, an operator), and try again`,
    );
  }
}

/**
 * Takes a scaling back, if the workload is at zero still, and removes the note from it. It does no harm to do it
 * twice.
 *
 * @returns what a person should know about it; undefined when all is as it was
 */
export async function scaleBack(context: ScaleContext, undo: ScaleUndo): Promise<string | undefined> {
  const found = await context.objects.get(refOf(context, undo));
  if (!found) return `${undo.resource} ${undo.name} is gone: it can't be scaled back to ${undo.replicas}`;
  const replicas = replicasOf(found);
  if (replicas === 0) {
    await setReplicas(context, undo, undo.replicas);
    context.report(`${undo.resource} ${undo.name} is scaled back to ${undo.replicas}`);
  }
  if (found.metadata.annotations?.[REPLICAS] !== undefined) await annotate(context, undo, null);
  if (replicas === 0 || replicas === undo.replicas) return undefined;
  return `${undo.resource} ${undo.name} has ${replicas} replicas now and had ${undo.replicas}: somebody else scaled it, and it is left so`;
}

/**
 * Waits until workloads have all their replicas ready.
 *
 * @returns those that are not at the end of the time, with what is known of them; nothing when all are
 */
export async function notReadyAfter(
  context: ScaleContext,
  undos: readonly ScaleUndo[],
  timeoutMs: number,
): Promise<readonly string[]> {
  const endsAtMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await Promise.all(undos.map((undo) => context.objects.get(refOf(context, undo))));
    const late = found.filter((object) => object !== undefined).filter((object) => !isReady(object));
    if (late.length === 0) return [];
    if (performance.now() > endsAtMs) return late.map(readiness);
    await sleep(context.pollMs, undefined, { signal: context.signal });
  }
}

function isReady({ metadata, spec, status }: ClusterObject): boolean {
  const generation = valueAt(metadata, 'generation');
  const observed = valueAt(status, 'observedGeneration');
  if (typeof generation === 'number' && typeof observed === 'number' && observed < generation) return false;
  return readyOf(status) >= replicasOf({ metadata, ...(spec && { spec }) });
}

function readyOf(status: unknown): number {
  const ready = valueAt(status, 'readyReplicas');
  return typeof ready === 'number' ? ready : 0;
}

function readiness(object: ClusterObject): string {
  const { kind = 'workload', metadata, status } = object;
  const reasons = objectsAt(status, 'conditions')
    .filter((condition) => textAt(condition, 'status') === 'False')
    .map((condition) => textAt(condition, 'message'));
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  return `${kind} ${metadata.name}: ${readyOf(status)} of ${replicasOf(object)} replicas are ready${why}`;
}

/** Where no right to change workloads themselves is given, only to scale them, the record alone has to do. */
async function annotate(
  context: ScaleContext,
  workload: Workload | ScaleUndo,
  replicas: string | null,
): Promise<void> {
  const body = { metadata: { annotations: { [REPLICAS]: replicas } } };
  try {
    await context.objects.patch(refOf(context, workload), body, 'merge');
  } catch (error) {
    if (!isForbidden(error)) throw error;
    context.report(`${workload.name} gets no note of its replicas: ${errorText(error)}`);
  }
}

async function setReplicas(
  context: ScaleContext,
  workload: Workload | ScaleUndo,
  replicas: number,
): Promise<void> {
  const ref = { ...refOf(context, workload), subresource: 'scale' };
  await context.objects.patch(ref, { spec: { replicas } }, 'merge');
}

function refOf({ namespace }: ScaleContext, { apiVersion, resource, name }: Workload | ScaleUndo): ObjectRef {
  return { apiVersion, plural: resource, namespace, name };
}

function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403;
}
