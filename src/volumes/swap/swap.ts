import { errorText, KnownError } from '../../model/known-error.ts';
import { finishSwap, type SwapDone } from './finish-swap.ts';
import { gatherSwapFacts } from './gather-swap-facts.ts';
import { planSwap, type SwapDeclined, type SwapPlan } from './plan-swap.ts';
import { newRunId } from '../run/run-id.ts';
import type { SwapRequest } from './swap-facts.ts';
import { type ObjectContext, type SwapTimes, volumeNow } from './swap-objects.ts';
import { keptObject, type SwapKept, type SwapRecord, SwapStore } from './swap-record.ts';
import { BACKWARD, FORWARD } from './swap-steps.ts';
import { believed } from './believe-swap.ts';
import type { SwapWork } from './swap-workloads.ts';
import type { LockTimes } from '../run/target-lease.ts';
import { withTargetLock } from '../run/target-lock.ts';

export type { SwapDone } from './finish-swap.ts';

/** What a swap needs of its surroundings; the namespace is the request's. */
export interface SwapContext extends Omit<ObjectContext, 'namespace'> {
  readonly now: () => Date;
  /** For people who want to know who works on a claim. */
  readonly holder: string;
  /** Where they differ from the usual ones. */
  readonly lockTimes?: Partial<LockTimes>;
}

/** The claims of a swap. */
type Pair = Pick<SwapRequest, 'namespace' | 'claim' | 'copy'>;

/** How patient a swap is when nobody says otherwise. */
export const USUAL_SWAP_TIMES: SwapTimes = {
  idleMs: 10 * 60_000,
  claimMs: 3 * 60_000,
  boundMs: 3 * 60_000,
  readyMs: 10 * 60_000,
};

/** Says what a swap would do, or what stands against it, and does nothing. */
export async function previewSwap(
  context: SwapContext,
  request: SwapRequest,
): Promise<SwapPlan | SwapDeclined> {
  return planSwap(request, await gatherSwapFacts(context.objects, request));
}

/**
 * Gives a claim the volume of its copy. A swap of the two that was interrupted is gone on with, wherever it stopped.
 *
 * @param rollsBackAlone goes back by itself when the workloads don't get ready with the copy
 * @throws KnownError `failed` when a step can't be taken: the message says so, and how to go on or back;
 *   `refused` when another process works on one of the claims, or it is being rolled back; the signal's reason
 */
export async function swapVolumes(
  context: SwapContext,
  request: SwapRequest,
  { rollsBackAlone }: { readonly rollsBackAlone: boolean },
): Promise<SwapDone | SwapDeclined> {
  return await locked(context, request, async (inside) => {
    const store = new SwapStore(inside.objects, request.namespace);
    const begun = await begunSwap(inside, request);
    const record = begun ?? (await begin(inside, store, request));
    if ('objections' in record) return record;
    const work = workOn(inside, store, begun ? await believed(inside, begun) : record);
    return rollsBackAlone ? await finishOrRollBack(work) : await finishSwap(work);
  });
}

/**
 * Gives both claims their own volumes back, after a swap or from the middle of one.
 *
 * @throws KnownError `usage` when there is no such swap, `failed` as `swapVolumes`
 */
export async function rollBackSwap(context: SwapContext, request: Pair): Promise<SwapDone> {
  return await locked(context, request, async (inside) => {
    const record = await believed(inside, await swapToRollBack(inside, request));
    return await rollBack(workOn(inside, new SwapStore(inside.objects, request.namespace), record));
  });
}

/**
 * The interrupted swap that `swapVolumes` would go on with; undefined where it would begin one.
 *
 * @throws KnownError `refused` when it is being rolled back
 */
export async function begunSwap(context: SwapContext, request: Pair): Promise<SwapRecord | undefined> {
  const begun = (await swapsOf(context, request)).find(({ state }) => state === 'running');
  if (begun?.direction !== 'backward') return begun;
  throw new KnownError('refused', `Swap ${begun.id} is being rolled back: end that first, with --rollback`);
}

/** The swap that `rollBackSwap` would take back. @throws KnownError `usage` when there is none */
export async function swapToRollBack(context: SwapContext, request: Pair): Promise<SwapRecord> {
  const { claim, copy, namespace } = request;
  const [record] = (await swapsOf(context, request)).filter(({ state }) => state !== 'abandoned');
  if (record && record.state !== 'rolled-back') return record;
  throw new KnownError('usage', `There is no swap of ${claim} and ${copy} in ${namespace} to roll back`);
}

/** Nobody copies to one of the claims meanwhile, nor swaps them. */
async function locked<T>(
  context: SwapContext,
  { namespace, claim, copy }: Pair,
  work: (inside: SwapContext) => Promise<T>,
): Promise<T> {
  const { objects, holder, lockTimes: times = {} } = context;
  const lock = { namespace, holder, times };
  return await withTargetLock(objects, { ...lock, target: copy, signal: context.signal }, (outer) =>
    withTargetLock(objects, { ...lock, target: claim, signal: outer }, (signal) =>
      work({ ...context, signal }),
    ),
  );
}

async function swapsOf(
  { objects }: SwapContext,
  { namespace, claim, copy }: Pair,
): Promise<readonly SwapRecord[]> {
  const all = await new SwapStore(objects, namespace).list();
  return all.filter((record) => record.claim === claim && record.copy === copy);
}

async function begin(
  context: SwapContext,
  store: SwapStore,
  request: SwapRequest,
): Promise<SwapRecord | SwapDeclined> {
  const plan = await previewSwap(context, request);
  if (plan.kind === 'declined') return plan;
  const now = context.now();
  const { namespace, claim, copy } = request;
  const record: SwapRecord = {
    format: 1,
    id: newRunId(now),
    namespace,
    claim,
    copy,
    direction: 'forward',
    state: 'running',
    step: FORWARD[0]?.name ?? '',
    startedAt: now.toISOString(),
    updatedAt: now.toISOString(),
    message: 'planned',
    workloads: plan.workloads,
    kept: withoutNoise(plan.kept),
  };
  await store.create(record);
  return record;
}

function withoutNoise({ claim, copy, claimVolume, copyVolume }: SwapKept): SwapKept {
  return {
    claim: keptObject(claim),
    copy: keptObject(copy),
    claimVolume: keptObject(claimVolume),
    copyVolume: keptObject(copyVolume),
  };
}

function workOn(context: SwapContext, store: SwapStore, begun: SwapRecord): SwapWork {
  let record = begun;
  return {
    context: { ...context, namespace: begun.namespace },
    get record() {
      return record;
    },
    note: async (changes) => {
      const next = { ...record, ...changes, updatedAt: context.now().toISOString() };
      await store.save(record, next);
      record = next;
    },
  };
}

async function finishOrRollBack(work: SwapWork): Promise<SwapDone> {
  try {
    return await finishSwap(work);
  } catch (error) {
    if (!(error instanceof KnownError) || work.record.step !== 'resume') throw error;
    work.context.report(`${error.message}; it is rolled back`);
    await rollBack(work);
    throw new KnownError('failed', `${errorText(error)}; it was rolled back`, { cause: error });
  }
}

async function rollBack(work: SwapWork): Promise<SwapDone> {
  // Gone, there is nothing to go back to.
  await volumeNow(work.context, work.record.kept.claimVolume);
  if (work.record.direction === 'forward')
    await work.note({ direction: 'backward', state: 'running', step: BACKWARD[0]?.name ?? '' });
  return await finishSwap(work);
}
