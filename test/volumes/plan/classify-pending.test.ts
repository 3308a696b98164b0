import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { classifyPending, type PendingReason } from '../../../src/volumes/run/classify-pending.ts';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import { explainRefusal, type Refusal } from '../../../src/volumes/run/explain-refusal.ts';

const CREATED = '2026-11-21T00:00:00Z';
const MINUTE_MS = 60_000;

interface Made {
  readonly conditions?: readonly object[];
  readonly waiting?: object;
  readonly deleted?: boolean;
}

function made({ conditions = [], waiting, deleted = false }: Made): ClusterObject {
  return {
    metadata: {
      name: 'backuper-copy-x',
      creationTimestamp: CREATED,
      ...(deleted && { deletionTimestamp: CREATED }),
    },
    spec: {},
    status: {
      phase: 'Pending',
      conditions,
      ...(waiting && { containerStatuses: [{ name: 'backuper', image: 'quay.io/x:1', state: { waiting } }] }),
    },
  };
}

function unschedulable(message: string, reason = 'Unschedulable'): ClusterObject {
  return made({ conditions: [{ type: 'PodScheduled', status: 'False', reason, message }] });
}

function scheduled(time = CREATED): object {
  return { type: 'PodScheduled', status: 'True', lastTransitionTime: time };
}

function event(reason: string, message: string, time = '2026-11-21T00:01:00Z'): ClusterObject {
  return {
    kind: 'Event',
    metadata: { name: 'x' },
    type: 'Warning',
    reason,
    message,
    lastTimestamp: time,
  } as ClusterObject;
}

function verdictAt(
  pod: ClusterObject,
  events: readonly ClusterObject[],
  minutes: number,
): ReturnType<typeof classifyPending> {
  const now = new Date(Date.parse(CREATED) + minutes * MINUTE_MS);
  return classifyPending(pod, events, minutes * MINUTE_MS, now);
}

interface Case {
  readonly name: string;
  readonly pod: ClusterObject;
  readonly events?: readonly ClusterObject[];
  /** Minutes until it is given up. */
  readonly after: number;
  readonly reason: PendingReason;
  readonly says: RegExp;
}

const PREEMPTION = ' preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
const MULTI_ATTACH = `Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) shop/db-0`;
const SLOW =
  'MountVolume.SetUp failed for volume "pvc-1" : rpc error: code = DeadlineExceeded desc = context deadline exceeded';
const CREATING = made({ conditions: [scheduled()], waiting: { reason: 'ContainerCreating' } });

