import type { AddedMember } from '../json/canonical-writer.ts';
import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import { apiVersion, type ResourceType, typeName } from '../model/resource-type.ts';
import { holds } from './condition.ts';
import { removeField } from './remove-field.ts';
import type { FieldRule, RuleTypes, SkipRule } from './rule.ts';
import { APPLY_RULES, PRUNE_RULES, SKIP_RULES } from './rules.ts';

/** Makes an object of a document what is stored; or says by which rule it is not stored at all. */
export type PruneObject = (document: JsonDocument, object: JsonNode) => SkipRule | undefined;

const NOTHING: readonly never[] = [];

/** Rules as a tree: in an object, the keys that go, and those of the objects below that are looked into. */
interface Branch {
  readonly removed: readonly string[];
  readonly below: readonly (readonly [key: string, branch: Branch])[];
}

/** What every object of a type gets: the items of a list don't carry it (https://github.com/kubernetes/kubernetes/issues/3030). */
export function identityOf(type: ResourceType): AddedMember[] {
  return [
    { key: 'apiVersion', json: JSON.stringify(apiVersion(type)) },
    { key: 'kind', json: JSON.stringify(type.kind) },
  ];
}

/**
 * Makes what prunes the objects of a type: takes the fields of the prune rules out, and `apiVersion` and
 * `kind`, for which `identityOf` the type comes in. An object or array that only the rules have emptied goes
 * too; any other empty value stays, because in Kubernetes `{}` and `[]` often mean something.
 */
export function prunerOf(type: ResourceType): PruneObject {
  const rules = PRUNE_RULES.filter(({ types }) => isFor(types, type));
  const paths = rules.map(plainPath).filter((path) => path !== undefined);
  const tree = branchOf([...paths, ['apiVersion'], ['kind']]);
  const special = rules.filter((rule) => plainPath(rule) === undefined);
  const skips = SKIP_RULES.filter(({ types }) => isFor(types, type));
  return (document, object) => {
    const judged = { document, object, path: [] };
    let found: readonly SkipRule[] = NOTHING;
    for (const rule of skips) {
      if (!holds(judged, object, rule.when)) continue;
      if (rule.rest === undefined) return rule;
      found = [...found, rule];
    }
    // The special rules first: some judge by fields that the others take away.
    applyEach(special, document, object);
    cut(document, object, tree);
    return found.find(({ rest }) => rest !== undefined && holds(judged, object, rest));
  };
}

/**
 * Makes what turns stored objects of a type into ones that can be applied to another cluster, or to the same
 * one after they were deleted: what the server or a controller chose is taken out.
 */
export function applyReadyOf(type: string): (document: JsonDocument, object: JsonNode) => void {
  const rules = APPLY_RULES.filter(({ types }) => types === '*' || types.includes(type));
  return (document, object) => applyEach(rules, document, object);
}

function isFor(types: RuleTypes, type: ResourceType): boolean {
  return types === '*' || types.includes(typeName(type));
}

/** All conditions are judged before anything is taken out: one rule must not hide from another what it asks for. */
function applyEach(rules: readonly FieldRule[], document: JsonDocument, object: JsonNode): void {
  let met: readonly FieldRule[] = NOTHING;
  for (const rule of rules) {
    const { path, when } = rule;
    if (when !== undefined && !holds({ document, object, path }, object, when)) continue;
    met = [...met, rule];
  }
  for (const { path, isParentKept } of met) removeField({ document, object, path }, isParentKept);
}

/** The path of a rule that holds in every object and has only keys; such rules are applied all at once. */
function plainPath({ path, when, isParentKept }: FieldRule): string[] | undefined {
  const keys = path.filter((step) => typeof step === 'string');
  const isPlain = when === undefined && isParentKept === undefined && keys.length === path.length;
  return isPlain ? keys : undefined;
}

function cut(document: JsonDocument, node: JsonNode, { removed, below }: Branch): void {
  document.remove(node, removed);
  for (const [key, branch] of below) {
    const value = document.member(node, key);
    if (value === undefined || document.isEmpty(value)) continue;
    cut(document, value, branch);
    if (document.isEmpty(value)) document.remove(node, [key]);
  }
}

function branchOf(paths: readonly (readonly string[])[]): Branch {
  const removed = paths.filter((path) => path.length === 1).map(([key = '']) => key);
  const deeper = Object.groupBy(
    paths.filter((path) => path.length > 1),
    ([key = '']) => key,
  );
  const below = Object.entries(deeper).map(
    ([key, group = []]) => [key, branchOf(group.map((path) => path.slice(1)))] as const,
  );
  return { removed, below };
}
