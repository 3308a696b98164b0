import { CONTAINER_RULES } from './container-rules.ts';
import { IDENTITY_RULES } from './identity-rules.ts';
import { OTHER_RULES } from './other-rules.ts';
import type { Rule } from './rule.ts';
import { SHAPE_RULES } from './shape-rules.ts';

/** Every rule of the guard; of those that are broken, the first one is named. Both forms are made from this table. */
export const RULES: readonly Rule[] = [...IDENTITY_RULES, ...CONTAINER_RULES, ...SHAPE_RULES, ...OTHER_RULES];

/** What stands before every refusal of the guard, by which `guard check` knows one. */
export const REFUSAL = 'openshift-backup guard';

/** What somebody is told who breaks a rule: `openshift-backup guard, rule image: …`. */
export function refusalText({ id, message }: Pick<Rule, 'id' | 'message'>): string {
  return `${REFUSAL}, rule ${id}: ${message}`;
}

/** The rule that a refusal names; undefined for a text that is none of the guard's. */
export function ruleIn(text: string): string | undefined {
  return new RegExp(`${REFUSAL}, rule (?<id>[a-z-]+): `, 'u').exec(text)?.groups?.['id'];
}
