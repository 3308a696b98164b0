import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { quantityBytes } from '../../../src/volumes/plan/claim-facts.ts';
import type { ClusterObject, CopyFacts, CopyPlan, CopyRequest } from '../../../src/volumes/copy.ts';
import { claim, namespace, node, onHost, planned, pod, volume, waitingClass, zoned } from './made-objects.ts';

const TOLERATION = { key: 'db', operator: 'Equal', value: 'only', effect: 'NoSchedule' };

describe('A copy goes to', () => {
  const cases: readonly (readonly [string, Partial<CopyFacts>, Partial<CopyRequest>, string | undefined])[] =
    [
      ['any node, with nobody there', {}, {}, undefined],
      ['the node that has the source', { pods: [pod('db-0', { node: 'worker-2' })] }, {}, 'worker-2'],
      [
        'the node where the source is only read',
        { pods: [pod('db-0', { isMountReadOnly: true })] },
        {},
        'worker-1',
      ],
      [
        'the node where the source is about to be',
        { pods: [pod('db-0', { phase: 'Pending' })] },
        {},
        'worker-1',
      ],
      [
        'any node, with a pod that has none yet',
        { pods: [pod('db-0', { node: '', phase: 'Pending' })] },
        {},
        undefined,
      ],
      ['any node, with a pod that has ended', { pods: [pod('job', { phase: 'Succeeded' })] }, {}, undefined],
      [
        'any node, with a source for many nodes',
        {
          source: claim('data', { modes: ['ReadWriteMany'] }),
          pods: [pod('a'), pod('b', { node: 'worker-3' })],
        },
        {},
        undefined,
      ],
      [
        'any node, with a source that pods read on two',
        {
          source: claim('data', { modes: ['ReadOnlyMany'] }),
          pods: [pod('a'), pod('b', { node: 'worker-3' })],
        },
        {},
        undefined,
      ],
      ['the node that is asked for', {}, { node: 'worker-3' }, 'worker-3'],
      [
        'the node that is asked for and has the source',
        { pods: [pod('db-0')] },
        { node: 'worker-1' },
        'worker-1',
      ],
      [
        'the only node of a local volume',
        { targetVolume: volume('pv-of-data-backup', onHost('worker-2')) },
        {},
        'worker-2',
      ],
      [
        'the only node in both zones',
        {
          sourceVolume: volume('pv-of-data', zoned('b', 'c')),
          targetVolume: volume('pv-of-data-backup', zoned('a', 'b')),
        },
        {},
        'worker-3',
      ],
      [
        'any node of the zone where a target will be made',
        {
          target: claim('data-backup', { phase: 'Pending' }),
          targetVolume: undefined,
          sourceVolume: volume('pv-of-data', zoned('a')),
        },
        {},
        undefined,
      ],
      ['the node in use, where nodes are hidden', { pods: [pod('db-0')], nodes: undefined }, {}, 'worker-1'],
      [
        'a node whose name is not its host name, by its own name',
        {
          pods: [pod('db-0', { node: 'ip-10-0-0-1.internal' })],
          sourceVolume: volume('pv-of-data', onHost('ip-10-0-0-1')),
          nodes: [
            {
              ...node('ip-10-0-0-1.internal', 'a'),
              metadata: { name: 'ip-10-0-0-1.internal', labels: { 'kubernetes.io/hostname': 'ip-10-0-0-1' } },
            },
          ],
        },
        {},
        'ip-10-0-0-1.internal',
      ],
      [
        'a node with a taint that the users of the source tolerate',
        {
          pods: [pod('db-0', { tolerations: [TOLERATION] })],
          nodes: [node('worker-1', 'a', { taints: [{ key: 'db', value: 'only', effect: 'NoSchedule' }] })],
        },
        {},
        'worker-1',
      ],
      [
        'a node with a taint that only asks',
        { nodes: [node('worker-1', 'a', { taints: [{ key: 'db', effect: 'PreferNoSchedule' }] })] },
        {},
        'worker-1',
      ],
    ];
  for (const [name, facts, request, expected] of cases) {
    test(name, () => assert.equal(planned(facts, request).node, expected));
  }

  test('where its pod may go: with the tolerations of the users, once each, without those of every pod', () => {
    const pods = [pod('db-1', { tolerations: [TOLERATION] }), pod('db-0', { tolerations: [TOLERATION] })];
    assert.deepEqual(planned({ pods }).tolerations, [TOLERATION]);
  });
});

