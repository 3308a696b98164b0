import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import { apiVersion, type ResourceType } from '../model/resource-type.ts';
import { PRUNE_RULES } from './rules.ts';

/** The rules as a tree: in an object, the keys that go, and those of the objects below that are looked into. */
interface Branch {
  readonly removed: readonly string[];
  readonly below: readonly (readonly [key: string, branch: Branch])[];
}

const TREE = branchOf(PRUNE_RULES.map(({ path }) => path));

/**
 * Makes an object of a document what is stored: without the fields of the prune rules, and with `apiVersion`
 * and `kind`, which the items of a list don't carry (https://github.com/kubernetes/kubernetes/issues/3030).
 * An object that only the rules have emptied goes too; any other empty value stays, because in Kubernetes
 * `{}` and `[]` often mean something.
 */
export function pruneObject(document: JsonDocument, object: JsonNode, type: ResourceType): void {
  apply(document, object, TREE);
  document.set(object, 'apiVersion', JSON.stringify(apiVersion(type)));
  document.set(object, 'kind', JSON.stringify(type.kind));
}

function apply(document: JsonDocument, node: JsonNode, { removed, below }: Branch): void {
  document.remove(node, ...removed);
  for (const [key, branch] of below) {
    const value = document.member(node, key);
    if (value === undefined || document.size(value) === 0) continue;
    apply(document, value, branch);
    if (document.size(value) === 0) document.remove(node, key);
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
