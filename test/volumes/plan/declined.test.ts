import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterObject, CopyFacts, CopyRequest, DeclineReason } from '../../../src/volumes/copy.ts';
import {
  backuperPodOn,
  claim,
  FACTS,
  namespace,
  node,
  onHost,
  planned,
  pod,
  refused,
  volume,
  waitingClass,
  zoned,
} from './made-objects.ts';

interface Case {
  readonly name: string;
  readonly facts?: Partial<CopyFacts>;
  readonly request?: Partial<CopyRequest>;
  readonly reason: DeclineReason;
  /** What the message has to say. */
  readonly says: RegExp;
}

const HOOK = 'openshift-backup.io/pre-hook';
const DEPLOYMENT = workload('Deployment', 'db');
const REPLICA_SET = workload('ReplicaSet', 'db-5d', { ownerReferences: [owner('Deployment', 'db')] });
const DB_POD = pod('db-5d-x', { owner: { kind: 'ReplicaSet', name: 'db-5d' } });
const SCALE = { quiesce: 'scale' } as const;

function workload(kind: string, name: string, metadata: object = {}, spec: object = {}): ClusterObject {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, ...metadata },
    spec: { replicas: 1, template: { spec: { containers: [] } }, ...spec },
  };
}

function owner(
  kind: string,
  name: string,
): NonNullable<ClusterObject['metadata']['ownerReferences']>[number] {
  return { apiVersion: 'apps/v1', kind, name, uid: `uid-of-${name}`, controller: true };
}

function attachment(name: string, nodeName: string): ClusterObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: `csi-${nodeName}` },
    spec: { attacher: 'ebs.csi.aws.com', nodeName, source: { persistentVolumeName: name } },
    status: { attached: true },
  };
}

