import { errorText } from '../../model/known-error.ts';
import type { BackuperReport } from '../../model/backuper.ts';
import { believeUndos } from '../quiesce/believe-undos.ts';
import type { CopyContext } from './copy-context.ts';
import type { DeclineReason } from '../copy.ts';
import { markTarget, restoreMark, type TargetMark } from './mark-target.ts';
import { quiesceContext } from '../quiesce/quiesce-context.ts';
import { undo } from '../quiesce/quiesce.ts';
import type { RunJournal } from './run-journal.ts';
import { podsOfRun, removePod } from './run-pod.ts';
import type { CopyResult, RunRecord } from '../run-record.ts';

/** How the work of a run has ended; what follows is to clear up. */
export interface RunEnd {
  readonly result: CopyResult;
  readonly message: string;
  readonly declined?: DeclineReason;
  /** The last words of the last pod. */
  readonly report?: BackuperReport;
  /** What the target said before, when nothing has been written to it. */
  readonly untouched?: TargetMark;
}

/**
 * Clears up after a run: the application gets back what it had, the target says what is in it, the pods go, and the
 * record ends. The result is in the record before anything of it is removed. What can't be undone keeps the record
 * open, so that the next run tries again.
 *
 * @param isAdopted another process has made the record, or says so: what is to be undone is not simply believed
 */
export async function finishRun(
  context: CopyContext,
  journal: RunJournal,
  end: RunEnd,
  { isAdopted = false }: { readonly isAdopted?: boolean } = {},
): Promise<RunRecord> {
  const { result, message, declined, report, untouched } = end;
  await journal.change({
    phase: 'resuming',
    result,
    message,
    ...(declined !== undefined && { declined }),
    ...(report !== undefined && { report }),
  });
  const problems = [
    ...(await takeBack(context, journal, isAdopted)),
    ...(await attempt('The target could not be marked', () =>
      markEnd(context, journal, end.result, untouched),
    )),
    ...(await attempt('A pod is left', () => removePods(context, journal))),
  ];
  const whole = [message, ...problems].join('; ');
  const isOpen = (journal.record.toUndo ?? []).length > 0;
  await journal.change(
    isOpen
      ? {
          result: 'failed',
          message: `${whole}. The next copy into ${journal.record.request.target} tries again`,
        }
      : { phase: 'ended', endedAt: context.now().toISOString(), message: whole },
  );
  return journal.record;
}

async function takeBack(
  context: CopyContext,
  journal: RunJournal,
  isAdopted: boolean,
): Promise<readonly string[]> {
  const { toUndo = [], request } = journal.record;
  if (toUndo.length === 0) return [];
  try {
    // Also when the copy has been cancelled.
    const quiesced = quiesceContext(context, journal, context.lost);
    if (!isAdopted) return (await undo(quiesced, toUndo)).errors;
    const { believed, unknown, doubts } = await believeUndos(quiesced, request.source, toUndo);
    for (const doubt of doubts) context.onNote(doubt);
    const remember: typeof quiesced.remember = (left) => quiesced.remember([...unknown, ...left]);
    const { errors } = await undo({ ...quiesced, remember }, believed);
    return [...doubts, ...errors];
  } catch (error) {
    context.lost.throwIfAborted();
    return [`The application could not be resumed: ${errorText(error)}`];
  }
}

async function markEnd(
  context: CopyContext,
  journal: RunJournal,
  result: CopyResult,
  untouched: TargetMark | undefined,
): Promise<void> {
  const { request, id } = journal.record;
  if (result === 'complete' || result === 'fuzzy') await markTarget(context, request, id, result);
  else if (untouched) await restoreMark(context, request, untouched);
}

async function removePods(context: CopyContext, journal: RunJournal): Promise<void> {
  const { request, id, result } = journal.record;
  if (context.keepsFailedPod && result === 'failed') return;
  for (const { metadata } of await podsOfRun(context, request.namespace, id))
    await removePod(context, request.namespace, metadata.name);
}

async function attempt(what: string, work: () => Promise<void>): Promise<readonly string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [`${what}: ${errorText(error)}`];
  }
}
