import { METADATA_RULES } from './metadata-rules.ts';
import type { FieldRule, SkipRule } from './rule.ts';

/**
 * The version of all rules here and of `skip-types.ts`. It stands in every manifest and must change whenever
 * a rule does: two archives made under different rules differ without anybody having changed the cluster.
 */
export const RULE_SET = '2';

/** Fields that are never stored. */
export const PRUNE_RULES: readonly FieldRule[] = [...METADATA_RULES];

/** Fields that are stored, because a change in them is drift, and go before an object is applied. */
export const APPLY_RULES: readonly FieldRule[] = [];

/** Objects that are not stored, though others of their type are. */
export const SKIP_RULES: readonly SkipRule[] = [];

/** Values that are secret wherever Secrets are to be kept out: a path leads to a text, or to one for each key. */
export const SECRET_RULES: readonly FieldRule[] = [];
