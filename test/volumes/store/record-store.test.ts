import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { recordName, RecordStore } from '../../../src/volumes/run/record-store.ts';
import type { RunRecord, Undo } from '../../../src/volumes/run-record.ts';
import { sent } from '../../kubernetes/writer-fixture.ts';
import { optedInProject, recordOf } from './opted-in.ts';

const PROJECT = 'record-store';
const place = await optedInProject(PROJECT);
const store = new RecordStore(place.objects, PROJECT);
after(() => place.close());

describe('RecordStore', () => {
  test('keeps what a run is, saves what it becomes, and finds it again', async () => {
    const record = recordOf(PROJECT, '20261121t001500-aaaaa', { message: 'über\n "alles"' });
    const made = await store.create(record);
    const oneLine = { ...record, message: 'über "alles"' };
    assert.deepEqual((await store.load(record.id))?.record, oneLine);
    const later: RunRecord = { ...oneLine, phase: 'copying', pod: 'backuper-copy-x', node: 'a' };
    const saved = await store.save(later, made);
    assert.deepEqual(await store.load(record.id), saved);
    assert.equal(saved.uid, made.uid);
    assert.equal(await store.load('20261121t001500-bbbbb'), undefined);
    await store.create(recordOf(PROJECT, '20261120t001500-zzzzz'));
    const { records, junk } = await store.list();
    assert.deepEqual(
      [records.map(({ record: { id } }) => id), junk],
      [['20261120t001500-zzzzz', record.id], []],
    );
    const shown = await place.kubectl('get', 'configmap', made.name, '-o', 'jsonpath={.metadata.labels}');
    assert.deepEqual(JSON.parse(shown), {
      'app.kubernetes.io/managed-by': 'openshift-backup',
      'openshift-backup.io/record': 'true',
      'openshift-backup.io/run': record.id,
    });
  });

  test('lets nobody save over what he has not read, and keeps what others have noted beside it', async () => {
    const record = recordOf(PROJECT, '20261121t001501-aaaaa');
    const first = await store.create(record);
    await place.kubectl('annotate', 'configmap', first.name, 'example.com/note=kept');
    await assert.rejects(store.save({ ...record, phase: 'probing' }, first), {
      name: 'KnownError',
      kind: 'refused',
      message: /^Somebody else has changed the record record-store\/backuper-run-20261121t001501-aaaaa: /u,
    });
    const read = await store.load(record.id);
    assert.ok(read);
    const second = await store.save({ ...record, phase: 'probing' }, read);
    await assert.rejects(store.save({ ...record, phase: 'copying' }, read), { kind: 'refused' });
    const note = await place.kubectl(
      'get',
      'configmap',
      first.name,
      '-o',
      'jsonpath={.metadata.annotations}',
    );
    assert.deepEqual(JSON.parse(note), { 'example.com/note': 'kept' });
    await place.kubectl('delete', 'configmap', first.name);
    await assert.rejects(store.save(record, second), { kind: 'refused', message: /has removed the record/u });
    await store.create(record);
    await assert.rejects(store.save(record, second), { kind: 'refused' }, 'another of the same name');
    await assert.rejects(store.create(record), { name: 'ApiError', status: 409 });
  });

  test('knows of a save whose answer was lost that it was made', async () => {
    const record = recordOf(PROJECT, '20261121t001502-aaaaa');
    const made = await store.create(record);
    place.proxy.use([
      { matches: sent('PATCH'), change: (answer) => ({ ...answer, cutAfterBytes: 5 }), times: 1 },
    ]);
    const saved = await store.save({ ...record, phase: 'copying' }, made);
    assert.deepEqual(place.proxy.changed, [1]);
    place.proxy.use([]);
    await store.save({ ...record, phase: 'ended' }, saved);
  });

  test('is never larger than 64 KiB, and never forgets what has to be undone', async () => {
    const toUndo = undos(300);
    const notes = Array.from({ length: 1000 }, () => ({
      about: 'source' as const,
      text: 'x'.repeat(100),
      isWarning: true,
    }));
    const record = recordOf(PROJECT, '20261121t001503-aaaaa', {
      toUndo,
      notes,
      message: 'm'.repeat(100_000),
    });
    const made = await store.create(record);
    const text = await place.kubectl('get', 'configmap', made.name, '-o', 'jsonpath={.data.record\\.json}');
    assert.ok(Buffer.byteLength(text) <= 64 * 1024 && !text.includes('\n'));
    const read = (await store.load(record.id))?.record;
    assert.deepEqual([read?.toUndo, read?.notes?.length, read?.message.length], [toUndo, 20, 500]);
    const tooMuch = recordOf(PROJECT, '20261121t001504-aaaaa', { toUndo: undos(3000) });
    await assert.rejects(store.create(tooMuch), { name: 'KnownError', message: /larger than 64 KiB/u });
    assert.equal(await store.load(tooMuch.id), undefined);
  });

  test('remembers the last copies that have ended, and every one that has not', async () => {
    const { records: earlier } = await store.list();
    for (const { name } of earlier) await place.kubectl('delete', 'configmap', name);
    const ids = Array.from(
      { length: 24 },
      (_, index) => `202611${String(index + 1).padStart(2, '0')}t001500-aaaaa`,
    );
    const open = [ids[0], ids[10]];
    await Promise.all(
      ids.map((id) =>
        store.create(recordOf(PROJECT, id, { phase: open.includes(id) ? 'copying' : 'ended' })),
      ),
    );
    const removed = [ids[1], ids[2]];
    assert.deepEqual(
      await store.prune(),
      removed.map((id = '') => recordName(id)),
    );
    assert.deepEqual(await store.prune(), []);
    const { records } = await store.list();
    assert.deepEqual(
      records.map(({ record }) => record.id),
      ids.filter((id) => !removed.includes(id)),
    );
    assert.equal((await store.prune(1)).length, 19);
  });
});

