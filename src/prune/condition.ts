import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import type { Condition, Path, Step } from './rule.ts';

/** The object that is judged, and the field of the rule that asks. */
export interface Judged {
  readonly document: JsonDocument;
  readonly object: JsonNode;
  /** The rule's path, for conditions on the field itself. */
  readonly path: Path;
}

const NOTHING: readonly JsonNode[] = [];

/** Whether a condition holds for a node: the object itself, or an element somewhere in it. */
export function holds(judged: Judged, node: JsonNode, condition: Condition): boolean {
  const { document } = judged;
  if ('all' in condition) return condition.all.every((one) => holds(judged, node, one));
  if ('any' in condition) return condition.any.some((one) => holds(judged, node, one));
  if ('not' in condition) return !holds(judged, node, condition.not);
  if ('has' in condition) return find(judged, node, condition.has).some((found) => !document.isNull(found));
  if ('count' in condition) return countOf(judged, node, condition.count) === condition.is;
  if ('ownedBy' in condition) return condition.ownedBy.includes(controllerKind(judged) ?? '');
  if ('managedBy' in condition) return isManagedBy(judged, condition.managedBy);
  return find(judged, node, condition.field).some((found) => fits(judged, found, condition));
}

/** The nodes that a path leads to from a node. */
export function find(judged: Judged, node: JsonNode, path: Path): readonly JsonNode[] {
  let from = node;
  // Nearly every path has only keys, and this is asked some dozen times of each object.
  for (const [index, step] of path.entries()) {
    if (typeof step !== 'string') return findAll(judged, from, path.slice(index));
    const value = judged.document.member(from, step);
    if (value === undefined) return NOTHING;
    from = value;
  }
  return [from];
}

function findAll(judged: Judged, node: JsonNode, path: Path): readonly JsonNode[] {
  return path.reduce<JsonNode[]>((nodes, step) => nodes.flatMap((from) => take(judged, from, step)), [node]);
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

function fits(judged: Judged, node: JsonNode, condition: Extract<Condition, { field: Path }>): boolean {
  const { document, object } = judged;
  if ('is' in condition) {
    const { is } = condition;
    return typeof is === 'string' ? document.text(node) === is : document.source(node) === String(is);
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

/** The fields of a manager stand in a tree whose keys are `f:` and the field's name. */
function isManagedBy(judged: Judged, manager: string): boolean {
  const fields = judged.path.map((step) => `f:${typeof step === 'string' ? step : ''}`);
  const entries = { elements: { field: ['manager'], is: manager } } as const;
  return (
    find(judged, judged.object, ['metadata', 'managedFields', entries, 'fieldsV1', ...fields]).length > 0
  );
}
