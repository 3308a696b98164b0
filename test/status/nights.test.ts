import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseSchedule } from '../../src/config/schedule.ts';
import { mergeRuns } from '../../src/status/history.ts';
import { type Night, NIGHT_COUNT, nightsOf } from '../../src/status/nights.ts';
import type { RunRecord } from '../../src/status/run-record.ts';
import { runAt } from './made-runs.ts';

const SIGNS: Readonly<Record<Night['state'], string>> = {
  complete: 'C',
  incomplete: 'I',
  failed: 'F',
  missing: 'M',
  none: '.',
};
const DAILY = '15 0 * * *';
/** A complete run every night but for the last few. */
const NIGHTS = Array.from({ length: 20 }, (_, index) =>
  runAt(`2026-11-${String(index + 1).padStart(2, '0')}T00:15:00Z`),
);

interface Case {
  readonly name: string;
  readonly runs: readonly RunRecord[];
  readonly now: string;
  readonly timeZone?: string;
  /** Empty when nobody knows. */
  readonly schedule?: string;
  /** The last nights, without the leading ones before the first run. */
  readonly expected: string;
}

const CASES: readonly Case[] = [
  { name: 'no run at all', runs: [], now: '2026-11-20T12:00:00Z', expected: '' },
  {
    name: 'twenty complete nights',
    runs: NIGHTS,
    now: '2026-11-20T12:00:00Z',
    expected: 'CCCCCCCCCCCCCCCCCCCC',
  },
  {
    name: 'a night that is not due yet',
    runs: NIGHTS,
    now: '2026-11-21T00:14:00Z',
    expected: 'CCCCCCCCCCCCCCCCCCCC.',
  },
  {
    name: 'a run that may still be running',
    runs: NIGHTS,
    now: '2026-11-21T02:14:00Z',
    expected: 'CCCCCCCCCCCCCCCCCCCC.',
  },
  {
    name: 'a night that is missing by now',
    runs: NIGHTS,
    now: '2026-11-21T02:16:00Z',
    expected: 'CCCCCCCCCCCCCCCCCCCCM',
  },
  {
    name: 'a hole, a failure and a gap',
    runs: [
      runAt('2026-11-16T00:15:00Z'),
      runAt('2026-11-18T00:15:00Z', { ended: 'failed' }),
      runAt('2026-11-19T00:15:00Z', { ended: 'incomplete' }),
      runAt('2026-11-20T00:15:00Z'),
    ],
    now: '2026-11-20T12:00:00Z',
    expected: 'CMFIC',
  },
  {
    name: 'several runs: the last one counts, better or worse',
    runs: [
      runAt('2026-11-18T00:15:00Z', { ended: 'failed' }),
      runAt('2026-11-18T00:20:00Z'),
      runAt('2026-11-19T00:15:00Z'),
      runAt('2026-11-19T14:00:00Z', { ended: 'failed' }),
      runAt('2026-11-20T00:15:00Z', { ended: 'incomplete' }),
      runAt('2026-11-20T06:00:00Z', { ended: 'failed' }),
      runAt('2026-11-20T07:00:00Z'),
    ],
    now: '2026-11-20T12:00:00Z',
    expected: 'CFC',
  },
  {
    name: 'a weekly schedule',
    runs: [runAt('2026-11-01T00:15:00Z'), runAt('2026-11-15T00:15:00Z')],
    schedule: '15 0 * * sun',
    now: '2026-11-20T12:00:00Z',
    expected: 'C......M......C.....',
  },
  {
    name: 'no known schedule: every day but today',
    runs: [runAt('2026-11-16T00:15:00Z'), runAt('2026-11-18T00:15:00Z')],
    schedule: '',
    now: '2026-11-20T12:00:00Z',
    expected: 'CMCM.',
  },
  {
    name: 'days of another time zone',
    // In Berlin it is the next day by then.
    runs: [runAt('2026-11-17T23:15:00Z'), runAt('2026-11-19T23:15:00Z')],
    timeZone: 'Europe/Berlin',
    now: '2026-11-20T12:00:00Z',
    expected: 'CMC',
  },
  {
    name: 'days on the other side of the world',
    runs: [runAt('2026-11-17T10:15:00Z'), runAt('2026-11-19T10:15:00Z')],
    timeZone: 'Pacific/Kiritimati',
    now: '2026-11-20T09:00:00Z',
    expected: 'CMC',
  },
  {
    name: 'the night in which clocks go forward, and its only run is late',
    runs: [runAt('2026-03-27T23:15:00Z'), runAt('2026-03-29T22:15:00Z')],
    timeZone: 'Europe/Berlin',
    now: '2026-03-30T12:00:00Z',
    expected: 'CMC',
  },
  {
    name: 'days that begin in the middle of an hour',
    runs: [runAt('2026-11-17T18:30:00Z'), runAt('2026-11-19T18:30:00Z')],
    timeZone: 'Asia/Kathmandu',
    now: '2026-11-20T12:00:00Z',
    expected: 'CMC',
  },
  {
    name: 'a schedule of midnight',
    runs: [runAt('2026-11-18T00:00:00Z'), runAt('2026-11-20T00:00:00Z')],
    schedule: '@midnight',
    now: '2026-11-20T12:00:00Z',
    expected: 'CMC',
  },
  {
    name: 'a schedule of every minute',
    runs: [runAt('2026-11-18T00:15:00Z'), runAt('2026-11-20T00:15:00Z')],
    schedule: '* * * * *',
    timeZone: 'Asia/Kathmandu',
    now: '2026-11-20T12:00:00Z',
    expected: 'CMC',
  },
];

describe('The last nights', () => {
  for (const { name, runs, now, timeZone = 'Etc/UTC', schedule = DAILY, expected } of CASES) {
    test(`with ${name}`, () => {
      const dueAfter = schedule === '' ? undefined : parseSchedule(schedule, timeZone).nextAfter;
      const nights = nightsOf({ runs: mergeRuns(runs), now: new Date(now), timeZone, dueAfter });
      const signs = nights.map(({ state }) => SIGNS[state]).join('');
      assert.equal(signs, expected.padStart(NIGHT_COUNT, '.'));
    });
  }

  test('are as many different days one after the other, whenever one looks', () => {
    const zones = fc.constantFrom(
      'Etc/UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Pacific/Kiritimati',
      'Etc/GMT+12',
    );
    const dates = fc.date({ min: new Date('2000-01-01'), max: new Date('2050-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, dates, (timeZone, now) => {
        const { nextAfter } = parseSchedule(DAILY, timeZone);
        const runs = [runAt(now.toISOString())];
        const nights = nightsOf({ runs, now, timeZone, dueAfter: nextAfter });
        assert.equal(nights.length, NIGHT_COUNT);
        const days = nights.map(({ date }) => Date.parse(date) / 86_400_000);
        assert.deepEqual(
          days.map((day) => day - (days[0] ?? 0)),
          days.map((_, index) => index),
        );
        assert.deepEqual(
          nights.map(({ state }) => state),
          [...Array.from({ length: NIGHT_COUNT - 1 }, () => 'none'), 'complete'],
        );
      }),
    );
  });
});