const CASES: readonly Case[] = [
  {
    name: 'volumes that no node reaches, up to 1.32',
    pod: unschedulable(`0/3 nodes are available: 3 node(s) had volume node affinity conflict.${PREEMPTION}`),
    after: 2,
    reason: 'unschedulable',
    says: /no node reaches both volumes/u,
  },
  {
    name: 'volumes that no node reaches, since then',
    pod: unschedulable(
      `0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match PersistentVolume's node affinity.${PREEMPTION}`,
    ),
    after: 2,
    reason: 'unschedulable',
    says: /no node reaches both volumes/u,
  },
  {
    name: 'a node that could have room, where the others do not reach the volumes',
    pod: unschedulable(
      `0/3 nodes are available: 1 Insufficient memory, 2 node(s) had volume node affinity conflict.${PREEMPTION}`,
    ),
    after: 10,
    reason: 'no-room',
    says: /no node has room.*Insufficient memory/u,
  },
  {
    name: 'nodes that could have room, where the first one told of does not reach the volumes',
    pod: unschedulable(
      `0/3 nodes are available: 1 node(s) had volume node affinity conflict, 2 Insufficient memory.${PREEMPTION}`,
    ),
    after: 10,
    reason: 'no-room',
    says: /no node has room/u,
  },
  {
    name: 'the node of the volume, full',
    pod: unschedulable(
      `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity].${PREEMPTION}`,
    ),
    after: 10,
    reason: 'no-room',
    says: /make room/u,
  },
  {
    name: 'the node of the volume, gone',
    pod: unschedulable(
      `0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.${PREEMPTION}`,
    ),
    after: 2,
    reason: 'unschedulable',
    says: /the node of the volumes has gone/u,
  },
  {
    name: 'a taint',
    pod: unschedulable(
      `0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }.${PREEMPTION}`,
    ),
    after: 10,
    reason: 'no-room',
    says: /disk-pressure/u,
  },
  {
    name: 'a node with as many volumes as it can have',
    pod: unschedulable(`0/1 nodes are available: 1 node(s) exceed max volume count.${PREEMPTION}`),
    after: 10,
    reason: 'no-room',
    says: /max volume count/u,
  },
  {
    name: 'no volume for the target',
    pod: unschedulable(
      `0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.${PREEMPTION}`,
    ),
    after: 2,
    reason: 'unschedulable',
    says: /no volume fits the target/u,
  },
  {
    name: 'storage without room for the target',
    pod: unschedulable(`0/1 nodes are available: 1 node(s) did not have enough free storage.${PREEMPTION}`),
    after: 2,
    reason: 'unschedulable',
    says: /another storage class/u,
  },
  {
    name: 'a claim for one pod',
    pod: unschedulable(
      '0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.',
    ),
    after: 2,
    reason: 'unschedulable',
    says: /scale the application to zero/u,
  },
  {
    name: 'a claim that has gone',
    pod: unschedulable(
      `0/1 nodes are available: persistentvolumeclaim "data-backup" not found.${PREEMPTION}`,
    ),
    after: 2,
    reason: 'unschedulable',
    says: /create it anew/u,
  },
  {
    name: 'a claim that goes',
    pod: unschedulable(
      `0/1 nodes are available: persistentvolumeclaim "data-backup" is being deleted.${PREEMPTION}`,
    ),
    after: 2,
    reason: 'unschedulable',
    says: /wait until it has gone/u,
  },
  {
    name: 'a claim that has lost its volume',
    pod: unschedulable(
      `0/1 nodes are available: persistentvolumeclaim "data" bound to non-existent persistentvolume "pv".${PREEMPTION}`,
    ),
    after: 2,
    reason: 'unschedulable',
    says: /restore the volume/u,
  },
  {
    name: 'a claim that waits for its volume',
    pod: unschedulable(
      `0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.${PREEMPTION}`,
    ),
    after: 10,
    reason: 'no-room',
    says: /oc describe pvc/u,
  },
  {
    name: 'something new',
    pod: unschedulable('0/1 nodes are available: 1 node(s) are not in the mood.'),
    after: 10,
    reason: 'no-room',
    says: /not in the mood/u,
  },
  {
    name: 'a queue that holds it back',
    pod: unschedulable('Scheduling is blocked due to non-empty scheduling gates', 'SchedulingGated'),
    after: 10,
    reason: 'gated',
    says: /scheduling gate/u,
  },
  ...['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'].map((reason) => ({
    name: reason,
    pod: made({
      conditions: [scheduled()],
      waiting: { reason, message: 'Back-off pulling image "quay.io/x:1"' },
    }),
    after: 3,
    reason: 'image' as const,
    says: new RegExp(`quay\\.io/x:1 can't be had \\(${reason}`, 'u'),
  })),
  {
    name: 'a container that can not be made',
    pod: made({
      conditions: [scheduled()],
      waiting: {
        reason: 'CreateContainerConfigError',
        message: 'container has runAsNonRoot and image will run as root',
      },
    }),
    after: 1,
    reason: 'container',
    says: /runAsNonRoot/u,
  },
  {
    name: 'a runtime that labels many files',
    pod: made({
      conditions: [scheduled()],
      waiting: { reason: 'CreateContainerError', message: 'name "k8s_x" is reserved for "0123"' },
    }),
    after: 30,
    reason: 'mount',
    says: /SELinux/u,
  },
  {
    name: 'a volume that another node has',
    pod: CREATING,
    events: [event('FailedAttachVolume', MULTI_ATTACH)],
    after: 7,
    reason: 'attach',
    says: /another node has the volume.*shop\/db-0/u,
  },
  {
    name: 'a volume that another node has, and the mount that waits for it',
    pod: CREATING,
    events: [
      event(
        'FailedMount',
        'Unable to attach or mount volumes: timed out waiting for the condition',
        '2026-11-21T00:03:00Z',
      ),
      event('FailedAttachVolume', MULTI_ATTACH),
    ],
    after: 7,
    reason: 'attach',
    says: /another node has the volume/u,
  },
  {
    name: 'a volume that can not be attached',
    pod: CREATING,
    events: [
      event(
        'FailedAttachVolume',
        'AttachVolume.Attach failed for volume "pvc-1" : rpc error: volume not found',
      ),
    ],
    after: 7,
    reason: 'attach',
    says: /can't be attached: look at its storage/u,
  },
  {
    name: 'a volume of many files',
    pod: CREATING,
    events: [event('FailedMount', SLOW)],
    after: 30,
    reason: 'mount',
    says: /many files/u,
  },
  {
    name: 'a volume that can not be mounted now',
    pod: CREATING,
    events: [
      event('FailedMount', 'MountVolume.MountDevice failed for volume "pvc-1" : rpc error: code = Internal'),
    ],
    after: 10,
    reason: 'mount',
    says: /can't be mounted/u,
  },
  {
    name: 'a volume that can never be mounted',
    pod: CREATING,
    events: [
      event(
        'FailedMount',
        'mount failed: exit status 32: wrong fs type, bad option, bad superblock on /dev/xvdb',
      ),
    ],
    after: 2,
    reason: 'mount',
    says: /wrong fs type/u,
  },
  {
    name: 'a network that can not be set up',
    pod: CREATING,
    events: [event('FailedCreatePodSandBox', 'failed to setup network for sandbox: no addresses left')],
    after: 10,
    reason: 'sandbox',
    says: /look at its network/u,
  },
  {
    name: 'nothing that can be seen',
    pod: CREATING,
    after: 30,
    reason: 'too-long',
    says: /nothing says why/u,
  },
  {
    name: 'no scheduler',
    pod: made({}),
    after: 30,
    reason: 'too-long',
    says: /oc describe pod backuper-copy-x/u,
  },
];

