import type { CopyContext } from './copy-context.ts';
import type { ClusterObject, CopyRequest } from '../copy.ts';
import { finishRun, type RunEnd } from './finish-run.ts';
import { interpretReport } from './interpret-report.ts';
import { podState } from './pod-state.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';
import { endOfPod } from './run-copy.ts';
import { RunJournal } from './run-journal.ts';
import { followToEnd, podsOfRun, removePod } from './run-pod.ts';
import type { RunRecord } from '../run-record.ts';
import type { Held } from './why-yield.ts';

const GONE = 'The process that made this copy is gone; ';

/** The records of copies into a target that have not ended, the oldest first. */
export async function openRuns(store: RecordStore, target: string): Promise<readonly StoredRecord[]> {
  const { records } = await store.list();
  return records.filter(({ record }) => record.phase !== 'ended' && record.request.target === target);
}

/**
 * Brings copies to an end whose process is gone: one that works on and is what is asked for now is followed, what has
 * ended is read, what was done to the application is undone as far as the cluster bears out what the record says, and
 * pods are removed. Call it under the target's lock.
 *
 * @param request undefined when nothing is asked for, but to clear up
 * @returns the record of a copy that is what was asked for; undefined when one has to be made
 */
export async function adoptRuns(
  context: CopyContext,
  store: RecordStore,
  request: CopyRequest | undefined,
  open: readonly StoredRecord[],
): Promise<RunRecord | undefined> {
  let wanted: RunRecord | undefined;
  for (const stored of open) {
    context.onNote(`Takes up the copy ${stored.record.id}, whose process is gone`);
    const journal = new RunJournal(context, store, stored);
    const { end, isFollowed } = await endOf(context, journal, request);
    const ended = await finishRun(context, journal, end, { isAdopted: true });
    const isWanted = isFollowed && (end.result !== 'failed' || context.signal.aborted);
    if (isWanted) wanted = ended;
  }
  return wanted;
}

async function endOf(
  context: CopyContext,
  journal: RunJournal,
  request: CopyRequest | undefined,
): Promise<{ readonly end: RunEnd; readonly isFollowed: boolean }> {
  const { record } = journal;
  const { result, message } = record;
  if (result !== undefined) return { end: { result, message }, isFollowed: false };
  const pods = await podsOfRun(context, record.request.namespace, record.id);
  const pod = pods.find(({ metadata }) => metadata.name === `backuper-copy-${record.id}`);
  if (pod === undefined || record.phase !== 'copying')
    return { end: await given(context, pods), isFollowed: false };
  if (podState(pod).phase === 'ended') return { end: endOfEnded(pod), isFollowed: false };
  if (!request || !isSame(record.request, request))
    return { end: await given(context, pods), isFollowed: false };
  const end = await followToEnd(context, journal, pod, heldBy(record.request));
  return { end: end.kind === 'ended' ? endOfEnded(end.pod) : endOfPod(end), isFollowed: true };
}

/** What it was doing is given up. */
async function given(context: CopyContext, pods: readonly ClusterObject[]): Promise<RunEnd> {
  for (const { metadata } of pods) await removePod(context, metadata.namespace ?? '', metadata.name);
  return { result: 'failed', message: `${GONE}another copy takes its place` };
}

function endOfEnded(pod: ClusterObject): RunEnd {
  const { report } = podState(pod);
  const { result, message } = interpretReport(report, pod.status);
  return { result, message, ...(report && { report }) };
}

/** Nothing is known of the claims' modes: they are taken for such as only one node can hold. */
function heldBy({ source, target, quiesce }: CopyRequest): Omit<Held, 'node' | 'since'> {
  return {
    source: { name: source, accessModes: [] },
    target: { name: target, accessModes: [] },
    isScaledDown: quiesce === 'scale',
  };
}

/** Whether two requests come to the same copy; how fast and how long does not matter. */
function isSame(one: CopyRequest, other: CopyRequest): boolean {
  return contentOf(one) === contentOf(other);
}

function contentOf({
  bandwidthKiB: _rate,
  deadlineSeconds: _time,
  node: _node,
  ...rest
}: CopyRequest): string {
  return JSON.stringify(Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
