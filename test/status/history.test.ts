import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { mergeRuns, RUNS_MAX } from '../../src/status/history.ts';
import type { RunRecord } from '../../src/status/run-record.ts';
import { runAt } from './made-runs.ts';

const START_MS = Date.parse('2026-01-01T00:15:00Z');
const HOUR_MS = 60 * 60 * 1000;

/** Runs of three backups; many begin at one instant, and some are the same. */
const run = fc
  .record({
    hour: fc.integer({ min: 0, max: 2000 }),
    backup: fc.constantFrom('prod', 'test', 'lab'),
    ended: fc.constantFrom('complete', 'incomplete', 'failed', 'failed', 'failed', 'failed'),
    id: fc.constantFrom('a', 'b', 'c'),
  })
  .map(({ hour, id, ...rest }) =>
    runAt(new Date(START_MS + hour * HOUR_MS).toISOString(), { ...rest, id: `${id} ${rest.ended}` }),
  );
/** Sizes from a few to more than a history holds. */
const history = fc.oneof(
  fc.array(run, { maxLength: 8 }),
  fc.array(run, { minLength: RUNS_MAX - 20, maxLength: RUNS_MAX + 60 }),
);

describe('Merged histories', () => {
  test('are the same in whatever order they meet', () => {
    fc.assert(
      fc.property(history, history, history, (a, b, c) => {
        const all = mergeRuns(a, b, c);
        assert.deepEqual(mergeRuns(c, a, b), all);
        assert.deepEqual(mergeRuns(mergeRuns(a, b), c), all);
        assert.deepEqual(mergeRuns(a, mergeRuns(c, b)), all);
        assert.deepEqual(
          [...a, ...b, ...c].reduce<readonly RunRecord[]>((before, one) => mergeRuns(before, [one]), []),
          all,
        );
      }),
      { numRuns: 30 },
    );
  });

  test('hold each run once, the newest first, and no more than there is room for', () => {
    fc.assert(
      fc.property(history, (runs) => {
        const merged = mergeRuns(runs);
        assert.deepEqual(mergeRuns(merged, runs, merged), merged);
        assert.ok(merged.length <= RUNS_MAX);
        const starts = merged.map(({ startedAt }) => startedAt);
        assert.deepEqual(starts, starts.toSorted().toReversed());
        const texts = merged.map((one) => JSON.stringify(one));
        assert.equal(new Set(texts).size, texts.length);
        const distinct = new Set(runs.map((one) => JSON.stringify(one))).size;
        assert.equal(merged.length, Math.min(distinct, RUNS_MAX));
      }),
    );
  });

  test('keep what the metrics are made of, however many runs have failed since', () => {
    fc.assert(
      fc.property(history, (runs) => {
        const merged = mergeRuns(runs);
        const all = mergeAll(runs);
        for (const backup of ['prod', 'test', 'lab']) {
          const own = (list: readonly RunRecord[], isComplete: boolean): RunRecord[] =>
            list.filter((one) => one.backup === backup && one.isComplete === isComplete);
          assert.deepEqual(own(merged, true).slice(0, 2), own(all, true).slice(0, 2));
          assert.deepEqual(own(merged, false).slice(0, 1), own(all, false).slice(0, 1));
        }
      }),
    );
  });
});

test('A run that is recorded twice is there once, as it ended last, whichever record comes first', () => {
  const published = runAt('2026-01-01T00:15:00Z', { id: 'one' });
  const copied: RunRecord = {
    ...published,
    endedAt: '2026-01-01T02:00:00.000Z',
    exitCode: 3,
    volumes: { copiedCount: 1, gapCount: 1, unaskedCount: 0 },
  };
  const other = runAt('2026-01-01T00:15:00Z', { id: 'two' });
  assert.deepEqual(mergeRuns([published], [copied, other]), [copied, other]);
  assert.deepEqual(mergeRuns([other, copied], [published]), [copied, other]);
});

test('A year of failures does not push out the last complete run', () => {
  const complete = [runAt('2025-12-30T00:15:00Z'), runAt('2025-12-31T00:15:00Z')];
  const failed = Array.from({ length: 1000 }, (_, index) =>
    runAt(new Date(START_MS + index * HOUR_MS).toISOString(), { ended: 'failed' }),
  );
  const merged = mergeRuns(complete, failed);
  assert.equal(merged.length, RUNS_MAX);
  assert.deepEqual(merged.slice(-2), complete.toReversed());
  assert.deepEqual(merged[0], failed.at(-1));
});

/** All of them, in order, by merging few at a time into a list without a limit. */
function mergeAll(runs: readonly RunRecord[]): RunRecord[] {
  return runs
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    .filter((one, index, list) => JSON.stringify(one) !== JSON.stringify(list[index - 1]))
    .toSorted((a, b) => {
      const [first] = mergeRuns([a, b]);
      return JSON.stringify(first) === JSON.stringify(a) ? -1 : 1;
    });
}
