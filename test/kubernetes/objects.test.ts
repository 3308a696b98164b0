import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  type ApiObject,
  isStatus,
  type ObjectRef,
  type PatchOperation,
} from '../../src/kubernetes/objects.ts';
import type { Asked } from '../faults/fault-proxy.ts';
import { configMap, startWriter } from './writer-fixture.ts';

const PROJECT = 'objects';
const DEPLOYMENTS: ObjectRef = { apiVersion: 'apps/v1', plural: 'deployments', namespace: PROJECT };
const NEVER = new AbortController().signal;
const writer = await startWriter(PROJECT);
const { proxy, objects, maps, map, made } = writer;
after(() => writer.close());

describe('ClusterObjects', () => {
  test('makes, reads, replaces, changes and removes', async () => {
    const ref = map('plain');
    const { metadata } = await made('plain');
    assert.deepEqual((await objects.get(ref))?.data, { text: 'Größe' });
    const replaced = await objects.replace(ref, { ...configMap('plain', { a: '1', b: '2' }), metadata });
    assert.deepEqual(replaced.data, { a: '1', b: '2' });
    const merged = await objects.patch(ref, { data: { a: null, c: '3' } }, 'merge');
    assert.deepEqual(merged.data, { b: '2', c: '3' });
    const operations: PatchOperation[] = [
      { op: 'test', path: '/data/b', value: '2' },
      { op: 'replace', path: '/data/b', value: '4' },
      { op: 'remove', path: '/data/c' },
    ];
    assert.deepEqual((await objects.patch(ref, operations, 'json')).data, { b: '4' });
    const applied = await objects.patch(ref, configMap('plain', { b: '5' }), 'apply');
    assert.deepEqual(applied.data, { b: '5' }, 'over what the other writer has set');
    assert.equal((await objects.patch(map('new'), configMap('new'), 'apply')).metadata.name, 'new');
    await objects.remove(ref, { uid: metadata.uid ?? '' });
    assert.equal(await objects.get(ref), undefined);
    await objects.remove(ref);
  });

  test('lists page by page, each object with its kind, by label and by field', async () => {
    for (const index of [1, 2, 3, 4, 5]) {
      const { metadata, ...rest } = configMap(`listed-${index}`);
      const labels = { listed: index === 5 ? 'no' : 'yes' };
      await objects.create(maps, { ...rest, metadata: { ...metadata, labels } });
    }
    const earlier = proxy.requests.length;
    const small = writer.objectsWith(NEVER, 2);
    const listed = await small.list(maps, { labelSelector: 'listed=yes' });
    assert.deepEqual(
      listed.map(({ kind, apiVersion, metadata }) => `${apiVersion} ${kind} ${metadata.name}`),
      [1, 2, 3, 4].map((index) => `v1 ConfigMap listed-${index}`),
    );
    assert.ok(proxy.requests.length - earlier > 1);
    const one = await small.list(maps, { fieldSelector: 'metadata.name=listed-5' });
    assert.deepEqual(
      one.map(({ metadata }) => metadata.name),
      ['listed-5'],
    );
    assert.deepEqual(await small.list(DEPLOYMENTS, { labelSelector: 'listed=yes' }), []);
  });

  test('begins a list anew whose state is forgotten, and takes nothing else for a list', async () => {
    const expired = { status: 410, body: Buffer.from(JSON.stringify({ kind: 'Status', reason: 'Expired' })) };
    const small = writer.objectsWith(NEVER, 2);
    proxy.use([{ matches: isSecondPage, change: () => expired, times: 1 }]);
    const listed = await small.list(maps, { labelSelector: 'listed=yes' });
    assert.deepEqual([listed.length, proxy.changed], [4, [1]]);
    proxy.use([{ matches: isSecondPage, change: () => expired }]);
    await assert.rejects(small.list(maps, { labelSelector: 'listed=yes' }), { status: 410 });
    const foreign = ['{}', '{"kind":"Status","status":"Success"}', '{"kind":"ConfigMapList"}', '"", 1', '[]'];
    for (const body of foreign) {
      proxy.use([{ matches: () => true, change: () => ({ status: 200, body: Buffer.from(body) }) }]);
      await assert.rejects(small.list(maps), { name: 'TransportError' }, body);
      await assert.rejects(small.get(map('x')), { name: 'TransportError' }, body);
    }
    proxy.use([]);
  });

  const refused = map('refused');
  const none = map('none');
  const outdated: ApiObject = {
    ...configMap('refused'),
    metadata: { name: 'refused', resourceVersion: '1' },
  };
  const failingTest = [{ op: 'test', path: '/data/text', value: 'x' }];
  const secret = { apiVersion: 'v1', plural: 'secrets', namespace: PROJECT, name: 'none' };
  const refusals: Record<string, readonly [number, () => Promise<unknown>]> = {
    'a second object of one name': [409, () => objects.create(maps, configMap('refused'))],
    'an outdated replacement': [409, () => objects.replace(refused, outdated)],
    'an outdated merge': [409, () => objects.patch(refused, { metadata: { resourceVersion: '1' } }, 'merge')],
    'a test that fails': [422, () => objects.patch(refused, failingTest, 'json')],
    'a change of nothing': [404, () => objects.patch(none, {}, 'merge')],
    'a replacement of nothing': [404, () => objects.replace(none, configMap('none'))],
    'what is not allowed': [403, () => objects.get(secret)],
    'a list that is not allowed': [403, () => objects.list({ apiVersion: 'v1', plural: 'nodes' })],
    'a removal that is not allowed': [403, () => objects.remove({ ...secret, plural: 'pods' }, { uid: 'x' })],
    'a project that is not allowed': [
      403,
      () => objects.create({ ...maps, namespace: 'default' }, configMap('x')),
    ],
    'a name that is none': [422, () => objects.create(maps, configMap('Not-A-Name'))],
  };
  for (const [name, [status, act]] of Object.entries(refusals)) {
    test(`says what the server refuses, and asks once: ${name} (${status})`, async () => {
      if ((await objects.get(refused)) === undefined) await made('refused');
      const earlier = proxy.requests.length;
      await assert.rejects(act(), (error) => isStatus(error, status));
      assert.equal(proxy.requests.length - earlier, 1);
    });
  }

  test('removes no other object of the name, and leaves what was changed meanwhile', async () => {
    const first = await made('removed');
    const ref = map('removed');
    await objects.remove(ref, { uid: first.metadata.uid ?? '' });
    const second = await made('removed');
    await objects.remove(ref, { uid: first.metadata.uid ?? '' });
    assert.equal((await objects.get(ref))?.metadata.uid, second.metadata.uid);
    await writer.kubectl('patch', 'configmap', 'removed', '--type=merge', '-p', '{"data":{"text":"new"}}');
    const { uid = '', resourceVersion = '' } = second.metadata;
    await assert.rejects(objects.remove(ref, { uid, resourceVersion }), { status: 409 });
    await objects.remove(ref, { uid, graceSeconds: 0, propagation: 'Background' });
    assert.equal(await objects.get(ref), undefined);
  });

  test('changes how many replicas a workload has, and nothing else of it', async () => {
    const deployment = { ...DEPLOYMENTS, name: 'web' };
    const scale = { ...deployment, subresource: 'scale' };
    await objects.create(DEPLOYMENTS, webDeployment());
    const found = await objects.get(scale);
    if (!found) assert.fail('a Deployment has a scale');
    assert.deepEqual([found.kind, found.spec], ['Scale', { replicas: 2 }]);
    await objects.patch(scale, { spec: { replicas: 0 } }, 'merge');
    assert.equal((await objects.get(deployment))?.spec?.['replicas'], 0);
    await assert.rejects(objects.replace(scale, found), { status: 409 });
    const { resourceVersion: _old, ...metadata } = found.metadata;
    await objects.replace(scale, { ...found, metadata });
    assert.equal((await objects.get(deployment))?.spec?.['replicas'], 2);
  });
});

function isSecondPage({ query, path: asked }: Asked): boolean {
  return query.has('continue') && asked.endsWith('/configmaps');
}

function webDeployment(): ApiObject {
  const labels = { app: 'web' };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'web', image: 'none.invalid/web' }] },
  };
  const spec = { replicas: 2, selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
}
