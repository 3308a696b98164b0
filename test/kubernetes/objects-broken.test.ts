import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { PatchOperation } from '../../src/kubernetes/objects.ts';
import type { Answer, Fault } from '../faults/fault-proxy.ts';
import { configMap, sent, startWriter } from './writer-fixture.ts';

const writer = await startWriter('objects-broken');
const { proxy, objects, maps, map, made, kubectl } = writer;
after(() => writer.close());

/** How a write can break: before the server had it, or after it was carried out. */
const BREAKS: Readonly<Record<string, Pick<Fault, 'before' | 'change'>>> = {
  'broken before it arrived': { before: () => Promise.reject(new Error('broken')) },
  'carried out, the answer lost': { change: (answer) => ({ ...answer, cutAfterBytes: 0 }) },
  'carried out, the answer cut': { change: (answer) => ({ ...answer, cutAfterBytes: 20 }) },
  'carried out, and answered with 500': { change: toStatus(500) },
  'carried out, and answered with 504': { change: toStatus(504) },
};

for (const [how, fault] of Object.entries(BREAKS)) {
  const isLate = how.startsWith('carried');
  const name = how.replaceAll(/[^a-z0-9]+/gu, '-');
  const ref = map(name);
  const once = isLate ? 1 : 2;

  describe(`a write, ${how}`, () => {
    test('makes one object', async () => {
      const { result, count } = await broken(fault, 'POST', () => objects.create(maps, configMap(name)));
      assert.equal(count, once);
      assert.equal(result.metadata.uid, (await objects.get(ref))?.metadata.uid);
    });

    test('replaces it', async () => {
      const found = await objects.get(ref);
      if (!found) assert.fail();
      const body = { ...found, data: { text: 'new' } };
      const { result, count } = await broken(fault, 'PUT', () => objects.replace(ref, body));
      assert.deepEqual([count, result.data], [once, { text: 'new' }]);
      // Its resourceVersion is that of the object.
      await objects.replace(ref, result);
    });

    test('changes it by a merge', async () => {
      const body = { data: { text: null, merged: 'yes' } };
      const { result, count } = await broken(fault, 'PATCH', () => objects.patch(ref, body, 'merge'));
      assert.deepEqual([count, result.data], [once, { merged: 'yes' }]);
    });

    test('changes it by applying', async () => {
      const body = configMap(name, { applied: 'yes' });
      const { result, count } = await broken(fault, 'PATCH', () => objects.patch(ref, body, 'apply'));
      assert.deepEqual([count, result.data], [once, { applied: 'yes', merged: 'yes' }]);
    });

    test('changes it by a JSON patch with a test', async () => {
      const operations: PatchOperation[] = [
        { op: 'test', path: '/data/merged', value: 'yes' },
        { op: 'replace', path: '/data/merged', value: 'no' },
        { op: 'add', path: '/metadata/annotations', value: { 'a.b/c': '0' } },
        { op: 'test', path: '/metadata/annotations/a.b~1c', value: '0' },
      ];
      const { result, count } = await broken(fault, 'PATCH', () => objects.patch(ref, operations, 'json'));
      assert.deepEqual([count, result.data], [once, { applied: 'yes', merged: 'no' }]);
      assert.deepEqual(result.metadata.annotations, { 'a.b/c': '0' });
    });

    test('does not repeat a JSON patch without a test', async () => {
      const operations: PatchOperation[] = [{ op: 'add', path: '/data/added', value: '1' }];
      const act = async (): Promise<unknown> => await objects.patch(ref, operations, 'json');
      const { count } = await broken(fault, 'PATCH', isLate ? act : () => assert.rejects(act()));
      assert.equal(count, 1);
    });

    test('removes it', async () => {
      const { uid = '' } = (await objects.get(ref))?.metadata ?? {};
      const { count } = await broken(fault, 'DELETE', () => objects.remove(ref, { uid }));
      assert.equal(count, once);
      assert.equal(await objects.get(ref), undefined);
    });
  });
}

describe('a write that broke before it arrived', () => {
  test('takes nothing for its own that another has made', async () => {
    meanwhile('POST', ['create', 'configmap', 'contested', '--from-literal=text=Größe']);
    await assert.rejects(objects.create(maps, configMap('contested')), { status: 409 });
    assert.deepEqual(proxy.changed, [1]);
  });

  test('overwrites nothing that another has written', async () => {
    const mine = await made('overwritten', { text: 'old' });
    meanwhile('PUT', ['patch', 'configmap', 'overwritten', '-p', '{"data":{"text":"theirs"}}']);
    const ref = map('overwritten');
    await assert.rejects(objects.replace(ref, { ...mine, data: { text: 'mine' } }), { status: 409 });
    assert.deepEqual((await objects.get(ref))?.data, { text: 'theirs' });
  });

  for (const [how, isByUid] of [
    ['by its uid', true],
    ['by its name', false],
  ] as const) {
    test(`removes nothing that another has made, ${how}`, async () => {
      const { uid = '' } = (await made('renewed')).metadata;
      const ref = map('renewed');
      meanwhile('DELETE', ['delete', 'configmap', 'renewed'], ['create', 'configmap', 'renewed']);
      if (isByUid) await objects.remove(ref, { uid });
      else await assert.rejects(objects.remove(ref), { name: 'TransportError' });
      const found = await objects.get(ref);
      assert.ok(found && found.metadata.uid !== uid);
      await objects.remove(ref);
    });
  }

  test('gives up in the end', async () => {
    proxy.use([{ matches: sent('POST'), before: () => Promise.reject(new Error('broken')) }]);
    await assert.rejects(objects.create(maps, configMap('never')), { name: 'TransportError' });
    assert.deepEqual(proxy.changed, [6]);
    proxy.use([]);
    assert.equal(await objects.get(map('never')), undefined);
  });
});

test('A write that is refused for want of capacity is sent again', async () => {
  const busy: Fault = { matches: sent('PATCH'), change: toStatus(429), times: 2 };
  await made('busy');
  proxy.use([busy]);
  assert.deepEqual((await objects.patch(map('busy'), { data: { a: '1' } }, 'merge')).data?.['a'], '1');
  assert.deepEqual(proxy.changed, [2]);
});

test('A write ends with its signal', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const change = (answer: Answer): Answer => {
    controller.abort(reason);
    return { ...answer, isLost: true };
  };
  proxy.use([{ matches: sent('POST'), change }]);
  const writing = writer.objectsWith(controller.signal).create(maps, configMap('ended'));
  await assert.rejects(writing, (error) => error === reason);
  proxy.use([]);
});

/** What another does at the moment in which a write breaks. */
function meanwhile(method: string, ...commands: readonly (readonly string[])[]): void {
  const before = async (): Promise<never> => {
    for (const command of commands) await kubectl(...command);
    throw new Error('broken');
  };
  proxy.use([{ matches: sent(method), before, times: 1 }]);
}

/** Breaks the first write that an action sends. */
async function broken<T>(
  fault: Pick<Fault, 'before' | 'change'>,
  method: string,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly count: number }> {
  proxy.use([{ ...fault, matches: sent(method), times: 1 }]);
  const earlier = proxy.requests.length;
  const result = await act();
  assert.deepEqual(proxy.changed, [1]);
  proxy.use([]);
  const count = proxy.requests.slice(earlier).filter((one) => one.startsWith(`${method} `)).length;
  return { result, count };
}

function toStatus(status: number): (answer: Answer) => Answer {
  const body = Buffer.from(JSON.stringify({ kind: 'Status', reason: 'Made-up', message: 'made up' }));
  return () => ({ status, body });
}
