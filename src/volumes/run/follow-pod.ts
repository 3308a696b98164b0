import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, TransportError } from '../../kubernetes/api-error.ts';
import { isRetryable } from '../../kubernetes/retry.ts';
import { errorText } from '../../model/known-error.ts';
import { classifyPending } from './classify-pending.ts';
import type { CopyContext } from './copy-context.ts';
import type { ClusterObject } from '../copy.ts';
import { type PodState, podState } from './pod-state.ts';
import { followProgress } from './pod-progress.ts';
import { type Held, type PodEvent, waitingUsers, whyYield } from './why-yield.ts';

/** How it went with a pod. Only `ended` says what the program in it has done. */
export type PodEnd =
  | { readonly kind: 'ended'; readonly pod: ClusterObject; readonly state: PodState }
  | {
      /** `unstarted`: it can't begin. `gone`: somebody has deleted it. `late`: the time for all of it is over. */
      readonly kind: 'unstarted' | 'gone' | 'yield' | 'stalled' | 'late' | 'cancelled';
      /** One line: what happened, and what to do. */
      readonly message: string;
    };

/** The pod that is followed. */
export interface Followed {
  /** As the server gave it when it was made or found. */
  readonly pod: ClusterObject;
  /** What it keeps from the application; undefined for a pod that nobody can be waiting for. */
  readonly held: Omit<Held, 'node' | 'since'>;
  /** When all of it must have ended. */
  readonly deadline: Date;
  /** Called with one line when what it waits for has changed, and with the node when it has one. */
  readonly onState: (message: string, node: string | undefined) => void;
}

/** What a loop over a pod remembers. */
interface Watch extends Followed {
  readonly namespace: string;
  readonly progress: ReturnType<typeof followProgress>;
  lookedAroundMs: number;
  told: string;
}

/**
 * Looks at a pod again and again until it has ended, or has to be ended; ends nothing itself. A server that does not
 * answer for a while is waited for: the pod works on without it.
 */
export async function followPod(context: CopyContext, followed: Followed): Promise<PodEnd> {
  const progress = followProgress(context, followed.pod);
  const { namespace = '' } = followed.pod.metadata;
  const watch: Watch = { ...followed, namespace, progress, lookedAroundMs: 0, told: '' };
  try {
    for (;;) {
      const end = context.signal.aborted ? cancelled() : await tolerant(() => look(context, watch));
      if (end) return end;
      await sleep(context.times.pollMs, undefined, { signal: context.signal }).catch(() => undefined);
    }
  } finally {
    progress.stop();
  }
}

function cancelled(): PodEnd {
  return { kind: 'cancelled', message: 'The copy was cancelled' };
}

async function tolerant<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error instanceof ApiError || error instanceof TransportError) && isRetryable(error))
      return undefined;
    throw error;
  }
}

async function look(context: CopyContext, watch: Watch): Promise<PodEnd | undefined> {
  const { name, uid } = watch.pod.metadata;
  const pod = await context.objects.get({
    apiVersion: 'v1',
    plural: 'pods',
    namespace: watch.namespace,
    name,
  });
  if (pod === undefined || pod.metadata.uid !== uid)
    return { kind: 'gone', message: `Somebody has deleted the pod ${name}` };
  const state = podState(pod);
  if (state.phase === 'ended') return endedOr(pod, state);
  if (state.isDeleted) return undefined;
  if (context.now() >= watch.deadline)
    return { kind: 'late', message: 'The copy has not ended in its time: give it more with --deadline' };
  if (state.phase === 'running') {
    watch.progress.start();
    tell(watch, 'Works', state.node);
  }
  return (
    (state.phase === 'waiting' ? await pendingEnd(context, watch, pod) : stalledEnd(context, watch)) ??
    (await yieldEnd(context, watch, state.node))
  );
}

/** A pod that was deleted may have done its work before; otherwise it is whoever deleted it that has ended it. */
function endedOr(pod: ClusterObject, state: PodState): PodEnd {
  const isDone = state.report?.outcome !== undefined && state.report.outcome !== 'interrupted';
  return state.isDeleted && !isDone
    ? { kind: 'gone', message: `Somebody has deleted the pod ${pod.metadata.name}` }
    : { kind: 'ended', pod, state };
}

async function pendingEnd(
  context: CopyContext,
  watch: Watch,
  pod: ClusterObject,
): Promise<PodEnd | undefined> {
  const now = context.now();
  const waitedMs = now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? now.toISOString());
  const events = await eventsOf(context, pod);
  const verdict = classifyPending(pod, events, Math.max(0, waitedMs) * context.times.haste, now);
  if (verdict.kind === 'fail') return { kind: 'unstarted', message: verdict.message };
  tell(watch, verdict.message, podState(pod).node);
  return undefined;
}

function stalledEnd({ times }: CopyContext, { progress, pod }: Watch): PodEnd | undefined {
  const idleMs = progress.idleMs();
  if (idleMs < times.stallMs) return undefined;
  const minutes = Math.round(idleMs / 60_000);
  return {
    kind: 'stalled',
    message: `The pod ${pod.metadata.name} has made no progress for ${minutes} minutes: look at the storage of both volumes`,
  };
}

async function yieldEnd(
  context: CopyContext,
  watch: Watch,
  node: string | undefined,
): Promise<PodEnd | undefined> {
  const nowMs = performance.now();
  if (watch.lookedAroundMs !== 0 && nowMs - watch.lookedAroundMs < context.times.lookAroundMs)
    return undefined;
  watch.lookedAroundMs = nowMs;
  const since = new Date(watch.pod.metadata.creationTimestamp ?? 0);
  const held = { ...watch.held, node, since };
  const { namespace } = watch;
  const pods = await context.objects.list({ apiVersion: 'v1', plural: 'pods', namespace });
  const waiting = waitingUsers(pods, held);
  const events = await Promise.all(waiting.map((pod) => eventsOf(context, pod)));
  const reason = whyYield(pods, events.flat() as PodEvent[], held);
  return reason === undefined
    ? undefined
    : {
        kind: 'yield',
        message: `Yielded to the application: ${reason.replace(/\.$/u, '')}. Copy again when it runs`,
      };
}

/** The events about a pod; none where they may not be read: they only say more. */
async function eventsOf({ objects }: CopyContext, { metadata }: ClusterObject): Promise<ClusterObject[]> {
  const { namespace = '', uid = '' } = metadata;
  try {
    const ref = { apiVersion: 'v1', plural: 'events', namespace };
    return [...(await objects.list(ref, { fieldSelector: `involvedObject.uid=${uid}` }))];
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

function tell(watch: Watch, message: string, node: string | undefined): void {
  const text = `${node ?? ''} ${message}`;
  if (watch.told === text) return;
  watch.told = text;
  watch.onState(errorText(message), node);
}
