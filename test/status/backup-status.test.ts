import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSchedule } from '../../src/config/schedule.ts';
import { parseArchiveName } from '../../src/model/archive-name.ts';
import { backupNames, statusOf, type Viewpoint } from '../../src/status/backup-status.ts';
import { archiveAt, runAt } from './made-runs.ts';

function viewAt(now: string): Viewpoint {
  const { nextAfter } = parseSchedule('15 0 * * *', 'Etc/UTC');
  return { now: new Date(now), timeZone: 'Etc/UTC', dueAfter: nextAfter };
}

test('An archive counts as a run unless it has a record', () => {
  const recorded = runAt('2026-11-19T00:15:00Z');
  const archives = [archiveAt('2026-11-20T00:15:00Z'), archiveAt('2026-11-19T00:15:00Z')];
  const status = statusOf(
    'prod',
    { runs: [recorded], archives, space: undefined },
    viewAt('2026-11-20T07:00:00Z'),
  );
  assert.deepEqual(status.lastRun, {
    startedAt: '2026-11-20T00:15:00.000Z',
    endedAt: '2026-11-20T00:15:00.000Z',
    exitCode: 0,
    backup: 'prod',
    archive: 'prod-20261120T001500Z.zip',
    archiveBytes: 1000,
    isComplete: true,
    isFromArchive: true,
  });
  assert.deepEqual(
    status.nights.slice(-2).map(({ state, runCount }) => [state, runCount]),
    [
      ['complete', 1],
      ['complete', 1],
    ],
  );
});

test('A run that has failed after its archive had its name does not hide the archive', () => {
  const failed = runAt('2026-11-20T00:15:00.400Z', { ended: 'failed' });
  const facts = { runs: [failed], archives: [archiveAt('2026-11-20T00:15:00Z')], space: undefined };
  const { lastRun, lastComplete } = statusOf('prod', facts, viewAt('2026-11-20T07:00:00Z'));
  assert.equal(lastRun, failed);
  assert.equal(lastComplete?.archive, 'prod-20261120T001500Z.zip');
});

test('Archives of the original are counted, and tell of no night', () => {
  const name = parseArchiveName('openshift-backup202611200015.zip');
  assert.ok(name);
  const facts = { runs: [], archives: [{ name, sizeBytes: 1 }], space: undefined };
  const status = statusOf('openshift-backup', facts, viewAt('2026-11-20T07:00:00Z'));
  assert.equal(status.archives.length, 1);
  assert.equal(status.lastRun, undefined);
});

test('Each backup has its own runs and archives', () => {
  const facts = {
    runs: [runAt('2026-11-20T00:15:00Z', { backup: 'lab' }), runAt('2026-11-19T00:15:00Z')],
    archives: [archiveAt('2026-11-18T00:15:00Z', 'old'), archiveAt('2026-11-19T00:15:00Z')],
    space: undefined,
  };
  assert.deepEqual(backupNames(facts), ['lab', 'old', 'prod']);
  const view = viewAt('2026-11-20T07:00:00Z');
  assert.equal(statusOf('prod', facts, view).lastRun?.startedAt, '2026-11-19T00:15:00.000Z');
  assert.equal(statusOf('lab', facts, view).archives.length, 0);
  assert.equal(statusOf('old', facts, view).lastRun?.isFromArchive, true);
  assert.equal(statusOf('new', facts, view).lastRun, undefined);
});

for (const [now, isOverdue] of [
  ['2026-11-21T00:00:00Z', false],
  ['2026-11-21T00:15:00Z', false],
  ['2026-11-21T02:15:00Z', false],
  ['2026-11-21T02:15:01Z', true],
  ['2026-12-24T00:00:00Z', true],
] as const) {
  test(`At ${now} the next run ${isOverdue ? 'is' : 'is not'} overdue`, () => {
    // However it ended: a run that fails is no run that is missing.
    for (const ended of ['complete', 'failed'] as const) {
      const facts = { runs: [runAt('2026-11-20T00:15:07Z', { ended })], archives: [], space: undefined };
      const status = statusOf('prod', facts, viewAt(now));
      assert.equal(status.nextDueAt?.toISOString(), '2026-11-21T00:15:00.000Z');
      assert.equal(status.isOverdue, isOverdue);
    }
  });
}
