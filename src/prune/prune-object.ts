import type { AddedMember } from '../json/canonical-writer.ts';
import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import { apiVersion, type ResourceType } from '../model/resource-type.ts';
import { PRUNE_RULES } from './rules.ts';

/** The rules as a tree: in an object, the keys that go, and those of the objects below that are looked into. */
interface Branch {
  readonly removed: readonly string[];
  readonly below: readonly (readonly [key: string, branch: Branch])[];
}

const TREE = branchOf([...PRUNE_RULES.map(({ path }) => path), ['apiVersion'], ['kind']]);

/** What every object of a type gets: the items of a list don't carry it (https://github.com/kubernetes/kubernetes/issues/3030). */
export function identityOf(type: ResourceType): AddedMember[] {
  return [
    { key: 'apiVersion', json: JSON.stringify(apiVersion(type)) },
    { key: 'kind', json: JSON.stringify(type.kind) },
  ];
}

/**
 * Makes an object of a document what is stored: without the fields of the prune rules, and without
 * `apiVersion` and `kind`, for which `identityOf` the type comes in. An object that only the rules have
 * emptied goes too; any other empty value stays, because in Kubernetes `{}` and `[]` often mean something.
 */
export function pruneObject(document: JsonDocument, object: JsonNode): void {
  apply(document, object, TREE);
}

function apply(document: JsonDocument, node: JsonNode, { removed, below }: Branch): void {
  document.remove(node, removed);
  for (const [key, branch] of below) {
    const value = document.member(node, key);
    if (value === undefined || document.size(value) === 0) continue;
    apply(document, value, branch);
    if (document.size(value) === 0) document.remove(node, [key]);
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
