import { globMatcher, isGlob } from '../model/glob.ts';
import type { Segment, Value } from './drift.ts';
import { isMap, scalarText } from './value.ts';
import { keysOf, placeOf, type TypedRoots, valuesAt } from './value-at.ts';

/** Which fields are meant: those that the steps lead to, and everything below them. */
export interface PathPattern {
  /** As it was written. */
  readonly text: string;
  readonly steps: readonly PatternStep[];
}

/** One step of a pattern. */
export type PatternStep =
  /** Every element of a list, or every value of an object. */
  | { readonly any: true }
  | { readonly key: string }
  /** Keys that a glob fits. */
  | { readonly keys: (key: string) => boolean }
  /** The element that stands there, before or after. */
  | { readonly place: number }
  /** A part of a JSON Pointer, which doesn't say whether it stands in an object or a list. */
  | { readonly part: string }
  /** Elements with these fields; the name is empty for an element that is a text itself. */
  | { readonly where: readonly FieldTest[] };

/** What is asked of a field of an element. */
export interface FieldTest {
  /** Dots lead deeper. */
  readonly name: string;
  readonly fits: (text: string) => boolean;
}

/** A pattern, or what is wrong with its text. */
export type ParsedPattern = { readonly pattern: PathPattern } | { readonly problem: string };

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const BARE_KEY = String.raw`[^\s."'[\]]+`;
const BARE = String.raw`[^"'[\],=]*`;
const TOKEN = new RegExp(
  [
    String.raw`(?<dot>\.?)(?:(?<quotedKey>${QUOTED})|(?<key>${BARE_KEY}))`,
    // No character can be read in two ways, so that no text takes long.
    String.raw`\[(?<inner>(?:${QUOTED}|[^"'[\]])+)\]`,
  ].join('|'),
  'uy',
);
const PAIR = new RegExp(`(?<name>${QUOTED}|${BARE})=(?<value>${QUOTED}|${BARE})(?:,|$)`, 'uy');

/**
 * Reads a pattern as people write it. Keys stand after dots (`spec.replicas`) or in brackets, where they may
 * hold dots (`metadata.annotations[example.com/key]`); in quotes they stand for themselves, without them `*`
 * and `?` stand for other characters. `[*]` is every element, `[0]` the first one,
 * `[name=web,protocol="TCP"]` those with such fields, `[=x]` a text in a list of texts.
 */
export function parsePattern(text: string): ParsedPattern {
  if (text.startsWith('/'))
    return { problem: `${quoted(text)} is a JSON Pointer: write it under jsonPointers` };
  const steps: PatternStep[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    const step = groups && stepOf(groups, at === 0);
    if (!step) return { problem: `${quoted(text)} can't be read from ${quoted(text.slice(at))} on` };
    steps.push(step);
    at = TOKEN.lastIndex;
  }
  return steps.length === 0 ? { problem: 'a path is empty' } : { pattern: { text, steps } };
}

/** A pattern of the code itself. */
export function patternOf(text: string): PathPattern {
  const parsed = parsePattern(text);
  if ('problem' in parsed) throw new TypeError(parsed.problem);
  return parsed.pattern;
}

/** A path as people read it, which is also the pattern that leads there. */
export function pathText(path: readonly Segment[]): string {
  return path.map(segmentText).join('').replace(/^\./u, '');
}

/**
 * Whether a pattern leads to a path, or to something above it.
 *
 * @param typed the object, for what a path alone doesn't tell: the place of an element that is named by its
 *   fields, and fields of an element that are no part of its name
 */
export function isCovered(pattern: PathPattern, path: readonly Segment[], typed: TypedRoots): boolean {
  return pattern.steps.every((step, index) => {
    const segment = path[index];
    return segment !== undefined && fits(step, segment, { typed, path: path.slice(0, index) });
  });
}

/** Whether a pattern leads to every field there is. */
export function isEverything({ steps }: PathPattern): boolean {
  return steps.every((step) => 'any' in step);
}

interface Surroundings {
  readonly typed: TypedRoots;
  /** What leads to the segment that is judged. */
  readonly path: readonly Segment[];
}

