import type { Value } from './drift.ts';
import { type Leaves, leavesOf, similarityOf } from './leaves.ts';
import { isMap } from './value.ts';

/** An object that only one of the archives has. */
export interface Lone {
  readonly name: string;
  readonly object: Value;
}

/** An object that has another name than before, and is else much the same. */
export interface Rename {
  readonly before: Lone;
  readonly after: Lone;
}

/** Less alike than this, two objects are two. */
const SIMILARITY_MIN = 0.8;
/** With less in it, an object is like too many others. */
const LEAVES_MIN = 3;
/**
 * Which removed and added objects of one type and project are the same under another name: the most similar
 * first. What is made from the name (labels, selectors) counts as equal.
 */
export function findRenames(removed: readonly Lone[], added: readonly Lone[]): Rename[] {
  const [old, present] = [removed.map(featuresOf), added.map(featuresOf)];
  const candidates = old
    .flatMap((before) =>
      present.map((after) => ({ before, after, similarity: alikeness(before.leaves, after.leaves) })),
    )
    .filter(({ similarity }) => similarity >= SIMILARITY_MIN)
    .toSorted((a, b) => b.similarity - a.similarity);
  const used = new Set<Features>();
  return candidates.flatMap(({ before, after }) => {
    if (used.has(before) || used.has(after)) return [];
    used.add(before).add(after);
    return [{ before: before.lone, after: after.lone }];
  });
}

/** Whether a changed value is the name itself, as labels and selectors have it. */
export function isDerived(rename: Rename, before: Value | undefined, after: Value | undefined): boolean {
  return before === rename.before.name && after === rename.after.name;
}

interface Features {
  readonly lone: Lone;
  readonly leaves: Leaves;
}

function featuresOf(lone: Lone): Features {
  // Only where it stands for itself: "a" is in nearly every text.
  const escaped = lone.name.replaceAll(
    /[^A-Za-z0-9]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
  const name = new RegExp(`(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`, 'gu');
  return { lone, leaves: leavesOf(ownContent(lone.object), (text) => text.replaceAll(name, '\0')) };
}

/** Without what every object of the type and project has in common, and its name. */
function ownContent(object: Value): Value {
  if (!isMap(object)) return object;
  const members = [...object].filter(([key]) => key !== 'apiVersion' && key !== 'kind');
  return new Map(members.map(([key, value]) => [key, key === 'metadata' ? withoutIdentity(value) : value]));
}

function withoutIdentity(metadata: Value): Value {
  if (!isMap(metadata)) return metadata;
  return new Map([...metadata].filter(([key]) => key !== 'name' && key !== 'namespace'));
}

function alikeness(a: Leaves, b: Leaves): number {
  const [less, more] = [Math.min(a.total, b.total), Math.max(a.total, b.total)];
  // Of so different sizes they can't be alike, whatever is in them.
  if (less < LEAVES_MIN || (2 * less) / (less + more) < SIMILARITY_MIN) return 0;
  return similarityOf(a, b);
}
