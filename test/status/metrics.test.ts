import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseSchedule } from '../../src/config/schedule.ts';
import { type Facts, statusOf, type Viewpoint } from '../../src/status/backup-status.ts';
import { metricsOf } from '../../src/status/metrics.ts';
import { metricsText } from '../../src/status/metrics-text.ts';
import { archiveAt, runAt } from './made-runs.ts';
import { parseMetrics, type Samples } from './metrics-parser.ts';

const VIEWPOINT: Viewpoint = {
  now: new Date('2026-11-20T07:00:00Z'),
  timeZone: 'Etc/UTC',
  dueAfter: parseSchedule('15 0 * * *', 'Etc/UTC').nextAfter,
};
const SPACE = { freeBytes: 1_000_000_000, sizeBytes: 2 ** 31 };

async function metrics(
  facts: Partial<Facts>,
  { names = ['prod'], viewpoint = VIEWPOINT }: { names?: readonly string[]; viewpoint?: Viewpoint } = {},
): Promise<Record<string, Samples>> {
  const whole = { runs: [], archives: [], space: SPACE, ...facts };
  const statuses = names.map((name) => statusOf(name, whole, viewpoint));
  return parseMetrics(await metricsText(metricsOf(statuses, whole.space, '1.2.3')));
}

/** Of the backup `prod`, without the prefix. */
function valuesOf(found: Record<string, Samples>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, { prod }]) =>
      prod === undefined ? [] : [[name.replace('openshift_backup_', ''), prod]],
    ),
  );
}

function secondsAt(instant: string): number {
  return Date.parse(instant) / 1000;
}

describe('The metrics', () => {
  test('of a volume where no run has been say what there is', async () => {
    const found = await metrics({});
    assert.deepEqual(valuesOf(found), {
      archives: 0,
      volume_free_bytes: 1_000_000_000,
      volume_size_bytes: 2 ** 31,
    });
    assert.deepEqual(found['openshift_backup_info'], { '1.2.3': 1 });
  });

  test('of some nights are those of the right runs', async () => {
    const runs = [
      runAt('2026-11-20T00:15:00Z', { ended: 'failed', exitCode: 4 }),
      runAt('2026-11-19T00:15:00Z', { ended: 'incomplete', gapCount: 7, deniedCount: 3, archiveBytes: 5 }),
      runAt('2026-11-18T00:15:00Z', { objectCount: 900 }),
      runAt('2026-11-17T12:00:00Z', { objectCount: 3, selection: 'shop' }),
      runAt('2026-11-17T00:15:00Z', { objectCount: 1000 }),
      runAt('2026-11-20T05:00:00Z', { backup: 'other' }),
    ];
    const archives = [archiveAt('2026-11-18T00:15:00Z'), archiveAt('2026-11-17T00:15:00Z')];
    assert.deepEqual(valuesOf(await metrics({ runs, archives })), {
      last_run_timestamp_seconds: secondsAt('2026-11-20T00:15:42Z'),
      last_run_exit_code: 4,
      last_success_timestamp_seconds: secondsAt('2026-11-19T00:15:42Z'),
      last_complete_timestamp_seconds: secondsAt('2026-11-18T00:15:42Z'),
      next_due_timestamp_seconds: secondsAt('2026-11-21T00:15:00Z'),
      duration_seconds: 42,
      objects: 900,
      objects_previous: 1000,
      denied_types: 3,
      failed_parts: 7,
      archive_bytes: 5,
      archives: 2,
      volume_free_bytes: 1_000_000_000,
      volume_size_bytes: 2 ** 31,
    });
  });

  test('of archives without records are what their names say', async () => {
    const archives = [archiveAt('2026-11-19T00:15:00Z', 'prod', false), archiveAt('2026-11-18T00:15:00Z')];
    assert.deepEqual(valuesOf(await metrics({ archives, space: undefined })), {
      last_run_timestamp_seconds: secondsAt('2026-11-19T00:15:00Z'),
      last_run_exit_code: 3,
      last_success_timestamp_seconds: secondsAt('2026-11-19T00:15:00Z'),
      last_complete_timestamp_seconds: secondsAt('2026-11-18T00:15:00Z'),
      next_due_timestamp_seconds: secondsAt('2026-11-20T00:15:00Z'),
      archive_bytes: 1000,
      archives: 2,
    });
  });

  test('believe no run of a clock that was far ahead', async () => {
    const runs = [runAt('2031-01-01T00:15:00Z'), runAt('2026-11-19T00:15:00Z', { ended: 'incomplete' })];
    const found = valuesOf(await metrics({ runs }));
    assert.equal(found['last_run_timestamp_seconds'], secondsAt('2026-11-19T00:15:42Z'));
    assert.equal(found['last_complete_timestamp_seconds'], undefined);
  });

  test('know of no due time without a schedule', async () => {
    const runs = [runAt('2026-11-19T00:15:00Z')];
    const found = valuesOf(await metrics({ runs }, { viewpoint: { ...VIEWPOINT, dueAfter: undefined } }));
    assert.equal(found['next_due_timestamp_seconds'], undefined);
    assert.equal(found['last_run_exit_code'], 0);
  });

  test('never say that a run took less than no time', async () => {
    const run = runAt('2026-11-19T00:15:00Z', { endedAt: '2026-11-19T00:14:00Z' });
    assert.equal(valuesOf(await metrics({ runs: [run] }))['duration_seconds'], 0);
  });

  test('can be read, whatever the backups are called and have ended with', async () => {
    const run = fc
      .record({
        backup: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('prod', 'a"b', 'a\\', 'a\nb')),
        hour: fc.integer({ min: 0, max: 20_000 }),
        ended: fc.constantFrom('complete', 'incomplete', 'failed'),
        objectCount: fc.maxSafeNat(),
      })
      .map(({ hour, ...rest }) => runAt(new Date(Date.UTC(2025, 0) + hour * 3_600_000).toISOString(), rest));
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 10 }), async (runs) => {
        const names = [...new Set(runs.map(({ backup }) => backup))];
        const found = await metrics({ runs }, { names });
        for (const samples of Object.values(found)) {
          for (const number of Object.values(samples)) assert.ok(Number.isFinite(number));
        }
        const count = Object.keys(found['openshift_backup_archives'] ?? {}).length;
        assert.equal(count, names.length);
      }),
    );
  });
});

describe('The parser of these tests', () => {
  for (const [name, text] of [
    ['a last line without an end', '# HELP a b\n# TYPE a gauge\na{b="c"} 1'],
    ['a number without a type', 'a{b="c"} 1\n'],
    ['a type without a help', '# TYPE a gauge\na{b="c"} 1\n'],
    ['a metric that comes twice', '# HELP a b\n# TYPE a gauge\na{b="c"} 1\n# HELP a b\n'],
    ['a number that comes twice', '# HELP a b\n# TYPE a gauge\na{b="c"} 1\na{b="c"} 2\n'],
    ['a metric without a number', '# HELP a b\n# TYPE a gauge\n'],
    ['an open label', '# HELP a b\n# TYPE a gauge\na{b="c} 1\n'],
    ['what is no number', '# HELP a b\n# TYPE a gauge\na{b="c"} undefined\n'],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(() => parseMetrics(text), SyntaxError);
    });
  }
});
