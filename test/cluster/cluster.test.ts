import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { createAuthority } from './certificates.ts';
import { type Cluster, READ_EVERYTHING, sharedCluster, startCluster } from './cluster.ts';
import { kubeconfig } from './cluster-files.ts';
import { jsonOf, type KubernetesObject, titleOf } from './objects.ts';
import { installOpenShiftTypes, OPENSHIFT_TYPES } from './openshift-types.ts';
import { collectionPaths, resourcesIn, servedResources } from './resources.ts';
import { SAMPLE_PROJECTS, sampleProjects } from './sample-projects.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'cluster-test-'));
after(() => rm(folder, { recursive: true }));

describe('the shared cluster', () => {
  test('serves every OpenShift type of the table as the table says', async () => {
    const { api } = await sharedCluster();
    const served = new Map(
      (await servedResources(api)).map((type) => [`${type.plural}.${type.group}`, type]),
    );
    for (const { shortNames: _, ...type } of OPENSHIFT_TYPES) {
      const { verbs = [], ...rest } = served.get(`${type.plural}.${type.group}`) ?? {};
      assert.deepEqual(rest, type);
      assert.deepEqual(verbs.toSorted(), [
        'create',
        'delete',
        'deletecollection',
        'get',
        'list',
        'patch',
        'update',
        'watch',
      ]);
    }
  });

  test("has the names, scopes and verbs of a real cluster's discovery document", async () => {
    const file = '../data/openshift/discovery/aggregated-discovery-apis.yaml';
    const text = await readFile(path.join(import.meta.dirname, file), 'utf8');
    const real = resourcesIn(parse(text) as Parameters<typeof resourcesIn>[0]);
    for (const { shortNames: _, singular, ...type } of OPENSHIFT_TYPES) {
      const found = real.find(
        ({ group, version, plural }) =>
          group === type.group && version === type.version && plural === type.plural,
      );
      assert.ok(found, `${type.plural}.${type.group} is in no real cluster`);
      const { singular: realSingular, verbs, ...rest } = found;
      assert.deepEqual(rest, type);
      assert.equal(verbs.length, 8, `${type.plural} is stored, so it has every verb`);
      // OpenShift's definition of this one says otherwise than that cluster did.
      if (type.kind !== 'SecurityContextConstraints') assert.equal(singular, realSingular);
    }
  });

  test('answers kubectl, and kubectl’s errors are errors', async () => {
    const { kubectl } = await sharedCluster();
    const input = jsonOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'made-by-kubectl' } });
    assert.match(await kubectl(['apply', '-f', '-'], { input }), /^namespace\/made-by-kubectl /u);
    await assert.rejects(kubectl(['get', 'nonsense']), /server doesn't have a resource type "nonsense"/u);
  });

  test('is not trusted with the certificate of another authority', async () => {
    const { server, description, kubectl } = await sharedCluster();
    const other = createAuthority('someone else');
    const file = path.join(folder, 'other.kubeconfig');
    const user = other.issue({ commonName: 'admin', organizations: ['system:masters'], usage: 'client' });
    await writeFile(file, kubeconfig(server, other.certificatePem, user));
    await assert.rejects(
      kubectl(['get', 'ns'], { kubeconfig: file }),
      /certificate signed by unknown authority/u,
    );
    await writeFile(file, kubeconfig(server, await readFile(description.files.ca, 'utf8'), user));
    await assert.rejects(kubectl(['get', 'ns'], { kubeconfig: file }), /You must be logged in/u);
  });

  test('says which object it refuses, and why', async () => {
    const { apply, create } = await sharedCluster();
    await assert.rejects(
      apply(coreObject('ConfigMap', 'UPPER', 'default')),
      /^Error: ConfigMap default\/UPPER .*422 .*RFC 1123/u,
    );
    await assert.rejects(apply(coreObject('Nonsense', 'a')), /Nonsense a: the cluster has no v1 Nonsense/u);
    await assert.rejects(apply(coreObject('ConfigMap', 'a')), /ConfigMap a: this kind needs a namespace/u);
    await assert.rejects(
      apply(coreObject('Namespace', 'a', 'b')),
      /Namespace b\/a: this kind has no namespace/u,
    );
    await assert.rejects(create(coreObject('Namespace', 'default')), /409 .*already exists/u);
  });
});

