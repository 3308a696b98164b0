import type { Segment, Value } from './drift.ts';
import { declaredRule } from './list-schema.ts';
import { type ListRule, tableRule } from './list-rules.ts';
import { isMap, scalarText, valueAt } from './value.ts';

/**
 * How the elements of a list are told apart: as the schema of a custom resource says, else by the table. Undefined
 * when nobody knows.
 *
 * @param keys those that lead to the list; lists on the way are passed through
 */
export function listRule(
  type: string,
  keys: readonly string[],
  list: readonly Value[],
): ListRule | undefined {
  const [known, declared] = [tableRule(type, keys), declaredRule(list)];
  // Of the same fields the table knows more: which may be missing, and where the order says something.
  return known && (!declared || isLike(known, declared)) ? known : declared;
}

function isLike(known: ListRule, declared: ListRule): boolean {
  return known.isSet === declared.isSet && fieldsOf(known) === fieldsOf(declared);
}

function fieldsOf({ keys = [] }: ListRule): string {
  return JSON.stringify(keys.map(({ path }) => JSON.stringify(path)).toSorted());
}

/** What names an element by a rule; undefined when it lacks a field that it needs for that. */
export function elementKey(rule: ListRule, element: Value): Readonly<Record<string, string>> | undefined {
  if (!rule.keys || !isMap(element)) return undefined;
  const parts = new Map<string, string>();
  for (const { path, isOptional, usual } of rule.keys) {
    const text = scalarText(valueAt(element, ...path)) ?? usual;
    if (text === undefined && !isOptional) return undefined;
    // What is as usual names nothing, unless nothing else does.
    if (text === undefined || (text === usual && rule.keys.length > 1)) continue;
    parts.set(partName(path, parts), text);
  }
  return parts.size === 0 ? { '': '' } : Object.fromEntries(parts);
}

/** The last key, which is enough unless another field ends with it too. */
function partName(path: readonly string[], taken: ReadonlyMap<string, string>): string {
  const last = path.at(-1) ?? '';
  return taken.has(last) ? path.join('.') : last;
}

/**
 * The path segment of each element of a list. Elements that nothing names, or that share a name, have their
 * place in it, so that no two segments are equal.
 *
 * @param rule undefined for a list that nobody knows: elements are then named by `name`, if they have one
 */
export function elementSegments(rule: ListRule | undefined, list: readonly Value[]): readonly Segment[] {
  // Asked for again and again of a long list in which much has changed.
  const known = SEGMENTS.get(list);
  if (known && known.rule === rule) return known.segments;
  const segments = segmentsOf(rule, list);
  SEGMENTS.set(list, { rule, segments });
  return segments;
}

const SEGMENTS = new WeakMap<readonly Value[], { rule: ListRule | undefined; segments: Segment[] }>();

function segmentsOf(rule: ListRule | undefined, list: readonly Value[]): Segment[] {
  const keys = list.map((element) => segmentKey(rule, element));
  // What stands in a set is a text for itself, and sets are long.
  const texts = keys.map((key) => (rule?.isSet === true ? (key?.[''] ?? '') : keyText(key)));
  const counts = new Map<string, number>();
  for (const [index, text] of texts.entries()) if (keys[index]) counts.set(text, (counts.get(text) ?? 0) + 1);
  return keys.map((key, index): Segment => {
    if (!key) return { index };
    return counts.get(texts[index] ?? '') === 1 ? { match: key } : { match: { ...key, '#': String(index) } };
  });
}

/** A text for a key, another one for each other key. */
export function keyText(key: Readonly<Record<string, string>> | undefined): string {
  return key === undefined ? '' : JSON.stringify(Object.entries(key));
}

const BY_NAME: ListRule = {
  keys: [{ path: ['name'], isOptional: false, usual: undefined }],
  isOrdered: true,
};

/** The rule for a list that the table doesn't know: its elements have names, and their order may mean something. */
export function ruleOrNames(rule: ListRule | undefined): ListRule {
  return rule ?? BY_NAME;
}

function segmentKey(
  rule: ListRule | undefined,
  element: Value,
): Readonly<Record<string, string>> | undefined {
  if (rule?.isSet !== true) return elementKey(ruleOrNames(rule), element);
  const text = scalarText(element);
  return text === undefined ? undefined : { '': text };
}
