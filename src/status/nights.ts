import type { KnownRun } from './run-record.ts';

/** How a night went: by its last run, or why there is none. */
export type NightState =
  | 'complete'
  | 'incomplete'
  | 'failed'
  /** There should have been a run. */
  | 'missing'
  /** No run was due, or not yet; or it was before the first run that anybody knows of. */
  | 'none';

/** One calendar day in a time zone. */
export interface Night {
  /** As in `2026-11-20`. */
  readonly date: string;
  readonly state: NightState;
  readonly runCount: number;
}

/** A run takes its time, and its record comes at its end: so long after it was due it is not overdue yet. */
export const PATIENCE_MS = 2 * 60 * 60 * 1000;
/** How many nights are looked back on. */
export const NIGHT_COUNT = 30;
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** No place is further ahead of UTC, or further behind it. */
const ZONE_MAX_HOURS = 14;

/** What nights are told from. */
export interface NightsRequest {
  /** The runs of one backup, the newest first. */
  readonly runs: readonly KnownRun[];
  readonly now: Date;
  readonly timeZone: string;
  /** The first time after an instant at which a run is due; missing where nobody knows. */
  readonly dueAfter: ((instant: Date) => Date | undefined) | undefined;
}

/**
 * The last nights, the oldest first, today last.
 *
 * A night is what its last run was: after a failed run at noon, the complete archive of midnight is still
 * there, but whoever looks wants to know that something has gone wrong since.
 */
export function nightsOf({ runs, now, timeZone, dueAfter }: NightsRequest): Night[] {
  const dayOf = calendar(timeZone);
  const byDay = Map.groupBy(runs, ({ startedAt }) => dayOf(new Date(startedAt)));
  const today = dayOf(now);
  const [firstDay] = [...byDay.keys()].toSorted();
  return lastDays(today).map((date) => {
    const own = byDay.get(date) ?? [];
    const [last] = own;
    if (last) return { date, state: stateOf(last), runCount: own.length };
    const wasDue = firstDay !== undefined && date >= firstDay && isMissed(date, today);
    return { date, state: wasDue ? 'missing' : 'none', runCount: 0 };
  });

  function isMissed(date: string, day: string): boolean {
    if (!dueAfter) return date < day;
    const due = firstDueOn(date, dueAfter, dayOf);
    return due !== undefined && due.getTime() + PATIENCE_MS < now.getTime();
  }
}

/** How a run has ended, as a night's state. */
export function stateOf({
  isComplete,
  volumes,
}: Pick<KnownRun, 'isComplete' | 'volumes'>): 'complete' | 'incomplete' | 'failed' {
  if (isComplete === undefined) return 'failed';
  return isComplete && (volumes?.gapCount ?? 0) === 0 ? 'complete' : 'incomplete';
}

function lastDays(today: string): string[] {
  const endMs = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: NIGHT_COUNT }, (_, index) =>
    new Date(endMs - (NIGHT_COUNT - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

function calendar(timeZone: string): (instant: Date) => string {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${(parts['year'] ?? '').padStart(4, '0')}-${parts['month']}-${parts['day']}`;
  };
}

function firstDueOn(
  date: string,
  dueAfter: (instant: Date) => Date | undefined,
  dayOf: (instant: Date) => string,
): Date | undefined {
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  let hour = -ZONE_MAX_HOURS;
  while (hour < ZONE_MAX_HOURS && dayOf(new Date(midnightMs + hour * HOUR_MS)) < date) hour++;
  // The day begins in the hour before this one; no schedule has more than one time a minute.
  let due = dueAfter(new Date(midnightMs + (hour - 1) * HOUR_MS - 1));
  for (let minute = 0; minute <= 60 && due !== undefined && dayOf(due) < date; minute++) due = dueAfter(due);
  return due !== undefined && dayOf(due) === date ? due : undefined;
}
