import type { RunRecord } from './run-record.ts';

/** So many runs are remembered: a year of nights, and then some. */
export const RUNS_MAX = 400;

/** Of each backup, so many complete and incomplete runs stay however many have failed since. */
const KEPT_COMPLETE = 2;
const KEPT_INCOMPLETE = 1;

/**
 * Puts the runs of several histories into one: the newest first, each once, at most `RUNS_MAX`. In whatever
 * order histories meet, the same comes of it.
 *
 * A backup that fails every hour must not push out when it was last complete: that stays, and what the archive
 * before it held.
 */
export function mergeRuns<T extends RunRecord>(...histories: readonly (readonly T[])[]): T[] {
  const unique = new Map<string, T>();
  for (const run of histories.flat()) {
    const key = keyOf(run);
    const known = unique.get(key);
    if (known === undefined || isLater(run, known)) unique.set(key, run);
  }
  const runs = [...unique.entries()].toSorted(compare).map(([, run]) => run);
  if (runs.length <= RUNS_MAX) return runs;
  const kept = new Set(keptAnyway(runs));
  let room = Math.max(0, RUNS_MAX - kept.size);
  return runs.filter((run) => kept.has(run) || room-- > 0).slice(0, RUNS_MAX);
}

/** Whether two records are of the same run, be it at two moments of it. */
export function isSameRun(a: RunRecord, b: RunRecord): boolean {
  return keyOf(a) === keyOf(b);
}

function keptAnyway<T extends RunRecord>(runs: readonly T[]): T[] {
  const counts = new Map<string, number>();
  return runs.filter(({ backup, isComplete }) => {
    if (isComplete === undefined) return false;
    const key = `${backup} ${isComplete}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= (isComplete ? KEPT_COMPLETE : KEPT_INCOMPLETE);
  });
}

function keyOf({ id, startedAt, endedAt, exitCode, backup, archive = '' }: RunRecord): string {
  // A run that copies volumes is recorded when its archive is there, and again when they are copied.
  return JSON.stringify([startedAt, backup, ...(id === undefined ? [endedAt, exitCode, archive] : [id])]);
}

/** Of two records of one run, the one that was written later; whichever comes first, the same one. */
function isLater(one: RunRecord, other: RunRecord): boolean {
  const byEnd = Date.parse(one.endedAt) - Date.parse(other.endedAt);
  return byEnd === 0 ? JSON.stringify(one) > JSON.stringify(other) : byEnd > 0;
}

type Keyed = readonly [key: string, run: RunRecord];

/** By the start, the newest first; runs of one instant in an order that depends on nothing but themselves. */
function compare([keyA, a]: Keyed, [keyB, b]: Keyed): number {
  const byStart = Date.parse(b.startedAt) - Date.parse(a.startedAt);
  if (byStart !== 0) return byStart;
  const byEnd = Date.parse(b.endedAt) - Date.parse(a.endedAt);
  if (byEnd !== 0) return byEnd;
  return keyA < keyB ? 1 : -1;
}
