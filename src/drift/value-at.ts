import type { Segment, Value } from './drift.ts';
import { elementSegments, listRule } from './keyed-lists.ts';
import { isList, isMap } from './value.ts';

/** An object as it stands in archives: its type decides how elements of its lists are named. */
export interface TypedRoots {
  /** As `oc api-resources -o name` writes it. */
  readonly type: string;
  /** The object before, after, or both; places in lists are those of the first. */
  readonly roots: readonly Value[];
}

/** What a path leads to in each of the roots in which it leads somewhere. */
export function valuesAt({ type, roots }: TypedRoots, path: readonly Segment[]): Value[] {
  const isPlaced = path.some((segment) => 'index' in segment);
  return (isPlaced ? roots.slice(0, 1) : roots).flatMap((root) => {
    const found = valueAlong(type, root, path);
    return found === undefined ? [] : [found];
  });
}

/**
 * The place in a list of the element that a segment names.
 *
 * @param keys the keys that lead to the list; lists on the way are passed through
 */
export function placeOf(type: string, keys: readonly string[], list: Value, segment: Segment): number {
  if (!isList(list)) return -1;
  if ('index' in segment) return segment.index < list.length ? segment.index : -1;
  if ('key' in segment) return -1;
  return placesOf(elementSegments(listRule(type, keys, list), list)).get(nameText(segment)) ?? -1;
}

/** Where the texts, numbers and empty objects in a value stand; elements of lists by their places. */
export function leavesOf(value: Value, path: readonly Segment[]): (readonly Segment[])[] {
  if (isMap(value) && value.size > 0)
    return [...value].flatMap(([key, member]) => leavesOf(member, [...path, { key }]));
  if (isList(value) && value.length > 0)
    return value.flatMap((element, index) => leavesOf(element, [...path, { index }]));
  return [path];
}

/** The keys on a path: what leads through lists is passed over. */
export function keysOf(path: readonly Segment[]): string[] {
  return path.flatMap((segment) => ('key' in segment ? [segment.key] : []));
}

function valueAlong(type: string, root: Value, path: readonly Segment[]): Value | undefined {
  let at: Value | undefined = root;
  for (const [index, segment] of path.entries()) {
    if ('key' in segment) at = isMap(at) ? at.get(segment.key) : undefined;
    else at = isList(at) ? at[placeOf(type, keysOf(path.slice(0, index)), at, segment)] : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

const PLACES = new WeakMap<readonly Segment[], ReadonlyMap<string, number>>();

/** The places of elements by their names. Asked for again and again of a long list in which much has changed. */
function placesOf(segments: readonly Segment[]): ReadonlyMap<string, number> {
  const known = PLACES.get(segments);
  if (known) return known;
  const places = new Map(
    segments.flatMap((segment, place) => ('match' in segment ? [[nameText(segment), place] as const] : [])),
  );
  PLACES.set(segments, places);
  return places;
}

function nameText({ match }: Extract<Segment, { match: unknown }>): string {
  return JSON.stringify(Object.entries(match).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
