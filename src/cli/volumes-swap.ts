import { ApiClient } from '../kubernetes/api-client.ts';
import { ClusterObjects } from '../kubernetes/objects.ts';
import { KnownError } from '../model/known-error.ts';
import { safeText } from '../model/text.ts';
import { stepsBack, stepsLeft } from '../volumes/swap/finish-swap.ts';
import type { SwapDeclined } from '../volumes/swap/plan-swap.ts';
import {
  begunSwap,
  previewSwap,
  rollBackSwap,
  type SwapContext,
  type SwapDone,
  swapToRollBack,
  swapVolumes,
  USUAL_SWAP_TIMES,
} from '../volumes/swap/swap.ts';
import type { Workload } from '../volumes/quiesce/plan-scale.ts';
import type { SwapRequest } from '../volumes/swap/swap-facts.ts';
import { assertSwapRights } from '../volumes/swap/swap-rights.ts';
import { withCluster } from './cluster-access.ts';
import { confirm, isAttended } from './confirm.ts';
import { holder, lateSignal } from './copy-surroundings.ts';
import { COMPLETE, REFUSED } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import {
  previewOf,
  previewOfRecord,
  previewText,
  type SwapPreview,
  swapEndJson,
  swapEndText,
} from './swap-text.ts';
import { toolVersion } from './tool-version.ts';
import { claimName, projectOf } from './volumes-request.ts';

/** What is about to be done, before it is. */
interface Look {
  readonly preview: SwapPreview | SwapDeclined;
  readonly workloads: readonly Workload[];
}

/** Between two looks at the cluster. */
const POLL_MS = 500;

/**
 * `openshift-backup volumes swap`: gives a claim the volume of its copy, with the rights of whoever calls it, or takes
 * that back. Told to end, it stops after the step that it is at, and says how to go on.
 */
export async function volumesSwap(
  input: CommandInput,
  [claim = '', copy = '']: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const isRollback = switches.has('rollback');
  refuseContradiction(switches);
  const request: SwapRequest = {
    namespace: projectOf(input.settings),
    claim: claimName(claim),
    copy: claimName(copy),
    isForced: switches.has('force'),
  };
  return await withCluster(input, async (_client, connection) => {
    // What was begun is brought to its end, and the locks are given back, also when the process is told to end.
    const late = lateSignal(input.process.signal);
    const client = new ApiClient(connection, `openshift-backup/${toolVersion()}`, late);
    const context = swapContext(input, client);
    const { preview, workloads } = await lookedAt(context, request, isRollback);
    if (preview.kind === 'declined') return await declined(input, preview);
    await assertSwapRights(client, request.namespace, workloads);
    if (switches.has('dryRun')) {
      const text = input.output === 'json' ? `${JSON.stringify(preview, null, 2)}\n` : previewText(preview);
      await print(input.process, text);
      return COMPLETE;
    }
    input.process.stderr.write(previewText(preview));
    if (!switches.has('yes') && isAttended(input.process) && !(await confirm(input.process, 'Go on?')))
      throw new KnownError('refused', 'Nothing has been changed');
    const done = isRollback
      ? await rollBackSwap(context, request)
      : await swapVolumes(context, request, { rollsBackAlone: switches.has('autoRollback') });
    return done.kind === 'declined' ? await declined(input, done) : await ended(input, done);
  });
}

function refuseContradiction(switches: ReadonlySet<string>): void {
  const other = ['force', 'autoRollback'].find((name) => switches.has(name));
  if (!switches.has('rollback') || other === undefined) return;
  throw new KnownError('usage', '--rollback goes with neither --force nor --auto-rollback: leave these out');
}

function swapContext({ process }: CommandInput, client: ApiClient): SwapContext {
  return {
    objects: new ClusterObjects(client),
    signal: process.signal,
    report: (line) => void process.stderr.write(`${safeText(line)}\n`),
    pollMs: POLL_MS,
    times: USUAL_SWAP_TIMES,
    now: () => new Date(),
    holder: holder(),
  };
}

async function lookedAt(context: SwapContext, request: SwapRequest, isRollback: boolean): Promise<Look> {
  if (isRollback) {
    const record = await swapToRollBack(context, request);
    const preview = previewOfRecord('rollback', record, stepsBack(record));
    return { preview, workloads: record.workloads };
  }
  const begun = await begunSwap(context, request);
  if (begun) {
    const preview = previewOfRecord('resume', begun, stepsLeft(begun));
    return { preview, workloads: begun.workloads };
  }
  const plan = await previewSwap(context, request);
  if (plan.kind === 'declined') return { preview: plan, workloads: [] };
  return { preview: previewOf(plan), workloads: plan.workloads };
}

async function declined(input: CommandInput, { kind, objections }: SwapDeclined): Promise<number> {
  if (input.output === 'json') {
    await print(input.process, `${JSON.stringify({ kind, objections }, null, 2)}\n`);
    return REFUSED;
  }
  const texts = objections.map(({ reason, message }) => `Declined (${reason}): ${message}`);
  throw new KnownError('refused', safeText(texts.join('; ')));
}

async function ended(input: CommandInput, done: SwapDone): Promise<number> {
  await print(input.process, input.output === 'json' ? swapEndJson(done) : swapEndText(done));
  return COMPLETE;
}