const CASES: readonly Case[] = [
  {
    name: 'no project',
    facts: { namespace: undefined },
    reason: 'project-missing',
    says: /no project shop/u,
  },
  {
    name: 'a project that goes',
    facts: { namespace: { ...namespace(), status: { phase: 'Terminating' } } },
    reason: 'project-missing',
    says: /being deleted/u,
  },
  {
    name: 'a project that is not opted in',
    facts: { isOptedIn: false },
    reason: 'not-opted-in',
    says: /make volumes-allow PROJECT=shop/u,
  },
  {
    name: 'no source',
    facts: { source: undefined },
    reason: 'claim-missing',
    says: /no claim data: check the name/u,
  },
  {
    name: 'no target',
    facts: { target: undefined },
    reason: 'claim-missing',
    says: /no claim data-backup: create it/u,
  },
  {
    name: 'a source that goes',
    facts: { source: claim('data', { deleted: true }) },
    reason: 'claim-terminating',
    says: /the claim data is being deleted/u,
  },
  {
    name: 'a target that goes',
    facts: { target: claim('data-backup', { deleted: true }) },
    reason: 'claim-terminating',
    says: /the claim data-backup is being deleted/u,
  },
  {
    name: 'a source that was never used',
    facts: { source: claim('data', { phase: 'Pending' }) },
    reason: 'claim-pending',
    says: /never bound.*start the application/u,
  },
  {
    name: 'a target that should be bound at once',
    facts: {
      target: claim('data-backup', { phase: 'Pending' }),
      targetClass: waitingClass({ volumeBindingMode: 'Immediate' }),
    },
    reason: 'claim-pending',
    says: /storage class fast binds at once.*oc describe pvc data-backup/u,
  },
  {
    name: 'a target whose class does not exist',
    facts: {
      target: claim('data-backup', { phase: 'Pending', storageClass: 'fst' }),
      targetClass: undefined,
    },
    reason: 'claim-pending',
    says: /storage class fst can't be read or does not exist/u,
  },
  {
    name: 'a target without a class',
    facts: { target: claim('data-backup', { phase: 'Pending', storageClass: '' }), targetClass: undefined },
    reason: 'claim-pending',
    says: /names no storage class/u,
  },
  {
    name: 'a target that waits for a volume by name',
    facts: {
      target: {
        ...claim('data-backup', { phase: 'Pending' }),
        spec: { accessModes: ['ReadWriteOnce'], volumeName: 'by-hand', storageClassName: 'fast' },
      },
    },
    reason: 'claim-pending',
    says: /waits for the volume by-hand/u,
  },
  {
    name: 'a source that has lost its volume',
    facts: { source: claim('data', { phase: 'Lost' }) },
    reason: 'claim-lost',
    says: /lost its volume pv-of-data/u,
  },
  {
    name: 'a target that has lost its volume',
    facts: { target: claim('data-backup', { phase: 'Lost' }) },
    reason: 'claim-lost',
    says: /data-backup has lost/u,
  },
  { name: 'one claim twice', request: { target: 'data' }, reason: 'same-claim', says: /onto itself/u },
  {
    name: 'two claims of one volume',
    facts: { target: { ...claim('data-backup'), spec: { volumeName: 'pv-of-data' } } },
    reason: 'same-volume',
    says: /the same data/u,
  },
  {
    name: 'two volumes of one disk',
    facts: { targetVolume: volume('pv-of-data-backup', { csi: volume('pv-of-data').spec?.['csi'] }) },
    reason: 'same-volume',
    says: /the same data/u,
  },
  {
    name: 'two volumes of one NFS export, one in the other',
    facts: {
      sourceVolume: volume('pv-of-data', { csi: undefined, nfs: { server: 'nas', path: '/exports/shop' } }),
      targetVolume: volume('pv-of-data-backup', {
        csi: undefined,
        nfs: { server: 'nas', path: '/exports/shop/old' },
      }),
    },
    reason: 'same-volume',
    says: /the same data/u,
  },
  {
    name: 'a device onto a file system',
    facts: { source: claim('data', { volumeMode: 'Block' }) },
    reason: 'mode-mismatch',
    says: /volumeMode: Block/u,
  },
  {
    name: 'devices',
    facts: {
      source: claim('data', { volumeMode: 'Block' }),
      target: claim('data-backup', { volumeMode: 'Block' }),
      pods: [pod('db-0')],
    },
    reason: 'block-mode',
    says: /VolumeSnapshot/u,
  },
  {
    name: 'a source for one pod that has it',
    facts: { source: claim('data', { modes: ['ReadWriteOncePod'] }), pods: [pod('db-0')] },
    reason: 'once-per-pod-in-use',
    says: /data is ReadWriteOncePod and the pod db-0 has it: scale/u,
  },
  {
    name: 'a target for one pod that another one reads',
    facts: {
      target: claim('data-backup', { modes: ['ReadWriteOncePod'] }),
      pods: [pod('viewer', { claim: 'data-backup', isMountReadOnly: true })],
    },
    reason: 'once-per-pod-in-use',
    says: /data-backup is ReadWriteOncePod and the pod viewer/u,
  },
  {
    name: 'a target that is written to',
    facts: { pods: [pod('other-0', { claim: 'data-backup' })] },
    reason: 'target-in-use',
    says: /the pod other-0 may write to data-backup/u,
  },
  {
    name: 'a target that a pod will write to once it has a node',
    facts: { pods: [pod('other-0', { claim: 'data-backup', node: '', phase: 'Pending' })] },
    reason: 'target-in-use',
    says: /other-0/u,
  },
  {
    name: 'a target that a pod which goes still writes to',
    facts: {
      pods: [
        {
          ...pod('other-0', { claim: 'data-backup' }),
          metadata: { name: 'other-0', deletionTimestamp: '2026-11-21T00:00:00Z' },
        },
      ],
    },
    reason: 'target-in-use',
    says: /other-0/u,
  },
  {
    name: "a pod with the tool's label that is not the tool's",
    facts: {
      pods: [pod('sneaky', { claim: 'data-backup', labels: { 'app.kubernetes.io/name': 'backuper' } })],
    },
    reason: 'target-in-use',
    says: /sneaky/u,
  },
  {
    name: 'a target that is an ephemeral volume of a pod',
    facts: {
      pods: [
        {
          ...pod('data'),
          spec: {
            nodeName: 'worker-1',
            containers: [],
            volumes: [{ name: 'backup', ephemeral: { volumeClaimTemplate: {} } }],
          },
        },
      ],
    },
    reason: 'target-in-use',
    says: /the pod data may write/u,
  },
  {
    name: 'three writers',
    facts: { pods: ['c', 'a', 'b'].map((name) => pod(name, { claim: 'data-backup' })) },
    reason: 'target-in-use',
    says: /the pods a, b and 1 more may write/u,
  },
  {
    name: 'a target that can only be read',
    facts: { target: claim('data-backup', { modes: ['ReadOnlyMany'] }) },
    reason: 'target-read-only',
    says: /ReadOnlyMany/u,
  },
  {
    name: 'a target whose volume can only be read',
    facts: {
      targetVolume: volume('pv-of-data-backup', { csi: { driver: 'a', volumeHandle: 'b', readOnly: true } }),
    },
    reason: 'target-read-only',
    says: /says readOnly/u,
  },
  {
    name: 'a target that is mounted ro',
    facts: { targetVolume: volume('pv-of-data-backup', { mountOptions: ['hard', 'ro'] }) },
    reason: 'target-read-only',
    says: /option ro/u,
  },
  {
    name: 'an application that moves between nodes',
    facts: { pods: [pod('db-0'), pod('db-1', { node: 'worker-2', phase: 'Pending' })] },
    reason: 'two-nodes',
    says: /db-0 and db-1.*worker-1, worker-2/u,
  },
  {
    name: 'a source and a target in use on two nodes',
    facts: {
      pods: [pod('db-0'), pod('viewer', { claim: 'data-backup', node: 'worker-2', isMountReadOnly: true })],
    },
    reason: 'two-nodes',
    says: /data is in use on the node worker-1 and data-backup on worker-2/u,
  },
  {
    name: 'another node than the one that has the source',
    facts: { pods: [pod('db-0')] },
    request: { node: 'worker-2' },
    reason: 'source-in-use-elsewhere',
    says: /in use on the node worker-1 and can't be reached from worker-2/u,
  },
  {
    name: 'an application that waits for its volume',
    facts: { pods: [pod('db-0', { phase: 'Pending' })], attachments: [attachment('pv-of-data', 'worker-9')] },
    reason: 'source-in-use-elsewhere',
    says: /still attached to the node worker-9/u,
  },
  {
    name: 'volumes in two zones',
    facts: {
      sourceVolume: volume('pv-of-data', zoned('a')),
      targetVolume: volume('pv-of-data-backup', zoned('b')),
    },
    reason: 'topology-mismatch',
    says: /zone in a, data-backup needs .*zone in b/u,
  },
  {
    name: 'volumes in two zones, where the nodes are hidden',
    facts: {
      sourceVolume: volume('pv-of-data', zoned('a')),
      targetVolume: volume('pv-of-data-backup', zoned('b')),
      nodes: undefined,
    },
    reason: 'topology-mismatch',
    says: /no node reaches both/u,
  },
  {
    name: 'local volumes of two nodes',
    facts: {
      sourceVolume: volume('pv-of-data', onHost('worker-1')),
      targetVolume: volume('pv-of-data-backup', onHost('worker-2')),
    },
    reason: 'topology-mismatch',
    says: /hostname in worker-1/u,
  },
  {
    name: 'a source in use where the target is not',
    facts: { pods: [pod('db-0')], targetVolume: volume('pv-of-data-backup', zoned('b')) },
    reason: 'topology-mismatch',
    says: /the node worker-1, where data .* does not reach the volume of data-backup/u,
  },
  {
    name: 'a target that would be made in another zone',
    facts: {
      pods: [pod('db-0')],
      target: claim('data-backup', { phase: 'Pending' }),
      targetVolume: undefined,
      targetClass: waitingClass({
        allowedTopologies: [
          { matchLabelExpressions: [{ key: 'topology.kubernetes.io/zone', values: ['b'] }] },
        ],
      }),
    },
    reason: 'topology-mismatch',
    says: /zone in b/u,
  },
  {
    name: 'a node that there is not',
    request: { node: 'worker-8' },
    reason: 'node-unsuitable',
    says: /no node worker-8/u,
  },
  {
    name: 'a node that does not reach the target',
    facts: { targetVolume: volume('pv-of-data-backup', zoned('b')) },
    request: { node: 'worker-1' },
    reason: 'node-unsuitable',
    says: /data-backup can't be reached from the node worker-1, only from .*zone in b/u,
  },
  {
    name: 'a node that is cordoned',
    facts: { nodes: [node('worker-1', 'a', { unschedulable: true })] },
    request: { node: 'worker-1' },
    reason: 'node-unsuitable',
    says: /worker-1 is cordoned/u,
  },
  {
    name: 'a node that is broken, with the source',
    facts: { pods: [pod('db-0')], nodes: [node('worker-1', 'a', {}, false)] },
    reason: 'node-unsuitable',
    says: /worker-1 is not ready.*scale the application down/u,
  },
  {
    name: 'a node with a taint that nobody tolerates',
    facts: {
      nodes: [node('infra', 'a', { taints: [{ key: 'infra', value: 'yes', effect: 'NoSchedule' }] })],
    },
    reason: 'node-unsuitable',
    says: /infra=yes:NoSchedule/u,
  },
  { name: 'no nodes', facts: { nodes: [] }, reason: 'node-unsuitable', says: /there are no nodes/u },
  {
    name: 'hooks that nobody has',
    facts: { pods: [pod('db-0')] },
    request: { quiesce: 'hooks' },
    reason: 'hook-missing',
    says: /openshift-backup\.io\/pre-hook/u,
  },
  {
    name: 'a hook that is no command',
    facts: { pods: [pod('db-0', { annotations: { [HOOK]: 'psql -c CHECKPOINT' } })] },
    request: { quiesce: 'hooks' },
    reason: 'bad-hook',
    says: /JSON array/u,
  },
  {
    name: 'scaling where the workloads are hidden',
    facts: { pods: [DB_POD] },
    request: SCALE,
    reason: 'cannot-scale',
    says: /make volumes-allow PROJECT=shop/u,
  },
  {
    name: 'scaling a pod that nobody made',
    facts: { pods: [pod('db-0')], owners: [] },
    request: SCALE,
    reason: 'cannot-scale',
    says: /db-0/u,
  },
  ...['DaemonSet', 'Job', 'VirtualMachineInstance'].map((kind) => ({
    name: `scaling a ${kind}`,
    facts: { pods: [pod('db-0', { owner: { kind, name: 'db' } })], owners: [] },
    request: SCALE,
    reason: 'cannot-scale' as const,
    says: new RegExp(`${kind} db`, 'u'),
  })),
  {
    name: 'scaling what an operator made',
    facts: {
      pods: [pod('db-0', { owner: { kind: 'StatefulSet', name: 'db' } })],
      owners: [workload('StatefulSet', 'db', { ownerReferences: [owner('PostgresCluster', 'db')] })],
    },
    request: SCALE,
    reason: 'cannot-scale',
    says: /PostgresCluster/u,
  },
  {
    name: 'scaling what an autoscaler may start again',
    facts: {
      pods: [DB_POD],
      owners: [
        DEPLOYMENT,
        REPLICA_SET,
        workload(
          'HorizontalPodAutoscaler',
          'db-hpa',
          {},
          { minReplicas: 0, scaleTargetRef: { kind: 'Deployment', name: 'db' } },
        ),
      ],
    },
    request: SCALE,
    reason: 'cannot-scale',
    says: /HorizontalPodAutoscaler db-hpa/u,
  },
  {
    name: 'scaling what deletes its claims then',
    facts: {
      pods: [pod('db-0', { owner: { kind: 'StatefulSet', name: 'db' } })],
      owners: [
        workload('StatefulSet', 'db', {}, { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } }),
      ],
    },
    request: SCALE,
    reason: 'cannot-scale',
    says: /whenScaled/u,
  },
];

