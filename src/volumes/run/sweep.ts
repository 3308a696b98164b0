import type { ClusterObjects } from '../../kubernetes/objects.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt } from '../fields.ts';
import {
  type JunkRecord,
  MANAGED_BY,
  recordName,
  RecordStore,
  RUN_LABEL,
  type StoredRecord,
} from './record-store.ts';
import { isTargetFree, type LockTimes } from './target-lease.ts';

/** What was found of earlier runs in a project. */
export interface Swept {
  /** Not ended, and nobody works on them: to be taken up again, or ended. The oldest first. */
  readonly unfinished: readonly StoredRecord[];
  /** Not ended, and another process works on them. */
  readonly running: readonly StoredRecord[];
  /** Pods of no run that goes on; they have been deleted. */
  readonly removedPods: readonly string[];
  /** What says that it is a record, and isn't. */
  readonly junk: readonly JunkRecord[];
}

/** How a project is swept. */
export interface SweepOptions {
  readonly signal: AbortSignal;
  /** Where they differ from the usual ones. */
  readonly times?: Partial<LockTimes>;
}

/**
 * Looks for what earlier processes have left in a project: tells which records nobody works on any more, and
 * deletes BackupEr pods whose run has ended or was never known. Only pods that the tool has made are touched, and
 * of a copy that has failed the pod stays, for somebody to look at, as long as its record.
 *
 * When the holder of a record has vanished without a word, this takes as long as its lease lasts.
 *
 * @throws ApiError, TransportError; the signal's reason
 */
export async function sweep(
  objects: ClusterObjects,
  namespace: string,
  options: SweepOptions,
): Promise<Swept> {
  const ref = { apiVersion: 'v1', plural: 'pods', namespace };
  const labels = { 'app.kubernetes.io/name': 'backuper', ...MANAGED_BY };
  const labelSelector = Object.entries(labels)
    .map((label) => label.join('='))
    .join(',');
  // First the pods: each was made after its record, so none of them can be of a record that is made meanwhile.
  const pods: readonly ClusterObject[] = await objects.list(ref, { labelSelector });
  const { records, junk } = await new RecordStore(objects, namespace).list();
  const leftovers = pods.filter((pod) => isLeftover(pod, records, junk));
  for (const { metadata } of leftovers) {
    const { name, uid } = metadata;
    await objects.remove({ ...ref, name }, uid === undefined ? {} : { uid });
  }
  const open = records.filter(({ record }) => record.phase !== 'ended');
  const isFree = await freeTargets(objects, namespace, open, options);
  return {
    unfinished: open.filter(({ record }) => isFree.get(record.request.target) === true),
    running: open.filter(({ record }) => isFree.get(record.request.target) !== true),
    removedPods: leftovers.map(({ metadata }) => metadata.name),
    junk,
  };
}

function isLeftover(
  { metadata, status }: ClusterObject,
  records: readonly StoredRecord[],
  junk: readonly JunkRecord[],
): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const id = metadata.labels?.[RUN_LABEL] ?? '';
  // Another version of the tool may know what to do with it.
  if (junk.some(({ name }) => name === recordName(id))) return false;
  const record = records.find((one) => one.record.id === id)?.record;
  if (!record) return true;
  const isKept = textAt(status, 'phase') === 'Failed' && record.result === 'failed';
  return record.phase === 'ended' && !isKept;
}

/** All at once: each may take a while. */
async function freeTargets(
  objects: ClusterObjects,
  namespace: string,
  open: readonly StoredRecord[],
  { signal, times = {} }: SweepOptions,
): Promise<ReadonlyMap<string, boolean>> {
  const targets = [...new Set(open.map(({ record }) => record.request.target))];
  const answers = targets.map(async (target) => {
    const isFree = await isTargetFree(objects, { namespace, target, signal, times });
    return [target, isFree] as const;
  });
  return new Map(await Promise.all(answers));
}
