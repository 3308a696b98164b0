import { Cron } from 'croner';

/** When runs are due. */
export interface Schedule {
  /** The first time after an instant, to the minute; undefined when there is none any more. */
  readonly nextAfter: (instant: Date) => Date | undefined;
}

/** Names of days and months stand for numbers, in any case. */
const FIELD =
  /^(?:[\d*?/,-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/iu;
const NICKNAME = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/u;
/** Names such as Etc/UTC and Europe/Berlin; a CronJob takes no distances such as +01:00. */
const ZONE = /^[a-z]/iu;
/** Any instant will do to ask whether there is a time at all. */
const SOME_INSTANT = new Date('2026-01-01T00:00:00Z');

/**
 * Reads a schedule as a CronJob has it: five fields, or a name such as `@daily`. What croner takes beyond that
 * (seconds, `L`, `W`, `#`) a CronJob refuses: https://github.com/robfig/cron/blob/v3.0.1/parser.go
 *
 * @param timeZone a name for which `timeZoneProblem` finds no problem
 * @throws Error when `scheduleProblem` would find one
 */
export function parseSchedule(expression: string, timeZone: string): Schedule {
  const cron = cronOf(expression, timeZone);
  return { nextAfter: (instant) => cron.nextRun(instant) ?? undefined };
}

/** What is wrong with a schedule; undefined when nothing is. */
export function scheduleProblem(expression: string): string | undefined {
  const advice = 'give five fields as a CronJob has them, such as "15 0 * * *"';
  if (expression.startsWith('@'))
    return NICKNAME.test(expression)
      ? undefined
      : `${advice}, or @hourly, @daily, @weekly, @monthly, @yearly`;
  const fields = expression.split(/\s+/u);
  if (fields.length !== 5) return `${advice}; it has ${fields.length === 1 ? 'one' : fields.length}`;
  const wrong = fields.find((field) => !FIELD.test(field));
  if (wrong !== undefined) return `${advice}; ${JSON.stringify(wrong)} can't be one`;
  try {
    const next = cronOf(expression, 'Etc/UTC').nextRun(SOME_INSTANT);
    return next === null ? 'this time never comes' : undefined;
  } catch (error) {
    return `${advice} (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** What is wrong with the name of a time zone; undefined when nothing is. */
export function timeZoneProblem(name: string): string | undefined {
  // The usual one: the first question about time zones takes the runtime 15 ms, at the start of every command.
  if (name === 'Etc/UTC') return undefined;
  const advice = 'give the name of a time zone, such as Etc/UTC or Europe/Berlin';
  if (!ZONE.test(name)) return advice;
  try {
    SOME_INSTANT.toLocaleString('en', { timeZone: name });
    return undefined;
  } catch {
    return advice;
  }
}

function cronOf(expression: string, timezone: string): Cron {
  // "5/15" is a CronJob's "5-59/15".
  return new Cron(expression, { mode: '5-part', sloppyRanges: true, paused: true, timezone });
}