function fits(step: PatternStep, segment: Segment, around: Surroundings): boolean {
  if ('any' in step) return true;
  if ('where' in step) return !('key' in segment) && step.where.every((test) => isMet(test, segment, around));
  if ('place' in step) return isAt(step.place, segment, around);
  if ('key' in segment) {
    if ('keys' in step) return step.keys(segment.key);
    return ('part' in step ? step.part : step.key) === segment.key;
  }
  return 'part' in step && /^\d{1,9}$/u.test(step.part) && isAt(Number(step.part), segment, around);
}

/** Elements that have a name are known by it; where they stand, only the list itself tells. */
function isAt(place: number, segment: Segment, { typed, path }: Surroundings): boolean {
  if ('key' in segment) return false;
  if ('index' in segment) return segment.index === place;
  const keys = keysOf(path);
  return valuesAt(typed, path).some((list) => placeOf(typed.type, keys, list, segment) === place);
}

function isMet({ name, fits: isWanted }: FieldTest, segment: Segment, around: Surroundings): boolean {
  const own = 'match' in segment ? segment.match[name] : undefined;
  if (own !== undefined) return isWanted(own);
  return valuesAt(around.typed, [...around.path, segment])
    .map((element) => scalarText(name === '' ? element : fieldOf(element, name)))
    .some((text) => text !== undefined && isWanted(text));
}

function fieldOf(element: Value, name: string): Value | undefined {
  return name
    .split('.')
    .reduce<Value | undefined>((at, key) => (isMap(at) ? at.get(key) : undefined), element);
}

function stepOf(groups: Record<string, string | undefined>, isFirst: boolean): PatternStep | undefined {
  const { dot = '', quotedKey, key, inner } = groups;
  if (inner !== undefined) return innerStep(inner.trim());
  if (dot === '' && !isFirst) return undefined;
  if (quotedKey !== undefined) return literalStep(quotedKey);
  return key === undefined ? undefined : bareStep(key);
}

function innerStep(inner: string): PatternStep | undefined {
  if (inner.startsWith('"') && !/=/u.test(inner.replace(new RegExp(QUOTED, 'u'), '')))
    return literalStep(inner);
  if (/^\d{1,9}$/u.test(inner)) return { place: Number(inner) };
  if (!/[,=]/u.test(inner)) return inner === '' ? undefined : bareStep(inner);
  const where: FieldTest[] = [];
  let at = 0;
  while (at < inner.length) {
    PAIR.lastIndex = at;
    const { name, value } = PAIR.exec(inner)?.groups ?? {};
    const [field, test] = [unquoted(name), valueTest(value)];
    if (field === undefined || !test) return undefined;
    where.push({ name: field, fits: test });
    at = PAIR.lastIndex;
  }
  return inner.endsWith(',') ? undefined : { where };
}

function bareStep(key: string): PatternStep {
  if (key === '*') return { any: true };
  return isGlob(key) ? { keys: globMatcher(key) } : { key };
}

function literalStep(text: string): PatternStep | undefined {
  const key = unquoted(text);
  return key === undefined ? undefined : { key };
}

function valueTest(text: string | undefined): FieldTest['fits'] | undefined {
  if (text?.startsWith('"') !== true) return text === undefined ? undefined : globMatcher(text.trim());
  const value = unquoted(text);
  return (own) => own === value;
}

function unquoted(text: string | undefined): string | undefined {
  if (text?.startsWith('"') !== true) return text?.trim();
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

function segmentText(segment: Segment): string {
  if ('index' in segment) return `[${segment.index}]`;
  if ('key' in segment)
    return /^[A-Za-z_]\w*$/u.test(segment.key) ? `.${segment.key}` : `[${quoted(segment.key)}]`;
  const pairs = Object.entries(segment.match).map(([name, value]) => `${word(name)}=${word(value)}`);
  return `[${pairs.join(',')}]`;
}

/** Anything that a pattern could take for something else stands in quotes. */
function word(text: string): string {
  return text === '' || /^[-\w.:/#@+]+$/u.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
