import { ClusterObjects } from '../kubernetes/objects.ts';
import { KnownError } from '../model/known-error.ts';
import { firstProber } from '../volumes/plan/choose-identity.ts';
import { gatherFacts } from '../volumes/plan/gather-facts.ts';
import { planCopy } from '../volumes/plan/plan-copy.ts';
import { withCluster } from './cluster-access.ts';
import { COMPLETE, REFUSED } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { copyRequestOf } from './volumes-request.ts';
import { planText } from './volumes-text.ts';

/** `openshift-backup volumes plan`: how a volume would be copied, or why it would not. Changes nothing. */
export async function volumesPlan(
  input: CommandInput,
  args: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const request = copyRequestOf(input.settings, args, switches);
  const facts = await withCluster(
    input,
    async (client) => await gatherFacts(new ClusterObjects(client), client, request),
  );
  const plan = planCopy(request, facts, { veleroHooks: input.settings.veleroHooks });
  if (input.output === 'json') {
    await print(input.process, `${JSON.stringify(plan, null, 2)}\n`);
    return plan.kind === 'declined' ? REFUSED : COMPLETE;
  }
  if (plan.kind === 'declined') throw new KnownError('refused', `Declined (${plan.reason}): ${plan.message}`);
  await print(input.process, planText(plan, firstProber(plan, facts)));
  return COMPLETE;
}
