import { ApiError, TransportError } from '../../kubernetes/api-error.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import { adoptRuns, openRuns } from './adopt-runs.ts';
import type { CopyContext } from './copy-context.ts';
import type { CopyRequest, Declined } from '../copy.ts';
import { finishRun, type RunEnd } from './finish-run.ts';
import { gatherFacts } from '../plan/gather-facts.ts';
import { planCopy } from '../plan/plan-copy.ts';
import { RecordStore } from './record-store.ts';
import { type Planned, runCopy } from './run-copy.ts';
import { newRunId } from './run-id.ts';
import { RunJournal } from './run-journal.ts';
import { podsOfRun } from './run-pod.ts';
import type { RunRecord } from '../run-record.ts';
import { podState } from './pod-state.ts';
import { sweep } from './sweep.ts';
import { withTargetLock } from './target-lock.ts';

/**
 * Makes a copy of a volume, or brings one to its end whose process is gone: looks, plans, copies in a pod, and has it
 * verified there. However it ends, the application is let go on and no pod is left.
 *
 * @returns the record of the run, which has ended; of a copy that is declined before it has begun it is kept nowhere
 * @throws KnownError `refused` when another process copies into the target, `failed` when the lock on it was lost;
 *   ApiError, TransportError; the signal's reason before anything has begun
 */
export async function copyVolume(context: CopyContext, request: CopyRequest): Promise<RunRecord> {
  const store = new RecordStore(context.objects, request.namespace);
  const early = await planned(context, request);
  if (early.kind === 'declined' && !(await mayHaveOpenRuns(store, request, early)))
    return declinedRecord(context, request, early);
  return await underLock(context, request.namespace, request.target, async (locked) => {
    const adopted = await adoptRuns(locked, store, request, await openRuns(store, request.target));
    if (adopted) return adopted;
    await settleOthers(locked, store, request);
    const now = await planned(locked, request);
    return now.kind === 'declined'
      ? declinedRecord(locked, request, now)
      : await performed(locked, store, now);
  });
}

async function planned(
  { objects, client, veleroHooks = false }: CopyContext,
  request: CopyRequest,
): Promise<(Planned & { readonly kind: 'planned' }) | Declined> {
  const facts = await gatherFacts(objects, client, request);
  const plan = planCopy(request, facts, { veleroHooks });
  return plan.kind === 'declined' ? plan : { kind: 'planned', plan, facts };
}

async function mayHaveOpenRuns(
  store: RecordStore,
  { target }: CopyRequest,
  { reason }: Declined,
): Promise<boolean> {
  if (reason === 'project-missing' || reason === 'not-opted-in') return false;
  return (await openRuns(store, target)).length > 0;
}

function declinedRecord(
  context: CopyContext,
  request: CopyRequest,
  { reason, message }: Declined,
): RunRecord {
  const record: RunRecord = {
    ...newRecord(context, request),
    phase: 'ended',
    result: 'declined',
    declined: reason,
    message,
    endedAt: context.now().toISOString(),
  };
  context.onChange(record);
  return record;
}

function newRecord({ now }: CopyContext, request: CopyRequest): RunRecord {
  const startedAt = now();
  return {
    format: 1,
    id: newRunId(startedAt),
    request,
    startedAt: startedAt.toISOString(),
    updatedAt: startedAt.toISOString(),
    phase: 'planned',
    message: 'Begins',
    attempts: 1,
  };
}

/** A run from its record on. Nothing that goes wrong keeps it from being cleared up, but the loss of its lock. */
async function performed(context: CopyContext, store: RecordStore, work: Planned): Promise<RunRecord> {
  const record: RunRecord = { ...newRecord(context, work.plan.request), notes: work.plan.notes };
  const journal = new RunJournal(context, store, await store.create(record));
  try {
    const ended = await finishRun(context, journal, await runCopy(context, journal, work));
    await store.prune().catch(() => []);
    return ended;
  } catch (error) {
    context.lost.throwIfAborted();
    const ended = await finishRun(context, journal, endBy(context, error));
    if (!isKnown(error) && !context.signal.aborted) throw error;
    return ended;
  }
}

function endBy({ signal }: CopyContext, error: unknown): RunEnd {
  return signal.aborted
    ? { result: 'cancelled', message: 'The copy was cancelled' }
    : { result: 'failed', message: errorText(error) };
}

function isKnown(error: unknown): boolean {
  return error instanceof KnownError || error instanceof ApiError || error instanceof TransportError;
}

/** Works while no other process copies into the claim; the context's signals are then those of the lock too. */
async function underLock<T>(
  context: CopyContext,
  namespace: string,
  target: string,
  work: (locked: CopyContext) => Promise<T>,
): Promise<T> {
  const { objects, holder, signal } = context;
  // Whoever waits for the lock is let go at once; whoever has it keeps it until all is cleared up.
  const waiting = new AbortController();
  const stopWaiting = (): void => waiting.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', stopWaiting, { once: true });
  try {
    return await withTargetLock(
      objects,
      { namespace, target, holder, signal: waiting.signal, times: context.times.lock },
      async (lost) => {
        signal.removeEventListener('abort', stopWaiting);
        return await work({ ...context, lost, signal: AbortSignal.any([signal, lost]) });
      },
    );
  } finally {
    signal.removeEventListener('abort', stopWaiting);
  }
}

/**
 * Clears up what processes have left of copies into other claims of the project: pods of runs that have ended, and
 * applications that were kept still. A copy that works on is left to work. It holds back no copy when that fails.
 */
async function settleOthers(
  context: CopyContext,
  store: RecordStore,
  { namespace, target }: CopyRequest,
): Promise<void> {
  try {
    const { unfinished } = await sweep(context.objects, namespace, {
      signal: context.signal,
      times: context.times.lock,
    });
    for (const { record } of unfinished) {
      const other = record.request.target;
      if (other === target || (await works(context, record))) continue;
      await underLock(context, namespace, other, async (locked) => {
        await adoptRuns(locked, store, undefined, await openRuns(store, other));
      });
    }
  } catch (error) {
    context.signal.throwIfAborted();
    context.onNote(`What is left of other copies could not be cleared up: ${errorText(error)}`);
  }
}

async function works(context: CopyContext, { id, request }: RunRecord): Promise<boolean> {
  const pods = await podsOfRun(context, request.namespace, id);
  return pods.some((pod) => podState(pod).phase !== 'ended');
}