/** Those that only a look into the volumes can give. */
const BY_PROBE: readonly DeclineReason[] = [
  'target-too-small',
  'target-lacks-room',
  'mixed-owners',
  'pod-security',
];

describe('A copy is declined for', () => {
  for (const { name, facts = {}, request, reason, says } of CASES) {
    test(name, () => {
      const plan = refused(facts, request);
      assert.equal(plan.reason, reason, plan.message);
      assert.match(plan.message, says);
      assert.doesNotMatch(plan.message, /\n|undefined|\[object/u);
    });
  }

  test('every reason that is known before the volumes are looked into', () => {
    const reasons = new Set<string>([...CASES.map(({ reason }) => reason), ...BY_PROBE, 'bad-folder']);
    const all = {
      'project-missing': 0,
      'not-opted-in': 0,
      'claim-missing': 0,
      'claim-terminating': 0,
      'claim-pending': 0,
      'claim-lost': 0,
      'same-claim': 0,
      'same-volume': 0,
      'bad-folder': 0,
      'block-mode': 0,
      'mode-mismatch': 0,
      'once-per-pod-in-use': 0,
      'topology-mismatch': 0,
      'two-nodes': 0,
      'node-unsuitable': 0,
      'target-too-small': 0,
      'target-in-use': 0,
      'target-read-only': 0,
      'source-in-use-elsewhere': 0,
      'mixed-owners': 0,
      'pod-security': 0,
      'target-lacks-room': 0,
      'hook-missing': 0,
      'bad-hook': 0,
      'cannot-scale': 0,
    } satisfies Record<DeclineReason, 0>;
    assert.deepEqual([...reasons].toSorted(), Object.keys(all).toSorted());
  });
});

describe('A folder', () => {
  const bad: readonly (readonly [folder: string, says: RegExp])[] = [
    ['..', /\.\./u],
    ['a/../b', /\.\./u],
    ['./a', /\. or \.\./u],
    ['/etc', /slash/u],
    ['a//b', /empty part/u],
    ['a/', /empty part/u],
    ['a\0b', /NUL/u],
    ['\uD800', /UTF-8/u],
    ['x'.repeat(256), /255 bytes/u],
    ['ä'.repeat(128), /255 bytes/u],
    [Array.from({ length: 8 }, () => 'x'.repeat(99)).join('/'), /700 bytes/u],
  ];
  for (const [folder, says] of bad) {
    for (const key of ['sub', 'into']) {
      test(`as ${key} is declined: ${JSON.stringify(folder).slice(0, 30)}`, () => {
        const { reason, message } = refused({}, { [key]: folder });
        assert.equal(reason, 'bad-folder');
        assert.match(message, says);
        assert.match(message, key === 'sub' ? /^the folder to copy/u : /^the folder of the target/u);
        assert.ok(message.length < 300);
      });
    }
  }

  const good = [
    '',
    'a',
    '...',
    '..a',
    'a..b',
    '-rf',
    'a b',
    "it's",
    '"',
    'new\nline',
    '$(id)',
    'ä'.repeat(127),
    'a/b/c',
    '\\',
  ];
  for (const folder of good) {
    test(`is fine: ${JSON.stringify(folder).slice(0, 30)}`, () => {
      assert.equal(planned({}, { sub: folder, into: folder }).request.sub, folder);
    });
  }
});

describe('A target is not in use by', () => {
  const innocent: Readonly<Record<string, ClusterObject>> = {
    "the tool's own pod": backuperPodOn('data-backup'),
    'a pod that has ended well': pod('job-x', { claim: 'data-backup', phase: 'Succeeded' }),
    'a pod that has failed': pod('job-y', { claim: 'data-backup', phase: 'Failed' }),
    'a pod that uses another claim': pod('web-0', { claim: 'data-backup-2' }),
  };
  for (const [name, one] of Object.entries(innocent)) {
    test(name, () => {
      const plan = planned({ pods: [one] });
      assert.deepEqual(plan.target.users, []);
      assert.equal(plan.node, undefined);
    });
  }

  test('pods that read it, which are told of', () => {
    const pods = [
      pod('a', { claim: 'data-backup', isClaimReadOnly: true }),
      pod('b', { claim: 'data-backup', isMountReadOnly: true }),
    ];
    const plan = planned({ pods });
    assert.deepEqual(
      plan.target.users.map(({ isReadOnly }) => isReadOnly),
      [true, true],
    );
    assert.equal(plan.node, 'worker-1');
    assert.ok(
      plan.notes.some(
        ({ isWarning, text }) => isWarning && text.includes('the pods a and b read data-backup'),
      ),
    );
  });
});

test('The facts that the cases change are a copy', () => {
  assert.equal(planned().kind, 'copy');
  assert.equal(FACTS.pods.length, 0);
});
