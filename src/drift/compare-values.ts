import type { FieldChange, Segment, Value } from './drift.ts';
import { elementSegments, keyText, listRule } from './keyed-lists.ts';
import { pairElements } from './pair-elements.ts';
import { isQuantityField, isSameQuantity } from './quantity.ts';
import { compareTexts, isEqual, isList, isMap } from './value.ts';

/** One difference between two values: a change of which nobody has judged yet how much it matters. */
export type Difference = Pick<FieldChange, 'path' | 'op' | 'before' | 'after' | 'note'>;

/** Where in an object two values stand. */
interface Place {
  readonly type: string;
  readonly path: readonly Segment[];
  /** The keys of the path, without what leads through lists. */
  readonly keys: readonly string[];
}

/** What lies deeper is compared as a whole: nobody writes it by hand, and each level takes room on the stack. */
const DEPTH_MAX = 200;

const ROOT = { path: [], keys: [] };

/**
 * What differs between two values of a type, by path. Lists are compared as Kubernetes means them (see
 * `listRule`): the order of a set, or of elements that have names, is no difference. Quantities are compared
 * as quantities. What is there on one side only is one difference, however much it holds.
 */
export function compareValues(type: string, before: Value, after: Value): Difference[] {
  return [...differences({ type, ...ROOT }, before, after)];
}

function* differences(place: Place, before: Value, after: Value): Generator<Difference, void, undefined> {
  const isDeep = place.path.length >= DEPTH_MAX;
  if (!isDeep && isMap(before) && isMap(after)) yield* ofMaps(place, before, after);
  else if (!isDeep && isList(before) && isList(after)) yield* ofLists(place, before, after);
  else if (!isEqual(before, after) && !(isQuantityField(place.keys) && isSameQuantity(before, after)))
    yield { path: place.path, op: 'changed', before, after };
}

function* ofMaps(
  { type, path, keys }: Place,
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): Generator<Difference, void, undefined> {
  const all = new Set([...before.keys(), ...after.keys()]);
  for (const key of [...all].toSorted(compareTexts)) {
    const place = { type, path: [...path, { key }], keys: [...keys, key] };
    yield* ofMembers(place, before.get(key), after.get(key));
  }
}

function* ofMembers(
  place: Place,
  before: Value | undefined,
  after: Value | undefined,
): Generator<Difference, void, undefined> {
  if (before !== undefined && after !== undefined) yield* differences(place, before, after);
  else if (after !== undefined) yield { path: place.path, op: 'added', after };
  else if (before !== undefined) yield { path: place.path, op: 'removed', before };
}

function* ofLists(
  place: Place,
  before: readonly Value[],
  after: readonly Value[],
): Generator<Difference, void, undefined> {
  if (isEqual(before, after)) return;
  const { type, path, keys } = place;
  const rule = listRule(type, keys, after);
  const { pairs, removed, added, isReordered } = pairElements({ type, keys }, before, after);
  const [old, present] = [elementSegments(rule, before), elementSegments(rule, after)];
  const isSame = ([from, to]: readonly [number, number]): boolean =>
    haveOneName(segmentAt(old, from), segmentAt(present, to));
  const { same = [], other = [] } = Object.groupBy(pairs, (pair) => (isSame(pair) ? 'same' : 'other'));
  for (const [from, to] of same) {
    const inner = { type, path: [...path, segmentAt(present, to)], keys };
    yield* ofMembers(inner, before[from], after[to]);
  }
  for (const index of [...removed, ...other.map(([from]) => from)])
    yield* ofMembers({ ...place, path: [...path, segmentAt(old, index)] }, before[index], undefined);
  for (const index of [...added, ...other.map(([, to]) => to)])
    yield* ofMembers({ ...place, path: [...path, segmentAt(present, index)] }, undefined, after[index]);
  if (isReordered) yield { path, op: 'changed', ...orders(pairs, present), note: 'another order' };
}

/**
 * Whether two elements that were found to belong together have one name, or none. One that has another name
 * than before is another one: whether a value is secret can depend on the name.
 */
function haveOneName(before: Segment, after: Segment): boolean {
  if (!('match' in before && 'match' in after)) return 'match' in before === 'match' in after;
  const [{ '#': _place, ...old }, { '#': _other, ...present }] = [before.match, after.match];
  return keyText(old) === keyText(present);
}

function segmentAt(segments: readonly Segment[], index: number): Segment {
  return segments[index] ?? { index };
}

/** The names of the elements that are in both lists, in the order before and after. */
function orders(
  pairs: readonly (readonly [number, number])[],
  present: readonly Segment[],
): { readonly before: Value; readonly after: Value } {
  const names = ([, to]: readonly [number, number]): Value => {
    const segment = segmentAt(present, to);
    return 'match' in segment ? Object.values(segment.match).join(',') : String(to);
  };
  return { before: pairs.toSorted(([a], [b]) => a - b).map(names), after: pairs.map(names) };
}
