import { pathText } from './display.ts';
import type { Drift, FieldChange, ObjectChange, Segment, Value } from './drift.ts';
import { changedCount, headline, suppressedCount } from './summary.ts';
import { jsonText } from './value.ts';

/** The version of what `jsonReport` writes; `docs/drift-json.md` describes it. Another number means that programs must change. */
export const DRIFT_FORMAT = 1;

/** What a program gets: texts, numbers and lists as JavaScript has them, and values of the cluster as they are. */
type Output = Value | number | undefined | readonly Output[] | { readonly [key: string]: Output };

/**
 * The drift as JSON, one document. Numbers of the cluster keep all their digits; control characters are escapes.
 */
export function jsonReport(drift: Drift): string {
  const { before, after, changes, counts, comparedCount, notComparable, suppressed, notes, omittedCount } =
    drift;
  const summary = {
    text: headline(drift),
    changedCount: changedCount(drift),
    comparedCount,
    suppressedCount: suppressedCount(drift),
    omittedCount,
  };
  const lists = { notComparable, suppressed, notes, counts };
  const document = { format: DRIFT_FORMAT, before, after, summary, ...lists, changes: changes.map(changeOf) };
  return documentText(asValue(document as unknown as Output));
}

/** A JSON document of several lines, in which everything that a terminal would obey is an escape. */
export function documentText(value: Value): string {
  const text = jsonText(value, '').replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_value, index) => escaped(character.charCodeAt(index))).join(
      '',
    ),
  );
  return `${text}\n`;
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

function changeOf({ fields, ...change }: ObjectChange): Output {
  return { ...(change as unknown as Record<string, Output>), fields: fields.map(fieldOf) };
}

function fieldOf({ path, before, after, ...field }: FieldChange): Output {
  return {
    ...(field as unknown as Record<string, Output>),
    path: path.map(segmentOf),
    pathText: pathText(path),
    before,
    after,
  };
}

function segmentOf(segment: Segment): Output {
  if ('key' in segment) return segment.key;
  return 'index' in segment ? segment.index : new Map(Object.entries(segment.match));
}

/** JavaScript's values as those of JSON; what is undefined is left out. */
export function asValue(output: Output): Value {
  if (typeof output === 'number') return { number: String(output) };
  if (typeof output !== 'object' || output === null || output instanceof Map)
    return (output ?? null) as Value;
  if (Array.isArray(output)) return (output as readonly Output[]).map(asValue);
  if (isNumberValue(output)) return output;
  return new Map(
    Object.entries(output).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, asValue(value)] as const],
    ),
  );
}

function isNumberValue(output: object): output is { readonly number: string } {
  return 'number' in output && Object.keys(output).length === 1;
}