describe('what says that it is a record', () => {
  const JUNK: Readonly<Record<string, readonly [content: unknown, reason: RegExp]>> = {
    empty: [undefined, /^it holds no record$/u],
    text: ['{"format": 1', /JSON/u],
    list: [[], /^it holds no record$/u],
    newer: [{ ...recordOf(PROJECT, 'newer'), format: 2 }, /^its format is 2, /u],
    renamed: [recordOf(PROJECT, 'other'), /^its id is not that of its name$/u],
    step: [{ ...recordOf(PROJECT, 'step'), phase: 'dancing' }, /^it names no step/u],
    foreign: [recordOf('kube-system', 'foreign'), /^it is about another project$/u],
    claims: [
      { ...recordOf(PROJECT, 'claims'), request: { namespace: PROJECT } },
      /^it names no two claims$/u,
    ],
    undo: [{ ...recordOf(PROJECT, 'undo'), toUndo: [{ kind: 'rm' }] }, /^what is to be undone/u],
  };

  test('and is none is named, and costs nothing else', async () => {
    for (const [id, [content]] of Object.entries(JUNK)) {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      await place.cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            name: recordName(id),
            namespace: PROJECT,
            labels: { 'openshift-backup.io/record': 'true' },
          },
          ...(text === undefined ? {} : { data: { 'record.json': text } }),
        },
      ]);
    }
    const good = await store.create(recordOf(PROJECT, '20261121t001505-aaaaa'));
    const { records, junk } = await store.list();
    assert.ok(records.some(({ name }) => name === good.name));
    assert.deepEqual(
      junk.map(({ name }) => name),
      Object.keys(JUNK).map(recordName).toSorted(),
    );
    for (const [id, [, reason]] of Object.entries(JUNK)) {
      assert.match(junk.find(({ name }) => name === recordName(id))?.reason ?? '', reason, id);
      await assert.rejects(store.load(id), { name: 'KnownError', kind: 'failed' }, id);
    }
    await store.prune(0);
    assert.equal((await store.list()).junk.length, junk.length, 'is left for whoever made it');
  });
});

function undos(count: number): readonly Undo[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'scale',
    apiVersion: 'apps/v1',
    resource: 'deployments',
    name: `web-${index}`,
    replicas: 2,
  }));
}