describe('a cluster of its own', () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ log: () => {} });
    await installOpenShiftTypes(cluster);
  });
  after(() => cluster.stop());

  test('takes the sample projects, twice, and gives back every value', async () => {
    const objects = sampleProjects();
    assert.deepEqual(objects, sampleProjects());
    assert.equal(
      new Set(objects.map((object) => `${object.apiVersion} ${titleOf(object)}`)).size,
      objects.length,
    );
    await cluster.apply(objects);
    await cluster.apply(objects);
    const pathOf = await collectionPaths(cluster.api);
    for (const object of objects) {
      const target = `${pathOf(object)}/${object.metadata.name}`;
      const { status, text } = await cluster.api.request('GET', target);
      assert.equal(status, 200, titleOf(object));
      if (object.kind === 'ConfigMap') assertSame(JSON.parse(text), object, ['data', 'binaryData']);
      if (object.kind === 'Secret') assertSame(JSON.parse(text), object, ['data', 'type']);
      if (object.kind === 'Template') assertSame(JSON.parse(text), object, ['objects', 'parameters']);
      if (object.kind === 'Warehouse') assert.match(text, numbersOf(object), titleOf(object));
    }
  });

  test('holds the sample projects', async () => {
    const names = (await cluster.kubectl(['get', 'namespaces', '-o', 'name'])).split('\n');
    for (const { name } of SAMPLE_PROJECTS) assert.ok(names.includes(`namespace/${name}`));
    const routes = await cluster.kubectl(['get', 'routes', '-A', '-o', 'name']);
    assert.equal(routes.trim().split('\n').length, 4);
  });

  test('lets a ServiceAccount do what its rules say and nothing else', async () => {
    const { kubeconfig: file, token } = await cluster.serviceAccount({
      namespace: 'accounts',
      name: 'limited',
      clusterRules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] }],
      namespaceRules: {
        shop: READ_EVERYTHING,
        blog: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
      },
    });
    const get = (...args: string[]): Promise<string> =>
      cluster.kubectl(['get', ...args], { kubeconfig: file });
    assert.equal(token.split('.').length, 3);
    assert.match(await get('deployments', '-A', '-o', 'name'), /grafana/u);
    assert.match(
      await get('secrets,routes', '-n', 'shop', '-o', 'name'),
      /route\.route\.openshift\.io\/web/u,
    );
    assert.equal(await get('pods', '-n', 'blog', '-o', 'name'), '');
    const refused = [
      ['secrets', '-A'],
      ['secrets', '-n', 'blog'],
      ['pods', '-n', 'data'],
      ['deployment', 'web', '-n', 'blog'],
      ['namespaces'],
    ];
    const namespace = await cluster.kubectl(['get', 'namespace', 'shop', '-o', 'json']);
    assert.match(namespace, /sa\.scc\.uid-range/u, 'what is there stays as it is');
    for (const args of refused) await assert.rejects(get(...args), /Forbidden.*limited/u, args.join(' '));
  });
});

function assertSame(found: Record<string, unknown>, sent: Record<string, unknown>, fields: string[]): void {
  for (const field of fields) {
    const isEmpty = Object.keys(sent[field] ?? {}).length === 0;
    if (!isEmpty) assert.deepEqual(found[field], sent[field], field);
  }
}

/** The exact text of an object's numbers, as JSON.parse would not read them. */
function numbersOf(object: Record<string, unknown>): RegExp {
  const { serialNumber } = object['spec'] as { serialNumber: bigint };
  return new RegExp(`"serialNumber":${serialNumber}[,}]`, 'u');
}

function coreObject(kind: string, name: string, namespace?: string): KubernetesObject[] {
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return [{ apiVersion: 'v1', kind, metadata }];
}
