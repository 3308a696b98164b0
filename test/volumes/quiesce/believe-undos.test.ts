import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import { believeUndos } from '../../../src/volumes/quiesce/believe-undos.ts';
import type { Undo } from '../../../src/volumes/run-record.ts';
import { sharedCluster } from '../../cluster/cluster.ts';
import type { KubernetesObject } from '../../cluster/objects.ts';

const PROJECT = 'believe-undos';
const NOTE = 'openshift-backup.io/replicas';
const POST = 'openshift-backup.io/post-hook';
const VELERO = 'post.hook.backup.velero.io/command';

type Changes = Readonly<Record<string, unknown>>;

/** A workload: its replicas, its note if any, and the claim that it uses. */
const WORKLOADS: readonly (readonly [
  name: string,
  replicas: number,
  note: string | undefined,
  claim: string,
])[] = [
  ['stopped', 0, undefined, 'data'],
  ['noted', 0, '3', 'data'],
  ['noted-other', 0, '3', 'other'],
  ['noted-running', 2, '3', 'data'],
  ['running', 3, undefined, 'other'],
  ['foreign', 0, undefined, 'other'],
];

const SCALINGS: readonly (readonly [title: string, changes: Changes, doubt: RegExp | undefined])[] = [
  ['stands at zero and uses the claim', { name: 'stopped' }, undefined],
  ['carries the note', { name: 'noted' }, undefined],
  ['carries the note, and uses the claim no more', { name: 'noted-other' }, undefined],
  ['carries the note, and was scaled up', { name: 'noted-running' }, undefined],
  ['runs, so that nothing is scaled', { name: 'running' }, undefined],
  ['is gone, which is said elsewhere', { name: 'gone' }, undefined],
  ['is a StatefulSet of which the claim is its own', { resource: 'statefulsets', name: 'data' }, undefined],
  ['carries the note of another number', { name: 'noted', replicas: 4 }, /noted is not scaled .* says 3\./u],
  ['has nothing to do with it', { name: 'foreign' }, /foreign is not scaled .*nor uses data/u],
  ['is of a kind that is never scaled', { resource: 'daemonsets' }, /names no workload/u],
  ['is another resource by its path', { resource: '../../../api/v1/nodes' }, /names no workload/u],
  ['is another name by its path', { name: '..' }, /names no workload/u],
  ['is of another API', { apiVersion: 'v1' }, /names no workload/u],
  ['would have no replicas', { replicas: 0 }, /names no workload/u],
  ['would have half a replica', { replicas: 1.5 }, /names no workload/u],
  ['would have replicas without end', { replicas: 1e9 }, /names no workload/u],
  ['would have a text of replicas', { replicas: '3' }, /names no workload/u],
  ['has no name', { name: ['stopped'] }, /names no workload/u],
];

const DIFFERS = /^The post hook of pod .* has not run: /u;
const HOOKS: readonly (readonly [title: string, changes: Changes, doubt: RegExp | undefined])[] = [
  ['is what the annotation says', {}, undefined],
  ['is of a pod that is gone, which is said elsewhere', { pod: 'gone' }, undefined],
  ['is of a pod that has ended, which is said elsewhere', { pod: 'ended' }, undefined],
  ['has another time limit', { timeoutSeconds: 9999 }, undefined],
  ['is another command', { command: ['rm', '-rf', '/data'] }, DIFFERS],
  ['has one more word', { command: ['thaw', 'now', ''] }, DIFFERS],
  ['is no list', { command: 'thaw now' }, DIFFERS],
  ['runs in another container', { container: 'proxy' }, DIFFERS],
  ['is of a pod without one', { pod: 'bare' }, DIFFERS],
  ['is of a pod whose annotation is none', { pod: 'bad' }, DIFFERS],
  ['is one of Velero, which is switched off', { pod: 'velero' }, DIFFERS],
  ['is of no pod', { pod: '../../secrets/x' }, /names no pod/u],
];

