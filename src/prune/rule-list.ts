import { conditionText, type FieldRule, pathText, type RuleTypes, type SkipRule } from './rule.ts';
import { APPLY_RULES, PRUNE_RULES, SECRET_RULES, SKIP_RULES } from './rules.ts';
import { NEEDED_VERBS, SKIPPED_GROUPS, SKIPPED_TYPES } from './skip-types.ts';
import { SOURCE } from './sources.ts';

/** What a rule does with what it is about. */
export type Verdict = 'never stored' | 'not applied' | 'object left out' | 'type left out' | 'secret';

/** A rule of any kind, as people read it. */
export interface ListedRule {
  /** Unique; it stands in manifests too. */
  readonly id: string;
  readonly verdict: Verdict;
  /** As `oc api-resources -o name` writes them; `*.group` is a whole group. */
  readonly types: RuleTypes;
  /** The field, or the objects, that the rule is about. */
  readonly what: string;
  readonly reason: string;
  /** Where the fact is written down: a pinned link. */
  readonly source: string;
}

/** Every rule, in the order in which an object meets them. */
export function listRules(): ListedRule[] {
  return [
    ...typeRules(),
    ...SKIP_RULES.map(skipLine),
    ...PRUNE_RULES.map((rule) => fieldLine(rule, 'never stored')),
    ...APPLY_RULES.map((rule) => fieldLine(rule, 'not applied')),
    ...SECRET_RULES.map((rule) => fieldLine(rule, 'secret')),
  ];
}

function typeRules(): ListedRule[] {
  const verdict = 'type left out';
  const named = SKIPPED_TYPES.map(({ rule, types, reason, source }): ListedRule => {
    const groups = rule === 'view' ? SKIPPED_GROUPS.map((group) => `*.${group}`) : [];
    return { id: rule, verdict, types: [...types, ...groups], what: 'all of them', reason, source };
  });
  const missing: ListedRule = {
    id: 'virtual',
    verdict,
    types: '*',
    what: `the server does not offer all of ${NEEDED_VERBS.join(', ')} for it`,
    reason: 'a type can be restored only if it can be made, and compared only if it can be read',
    source: `${SOURCE.kubernetes}/staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go`,
  };
  return [...named, missing];
}

function skipLine({ id, types, when, rest, reason, source }: SkipRule): ListedRule {
  const stored = rest === undefined ? '' : `; and of what would be stored: ${conditionText(rest)}`;
  return { id, verdict: 'object left out', types, what: conditionText(when) + stored, reason, source };
}

function fieldLine({ id, types, path, when, reason, source }: FieldRule, verdict: Verdict): ListedRule {
  const where = when === undefined ? '' : ` where ${conditionText(when)}`;
  return { id, verdict, types, what: pathText(path) + where, reason, source };
}
