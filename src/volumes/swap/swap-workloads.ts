import { isStatus } from '../../kubernetes/objects.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt } from '../fields.ts';
import { planScale, type Workload } from '../quiesce/plan-scale.ts';
import { usersOf } from '../plan/pod-claims.ts';
import {
  awaitUnused,
  gatherScaleFacts,
  notReadyAfter,
  scaleBack,
  scaleToZero,
  scaleUndo,
} from '../quiesce/scale.ts';
import { type ObjectContext, within } from './swap-objects.ts';
import type { SwapRecord } from './swap-record.ts';

/** A swap under way: its record, and what changes it. */
export interface SwapWork {
  readonly context: ObjectContext;
  /** As it was saved last. */
  readonly record: SwapRecord;
  /** Saves changes to the record. */
  readonly note: (changes: Partial<SwapRecord>) => Promise<void>;
}

/**
 * Scales down whatever uses the claim, those too that have come since the swap was planned, and waits until nobody
 * uses it and its volumes are attached nowhere.
 */
export async function standStill({ context, record, note }: SwapWork): Promise<void> {
  const { claim, copy, kept, direction } = record;
  const facts = await gatherScaleFacts(context.objects, context.namespace);
  const plan = planScale(claim, facts);
  if (plan.kind === 'declined') throw new KnownError('refused', plan.message);
  const users = direction === 'forward' ? usersOf(facts.pods, copy) : [];
  if (users.length > 0) {
    const names = users.map(({ metadata }) => metadata.name).join(', ');
    throw new KnownError('failed', `The copy ${copy} is used by ${names}: stop that, and try again`);
  }
  const workloads = joined(record.workloads, plan.workloads);
  await note({ workloads });
  await scaleToZero(context, plan.workloads);
  await awaitUnused(context, claim, { workloads, podMakers: plan.podMakers }, context.times.idleMs);
  await awaitDetached(context, [kept.claimVolume, kept.copyVolume]);
}

/** What runs now counts as it runs now; what stands still, as it ran before. */
function joined(before: readonly Workload[], now: readonly Workload[]): readonly Workload[] {
  const isNow = ({ resource, name }: Workload): boolean =>
    now.some((one) => one.resource === resource && one.name === name);
  return [...before.filter((one) => !isNow(one)), ...now];
}

async function awaitDetached(context: ObjectContext, volumes: readonly ClusterObject[]): Promise<void> {
  const names = volumes.map(({ metadata }) => metadata.name);
  let nodes: readonly string[] = [];
  const isDetached = await within(context, context.times.idleMs, async () => {
    const attachments = await listAttachments(context);
    const theirs = attachments.filter(({ spec }) =>
      names.includes(textAt(spec, 'source', 'persistentVolumeName')),
    );
    nodes = theirs.map(({ spec }) => textAt(spec, 'nodeName'));
    return nodes.length === 0;
  });
  if (isDetached) return;
  throw new KnownError(
    'failed',
    `A volume is still attached to ${nodes.join(', ')} though no pod uses it: see "kubectl get volumeattachments", and try again`,
  );
}

async function listAttachments({ objects }: ObjectContext): Promise<readonly ClusterObject[]> {
  try {
    return await objects.list({ apiVersion: 'storage.k8s.io/v1', plural: 'volumeattachments' });
  } catch (error) {
    // No pod uses them: that is what counts. This is looked at in addition, by whoever may.
    if (isStatus(error, 403)) return [];
    throw error;
  }
}

/** Scales everything back, and waits until it is ready. @throws KnownError `failed` when it is not in time */
export async function startAgain({ context, record }: SwapWork): Promise<void> {
  const undos = record.workloads.map(scaleUndo);
  for (const undo of undos) {
    const note = await scaleBack(context, undo);
    if (note !== undefined) context.report(note);
  }
  const late = await notReadyAfter(context, undos, context.times.readyMs);
  if (late.length === 0) return;
  throw new KnownError('failed', `Not ready after ${context.times.readyMs / 1000} s: ${late.join('; ')}`);
}

/** Starts again what was stopped, after a swap that could not even begin. @returns what went wrong with that */
export async function giveUp(
  { context, record, note }: SwapWork,
  reason: string,
): Promise<readonly string[]> {
  const errors: string[] = [];
  for (const workload of record.workloads) {
    try {
      const text = await scaleBack(context, scaleUndo(workload));
      if (text !== undefined) errors.push(text);
    } catch (error) {
      errors.push(`${workload.kind} ${workload.name} is not scaled back: ${errorText(error)}`);
    }
  }
  if (errors.length === 0) await note({ state: 'abandoned', message: reason });
  return errors;
}
