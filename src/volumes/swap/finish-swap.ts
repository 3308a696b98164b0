import { errorText, KnownError } from '../../model/known-error.ts';
import { adviceAfter, adviceBack } from './swap-advice.ts';
import { DisturbedSwap, type SwapRecord } from './swap-record.ts';
import { BACKWARD, FORWARD, type SwapStep } from './swap-steps.ts';
import { giveUp, type SwapWork } from './swap-workloads.ts';

/** How a swap, or its rollback, ended. */
export interface SwapDone {
  readonly kind: 'swapped' | 'rolled-back';
  readonly record: SwapRecord;
  /** What is where now and how to go back, one line each. */
  readonly advice: readonly string[];
}

/** What is left to be done of a swap in its direction, one line for each step. */
export function stepsLeft(record: SwapRecord): readonly string[] {
  const { steps, first } = remaining(record);
  return steps.slice(first).map(({ text }) => text(record));
}

/** What rolling a swap back takes, one line for each step. */
export function stepsBack(record: SwapRecord): readonly string[] {
  if (record.direction === 'backward') return stepsLeft(record);
  return BACKWARD.map(({ text }) => text(record));
}

function remaining({ direction, step }: SwapRecord): {
  readonly steps: readonly SwapStep[];
  readonly first: number;
} {
  const steps = direction === 'forward' ? FORWARD : BACKWARD;
  const found = steps.findIndex(({ name }) => name === step);
  return { steps, first: Math.max(0, found) };
}

/**
 * Takes the steps that are left.
 *
 * @throws KnownError that says how to go on or back; the signal's reason, after the context was told the same
 */
export async function finishSwap(work: SwapWork): Promise<SwapDone> {
  const { direction } = work.record;
  const { steps, first } = remaining(work.record);
  try {
    // Whatever was done may have been undone since, by anybody: all of it is looked at again. Only once the
    // application has been started again it is left alone.
    const done = first < steps.length - 1 ? steps.slice(0, first) : [];
    for (const { take } of done) await take(work);
    for (const [index, { name, text, take }] of steps.entries()) {
      if (index < first) continue;
      work.context.signal.throwIfAborted();
      const message = text(work.record);
      work.context.report(`${index + 1}/${steps.length} ${name}: ${message}`);
      await work.note({ step: name, message });
      await take(work);
    }
  } catch (error) {
    throw await explained(work, error);
  }
  const isForward = direction === 'forward';
  const state = isForward ? 'done' : 'rolled-back';
  await work.note({ state, message: isForward ? 'swapped' : 'rolled back' });
  const { record } = work;
  return {
    kind: isForward ? 'swapped' : 'rolled-back',
    record,
    advice: isForward ? adviceAfter(record) : adviceBack(record),
  };
}

async function explained(work: SwapWork, error: unknown): Promise<unknown> {
  if (error instanceof DisturbedSwap) return error;
  const { context, record } = work;
  const { claim, copy, namespace, step, direction } = record;
  const command = `openshift-backup volumes swap -n ${namespace} ${claim} ${copy}`;
  const back = direction === 'forward' ? `, or back with "${command} --rollback"` : '';
  const isRollback = direction === 'backward' ? ' --rollback' : '';
  const hint = `no data is lost. Go on with "${command}${isRollback}"${back}`;
  if (context.signal.aborted) {
    context.report(`The swap was stopped at step ${step}; ${hint}`);
    return error;
  }
  const text = errorText(error);
  const kind = error instanceof KnownError ? error.kind : 'failed';
  if (direction === 'forward' && step === FORWARD[0]?.name) {
    const errors = await giveUp(work, text).catch((failure: unknown) => [errorText(failure)]);
    const end =
      errors.length === 0 ? 'nothing was changed' : `on the way back: ${errors.join('; ')}; ${hint}`;
    return new KnownError(kind, `${text}; ${end}`, { cause: error });
  }
  // Only for people: that it can't be saved says nothing new.
  await work.note({ message: text }).catch(() => undefined);
  return new KnownError(kind, `${text}; ${hint}`, { cause: error });
}
