import { diffArrays } from 'diff';
import type { Value } from './drift.ts';
import { elementKey, keyText, listRule, ruleOrNames } from './keyed-lists.ts';
import { leafCount, type Leaves, leavesOf, similarityOf } from './leaves.ts';
import type { ListRule } from './list-rules.ts';
import { compareTexts, isList, isMap, jsonText } from './value.ts';

/** Which elements of two lists are the same one, by their places. */
export interface Pairing {
  readonly pairs: readonly (readonly [before: number, after: number])[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
  /** Whether those that are in both lists stand in another order, and the order says something. */
  readonly isReordered: boolean;
}

/** Lists that differ in more places are compared place by place: finding the shortest way takes too long. */
const EDITS_MAX = 500;
/** Sets in which more elements are left over are not searched for similar ones. */
const SIMILAR_MAX = 200;
/** Nor those in which comparing each with each takes more than so many steps. */
const SIMILAR_STEPS_MAX = 4_000_000;

/** A list, by its type and the keys that lead to it. */
export interface ListPlace {
  readonly type: string;
  readonly keys: readonly string[];
}

/**
 * Finds the elements of two lists that belong together: by what names them, by their values in a set, else by
 * the longest common subsequence.
 */
export function pairElements(place: ListPlace, before: readonly Value[], after: readonly Value[]): Pairing {
  const rule = listRule(place.type, place.keys, after);
  if (rule?.isSet === true) return pairSets(place, before, after);
  return pairKeyed(ruleOrNames(rule), before, after) ?? pairInOrder(before, after);
}

/** Undefined when elements of one list share a key, or lack one. */
function pairKeyed(rule: ListRule, before: readonly Value[], after: readonly Value[]): Pairing | undefined {
  const [places, afterPlaces] = [placesByKey(rule, before), placesByKey(rule, after)];
  if (!places || !afterPlaces) return undefined;
  const pairs = [...afterPlaces].flatMap(([key, place]) => {
    const from = places.get(key);
    return from === undefined ? [] : [[from, place] as const];
  });
  const isReordered = pairs.some(([from], index) => from < (pairs[index - 1]?.[0] ?? -1));
  return {
    pairs,
    removed: [...places].flatMap(([key, place]) => (afterPlaces.has(key) ? [] : [place])),
    added: [...afterPlaces].flatMap(([key, place]) => (places.has(key) ? [] : [place])),
    isReordered: isReordered && rule.isOrdered === true,
  };
}

function placesByKey(rule: ListRule, list: readonly Value[]): Map<string, number> | undefined {
  const places = new Map<string, number>();
  for (const [place, element] of list.entries()) {
    const key = elementKey(rule, element);
    if (!key || places.has(keyText(key))) return undefined;
    places.set(keyText(key), place);
  }
  return places;
}

/** Equal elements are pairs, then those that are similar. */
function pairSets(list: ListPlace, before: readonly Value[], after: readonly Value[]): Pairing {
  const places = new Map<string, number[]>();
  for (const [place, element] of before.entries()) {
    const text = meaningOf(list, element);
    const own = places.get(text);
    if (own) own.push(place);
    else places.set(text, [place]);
  }
  const added: number[] = [];
  const pairs: (readonly [number, number])[] = [];
  for (const [place, element] of after.entries()) {
    const from = places.get(meaningOf(list, element))?.shift();
    if (from === undefined) added.push(place);
    else pairs.push([from, place]);
  }
  const removed = [...places.values()].flat().toSorted((a, b) => a - b);
  const similar = pairSimilar(before, after, { removed, added });
  const [gone, come] = [new Set(similar.map(([from]) => from)), new Set(similar.map(([, to]) => to))];
  return {
    pairs: [...pairs, ...similar],
    removed: removed.filter((place) => !gone.has(place)),
    added: added.filter((place) => !come.has(place)),
    isReordered: false,
  };
}

/**
 * A text that is the same for values that mean the same: what has no order is sorted. An element of a set can
 * hold further sets, as a peer of a NetworkPolicy does.
 */
function meaningOf({ type, keys }: ListPlace, value: Value): string {
  if (isMap(value)) {
    const members = [...value].toSorted(([a], [b]) => compareTexts(a, b));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${meaningOf({ type, keys: [...keys, key] }, member)}`).join()}}`;
  }
  if (!isList(value)) return jsonText(value);
  const rule = listRule(type, keys, value);
  const texts = value.map((element) => meaningOf({ type, keys }, element));
  return `[${(rule && rule.isOrdered !== true ? texts.toSorted(compareTexts) : texts).join()}]`;
}

/** Objects that are at least half alike, the most similar first. */
function pairSimilar(
  before: readonly Value[],
  after: readonly Value[],
  { removed, added }: Pick<Pairing, 'removed' | 'added'>,
): (readonly [number, number])[] {
  if (removed.length * added.length > SIMILAR_MAX * SIMILAR_MAX) return [];
  const leafSum = removed.reduce((sum, place) => sum + leafCount(before[place] ?? null), 0);
  if (added.length * leafSum > SIMILAR_STEPS_MAX) return [];
  const [old, present] = [objectsAt(before, removed), objectsAt(after, added)];
  const candidates = old
    .flatMap((from) => present.map((to) => ({ from, to, share: similarityOf(from.leaves, to.leaves) })))
    .filter(({ share }) => share >= 0.5)
    .toSorted((a, b) => b.share - a.share);
  const used = new Set<unknown>();
  return candidates.flatMap(({ from, to }) => {
    if (used.has(from) || used.has(to)) return [];
    used.add(from).add(to);
    return [[from.place, to.place] as const];
  });
}

function objectsAt(
  list: readonly Value[],
  places: readonly number[],
): { readonly place: number; readonly leaves: Leaves }[] {
  return places.flatMap((place) => {
    const element = list[place];
    return isMap(element) ? [{ place, leaves: leavesOf(element) }] : [];
  });
}

function pairInOrder(before: readonly Value[], after: readonly Value[]): Pairing {
  const [from, to] = [before.map((value) => jsonText(value)), after.map((value) => jsonText(value))];
  const hunks = diffArrays(from, to, { maxEditLength: EDITS_MAX });
  const pairs: [number, number][] = [];
  const [removed, added]: [number[], number[]] = [[], []];
  if (!hunks) return pairPlaces(before.length, after.length);
  let [left, right] = [0, 0];
  for (const hunk of hunks) {
    for (let index = 0; index < hunk.value.length; index++) {
      if (hunk.removed) removed.push(left++);
      else if (hunk.added) added.push(right++);
      else {
        flush({ pairs, removed, added }, before, after);
        pairs.push([left++, right++]);
      }
    }
  }
  flush({ pairs, removed, added }, before, after);
  const [paired, met] = [new Set(pairs.map(([place]) => place)), new Set(pairs.map(([, place]) => place))];
  return {
    pairs,
    removed: [...before.keys()].filter((place) => !paired.has(place)),
    added: [...after.keys()].filter((place) => !met.has(place)),
    isReordered: false,
  };
}

/** Between two equal elements, objects that went and objects that came are the same ones, changed. */
function flush(
  { pairs, removed, added }: { pairs: [number, number][]; removed: number[]; added: number[] },
  before: readonly Value[],
  after: readonly Value[],
): void {
  const isWhole = removed.length === added.length;
  for (const [index, from] of removed.entries()) {
    const to = added[index];
    if (to === undefined) break;
    if (isWhole || (isMap(before[from]) && isMap(after[to]))) pairs.push([from, to]);
  }
  removed.length = 0;
  added.length = 0;
}

function pairPlaces(beforeCount: number, afterCount: number): Pairing {
  const common = Math.min(beforeCount, afterCount);
  return {
    pairs: Array.from({ length: common }, (_value, place) => [place, place] as const),
    removed: Array.from({ length: beforeCount - common }, (_value, index) => common + index),
    added: Array.from({ length: afterCount - common }, (_value, index) => common + index),
    isReordered: false,
  };
}
