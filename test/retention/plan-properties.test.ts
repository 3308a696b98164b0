import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ArchiveState, CatalogEntry } from '../../src/archive/catalog.ts';
import { planRotation } from '../../src/retention/plan.ts';
import { CONTEXT, DAY_MS, made, madeAt, NOW_MS, removedFrom } from './made-archives.ts';

/** A folder with any archives in it: of several backups and clusters, with clocks that were ten years off. */
const folder = fc.array(
  fc
    .record({
      startedMs: fc.oneof(
        {
          weight: 4,
          arbitrary: fc
            .integer({ min: -40 * 24, max: 2 * 24 })
            .map((hours) => NOW_MS + (hours * DAY_MS) / 24),
        },
        { weight: 1, arbitrary: fc.integer({ min: -3650, max: 3650 }).map((days) => NOW_MS + days * DAY_MS) },
      ),
      fileAheadMs: fc.oneof(
        fc.constant(60_000),
        fc.integer({ min: -3650, max: 3650 }).map((days) => days * DAY_MS),
      ),
      backup: fc.constantFrom('prod', 'prod', 'prod', 'test'),
      clusterId: fc.constantFrom('cluster-a', 'cluster-a', 'cluster-a', 'cluster-b', null),
      state: fc.constantFrom<ArchiveState['kind'][]>(
        'complete',
        'complete',
        'complete',
        'incomplete',
        'unreadable',
      ),
    })
    .map(({ startedMs, fileAheadMs, ...rest }) =>
      madeAt(startedMs, { ...rest, modifiedMs: startedMs + fileAheadMs }),
    ),
  { maxLength: 25 },
);
const policies = fc.record({
  retainDays: fc.integer({ min: 0, max: 30 }),
  keepLastCount: fc.integer({ min: 1, max: 5 }),
});
const clocks = fc.oneof(
  fc.constant(CONTEXT.now),
  fc.integer({ min: -3650, max: 3650 }).map((days) => new Date(NOW_MS + days * DAY_MS)),
);

function isOurs({ name, state }: CatalogEntry): boolean {
  return name.backup === 'prod' && 'clusterId' in state && state.clusterId === 'cluster-a';
}

test('What holds of every folder, policy and clock', () => {
  fc.assert(
    fc.property(folder, policies, clocks, (entries, policy, now) => {
      const decisions = planRotation(entries, policy, { ...CONTEXT, now });
      const removed = decisions.filter(({ action }) => action === 'remove').map(({ entry }) => entry);
      const kept = decisions.filter(({ action }) => action === 'keep').map(({ entry }) => entry);
      assert.equal(decisions.length, entries.length);
      assert.ok(removed.every(isOurs), 'a foreign or unreadable archive was removed');
      const good = kept.filter((entry) => isOurs(entry) && entry.state.kind === 'complete');
      const goodCount = entries.filter((entry) => isOurs(entry) && entry.state.kind === 'complete').length;
      assert.ok(good.length >= Math.min(policy.keepLastCount, goodCount), 'too few complete archives stay');
      for (const gone of removed) {
        assert.ok(ageDays(gone, now) > policy.retainDays, 'a young archive was removed');
        assert.ok(
          good.some((stays) => stays.name.startedAt > gone.name.startedAt),
          'the last good archive was removed',
        );
        assert.ok(
          gone.state.kind !== 'complete' || good.every((stays) => !isNewer(gone, stays)),
          'a complete archive was removed that is newer than one that stays',
        );
      }
      assert.deepEqual(removedFrom(kept, policy, { now }), [], 'a second rotation removes more');
      const longer = removedFrom(entries, { ...policy, retainDays: policy.retainDays + 1 }, { now });
      const names = new Set(removed.map(({ name }) => name.file));
      assert.ok(
        longer.every((file) => names.has(file)),
        'a longer retention removes more',
      );
    }),
    { numRuns: 10_000 },
  );
});

/** One night of a cluster's life: the clock that the run saw, and how the run ended. */
interface Night {
  readonly clockMs: number;
  readonly outcome: 'complete' | 'incomplete' | 'failed';
  /** The archive is found damaged later. */
  readonly isDamagedLater: boolean;
}

const nights = fc.array(
  fc.record({
    clockMs: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -3650, max: 3650 }).map((days) => days * DAY_MS) },
    ),
    outcome: fc.constantFrom<Night['outcome'][]>('complete', 'complete', 'complete', 'incomplete', 'failed'),
    isDamagedLater: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
  }),
  { minLength: 1, maxLength: 40 },
);

test('Whatever happens night after night, the last good archive is there', () => {
  fc.assert(
    fc.property(nights, policies, (history, policy) => {
      let entries: CatalogEntry[] = [];
      for (const [index, { clockMs, outcome, isDamagedLater }] of history.entries()) {
        if (outcome === 'failed') continue;
        const seenMs = NOW_MS + index * DAY_MS + clockMs;
        const entry = madeAt(seenMs, { state: outcome, modifiedMs: seenMs + 60_000 });
        entries = [...entries.filter(({ name }) => name.file !== entry.name.file), entry];
        if (outcome === 'complete') {
          const now = new Date(seenMs + 120_000);
          const removed = new Set(removedFrom(entries, policy, { now }));
          assert.ok(!removed.has(entry.name.file), 'the archive of this night was removed');
          entries = entries.filter(({ name }) => !removed.has(name.file));
        }
        if (isDamagedLater) {
          const state: ArchiveState = { kind: 'unreadable', reason: 'cut off' };
          entries = entries.map((each) => (each === entry ? { ...each, state } : each));
        }
      }
      const lastGood = history.findLastIndex(({ outcome }) => outcome === 'complete');
      const lastMs = NOW_MS + lastGood * DAY_MS + (history[lastGood]?.clockMs ?? 0);
      assert.ok(lastGood === -1 || entries.some(({ name }) => name.startedAt.getTime() === lastMs));
    }),
    { numRuns: 10_000 },
  );
});

test('After the rotation of a good night, thirty failing nights remove nothing', () => {
  fc.assert(
    fc.property(folder, policies, fc.boolean(), (entries, policy, isIncomplete) => {
      const kept = planRotation([...entries, made(0)], policy, CONTEXT)
        .filter(({ action }) => action === 'keep')
        .map(({ entry }) => entry);
      // The nights leave nothing, or an incomplete archive each; someone rotates by hand all the same.
      const past = kept.filter(isPast);
      for (let night = 1; night <= 30; night += 5) {
        const later = isIncomplete
          ? Array.from({ length: night }, (_, index) => made(-1 - index, { state: 'incomplete' }))
          : [];
        const now = new Date(NOW_MS + night * DAY_MS);
        assert.deepEqual(removedFrom([...past, ...later], policy, { now }), []);
      }
    }),
    { numRuns: 2_000 },
  );
});

function ageDays(entry: CatalogEntry, now: Date): number {
  return (now.getTime() - Math.max(entry.name.startedAt.getTime(), entry.modifiedAt.getTime())) / DAY_MS;
}

/** Newer by its name and by the younger of name and file. */
function isNewer(a: CatalogEntry, b: CatalogEntry): boolean {
  return a.name.startedAt > b.name.startedAt && ageDays(a, CONTEXT.now) < ageDays(b, CONTEXT.now);
}

function isPast({ name, modifiedAt }: CatalogEntry): boolean {
  return Math.max(name.startedAt.getTime(), modifiedAt.getTime()) <= NOW_MS;
}
