import type { Value } from './drift.ts';
import { isList, isMap, jsonText } from './value.ts';

/** How often each text, number or line of a text stands where in a value; places in lists don't count. */
export interface Leaves {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
}

/**
 * Takes a value apart.
 *
 * @param edit what becomes of each key and line before it is counted
 */
export function leavesOf(value: Value, edit: (text: string) => string = (text) => text): Leaves {
  const counts = new Map<string, number>();
  let total = 0;
  const collect = (place: string, part: Value): void => {
    if (isMap(part)) {
      for (const [key, member] of part) collect(`${place}\n${edit(key)}`, member);
    } else if (isList(part)) {
      for (const element of part) collect(`${place}\n[]`, element);
    } else {
      for (const line of typeof part === 'string' ? part.split('\n') : [jsonText(part)]) {
        const leaf = `${place}\n\n${edit(line)}`;
        counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
        total++;
      }
    }
  };
  collect('', value);
  return { counts, total };
}

/** How many leaves a value has, each as often as it is there: much sooner told than which. */
export function leafCount(value: Value): number {
  if (isMap(value)) return [...value.values()].reduce<number>((sum, member) => sum + leafCount(member), 0);
  if (isList(value)) return value.reduce<number>((sum, element) => sum + leafCount(element), 0);
  return typeof value === 'string' ? value.split('\n').length : 1;
}

/** How alike two values are: the share of leaves that both have, 0 to 1. */
export function similarityOf(a: Leaves, b: Leaves): number {
  let shared = 0;
  for (const [leaf, count] of a.counts) shared += Math.min(count, b.counts.get(leaf) ?? 0);
  return a.total + b.total === 0 ? 0 : (2 * shared) / (a.total + b.total);
}