describe('A pod that waits for', () => {
  for (const { name, pod, events = [], after, reason, says } of CASES) {
    test(`${name} is given up after ${after} minutes`, () => {
      const before = verdictAt(pod, events, after - 0.1);
      assert.equal(before.kind, 'wait', before.message);
      assert.doesNotMatch(before.message, /undefined/u);
      const verdict = verdictAt(pod, events, after);
      assert.equal(verdict.kind === 'fail' && verdict.reason, reason, verdict.message);
      assert.match(verdict.message, says);
      assert.doesNotMatch(verdict.message, /\n|undefined/u);
    });
  }

  test('nothing any more, because it is being deleted, is given up at once', () => {
    const verdict = verdictAt(made({ deleted: true }), [], 0);
    assert.equal(verdict.kind === 'fail' && verdict.reason, 'deleted');
  });

  test('its image has the whole time for that, however long it waited for a node', () => {
    const waiting = { reason: 'ErrImagePull', message: 'x' };
    const pod = made({ conditions: [scheduled('2026-11-21T00:09:00Z')], waiting });
    assert.equal(verdictAt(pod, [], 11).kind, 'wait');
    assert.equal(verdictAt(pod, [], 12).kind, 'fail');
  });

  test('something, under a clock that is wrong, is given up by the time that the caller has measured', () => {
    const waiting = { reason: 'ErrImagePull', message: 'x' };
    const pod = made({ conditions: [scheduled()], waiting });
    for (const now of [new Date(0), new Date('2099-01-01T00:00:00Z')]) {
      assert.equal(classifyPending(pod, [], 2 * MINUTE_MS, now).kind, 'wait');
      assert.equal(classifyPending(pod, [], 3 * MINUTE_MS, now).kind, 'fail');
    }
  });

  test('is not told by words that would move the cursor', () => {
    const verdict = verdictAt(unschedulable('0/1 nodes are available: \u001B[2J\nx'), [], 0);
    assert.doesNotMatch(verdict.message, /\p{Cc}/u);
  });
});

describe('A pod is refused for', () => {
  const cases: readonly (readonly [
    message: string,
    reason: Refusal['reason'],
    mayPass: boolean,
    says: RegExp,
  ])[] = [
    [
      'pods "backuper-copy-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
      'pod-security',
      false,
      /enforce=baseline.*runAsUser=0/u,
    ],
    [
      'pods "backuper-copy-x" is forbidden: unable to validate against any security context constraint: [provider "backuper-root": Forbidden: not usable by user or serviceaccount]',
      'scc',
      false,
      /make volumes-allow/u,
    ],
    [
      'pods "backuper-copy-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10',
      'quota',
      true,
      /quota of the project is used up.*limited: pods=10/u,
    ],
    [
      'pods "backuper-copy-x" is forbidden: failed quota: compute: must specify limits.cpu for: backuper',
      'quota',
      false,
      /LimitRange with defaults/u,
    ],
    [
      'pods "backuper-copy-x" is forbidden: maximum memory usage per Container is 128Mi, but limit is 300Mi',
      'limits',
      false,
      /LimitRange/u,
    ],
    [
      'pods "backuper-copy-x" is forbidden: error looking up service account shop/backuper: serviceaccount "backuper" not found',
      'not-opted-in',
      false,
      /ServiceAccount backuper is missing/u,
    ],
    [
      'pods is forbidden: User "system:serviceaccount:openshift-backup:openshift-backup" cannot create resource "pods" in API group "" in the namespace "shop"',
      'not-opted-in',
      false,
      /make volumes-allow/u,
    ],
    [
      'pods "backuper-copy-x" is forbidden: unable to create new content in namespace shop because it is being terminated',
      'project-ends',
      false,
      /being deleted/u,
    ],
    [
      'admission webhook "policy.example.com" denied the request: no',
      'policy',
      false,
      /ask its administrator/u,
    ],
    [
      "pods \"backuper-copy-x\" is forbidden: ValidatingAdmissionPolicy 'backuper' with binding 'backuper' denied request: no",
      'policy',
      false,
      /policy of the cluster/u,
    ],
    [
      'Internal error occurred: failed calling webhook "policy.example.com": connection refused',
      'webhook-down',
      true,
      /does not answer/u,
    ],
    ['something\nelse', 'other', false, /does not take the pod: something else/u],
  ];
  for (const [message, reason, mayPass, says] of cases) {
    test(message.slice(0, 100).replaceAll('\n', ' '), () => {
      const refusal = explainRefusal(message);
      assert.deepEqual([refusal.reason, refusal.mayPass], [reason, mayPass]);
      assert.match(refusal.message, says);
    });
  }
});
