import { ACCESS_RULES } from './access-rules.ts';
import { ACCOUNT_RULES } from './account-rules.ts';
import { BUILD_RULES } from './build-rules.ts';
import { CORE_RULES } from './core-rules.ts';
import { METADATA_RULES } from './metadata-rules.ts';
import { OLM_RULES } from './olm-rules.ts';
import { OPENSHIFT_RULES } from './openshift-rules.ts';
import { OWN_RULES } from './own-rules.ts';
import { POD_RULES } from './pod-rules.ts';
import type { FieldRule, RuleGroup, SkipRule } from './rule.ts';
import { SERVICE_RULES } from './service-rules.ts';
import { STORAGE_RULES } from './storage-rules.ts';
import { WORKLOAD_RULES } from './workload-rules.ts';

/**
 * The version of all rules here and of `skip-types.ts`. It stands in every manifest and must change whenever
 * a rule does: two archives made under different rules differ without anybody having changed the cluster.
 */
export const RULE_SET = '3';

const GROUPS: readonly RuleGroup[] = [
  METADATA_RULES,
  CORE_RULES,
  SERVICE_RULES,
  ACCOUNT_RULES,
  STORAGE_RULES,
  WORKLOAD_RULES,
  POD_RULES,
  ACCESS_RULES,
  BUILD_RULES,
  OPENSHIFT_RULES,
  OLM_RULES,
  OWN_RULES,
];

/** Fields that are never stored. */
export const PRUNE_RULES: readonly FieldRule[] = GROUPS.flatMap(({ prune = [] }) => prune);

/** Fields that are stored, because a change in them is drift, and go before an object is applied. */
export const APPLY_RULES: readonly FieldRule[] = GROUPS.flatMap(({ apply = [] }) => apply);

/** Objects that are not stored, though others of their type are. */
export const SKIP_RULES: readonly SkipRule[] = GROUPS.flatMap(({ skip = [] }) => skip);

/** Values that are secret wherever Secrets are to be kept out: a path leads to a text, or to one for each key. */
export const SECRET_RULES: readonly FieldRule[] = GROUPS.flatMap(({ secret = [] }) => secret);
