import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../kubernetes/api-error.ts';
import { isRetryable } from '../../kubernetes/retry.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import { backuperPod } from './backuper-pod.ts';
import { backuperRequest, memoryMiB, type TaskInput } from './backuper-request.ts';
import type { CopyContext } from './copy-context.ts';
import type { ClusterObject } from '../copy.ts';
import { explainRefusal } from './explain-refusal.ts';
import { followPod, type PodEnd } from './follow-pod.ts';
import { podState } from './pod-state.ts';
import { RUN_LABEL } from './record-store.ts';
import type { RunJournal } from './run-journal.ts';
import type { Held } from './why-yield.ts';

/** A pod that is to be run, and followed to its end. */
export interface PodTask extends TaskInput {
  readonly isOpenShift: boolean;
  /** How often its memory was too little. */
  readonly doublings: number;
}

/**
 * Makes a pod and follows it until it has ended or must be ended; in that case it is ended, and is gone or on its
 * way, when this returns. The pods of a run have fixed names: the server itself refuses a second one.
 */
export async function runPod(context: CopyContext, journal: RunJournal, task: PodTask): Promise<PodEnd> {
  const { namespace } = task.plan.request;
  const { record } = journal;
  const body = backuperPod({
    plan: task.plan,
    request: backuperRequest(task),
    identity: task.identity,
    runId: record.id,
    recordUid: journal.uid,
    image: context.image,
    isOpenShift: task.isOpenShift,
    memoryMiB: memoryMiB(task.probe, task.doublings),
  });
  await removePod(context, namespace, body.metadata.name);
  await journal.change({ pod: body.metadata.name, tier: task.identity.tier });
  let pod: ClusterObject;
  try {
    pod = await context.objects.create({ apiVersion: 'v1', plural: 'pods', namespace }, body);
  } catch (error) {
    if (!(error instanceof ApiError) || isRetryable(error)) throw error;
    const { message } = explainRefusal(errorText(error));
    return { kind: 'unstarted', message: `The pod ${body.metadata.name} was refused: ${message}` };
  }
  const isScaledDown = task.task === 'copy' && task.plan.request.quiesce === 'scale';
  return await followToEnd(context, journal, pod, { ...task.plan, isScaledDown });
}

/** Follows a pod of the run, and ends it where it doesn't end by itself. */
export async function followToEnd(
  context: CopyContext,
  journal: RunJournal,
  pod: ClusterObject,
  held: Pick<Held, 'source' | 'target' | 'isScaledDown'>,
): Promise<PodEnd> {
  const { startedAt, request } = journal.record;
  const changes: Promise<void>[] = [];
  const end = await followPod(context, {
    pod,
    held,
    deadline: new Date(Date.parse(startedAt) + request.deadlineSeconds * 1000),
    onState: (message, node) =>
      // What a pod waits for is told, but nothing rests on it.
      void changes.push(
        journal.change({ message, ...(node !== undefined && { node }) }).catch(() => undefined),
      ),
  });
  await Promise.all(changes);
  context.lost.throwIfAborted();
  const { namespace = '', name } = pod.metadata;
  if (end.kind !== 'ended') await removePod(context, namespace, name);
  return end;
}

/**
 * Removes a pod, and waits until it is gone with its processes.
 *
 * @throws KnownError `failed` when it does not go in its time: whatever it writes to must be left alone
 */
export async function removePod(context: CopyContext, namespace: string, name: string): Promise<void> {
  const { objects, times } = context;
  const ref = { apiVersion: 'v1', plural: 'pods', namespace, name };
  const found = await objects.get(ref);
  if (found === undefined) return;
  const { uid = '' } = found.metadata;
  const hasEnded = podState(found).phase === 'ended';
  await objects.remove(ref, { uid, ...(hasEnded ? {} : { graceSeconds: times.graceSeconds }) });
  const untilMs = performance.now() + times.graceSeconds * 1000 + times.goneMs;
  // Also when the copy has been cancelled: nothing may write when this returns.
  while ((await objects.get(ref))?.metadata.uid === uid) {
    context.lost.throwIfAborted();
    if (performance.now() > untilMs) {
      throw new KnownError(
        'failed',
        `The pod ${name} in ${namespace} does not go away: does its node answer? Until it is gone, nothing else may write to the target`,
      );
    }
    await sleep(times.pollMs);
  }
}

/** The pods of a run that there are. */
export async function podsOfRun(
  { objects }: CopyContext,
  namespace: string,
  id: string,
): Promise<readonly ClusterObject[]> {
  const ref = { apiVersion: 'v1', plural: 'pods', namespace };
  return await objects.list(ref, { labelSelector: `${RUN_LABEL}=${id}` });
}
