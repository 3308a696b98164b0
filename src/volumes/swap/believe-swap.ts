import { KnownError } from '../../model/known-error.ts';
import { doubtOfScaling } from '../quiesce/believe-undos.ts';
import type { ClusterObject } from '../copy.ts';
import { fieldsOf, textAt, valueAt } from '../fields.ts';
import type { Workload } from '../quiesce/plan-scale.ts';
import { scaleUndo } from '../quiesce/scale.ts';
import { type ObjectContext, volumeNow } from './swap-objects.ts';
import type { SwapRecord } from './swap-record.ts';

type BelieveContext = Omit<ObjectContext, 'namespace'>;

/**
 * What of a record may be gone on with by a process that did not write it. Whoever may write ConfigMaps in a project
 * could have written it, and a swap is made by somebody who may do more than he: he must not be given the volume of
 * another project that way, nor have workloads scaled that have nothing to do with it.
 *
 * @returns the record, without workloads that the cluster does not bear out; the context is told of these
 * @throws KnownError `refused` when it is about other claims or volumes than those of the swap
 */
export async function believed(context: BelieveContext, record: SwapRecord): Promise<SwapRecord> {
  const { namespace, claim, copy, kept } = record;
  for (const [one, name] of [
    [kept.claim, claim],
    [kept.copy, copy],
  ] as const) {
    if (textAt(one, 'metadata', 'name') !== name || textAt(one, 'metadata', 'namespace') !== namespace)
      throw unbelievable(record, `it is not about the claims ${claim} and ${copy} alone`);
  }
  for (const volume of [kept.claimVolume, kept.copyVolume]) await assertOwn(context, record, volume);
  const workloads: Workload[] = [];
  for (const workload of record.workloads) {
    const doubt = await doubtOfScaling({ ...context, namespace }, claim, scaleUndo(workload));
    if (doubt === undefined) workloads.push(workload);
    else context.report(doubt);
  }
  return { ...record, workloads };
}

/** Only who may write volumes can have given it to one of the claims. One of nobody's may be taken by any claim anyway. */
async function assertOwn(context: BelieveContext, record: SwapRecord, kept: ClusterObject): Promise<void> {
  const { namespace, claim, copy } = record;
  const { spec, metadata } = await volumeNow({ ...context, namespace }, kept);
  const reference = fieldsOf(valueAt(spec, 'claimRef'));
  const [owner, name] = [textAt(reference, 'namespace'), textAt(reference, 'name')];
  if (name === '' || (owner === namespace && [claim, copy].includes(name))) return;
  throw unbelievable(record, `volume ${metadata.name} is that of the claim ${owner}/${name}`);
}

function unbelievable({ id, namespace }: SwapRecord, why: string): KnownError {
  return new KnownError(
    'refused',
    `The record backuper-swap-${id} can't be believed: ${why}. See who wrote it, and delete it: kubectl delete configmap -n ${namespace} backuper-swap-${id}`,
  );
}
