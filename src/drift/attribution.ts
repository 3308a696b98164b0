import type { Attribution, Value } from './drift.ts';
import { isList, scalarText, valueAt } from './value.ts';

/** So far the clocks of the API servers and of the exporting pod may be apart. */
const CLOCK_SKEW_MS = 120_000;

type Writer = Attribution['managers'][number];

/**
 * Who wrote an object between two archives, by the facts that both have of it (items of
 * `_facts/<project>/<type>.json`); and when it was made, if that was between them. The status doesn't count,
 * for it isn't compared. Facts of any other shape, and of older archives, which have none, tell nothing.
 *
 * @param since when the first archive was begun, ISO 8601: later writes can be in it no more
 * @returns undefined when nothing is known
 */
export function attributionOf(
  before: Value | undefined,
  after: Value | undefined,
  since: string,
): Attribution | undefined {
  const earliest = Date.parse(since) - CLOCK_SKEW_MS;
  // A writer that the first archive names with the same time has not written since.
  const known = new Set(writersOf(before).map((writer) => JSON.stringify(writer)));
  const managers = writersOf(after)
    .filter((writer) => !known.has(JSON.stringify(writer)) && !(Date.parse(writer.time) < earliest))
    .toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time));
  const isRemade = isOther(uidOf(before), uidOf(after));
  const created = scalarText(valueAt(after, 'created'));
  const isMade =
    created !== undefined && (isRemade || (uidOf(before) === undefined && Date.parse(created) >= earliest));
  if (managers.length === 0 && !isMade && !isRemade) return undefined;
  return { managers, ...(isMade && { created }), ...(isRemade && { isRemade: true }) };
}

/** Two uids that are known and differ: the object was deleted, and one of the same name made. */
function isOther(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && after !== undefined && before !== after;
}

function uidOf(facts: Value | undefined): string | undefined {
  return scalarText(valueAt(facts, 'uid'));
}

function writersOf(facts: Value | undefined): Writer[] {
  const managers = valueAt(facts, 'managers');
  if (!isList(managers)) return [];
  return managers.flatMap((entry) => {
    const [manager, operation, subresource, time] = ['manager', 'operation', 'subresource', 'time'].map(
      (key) => scalarText(valueAt(entry, key)),
    );
    if (manager === undefined || time === undefined || Number.isNaN(Date.parse(time))) return [];
    return subresource === 'status' ? [] : [{ manager, operation: operation ?? '', time }];
  });
}
