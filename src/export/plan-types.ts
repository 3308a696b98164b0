import type { Discovery } from '../kubernetes/discover.ts';
import type { Outcome, TypeRecord } from '../model/manifest.ts';
import { WHOLE_CLUSTER } from '../model/manifest.ts';
import { apiVersion, type ResourceType, typeName } from '../model/resource-type.ts';
import { groupSkipReason, skipReason } from '../prune/skip-types.ts';

/** What is to be read, and what is settled without reading. */
export interface TypePlan {
  readonly selected: readonly ResourceType[];
  /** Skipped types with their rule, and groups that did not answer, which are gaps. */
  readonly settled: readonly TypeRecord[];
}

/** Decides for every type that the server knows whether it is exported. Asks nobody. */
export function planTypes({ types, unknown }: Discovery): TypePlan {
  const selected = types.filter((type) => skipReason(type) === undefined);
  const skipped = types.flatMap((type) => {
    const skip = skipReason(type);
    return skip ? [typeRecord(type, [{ scope: WHOLE_CLUSTER, result: 'skipped', ...skip }])] : [];
  });
  const silent = unknown.map(({ group, version, reason }): TypeRecord => {
    const type = { group, version, plural: '*', kind: '', isNamespaced: false, verbs: [] };
    const skip = groupSkipReason(group);
    const outcome: Outcome = skip
      ? { scope: WHOLE_CLUSTER, result: 'skipped', ...skip }
      : { scope: WHOLE_CLUSTER, result: 'failed', reason };
    return typeRecord(type, [outcome]);
  });
  return { selected, settled: [...skipped, ...silent] };
}

/** The manifest's record of a type. */
export function typeRecord(type: ResourceType, outcomes: TypeRecord['outcomes']): TypeRecord {
  const { kind, isNamespaced } = type;
  return { type: typeName(type), apiVersion: apiVersion(type), kind, isNamespaced, outcomes };
}