describe('A plan knows how a node is chosen by its labels', () => {
  const worker = { ...node('w', 'a'), metadata: { name: 'w', labels: { gen: '7', disk: 'ssd' } } };
  const cases: readonly (readonly [object, boolean])[] = [
    [{ key: 'disk', operator: 'In', values: ['ssd'] }, true],
    [{ key: 'disk', operator: 'In', values: ['hdd'] }, false],
    [{ key: 'disk', operator: 'NotIn', values: ['hdd'] }, true],
    [{ key: 'gone', operator: 'NotIn', values: ['hdd'] }, true],
    [{ key: 'disk', operator: 'Exists' }, true],
    [{ key: 'gone', operator: 'Exists' }, false],
    [{ key: 'gone', operator: 'DoesNotExist' }, true],
    [{ key: 'gen', operator: 'Gt', values: ['6'] }, true],
    [{ key: 'gen', operator: 'Gt', values: ['7'] }, false],
    [{ key: 'gen', operator: 'Lt', values: ['10'] }, true],
    [{ key: 'disk', operator: 'Lt', values: ['10'] }, false],
    [{ key: 'disk', operator: 'Like', values: ['s*'] }, false],
    [{ key: '__proto__', operator: 'Exists' }, false],
  ];
  for (const [expression, fits] of cases) {
    test(`${JSON.stringify(expression)} ${fits ? 'fits' : 'does not fit'}`, () => {
      const nodeSelectorTerms = [{}, { matchExpressions: [expression] }];
      const sourceVolume = volume('pv-of-data', { nodeAffinity: { required: { nodeSelectorTerms } } });
      const plan = (): CopyPlan => planned({ sourceVolume, nodes: [worker] });
      if (fits) assert.equal(plan().node, 'w');
      else assert.throws(plan, /topology-mismatch/u);
    });
  }

  for (const [name, fits] of [
    ['w', true],
    ['v', false],
  ] as const) {
    test(`its name ${name}`, () => {
      const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }];
      const sourceVolume = volume('pv-of-data', {
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchFields }] } },
      });
      const plan = (): CopyPlan => planned({ sourceVolume, nodes: [worker] });
      if (fits) assert.equal(plan().node, 'w');
      else assert.throws(plan, /topology-mismatch.*metadata\.name in v/u);
    });
  }
});

