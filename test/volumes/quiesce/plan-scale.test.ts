import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planScale, type ScaleFacts } from '../../../src/volumes/quiesce/plan-scale.ts';
import { type Owner, pod, uidOf, workload } from './objects.ts';

const NOTHING: ScaleFacts = {
  pods: [],
  deployments: [],
  statefulSets: [],
  replicaSets: [],
  autoscalers: undefined,
};
const WEB: Owner = { kind: 'Deployment', name: 'web' };
const WEB_SET: Owner = { kind: 'ReplicaSet', name: 'web-5d8' };
const DB: Owner = { kind: 'StatefulSet', name: 'db' };
const OF_WEB: ScaleFacts = {
  ...NOTHING,
  pods: [pod({ owner: WEB_SET })],
  deployments: [workload('Deployment', 'web', { replicas: 3 })],
  replicaSets: [workload('ReplicaSet', 'web-5d8', { replicas: 3, owner: WEB })],
};
const OF_DB: ScaleFacts = {
  ...NOTHING,
  pods: [pod({ name: 'db-0', owner: DB })],
  statefulSets: [workload('StatefulSet', 'db', { replicas: 2 })],
};

describe('planScale', () => {
  const scaled = [
    ['a Deployment, through its ReplicaSet', OF_WEB, ['Deployment web 3']],
    ['a StatefulSet', OF_DB, ['StatefulSet db 2']],
    [
      'a ReplicaSet of nobody',
      { ...OF_WEB, replicaSets: [workload('ReplicaSet', 'web-5d8')] },
      ['ReplicaSet web-5d8 1'],
    ],
    [
      'one for many pods',
      { ...OF_WEB, pods: ['a', 'b'].map((name) => pod({ name, owner: WEB_SET })) },
      ['Deployment web 3'],
    ],
    [
      'several, by name',
      { ...OF_WEB, pods: [...OF_WEB.pods, ...OF_DB.pods], statefulSets: OF_DB.statefulSets },
      ['StatefulSet db 2', 'Deployment web 3'],
    ],
    [
      'a Deployment without pods yet',
      { ...NOTHING, deployments: [workload('Deployment', 'web', { claim: 'data' })] },
      ['Deployment web 1'],
    ],
    [
      'a ReplicaSet without pods yet',
      { ...NOTHING, replicaSets: [workload('ReplicaSet', 'rs', { claim: 'data' })] },
      ['ReplicaSet rs 1'],
    ],
    ['nothing, when nobody uses it', { ...OF_WEB, pods: [pod({ claim: 'other', owner: WEB_SET })] }, []],
    ['nothing for pods that have ended', { ...OF_WEB, pods: [pod({ owner: WEB_SET, phase: 'Failed' })] }, []],
    ['nothing for a pod of nobody that goes', { ...NOTHING, pods: [pod({ isGoing: true })] }, []],
    [
      'nothing for a BackupEr pod',
      { ...NOTHING, pods: [pod({ labels: { 'app.kubernetes.io/name': 'backuper' } })] },
      [],
    ],
    [
      'nothing at zero already',
      { ...OF_DB, statefulSets: [workload('StatefulSet', 'db', { replicas: 0 })] },
      [],
    ],
    [
      'what an autoscaler leaves at zero',
      { ...OF_WEB, autoscalers: [autoscaler({ minReplicas: 1 })] },
      ['Deployment web 3'],
    ],
    [
      'what an autoscaler of another one may start',
      { ...OF_WEB, autoscalers: [autoscaler({ minReplicas: 0 }, 'shop')] },
      ['Deployment web 3'],
    ],
  ] as const;
  for (const [name, facts, expected] of scaled) {
    test(`scales ${name}`, () => {
      const plan = planScale('data', facts);
      assert.ok(plan.kind === 'scale', JSON.stringify(plan));
      assert.deepEqual(
        plan.workloads.map(({ kind, name: workloadName, replicas }) => `${kind} ${workloadName} ${replicas}`),
        expected,
      );
    });
  }

  for (const [claim, isTheirs] of [
    ['files-db-0', true],
    ['files-db-17', true],
    ['files-db-x', false],
    ['files-db-', false],
    ['other-db-0', false],
    ['files-db-0-0', false],
  ] as const) {
    test(`${isTheirs ? 'knows' : 'does not take'} ${claim} ${isTheirs ? '' : 'for one '}of a StatefulSet's own`, () => {
      const spec = { volumeClaimTemplates: [{ metadata: { name: 'files' } }] };
      const plan = planScale(claim, { ...NOTHING, statefulSets: [workload('StatefulSet', 'db', { spec })] });
      assert.ok(plan.kind === 'scale');
      assert.equal(plan.workloads.length, isTheirs ? 1 : 0);
    });
  }

  const declined = [
    ['a pod of nobody', { ...NOTHING, pods: [pod()] }, /Pod web-1 .*nothing could start it again/u],
    [
      'a DaemonSet',
      { ...NOTHING, pods: [pod({ owner: { kind: 'DaemonSet', name: 'agent' } })] },
      /DaemonSet agent: give its pods hooks/u,
    ],
    [
      'a DaemonSet whose pod goes, and comes again',
      { ...NOTHING, pods: [pod({ isGoing: true, owner: { kind: 'DaemonSet', name: 'agent' } })] },
      /DaemonSet agent/u,
    ],
    [
      'a Job',
      { ...NOTHING, pods: [pod({ owner: { kind: 'Job', name: 'load' } })] },
      /Job load: wait until it has ended/u,
    ],
    [
      'a DeploymentConfig',
      { ...NOTHING, pods: [pod({ owner: { kind: 'ReplicationController', name: 'web-7' } })] },
      /oc scale dc/u,
    ],
    [
      'a pod of an operator',
      { ...NOTHING, pods: [pod({ owner: { kind: 'Postgres', name: 'db' } })] },
      /Postgres db: give its pods hooks/u,
    ],
    [
      'a Deployment of an operator',
      { ...OF_WEB, deployments: [workload('Deployment', 'web', { owner: { kind: 'Shop', name: 'shop' } })] },
      /Shop shop, whose operator would scale it back/u,
    ],
    [
      'a ReplicaSet of a Rollout',
      {
        ...OF_WEB,
        deployments: [],
        replicaSets: [workload('ReplicaSet', 'web-5d8', { owner: { kind: 'Rollout', name: 'web' } })],
      },
      /Rollout web/u,
    ],
    [
      'claims that go with the pods',
      {
        ...OF_DB,
        statefulSets: [
          workload('StatefulSet', 'db', {
            spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } },
          }),
        ],
      },
      /whenScaled to Retain first/u,
    ],
    [
      'an autoscaler from zero',
      { ...OF_WEB, autoscalers: [autoscaler({ minReplicas: 0 })] },
      /minReplicas to 1/u,
    ],
    [
      'KEDA',
      { ...OF_WEB, autoscalers: [keda()] },
      /ScaledObject web with autoscaling\.keda\.sh\/paused-replicas/u,
    ],
  ] as const;
  for (const [name, facts, message] of declined) {
    test(`declines ${name}`, () => {
      const plan = planScale('data', facts);
      assert.ok(plan.kind === 'declined', JSON.stringify(plan));
      assert.equal(plan.reason, 'cannot-scale');
      assert.match(plan.message, message);
    });
  }

  test('knows whose pods are theirs, and what another run has left at zero', () => {
    const annotations = { 'openshift-backup.io/replicas': '3' };
    const deployments = [workload('Deployment', 'web', { replicas: 0, claim: 'data', annotations })];
    const plan = planScale('data', { ...OF_WEB, pods: [], deployments });
    assert.ok(plan.kind === 'scale');
    assert.deepEqual(plan.podMakers, [uidOf(WEB), uidOf(WEB_SET)]);
    assert.deepEqual(plan.notes, ['Deployment web was scaled to zero by another run and had 3 replicas']);
  });
});

function autoscaler(spec: object, name = 'web') {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  return { metadata: { name: 'scaler' }, spec: { scaleTargetRef, ...spec } };
}

function keda() {
  const owner = { kind: 'ScaledObject', name: 'web' };
  const { metadata } = workload('HorizontalPodAutoscaler', 'keda-hpa-web', { owner });
  return { ...autoscaler({ minReplicas: 1 }), metadata };
}
