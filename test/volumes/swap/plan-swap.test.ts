import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import { planSwap } from '../../../src/volumes/swap/plan-swap.ts';
import type { SwapDeclineReason, SwapFacts } from '../../../src/volumes/swap/swap-facts.ts';
import type { SwapRecord } from '../../../src/volumes/swap/swap-record.ts';
import { pod, workload } from '../quiesce/objects.ts';

const REQUEST = { namespace: 'shop', claim: 'data', copy: 'data-backup', isForced: false };
const FORCED = { ...REQUEST, isForced: true };
const COMPLETE = { 'openshift-backup.io/copy-state': 'complete', 'openshift-backup.io/copy-of': 'data' };
const FACTS: SwapFacts = {
  pods: [],
  deployments: [workload('Deployment', 'web', { claim: 'data', replicas: 3 })],
  statefulSets: [],
  replicaSets: [],
  autoscalers: [],
  claim: claim('data', 'old'),
  copy: claim('data-backup', 'new', { annotations: COMPLETE }),
  claimVolume: volume('old', 'data'),
  copyVolume: volume('new', 'data-backup'),
  copyRequest: undefined,
  swaps: [],
};

type Case = readonly [
  name: string,
  facts: Partial<SwapFacts>,
  reasons: readonly SwapDeclineReason[],
  message: RegExp,
];

