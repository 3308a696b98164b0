import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import type { Condition, Path, Step } from './rule.ts';

/** The object that is judged, and the field of the rule that asks. */
export interface Judged {
  readonly document: JsonDocument;
  readonly object: JsonNode;
  /** The rule's path, for conditions on the field itself. */
  readonly path: Path;
}

type FieldCondition = Extract<Condition, { readonly field: Path }>;

const NOTHING: readonly JsonNode[] = [];

/** Whether a condition holds for a node: the object itself, or an element somewhere in it. */
export function holds(judged: Judged, node: JsonNode, condition: Condition): boolean {
  if ('all' in condition) return isEach(judged, node, condition.all);
  if ('any' in condition) return isOne(judged, node, condition.any);
  if ('not' in condition) return !holds(judged, node, condition.not);
  if ('has' in condition) return isThere(judged, node, condition.has);
  if ('count' in condition) return countOf(judged, node, condition.count) === condition.is;
  if ('ownedBy' in condition) return condition.ownedBy.includes(controllerKind(judged) ?? '');
  if ('managedBy' in condition) return isManagedBy(judged, condition.managedBy);
  return isField(judged, node, condition);
}

/** Loops, here and below: most conditions are asked of every object, and closures for them were a tenth of all garbage. */
function isEach(judged: Judged, node: JsonNode, conditions: readonly Condition[]): boolean {
  for (const condition of conditions) if (!holds(judged, node, condition)) return false;
  return true;
}

function isOne(judged: Judged, node: JsonNode, conditions: readonly Condition[]): boolean {
  for (const condition of conditions) if (holds(judged, node, condition)) return true;
  return false;
}

function isThere(judged: Judged, node: JsonNode, path: Path): boolean {
  const { document } = judged;
  if (isKeyed(path)) {
    const found = follow(document, node, path);
    return found !== undefined && !document.isNull(found);
  }
  for (const found of find(judged, node, path)) if (!document.isNull(found)) return true;
  return false;
}

function isField(judged: Judged, node: JsonNode, condition: FieldCondition): boolean {
  const { field } = condition;
  if (isKeyed(field)) {
    const found = follow(judged.document, node, field);
    return found !== undefined && fits(judged, found, condition);
  }
  for (const found of find(judged, node, field)) if (fits(judged, found, condition)) return true;
  return false;
}

/** The nodes that a path leads to from a node. */
export function find(judged: Judged, node: JsonNode, path: Path): readonly JsonNode[] {
  if (!isKeyed(path))
    return path.reduce<readonly JsonNode[]>(
      (nodes, step) => nodes.flatMap((from) => take(judged, from, step)),
      [node],
    );
  const found = follow(judged.document, node, path);
  return found === undefined ? NOTHING : [found];
}

/** Nearly every path has only keys, and some dozen are asked for in each object: it takes no memory to follow one. */
function isKeyed(path: Path): path is readonly string[] {
  for (const step of path) if (typeof step !== 'string') return false;
  return true;
}

function follow(document: JsonDocument, node: JsonNode, path: readonly string[]): JsonNode | undefined {
  let from: JsonNode | undefined = node;
  for (const key of path) {
    if (from === undefined) return undefined;
    from = document.member(from, key);
  }
  return from;
}

/** The nodes that one step leads to. */
function take(judged: Judged, node: JsonNode, step: Step): JsonNode[] {
  const { document } = judged;
  if (typeof step === 'string') {
    const value = document.member(node, step);
    return value === undefined ? [] : [value];
  }
  if (typeof step === 'number') return [...document.elements(node)].slice(step, step + 1);
  if ('keys' in step) {
    const members = [...document.members(node)];
    return members.filter(([key]) => step.keys.test(document.text(key) ?? '')).map(([, value]) => value);
  }
  const elements = [...document.elements(node)];
  if ('elements' in step) return elements.filter((element) => holds(judged, element, step.elements));
  return document.isArray(node) ? elements : [...document.members(node)].map(([, value]) => value);
}

function fits(judged: Judged, node: JsonNode, condition: FieldCondition): boolean {
  const { document, object } = judged;
  if ('is' in condition) {
    const { is } = condition;
    return typeof is === 'string' ? document.equals(node, is) : document.source(node) === String(is);
  }
  const text = document.text(node);
  if (text === undefined) return false;
  if ('matches' in condition) return condition.matches.test(text);
  const { before = '', sameAs, after = /^$/u } = condition;
  return find(judged, object, sameAs)
    .map((found) => document.text(found) ?? '')
    .some(
      (same) =>
        same !== '' && text.startsWith(before + same) && after.test(text.slice((before + same).length)),
    );
}

function countOf(judged: Judged, node: JsonNode, path: Path): number {
  return find(judged, node, path).reduce((sum, found) => sum + judged.document.size(found), 0);
}

/** The kind of the owner that has `controller: true`. */
function controllerKind(judged: Judged): string | undefined {
  const { document, object } = judged;
  const [owner] = find(judged, object, [
    'metadata',
    'ownerReferences',
    { elements: { field: ['controller'], is: true } },
  ]);
  return owner === undefined ? undefined : document.text(document.member(owner, 'kind'));
}

/**
 * The fields of a manager stand in a tree whose keys are `f:` and the field's name. On a page of a list the
 * tree is not on the tape, so it is read from its text; this is asked of few objects.
 */
function isManagedBy(judged: Judged, manager: string): boolean {
  const { document, object, path } = judged;
  const entries = { elements: { field: ['manager'], is: manager } } as const;
  const trees = find(judged, object, ['metadata', 'managedFields', entries, 'fieldsV1']);
  return trees.some((tree) => {
    let at: unknown = document.value(tree);
    for (const step of path) {
      const key = `f:${typeof step === 'string' ? step : ''}`;
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
      at = (at as Readonly<Record<string, unknown>>)[key];
    }
    return true;
  });
}
