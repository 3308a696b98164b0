import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackuperReport } from '../../../src/model/backuper.ts';
import { podState } from '../../../src/volumes/run/pod-state.ts';

const REPORT: BackuperReport = {
  task: 'copy',
  outcome: 'done',
  message: 'all is well',
  durationMs: 1,
  warnings: [],
  errors: [],
};

function pod(status: Record<string, unknown>) {
  return { metadata: { name: 'backuper-copy-1' }, spec: { nodeName: 'node-1' }, status };
}

function terminated(end: Record<string, unknown>, status: Record<string, unknown> = {}) {
  return pod({ ...status, containerStatuses: [{ state: { terminated: end } }] });
}

const PHASES: readonly (readonly [Record<string, unknown>, string])[] = [
  [{}, 'waiting'],
  [{ phase: 'Pending' }, 'waiting'],
  [{ phase: 'Pending', containerStatuses: [{ state: { waiting: {} } }] }, 'waiting'],
  [{ phase: 'Running', containerStatuses: [{ state: { running: {} } }] }, 'running'],
  // The kubelet tells of the container before it tells of the pod.
  [{ phase: 'Running', containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] }, 'ended'],
  [{ phase: 'Failed', reason: 'Evicted' }, 'ended'],
  [{ phase: 'Succeeded' }, 'ended'],
];

test('A pod waits, runs or has ended', () => {
  for (const [status, phase] of PHASES)
    assert.equal(podState(pod(status)).phase, phase, JSON.stringify(status));
});

test('The last words of its program are a report, or nothing', () => {
  assert.deepEqual(podState(terminated({ message: JSON.stringify(REPORT) })).report, REPORT);
  const others = [
    '',
    '{',
    'null',
    '[]',
    '{"task":"copy"}',
    JSON.stringify({ ...REPORT, errors: 'none' }),
    'Killed',
  ];
  for (const message of others) assert.equal(podState(terminated({ message })).report, undefined, message);
  assert.equal(podState(terminated({})).report, undefined);
});

test('Why it ended is what the pod says, else what the container says', () => {
  assert.equal(podState(terminated({ reason: 'OOMKilled' })).reason, 'OOMKilled');
  const late = terminated({ reason: 'Error' }, { phase: 'Failed', reason: 'DeadlineExceeded' });
  assert.equal(podState(late).reason, 'DeadlineExceeded');
  assert.equal(podState(pod({})).node, 'node-1');
});