describe('planSwap', () => {
  test('says what happens, in order, and what to know before', () => {
    const facts = {
      ...FACTS,
      copy: claim('data-backup', 'new', {
        annotations: { ...COMPLETE, 'openshift-backup.io/copy-time': '2026-11-20T00:15:00Z' },
      }),
    };
    const plan = planSwap(REQUEST, {
      ...facts,
      copyVolume: volume('new', 'data-backup', { storageClassName: 'fast' }),
    });
    assert.ok(plan.kind === 'swap');
    assert.deepEqual(
      plan.workloads.map(({ name, replicas }) => [name, replicas]),
      [['web', 3]],
    );
    assert.deepEqual(plan.steps, [
      'scale to zero: Deployment web (3)',
      'keep both volumes, old and new, whatever happens to their claims (reclaim policy Retain)',
      'delete claim data-backup, and reserve its volume new for data',
      'delete claim data, and make it again with volume new',
      'give new its reclaim policy back; old stays, Released and with Retain',
      'scale back, and wait until it is ready: Deployment web (3)',
    ]);
    assert.deepEqual(plan.notes, [
      'What was written to data since 2026-11-20T00:15:00Z is on the old volume only',
      'Afterwards there is no claim data-backup: nightly copies of data are declined until there is a new one',
      "The claim's storage class changes from slow to fast",
    ]);
  });

  test('warns of GitOps', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'shop' };
    const plan = planSwap(REQUEST, { ...FACTS, claim: claim('data', 'old', { annotations }) });
    assert.ok(plan.kind === 'swap');
    assert.match(plan.notes.at(-1) ?? '', /GitOps: pause that/u);
  });

  const cases: readonly Case[] = [
    ['no claim', { claim: undefined }, ['claim-missing'], /no claim data:/u],
    ['no copy', { copy: undefined }, ['claim-missing'], /no claim data-backup/u],
    ['neither', { claim: undefined, copy: undefined }, ['claim-missing', 'claim-missing'], /no claim data:/u],
    [
      'a claim that goes',
      { claim: claim('data', 'old', { isGoing: true }) },
      ['claim-terminating'],
      /is being deleted/u,
    ],
    [
      'a claim that waits',
      { claim: claim('data', 'old', { phase: 'Pending' }), claimVolume: undefined },
      ['claim-not-bound'],
      /data is Pending/u,
    ],
    [
      'a claim that is lost',
      { claim: claim('data', 'old', { phase: 'Lost' }), claimVolume: undefined },
      ['claim-not-bound'],
      /data is Lost/u,
    ],
    [
      'a volume of another claim',
      { copyVolume: volume('new', 'other') },
      ['claim-not-bound'],
      /no volume that is bound to it/u,
    ],
    [
      'a volume that goes',
      {
        copyVolume: {
          ...volume('new', 'data-backup'),
          metadata: { name: 'new', deletionTimestamp: '2026-11-20T00:00:00Z' },
        },
      },
      ['volume-terminating'],
      /new/u,
    ],
    [
      'a mode that the copy has not',
      { claim: claim('data', 'old', { spec: { accessModes: ['ReadWriteMany'] } }) },
      ['mode-mismatch'],
      /ReadWriteMany/u,
    ],
    [
      'a block volume',
      { copyVolume: volume('new', 'data-backup', { volumeMode: 'Block' }) },
      ['mode-mismatch'],
      /Filesystem and the copy a Block/u,
    ],
    [
      'a copy that is too small',
      { copyVolume: volume('new', 'data-backup', { capacity: { storage: '1023Mi' } }) },
      ['too-small'],
      /has 1023Mi and the claim asks for 1Gi/u,
    ],
    [
      'a claim of a DataVolume',
      { claim: claim('data', 'old', { owner: 'DataVolume' }) },
      ['claim-owned'],
      /DataVolume .* make it anew: clone it/u,
    ],
    [
      'a claim of an operator',
      { copy: claim('data-backup', 'new', { annotations: COMPLETE, owner: 'Postgres' }) },
      ['claim-owned'],
      /change the volume there/u,
    ],
    ['a copy in use', { pods: [pod({ claim: 'data-backup' })] }, ['copy-in-use'], /used by web-1/u],
    [
      'a copy under way',
      { pods: [pod({ name: 'backuper-copy-1', labels: { 'app.kubernetes.io/name': 'backuper' } })] },
      ['copy-in-use'],
      /being copied by backuper-copy-1/u,
    ],
    ['a pod that nothing starts again', { pods: [pod()] }, ['cannot-scale'], /nothing could start it again/u],
    [
      'a swap under way',
      { swaps: [swap({ claim: 'other', copy: 'data' })] },
      ['swap-under-way'],
      /Swap 1 of other and data has not ended/u,
    ],
    [
      'several things',
      {
        pods: [pod({ claim: 'data-backup' }), pod()],
        copyVolume: volume('new', 'data-backup', { volumeMode: 'Block' }),
      },
      ['mode-mismatch', 'copy-in-use', 'cannot-scale'],
      /Block/u,
    ],
  ];
  for (const [name, facts, reasons, message] of cases) {
    test(`declines ${name}, forced or not`, () => {
      for (const request of [REQUEST, FORCED]) {
        const plan = planSwap(request, { ...FACTS, ...facts });
        assert.ok(plan.kind === 'declined');
        assert.deepEqual(
          plan.objections.map(({ reason }) => reason),
          reasons,
        );
        assert.match(plan.objections[0]?.message ?? '', message);
      }
    });
  }

  const forcible: readonly Case[] = [
    [
      'an incomplete copy',
      {
        copy: claim('data-backup', 'new', {
          annotations: { ...COMPLETE, 'openshift-backup.io/copy-state': 'incomplete' },
        }),
      },
      ['copy-not-complete'],
      /is incomplete: copy again, or add --force/u,
    ],
    ['what may be no copy', { copy: claim('data-backup', 'new') }, ['copy-not-complete'], /unknown/u],
    [
      'a copy of another claim',
      {
        copy: claim('data-backup', 'new', {
          annotations: { ...COMPLETE, 'openshift-backup.io/copy-of': 'photos' },
        }),
      },
      ['copy-of-another'],
      /a copy of photos/u,
    ],
    ['generations', { copyRequest: { mode: 'generations' } }, ['copy-not-whole'], /generations/u],
    [
      'a copy in a folder',
      { copyRequest: { mode: 'mirror', into: 'shop/data' } },
      ['copy-not-whole'],
      /folder/u,
    ],
    [
      'a copy of a folder',
      { copyRequest: { mode: 'mirror', sub: 'uploads' } },
      ['copy-not-whole'],
      /folder/u,
    ],
    [
      'wishes for generations, when no record tells',
      { claim: claim('data', 'old', { annotations: { 'openshift-backup.io/copy-mode': 'generations' } }) },
      ['copy-not-whole'],
      /generations/u,
    ],
  ];
  for (const [name, facts, reasons, message] of forcible) {
    test(`declines ${name}, unless forced`, () => {
      const plan = planSwap(REQUEST, { ...FACTS, ...facts });
      assert.ok(plan.kind === 'declined');
      assert.deepEqual(
        plan.objections.map(({ reason }) => reason),
        reasons,
      );
      assert.match(plan.objections[0]?.message ?? '', message);
      assert.equal(planSwap(FORCED, { ...FACTS, ...facts }).kind, 'swap');
    });
  }

  const allowed: readonly (readonly [string, Partial<SwapFacts>])[] = [
    [
      'an earlier swap that has ended',
      { swaps: [swap({ claim: 'data', copy: 'data-backup', state: 'rolled-back' })] },
    ],
    ['a larger copy', { copyVolume: volume('new', 'data-backup', { capacity: { storage: '2G' } }) }],
    ['a claim of a StatefulSet', { claim: claim('data', 'old', { owner: 'StatefulSet' }) }],
    [
      'a mirror, whatever the claim wishes for now',
      {
        copyRequest: { mode: 'mirror', into: '', sub: '' },
        claim: claim('data', 'old', { annotations: { 'openshift-backup.io/copy-into': 'x' } }),
      },
    ],
    ['pods that have ended', { pods: [pod({ claim: 'data-backup', phase: 'Succeeded' })] }],
  ];
  for (const [name, facts] of allowed) {
    test(`is not stopped by ${name}`, () => {
      const plan = planSwap(REQUEST, { ...FACTS, ...facts });
      assert.equal(plan.kind, 'swap', JSON.stringify(plan));
    });
  }

  test('declines one claim for both, and one volume for both', () => {
    const same = planSwap({ ...REQUEST, copy: 'data' }, FACTS);
    assert.ok(same.kind === 'declined');
    assert.equal(same.objections[0]?.reason, 'same-claim');
    const shared = {
      ...volume('old', 'data'),
      spec: { ...volume('old', 'data').spec, claimRef: { uid: 'uid-data' } },
    };
    const twin = {
      ...claim('data-backup', 'old', { annotations: COMPLETE }),
      metadata: { name: 'data-backup', uid: 'uid-data', annotations: COMPLETE },
    };
    const plan = planSwap(REQUEST, { ...FACTS, claimVolume: shared, copyVolume: shared, copy: twin });
    assert.ok(plan.kind === 'declined');
    assert.equal(plan.objections[0]?.reason, 'same-volume');
  });
});

