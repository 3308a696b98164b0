import type { GuardRequest, GuardSettings } from './guard-request.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';
import { scopeOf } from './scope.ts';

/** What the guard says to a request. `unconcerned` is allowed too: it is none of the guard's business. */
export type Decision =
  | { readonly kind: 'unconcerned' }
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly rule: Rule };

/** Decides on a request, and names the first rule of the table that it breaks. */
export function decide(request: GuardRequest, settings: GuardSettings): Decision {
  const scope = scopeOf(request);
  if (!scope) return { kind: 'unconcerned' };
  const broken = RULES.find(({ area, holds }) => area === scope.area && !holds(request, settings));
  return broken ? { kind: 'refused', rule: broken } : { kind: 'allowed' };
}