describe('A source is', () => {
  const hooks = { 'openshift-backup.io/pre-hook': '["psql","-c","CHECKPOINT"]' };
  const scalable = workloads();
  const scaled = pod('db-5d-x', { owner: { kind: 'ReplicaSet', name: 'db-5d' } });
  const cases: readonly (readonly [
    string,
    Partial<CopyFacts>,
    CopyRequest['quiesce'],
    CopyPlan['consistency'],
    RegExp,
  ])[] = [
    ['idle when nobody has it', {}, 'none', 'idle', /no pod uses/u],
    [
      'idle when it is only read',
      { pods: [pod('a', { isMountReadOnly: true })] },
      'none',
      'idle',
      /the pod a only reads/u,
    ],
    ['idle when nobody has it, though hooks are asked for', {}, 'hooks', 'idle', /no pod uses/u],
    ['idle when nobody has it, though scaling is asked for', { owners: [] }, 'scale', 'idle', /no pod uses/u],
    [
      'live when somebody may write',
      { pods: [pod('db-0')] },
      'none',
      'live',
      /the pod db-0 may write.*fuzzy/u,
    ],
    [
      'quiesced by hooks',
      { pods: [pod('db-0', { annotations: hooks })] },
      'hooks',
      'quiesced',
      /hooks keep the pod db-0/u,
    ],
    [
      'live when one of two writers has no hook',
      { pods: [pod('db-0', { annotations: hooks }), pod('db-1')] },
      'hooks',
      'live',
      /the pod db-1 may write.*without a hook/u,
    ],
    [
      'live when there is only a hook for afterwards',
      { pods: [pod('db-0', { annotations: { 'openshift-backup.io/post-hook': '["true"]' } })] },
      'hooks',
      'live',
      /without a hook that has run before/u,
    ],
    ['quiesced by scaling', { pods: [scaled], owners: scalable }, 'scale', 'quiesced', /Deployment db/u],
    [
      'quiesced by scaling though Git may scale it back, which is told',
      { pods: [scaled], owners: workloads({ annotations: { 'argocd.argoproj.io/tracking-id': 'db' } }) },
      'scale',
      'quiesced',
      /kept by GitOps \(argocd/u,
    ],
  ];
  for (const [name, facts, quiesce, consistency, says] of cases) {
    test(name, () => {
      const plan = planned(facts, { quiesce });
      assert.equal(plan.consistency, consistency);
      const texts = plan.notes.filter(({ about }) => about === 'consistency').map(({ text }) => text);
      assert.match(texts.join('\n'), says);
      assert.ok(
        consistency !== 'live' ||
          plan.notes.some(({ about, isWarning }) => about === 'consistency' && isWarning),
      );
    });
  }

  test("quiesced by Velero's hooks where they count", async () => {
    const { planCopy } = await import('../../../src/volumes/plan/plan-copy.ts');
    const { FACTS, REQUEST } = await import('./made-objects.ts');
    const annotations = { 'pre.hook.backup.velero.io/command': '["/bin/true"]' };
    const facts = { ...FACTS, pods: [pod('db-0', { annotations })] };
    const request = { ...REQUEST, quiesce: 'hooks' } as const;
    const [off, on] = [planCopy(request, facts), planCopy(request, facts, { veleroHooks: true })];
    assert.equal(off.kind === 'declined' && off.reason, 'hook-missing');
    assert.equal(on.kind === 'copy' && on.consistency, 'quiesced');
  });
});

describe('A plan warns', () => {
  const cases: readonly (readonly [string, Partial<CopyFacts>, RegExp])[] = [
    ['of one storage class', { target: claim('data-backup') }, /storage class fast: the copy does not help/u],
    [
      'of one server',
      { sourceVolume: volume('a', { ...nfs('/a') }), targetVolume: volume('b', { ...nfs('/b') }) },
      /lie on the NFS server nas\.example\.com/u,
    ],
    ['of a source for many nodes', { source: claim('data', { modes: ['ReadWriteMany'] }) }, /not seen here/u],
    [
      'of a copy that goes with its claim',
      { targetVolume: volume('b', { persistentVolumeReclaimPolicy: 'Delete' }) },
      /reclaim policy is Delete/u,
    ],
    [
      'of a copy that will go with its claim',
      {
        target: claim('data-backup', { phase: 'Pending' }),
        targetVolume: undefined,
        targetClass: waitingClass({ reclaimPolicy: 'Delete' }),
      },
      /reclaim policy is Delete/u,
    ],
    [
      'of a smaller target',
      { target: claim('data-backup', { size: '5Gi' }) },
      /smaller than data \(5\.0 GiB of 10\.0 GiB\)/u,
    ],
    ['of hidden nodes', { nodes: undefined }, /nodes can't be read/u],
    ['of a hidden volume', { sourceVolume: undefined }, /volume pv-of-data of data can't be read/u],
  ];
  for (const [name, facts, says] of cases) {
    test(name, () => {
      const warnings = planned(facts).notes.filter(({ isWarning }) => isWarning);
      assert.match(warnings.map(({ text }) => text).join('\n'), says);
    });
  }

  test('of nothing where there is nothing', () => {
    assert.deepEqual(
      planned().notes.filter(({ isWarning }) => isWarning),
      [],
    );
  });

  test('not of the size where it is only a number', () => {
    const target = claim('data-backup', { size: '1Gi', storageClass: 'local' });
    const provisioned = { 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' };
    const local = volume('b', onHost('worker-1'));
    const targetVolume = { ...local, metadata: { ...local.metadata, annotations: provisioned } };
    assert.deepEqual(
      planned({ target, targetVolume }).notes.filter(({ about }) => about === 'capacity'),
      [],
    );
  });
});

describe('A plan knows', () => {
  const levels: readonly (readonly [string | undefined, CopyPlan['highestTier']])[] = [
    [undefined, 'root'],
    ['privileged', 'root'],
    ['baseline', 'root'],
    ['restricted', 'owner'],
  ];
  for (const [level, tier] of levels) {
    test(`that Pod Security ${level ?? 'without a label'} lets ${tier} in`, () => {
      const labels = level === undefined ? {} : { 'pod-security.kubernetes.io/enforce': level };
      assert.equal(planned({ namespace: namespace(labels) }).highestTier, tier);
    });
  }

  const users: readonly (readonly [string, readonly ClusterObject[], CopyPlan['likelyOwner']])[] = [
    ['nobody', [], undefined],
    ['what the image decides', [pod('a')], undefined],
    ['the pod', [pod('a', { podSecurity: { runAsUser: 999, fsGroup: 5 } })], { uid: 999, gid: 5 }],
    [
      'the container before the pod',
      [pod('a', { podSecurity: { runAsUser: 999, runAsGroup: 7 }, containerSecurity: { runAsUser: 26 } })],
      { uid: 26, gid: 7 },
    ],
    [
      'one that writes before one that reads',
      [
        pod('a', { isMountReadOnly: true, podSecurity: { runAsUser: 1 } }),
        pod('b', { podSecurity: { runAsUser: 2 } }),
      ],
      { uid: 2, gid: undefined },
    ],
    ['nonsense', [pod('a', { podSecurity: { runAsUser: -1 } })], undefined],
  ];
  for (const [name, pods, expected] of users) {
    test(`who likely owns the files: ${name}`, () =>
      assert.deepEqual(planned({ pods }).likelyOwner, expected));
  }

  for (const [text, expected] of [
    ['1000690000/10000', { first: 1_000_690_000, count: 10_000 }],
    ['1000690000-1000699999', { first: 1_000_690_000, count: 10_000 }],
    ['nonsense', undefined],
    ['5-4', undefined],
  ] as const) {
    test(`which users OpenShift gives the project: ${text}`, () => {
      const annotations = { 'openshift.io/sa.scc.uid-range': text };
      assert.deepEqual(
        planned({ namespace: namespace({}, annotations), isOpenShift: true }).projectUids,
        expected,
      );
    });
  }

  for (const [text, bytes] of [
    ['10Gi', 10 * 2 ** 30],
    ['500M', 500e6],
    ['1.5Ki', 1536],
    ['2e9', 2e9],
    ['1E', 1e18],
    ['128974848', 128_974_848],
    ['1500m', 1.5],
    ['', 0],
    ['ten', 0],
    ['1Zi', 0],
  ] as const) {
    test(`how much ${JSON.stringify(text)} is`, () => assert.equal(quantityBytes(text), bytes));
  }

  test('the modes that a volume really has, before those that were asked for', () => {
    const source = claim('data');
    const plan = planned({
      source: { ...source, status: { ...source.status, accessModes: ['ReadWriteMany'] } },
    });
    assert.deepEqual(plan.source.accessModes, ['ReadWriteMany']);
  });
});

function workloads(metadata: object = {}): ClusterObject[] {
  const template = { spec: { volumes: [{ name: 's', persistentVolumeClaim: { claimName: 'data' } }] } };
  const controller = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'db',
    uid: 'uid-of-db',
    controller: true,
  };
  return [
    {
      kind: 'Deployment',
      metadata: { name: 'db', uid: 'uid-of-db', ...metadata },
      spec: { replicas: 1, template },
    },
    {
      kind: 'ReplicaSet',
      metadata: { name: 'db-5d', uid: 'uid-of-db-5d', ownerReferences: [controller] },
      spec: { replicas: 1, template },
    },
  ];
}

function nfs(path: string): object {
  return { csi: undefined, nfs: { server: 'nas.example.com', path } };
}