function claim(
  name: string,
  volumeName: string,
  shape: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly phase?: string;
    readonly isGoing?: boolean;
    readonly owner?: string;
    readonly spec?: object;
  } = {},
): ClusterObject {
  const owner = { apiVersion: 'any/v1', kind: shape.owner ?? '', name: 'owner', uid: 'uid-owner' };
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      annotations: shape.annotations ?? {},
      ...(shape.isGoing === true && { deletionTimestamp: '2026-11-20T00:00:00Z' }),
      ...(shape.owner !== undefined && { ownerReferences: [owner] }),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'slow',
      volumeName,
      ...shape.spec,
    },
    status: { phase: shape.phase ?? 'Bound' },
  };
}

function volume(name: string, claimName: string, spec: object = {}): ClusterObject {
  return {
    metadata: { name, uid: `uid-${name}` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      storageClassName: 'slow',
      claimRef: { namespace: 'shop', name: claimName, uid: `uid-${claimName}` },
      ...spec,
    },
  };
}

function swap(changes: Partial<SwapRecord>): SwapRecord {
  const time = '2026-11-20T00:00:00Z';
  const kept = {
    claim: claim('data', 'old'),
    copy: claim('data-backup', 'new'),
    claimVolume: volume('old', 'data'),
    copyVolume: volume('new', 'data-backup'),
  };
  return {
    format: 1,
    id: '1',
    namespace: 'shop',
    claim: 'data',
    copy: 'data-backup',
    direction: 'forward',
    state: 'running',
    step: 'quiet',
    startedAt: time,
    updatedAt: time,
    message: '',
    workloads: [],
    kept,
    ...changes,
  };
}
