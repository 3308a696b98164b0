import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ClusterObject, CopyFacts, CopyRequest } from '../../../src/volumes/copy.ts';
import { gatherFacts } from '../../../src/volumes/plan/gather-facts.ts';
import { READ_EVERYTHING, type Rule } from '../../cluster/cluster.ts';
import type { KubernetesObject } from '../../cluster/objects.ts';
import { type OptedIn, optedInProject, optedInRules, recordOf } from './opted-in.ts';

const PROJECT = 'gather-facts';
const REQUEST: CopyRequest = recordOf(PROJECT, '').request;

describe('gatherFacts', () => {
  let optedIn: OptedIn;
  let reader: OptedIn;

  before(async () => {
    optedIn = await optedInProject(PROJECT);
    const { cluster } = optedIn;
    reader = await account('nightly', READ_EVERYTHING, await optedInRules());
    await cluster.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: PROJECT } },
      volume('gather-facts-data'),
      volume('gather-facts-backup'),
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'gather-facts' },
        provisioner: 'example.com/none',
      },
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'gather-facts' } },
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'VolumeAttachment',
        metadata: { name: 'gather-facts' },
        spec: {
          attacher: 'example.com',
          nodeName: 'gather-facts',
          source: { persistentVolumeName: 'gather-facts-data' },
        },
      },
    ]);
    await cluster.apply([claim('data', 'gather-facts-data'), claim('data-backup', 'gather-facts-backup')]);
    const web = await owned(cluster, workload('Deployment', 'web', {}), undefined);
    const webNow = await owned(cluster, workload('ReplicaSet', 'web-1', {}), web);
    const database = await owned(cluster, workload('StatefulSet', 'db', { serviceName: 'db' }), undefined);
    await owned(cluster, pod('web-1-x', 'data'), webNow);
    await owned(cluster, pod('web-1-y', 'data'), webNow);
    await owned(cluster, pod('db-0', 'data'), database);
    await owned(cluster, workload('Deployment', 'other', {}), undefined);
    await owned(cluster, pod('other', 'elsewhere'), undefined);
  });
  after(async () => {
    await reader.close();
    await optedIn.close();
  });

  test('reads everything that a plan depends on', async () => {
    const facts = await factsFor(reader);
    assert.deepEqual(summary(facts), {
      namespace: `v1 Namespace ${PROJECT}`,
      source: 'v1 PersistentVolumeClaim data',
      target: 'v1 PersistentVolumeClaim data-backup',
      sourceVolume: 'v1 PersistentVolume gather-facts-data',
      targetVolume: 'v1 PersistentVolume gather-facts-backup',
      targetClass: 'storage.k8s.io/v1 StorageClass gather-facts',
      pods: ['v1 Pod db-0', 'v1 Pod other', 'v1 Pod web-1-x', 'v1 Pod web-1-y'],
      owners: ['apps/v1 Deployment web', 'apps/v1 ReplicaSet web-1', 'apps/v1 StatefulSet db'],
      isOptedIn: true,
      isOpenShift: true,
    });
    assert.ok(facts.nodes?.some(({ metadata }) => metadata.name === 'gather-facts'));
    assert.ok(facts.attachments?.some(({ metadata }) => metadata.name === 'gather-facts'));
  });

  test('does with the rights of the project alone, and says what it does not know', async () => {
    const facts = await factsFor(optedIn);
    assert.deepEqual(summary(facts), {
      ...summary(await factsFor(reader)),
      sourceVolume: undefined,
      targetVolume: undefined,
      targetClass: undefined,
    });
    assert.deepEqual(facts.namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: PROJECT } });
    assert.deepEqual([facts.nodes, facts.attachments], [undefined, undefined]);
  });

  test('tells that a project is not opted in, whatever else may be read', async () => {
    const all = await account('only-reads', READ_EVERYTHING, []);
    const facts = await factsFor(all);
    assert.deepEqual([facts.isOptedIn, facts.pods.length], [false, 4]);
    const nobody = await account('nobody', [], []);
    const unknown = await factsFor(nobody);
    assert.deepEqual(
      [unknown.isOptedIn, unknown.source, unknown.target, unknown.pods, unknown.owners],
      [false, undefined, undefined, [], []],
    );
    await all.close();
    await nobody.close();
  });

  test('makes no plan out of rights that do not tell who uses a volume', async () => {
    const creates: Rule[] = [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }];
    const blind = await account('blind', [], creates);
    await assert.rejects(factsFor(blind), {
      name: 'KnownError',
      kind: 'refused',
      message: /may not be read: an administrator allows it with make volumes-allow PROJECT=gather-facts$/u,
    });
    await blind.close();
  });

  test('finds nothing where nothing is, and no failure to be nothing', async () => {
    const missing = await gatherFacts(reader.objects, reader.client, {
      ...REQUEST,
      namespace: 'no-such',
      source: 'x',
    });
    assert.deepEqual(
      [missing.namespace, missing.source, missing.target, missing.pods, missing.isOptedIn],
      [undefined, undefined, undefined, [], false],
    );
    for (const [place, status] of [
      ['/persistentvolumes', 500],
      ['/pods', 503],
      ['/selfsubjectaccessreviews', 500],
      ['/security.openshift.io', 502],
    ] as const) {
      const body = Buffer.from('{"kind":"Status"}');
      reader.proxy.use([
        { matches: (asked) => asked.path.includes(place), change: () => ({ status, body }) },
      ]);
      await assert.rejects(factsFor(reader), Error, place);
    }
    reader.proxy.use([
      {
        matches: (asked) => asked.path.endsWith('/security.openshift.io'),
        change: () => ({ status: 404, body: Buffer.from('404 page not found') }),
      },
    ]);
    assert.equal((await factsFor(reader)).isOpenShift, false);
    reader.proxy.use([]);
  });
});