describe('what a record tells to undo', () => {
  let connection: Connection;
  let objects: ClusterObjects;

  before(async () => {
    const cluster = await sharedCluster();
    connection = await connect({ kubeconfig: cluster.adminKubeconfig, context: '' });
    objects = new ClusterObjects(new ApiClient(connection, 'test', new AbortController().signal));
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: PROJECT } },
      ...WORKLOADS.map(([name, replicas, note, claim]) => deployment(name, replicas, note, claim)),
      statefulSet('data'),
      pod('app', { [POST]: '["thaw","now"]' }),
      pod('ended', {}),
      pod('bare', {}),
      pod('bad', { [POST]: '{"thaw":' }),
      pod('velero', { [VELERO]: '["thaw","now"]' }),
    ]);
    const ref = {
      apiVersion: 'v1',
      plural: 'pods',
      namespace: PROJECT,
      name: 'ended',
      subresource: 'status',
    };
    await objects.patch(ref, { status: { phase: 'Succeeded' } }, 'merge');
  });
  after(() => connection.close());

  async function doubtsOf(
    undo: unknown,
    { claim = 'data', veleroHooks = false }: { readonly claim?: string; readonly veleroHooks?: boolean } = {},
  ): Promise<readonly string[]> {
    const undos = [undo as Undo];
    const result = await believeUndos({ objects, namespace: PROJECT, veleroHooks }, claim, undos);
    assert.deepEqual(result.unknown, []);
    assert.deepEqual(result.believed, result.doubts.length === 0 ? undos : []);
    return result.doubts;
  }

  for (const [title, changes, doubt] of SCALINGS) {
    test(`scaling a workload that ${title}: ${doubt ? 'not' : ''} believed`, async () => {
      const usual = {
        kind: 'scale',
        apiVersion: 'apps/v1',
        resource: 'deployments',
        name: 'noted',
        replicas: 3,
      };
      const claim = changes['resource'] === 'statefulsets' ? 'files-data-0' : 'data';
      assertDoubts(await doubtsOf({ ...usual, ...changes }, { claim }), doubt);
    });
  }

  for (const [title, changes, doubt] of HOOKS) {
    test(`a hook that ${title}: ${doubt ? 'not' : ''} believed`, async () => {
      const usual = {
        kind: 'hook',
        pod: 'app',
        container: 'app',
        command: ['thaw', 'now'],
        timeoutSeconds: 30,
      };
      assertDoubts(await doubtsOf({ ...usual, ...changes }), doubt);
    });
  }

  test('a hook of Velero is believed where these are switched on', async () => {
    const hook = {
      kind: 'hook',
      pod: 'velero',
      container: 'proxy',
      command: ['thaw', 'now'],
      timeoutSeconds: 30,
    };
    assert.deepEqual(await doubtsOf(hook, { veleroHooks: true }), []);
  });

  test('what can not be looked at is neither done nor forgotten', async () => {
    const cluster = await sharedCluster();
    const { kubeconfig } = await cluster.serviceAccount({ namespace: PROJECT, name: 'nobody' });
    const own = await connect({ kubeconfig, context: '' });
    try {
      const blind = new ClusterObjects(new ApiClient(own, 'test', new AbortController().signal));
      const undo: Undo = {
        kind: 'scale',
        apiVersion: 'apps/v1',
        resource: 'deployments',
        name: 'noted',
        replicas: 3,
      };
      const context = { objects: blind, namespace: PROJECT, veleroHooks: false };
      const { believed, unknown, doubts } = await believeUndos(context, 'data', [undo]);
      assert.deepEqual([believed, unknown], [[], [undo]]);
      assert.match(doubts.join(), /could not be checked: .*forbidden/u);
    } finally {
      own.close();
    }
  });
});

function assertDoubts(doubts: readonly string[], expected: RegExp | undefined): void {
  if (expected === undefined) assert.deepEqual(doubts, []);
  else assert.match(doubts.join('\n'), expected);
}

function deployment(
  name: string,
  replicas: number,
  note: string | undefined,
  claimName: string,
): KubernetesObject {
  const volumes = [{ name: 'files', persistentVolumeClaim: { claimName } }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: PROJECT, annotations: note === undefined ? {} : { [NOTE]: note } },
    spec: { ...podsOf(name, volumes), replicas },
  };
}

/** At zero, with claims `files-<name>-0` and so on. */
function statefulSet(name: string): KubernetesObject {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: PROJECT },
    spec: {
      ...podsOf(name, []),
      replicas: 0,
      serviceName: name,
      volumeClaimTemplates: [{ metadata: { name: 'files' }, spec: claim }],
    },
  };
}

function podsOf(app: string, volumes: readonly object[]): object {
  const spec = { containers: [{ name: 'app', image: 'example/app:1' }], volumes };
  return { selector: { matchLabels: { app } }, template: { metadata: { labels: { app } }, spec } };
}

function pod(name: string, annotations: Readonly<Record<string, string>>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: PROJECT, annotations },
    spec: {
      containers: [
        { name: 'proxy', image: 'example/proxy:1' },
        { name: 'app', image: 'example/app:1', volumeMounts: [{ name: 'files', mountPath: '/data' }] },
      ],
      volumes: [{ name: 'files', persistentVolumeClaim: { claimName: 'data' } }],
    },
  };
}
