import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import { type Held, type PodEvent, waitingUsers, whyYield } from '../../../src/volumes/run/why-yield.ts';

const SINCE = new Date('2026-11-21T00:15:00.400Z');
const HELD: Held = {
  source: { name: 'data', accessModes: ['ReadWriteOnce'] },
  target: { name: 'copy', accessModes: ['ReadWriteOnce'] },
  node: 'node-1',
  since: SINCE,
  isScaledDown: false,
};
const RUNNING = { phase: 'Running', containerStatuses: [{ state: { running: {} } }] };
const WAITING = {
  phase: 'Pending',
  containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }],
};
const ONCE_PER_POD = {
  phase: 'Pending',
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      message:
        '1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use',
    },
  ],
};
const NO_CPU = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient cpu.' },
  ],
};

interface PodInput {
  readonly claim?: string;
  readonly node?: string;
  readonly status?: Record<string, unknown>;
  readonly isReadOnly?: boolean;
  readonly labels?: Record<string, string>;
  readonly isGoing?: boolean;
}

function pod({
  claim = 'data',
  node,
  status = RUNNING,
  isReadOnly = false,
  labels = {},
  isGoing = false,
}: PodInput) {
  return {
    metadata: {
      name: 'app-1',
      labels,
      ...(isGoing && { deletionTimestamp: '2026-11-21T00:16:00Z' }),
    },
    spec: {
      ...(node !== undefined && { nodeName: node }),
      containers: [{ name: 'app', volumeMounts: [{ name: 'kept', readOnly: isReadOnly }] }],
      volumes: [{ name: 'kept', persistentVolumeClaim: { claimName: claim } }],
    },
    status,
  } satisfies ClusterObject;
}

function event(reason: string, message: string, lastTimestamp: string): PodEvent {
  return { type: 'Warning', reason, message, lastTimestamp, involvedObject: { name: 'app-1' } };
}

const HELD_BY_US = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) backuper-copy-1';
const LATER = '2026-11-21T00:16:00Z';

interface Case {
  readonly pods: readonly ClusterObject[];
  readonly events?: readonly PodEvent[];
  readonly held?: Partial<Held>;
  /** Undefined when the copy goes on. */
  readonly because?: RegExp;
}

const SHARED = { name: 'data', accessModes: ['ReadWriteMany'] };
const CASES: Readonly<Record<string, Case>> = {
  'nobody is there': { pods: [] },
  'the application runs beside it': { pods: [pod({ node: 'node-1' })] },
  'the application is to run elsewhere': {
    pods: [pod({ node: 'node-2', status: WAITING })],
    because: /node-2 with data/u,
  },
  'it is to run elsewhere, with a volume for all nodes': {
    pods: [pod({ node: 'node-2', status: WAITING })],
    held: { source: SHARED },
  },
  'nobody knows yet where the copy will be': {
    pods: [pod({ node: 'node-2' })],
    held: { node: undefined },
  },
  'the pod that is elsewhere is going': { pods: [pod({ node: 'node-2', isGoing: true })] },
  'the pod that is elsewhere has ended': { pods: [pod({ node: 'node-2', status: { phase: 'Succeeded' } })] },
  'another BackupEr pod is elsewhere': {
    pods: [pod({ node: 'node-2', labels: { 'app.kubernetes.io/name': 'backuper' } })],
  },
  'a pod with another claim is elsewhere': { pods: [pod({ claim: 'other', node: 'node-2' })] },
  'its volume can not be attached because of the copy': {
    pods: [pod({ node: 'node-1', status: WAITING })],
    events: [event('FailedAttachVolume', HELD_BY_US, LATER)],
    because: /waits for data, which the copy holds: Multi-Attach/u,
  },
  'its volume could not be attached before the copy began': {
    pods: [pod({ node: 'node-1', status: WAITING })],
    events: [event('FailedAttachVolume', HELD_BY_US, '2026-11-21T00:14:59Z')],
  },
  'it could not be attached in the second in which the copy began': {
    pods: [pod({ node: 'node-1', status: WAITING })],
    events: [event('FailedAttachVolume', HELD_BY_US, '2026-11-21T00:15:00Z')],
    because: /Multi-Attach/u,
  },
  'it waits for something else': {
    pods: [pod({ node: 'node-1', status: WAITING })],
    events: [event('FailedMount', 'secret "settings" not found', LATER)],
  },
  'the pod runs by now': {
    pods: [pod({ node: 'node-1' })],
    events: [event('FailedAttachVolume', HELD_BY_US, LATER)],
  },
  'the scheduler waits for the only pod that may have it': {
    pods: [pod({ status: ONCE_PER_POD })],
    because: /ReadWriteOncePod/u,
  },
  'the scheduler waits for something else': { pods: [pod({ status: NO_CPU })] },
  'somebody begins to write to the target': {
    pods: [pod({ claim: 'copy', node: 'node-1' })],
    because: /app-1 has begun to use copy/u,
  },
  'somebody reads the target': { pods: [pod({ claim: 'copy', node: 'node-1', isReadOnly: true })] },
  'the application was scaled down and is back': {
    pods: [pod({ node: 'node-1' })],
    held: { isScaledDown: true },
    because: /something else scales it/u,
  },
  'the application was scaled down and its last pod is going': {
    pods: [pod({ node: 'node-1', isGoing: true })],
    held: { isScaledDown: true },
  },
};

describe('A copy', () => {
  for (const [name, { pods, events = [], held, because }] of Object.entries(CASES)) {
    test(`${because === undefined ? 'goes on' : 'yields'} when ${name}`, () => {
      const reason = whyYield(pods, events, { ...HELD, ...held });
      if (because === undefined) assert.equal(reason, undefined);
      else assert.match(reason ?? '', because);
    });
  }
});

test('Events are asked for of pods that wait with one of the claims, and of no others', () => {
  const waiting = pod({ status: WAITING });
  const found = waitingUsers([pod({}), waiting, pod({ claim: 'other', status: WAITING })], HELD);
  assert.deepEqual(found, [waiting]);
});
