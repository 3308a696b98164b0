import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { loadSettings } from '../../src/config/load-settings.ts';
import { parseSchedule, scheduleProblem, timeZoneProblem } from '../../src/config/schedule.ts';

const FIVE = 'give five fields as a CronJob has them, such as "15 0 * * *"';

/** The first times after 28 March 2026, 23:30 UTC; Berlin puts its clocks forward in that night. */
const TIMES: readonly (readonly [expression: string, timeZone: string, next: string])[] = [
  ['15 0 * * *', 'Etc/UTC', '2026-03-29T00:15:00.000Z'],
  ['15 0 * * *', 'Europe/Berlin', '2026-03-29T22:15:00.000Z'],
  ['15 0 * * *', 'Asia/Kolkata', '2026-03-29T18:45:00.000Z'],
  ['*/5 * * * *', 'Etc/UTC', '2026-03-28T23:35:00.000Z'],
  ['5/15 * * * *', 'Etc/UTC', '2026-03-28T23:35:00.000Z'],
  ['15 0 ? * MON', 'Etc/UTC', '2026-03-30T00:15:00.000Z'],
  ['15 0 * JAN-MAR mon-fri', 'Etc/UTC', '2026-03-30T00:15:00.000Z'],
  // Either of the two days will do, as in every cron.
  ['15 0 1 * 1', 'Etc/UTC', '2026-03-30T00:15:00.000Z'],
  ['@daily', 'Etc/UTC', '2026-03-29T00:00:00.000Z'],
  ['@hourly', 'Etc/UTC', '2026-03-29T00:00:00.000Z'],
  ['0 0 29 2 *', 'Etc/UTC', '2028-02-29T00:00:00.000Z'],
];
for (const [expression, timeZone, next] of TIMES) {
  test(`${expression} in ${timeZone} comes next at ${next}`, () => {
    assert.equal(scheduleProblem(expression), undefined);
    const { nextAfter } = parseSchedule(expression, timeZone);
    assert.equal(nextAfter(new Date('2026-03-28T23:30:00Z'))?.toISOString(), next);
  });
}

test('A schedule comes again after it has come', () => {
  const { nextAfter } = parseSchedule('15 0 * * *', 'Etc/UTC');
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2020-01-01'), max: new Date('2050-01-01'), noInvalidDate: true }),
      (instant) => {
        const next = nextAfter(instant);
        assert.ok(next);
        const aheadMs = next.getTime() - instant.getTime();
        assert.ok(aheadMs > 0 && aheadMs <= 24 * 60 * 60 * 1000, next.toISOString());
        assert.equal(next.toISOString().slice(11), '00:15:00.000Z');
      },
    ),
  );
});

const WRONG: readonly (readonly [expression: string, problem: string])[] = [
  ['', `${FIVE}; it has one`],
  ['15 0 * *', `${FIVE}; it has 4`],
  ['0 15 0 * * *', `${FIVE}; it has 6`],
  ['TZ=UTC 15 0 * * *', `${FIVE}; it has 6`],
  ['15 0 L * *', `${FIVE}; "L" can't be one`],
  ['15 0 15W * *', `${FIVE}; "15W" can't be one`],
  ['15 0 * * 5#2', `${FIVE}; "5#2" can't be one`],
  ['noon every day of year', `${FIVE}; "noon" can't be one`],
  ['2026-01-01T00:00:00', `${FIVE}; it has one`],
  ['60 0 * * *', `${FIVE} (CronPattern: Invalid value for minute: 60)`],
  ['@every 1h', `${FIVE}, or @hourly, @daily, @weekly, @monthly, @yearly`],
  ['@reboot', `${FIVE}, or @hourly, @daily, @weekly, @monthly, @yearly`],
  ['15 0 31 2 *', 'this time never comes'],
];
for (const [expression, problem] of WRONG) {
  test(`${JSON.stringify(expression)} is no schedule`, () => {
    assert.equal(scheduleProblem(expression), problem);
  });
}

test('Any text is a schedule with a next time, or has a problem in one line', () => {
  const field = fc.stringMatching(/^[\d*?/,LW#a-c-]{1,4}$/u);
  const texts = fc.oneof(
    fc.string(),
    fc.array(field, { minLength: 5, maxLength: 5 }).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const problem = scheduleProblem(text);
      if (problem !== undefined) assert.match(problem, /^[^\n]+$/u);
      else assert.ok(parseSchedule(text, 'Europe/Berlin').nextAfter(new Date('2026-01-01T00:00:00Z')));
    }),
  );
});

test('A time zone is a name', () => {
  for (const zone of ['Etc/UTC', 'UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])
    assert.equal(timeZoneProblem(zone), undefined, zone);
  for (const zone of ['', '+01:00', 'Berlin', 'GMT+1', 'Local', 'Nowhere/Here', ' ']) {
    assert.match(timeZoneProblem(zone) ?? '', /^give the name of a time zone/u, zone);
  }
});

describe('The settings', () => {
  test('say what is wrong with a schedule and a time zone', () => {
    const environment = { OPENSHIFT_BACKUP_SCHEDULE: 'daily', OPENSHIFT_BACKUP_TIME_ZONE: 'Mars' };
    assert.throws(
      () => loadSettings({ environment }),
      /OPENSHIFT_BACKUP_SCHEDULE is "daily": give five fields.*; OPENSHIFT_BACKUP_TIME_ZONE is "Mars": give the name/u,
    );
    // Who lists archives doesn't ask when they are made.
    assert.equal(loadSettings({ environment }, ['dir']).schedule, '');
  });

  for (const [text, port] of [
    ['0', 0],
    ['9090', 9090],
    // What Kubernetes sets beside a Service with the name openshift-backup.
    ['tcp://172.30.17.4:8080', 8080],
    ['tcp://[fd00::17]:9090', 8080],
  ] as const) {
    test(`take ${text} for the port ${port}`, () => {
      assert.equal(loadSettings({ environment: { OPENSHIFT_BACKUP_PORT: text } }).port, port);
    });
  }

  for (const text of ['-1', '65536', 'http', '80.5', 'http://10.0.0.1:8080']) {
    test(`refuse the port ${text}`, () => {
      const environment = { OPENSHIFT_BACKUP_PORT: text };
      assert.throws(() => loadSettings({ environment }), /give a whole number from 0 to 65535/u);
    });
  }
});
