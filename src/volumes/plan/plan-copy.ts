import { type Claims, presentClaims, unfitClaims } from './check-claims.ts';
import { badFolder } from './check-folder.ts';
import { stillnessOf } from './check-quiesce.ts';
import { inUse } from './check-use.ts';
import { claimSummary } from './claim-facts.ts';
import { type ClaimUser, claimUsers } from './claim-users.ts';
import type { CopyFacts, CopyPlan, CopyRequest, Declined } from '../copy.ts';
import { byText, textAt, valueAt } from '../fields.ts';
import { placeCopy } from './placement.ts';
import { planNotes } from './plan-notes.ts';
import { highestTier, likelyOwner, projectUids } from './project-users.ts';

/** How a plan is made where the cluster leaves a choice. */
export interface PlanOptions {
  /** Hooks of Velero count too, on pods that have none of the tool's own; false when missing. */
  readonly veleroHooks?: boolean;
}

/**
 * What a copy would be, and why, or why it can't be made. Nothing in the objects makes it throw, and the order of
 * the objects makes no difference.
 */
export function planCopy(
  request: CopyRequest,
  facts: CopyFacts,
  { veleroHooks = false }: PlanOptions = {},
): CopyPlan | Declined {
  const claims = presentClaims(request, facts);
  if (claims.kind === 'declined') return claims;
  const problem = badFolder(request) ?? unfitClaims(claims, facts);
  return problem ?? planBetween(claims, { request, facts, veleroHooks });
}

interface Asked {
  readonly request: CopyRequest;
  readonly facts: CopyFacts;
  readonly veleroHooks: boolean;
}

function planBetween(claims: Claims, { request, facts, veleroHooks }: Asked): CopyPlan | Declined {
  const users = claimUsers(request.source, facts.pods);
  const source = claimSummary(claims.source, users);
  const target = claimSummary(claims.target, claimUsers(request.target, facts.pods));
  const used = inUse(source, target);
  if (used) return used;
  const tolerations = tolerationsOf(users);
  const placement = placeCopy({ source, target, wanted: request.node, tolerations, facts });
  if (placement.kind === 'declined') return placement;
  const stillness = stillnessOf({ request, facts, users, veleroHooks });
  if (stillness.kind === 'declined') return stillness;
  const tier = highestTier(facts);
  return {
    kind: 'copy',
    request,
    source,
    target,
    node: placement.node,
    tolerations,
    consistency: stillness.consistency,
    likelyOwner: likelyOwner(request.source, users),
    projectUids: projectUids(facts.namespace),
    highestTier: tier,
    ...(facts.mayRunAsRoot === false ? { lacksRootScc: true } : {}),
    notes: [
      ...placement.notes,
      ...stillness.notes,
      ...planNotes({ source, target, facts, highestTier: tier }),
    ],
  };
}

/**
 * What the pods that use the source tolerate, so that a BackupEr pod may go where they are. Every pod is given the
 * tolerations for broken nodes anyway, for a while; for longer than that no copy needs to stay there.
 */
function tolerationsOf(users: readonly ClaimUser[]): readonly unknown[] {
  const all = users.flatMap(({ object }) => {
    const tolerations = valueAt(object, 'spec', 'tolerations');
    return Array.isArray(tolerations) ? (tolerations as readonly unknown[]) : [];
  });
  const useful = all.filter(
    (one) => !/^node\.kubernetes\.io\/(?:not-ready|unreachable)$/u.test(textAt(one, 'key')),
  );
  const distinct = new Map(useful.map((one) => [JSON.stringify(one), one]));
  return [...distinct].toSorted(([a], [b]) => byText(a, b)).map(([, one]) => one);
}