async function factsFor({ objects, client }: OptedIn): Promise<CopyFacts> {
  return await gatherFacts(objects, client, REQUEST);
}

/** Somebody else in the same project. */
async function account(
  name: string,
  clusterRules: readonly Rule[],
  rules: readonly Rule[],
): Promise<OptedIn> {
  return await optedInProject(PROJECT, rules, { name, clusterRules });
}

function summary(facts: CopyFacts): object {
  const { namespace, source, target, sourceVolume, targetVolume, targetClass } = facts;
  const single = { namespace, source, target, sourceVolume, targetVolume, targetClass };
  return {
    ...Object.fromEntries(Object.entries(single).map(([key, object]) => [key, object && text(object)])),
    pods: facts.pods.map(text).toSorted(),
    owners: facts.owners?.map(text).toSorted(),
    isOptedIn: facts.isOptedIn,
    isOpenShift: facts.isOpenShift,
  };
}

function text({ apiVersion, kind, metadata }: ClusterObject): string {
  return `${apiVersion} ${kind} ${metadata.name}`;
}

/** Makes an object that belongs to another. */
async function owned(
  cluster: OptedIn['cluster'],
  object: KubernetesObject,
  owner: ClusterObject | undefined,
): Promise<ClusterObject> {
  const { apiVersion = '', kind = '' } = owner ?? {};
  const ownerReferences = owner && [
    { apiVersion, kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true },
  ];
  const metadata = { ...object.metadata, ...(ownerReferences && { ownerReferences }) };
  await cluster.apply([{ ...object, metadata }]);
  const json = await cluster.kubectl(['-n', PROJECT, 'get', object.kind, metadata.name, '-o', 'json']);
  return JSON.parse(json) as ClusterObject;
}

function workload(kind: string, name: string, more: object): KubernetesObject {
  const labels = { app: name };
  const spec = {
    ...more,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'none.invalid/app' }] } },
  };
  return { apiVersion: 'apps/v1', kind, metadata: { name, namespace: PROJECT }, spec };
}

function pod(name: string, claimName: string): KubernetesObject {
  const spec = {
    containers: [{ name: 'app', image: 'none.invalid/app' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: PROJECT }, spec };
}

function claim(name: string, volumeName: string): KubernetesObject {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'gather-facts',
    volumeName,
  };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: PROJECT }, spec };
}

function volume(name: string): KubernetesObject {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    storageClassName: 'gather-facts',
    hostPath: { path: '/none' },
  };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec };
}
