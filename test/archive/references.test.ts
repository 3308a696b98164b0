import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveArchive } from '../../src/archive/catalog.ts';
import { archiveOf, manifestOf, SMALL, temporaryFolder, writeNight } from './zip-fixtures.ts';

test('References', async (t) => {
  const dir = await temporaryFolder(t);
  const elsewhere = await temporaryFolder(t);
  const [old, middle, newest] = [
    await writeNight(dir, 2),
    await writeNight(dir, 3),
    await writeNight(dir, 8),
  ];
  const incomplete = await writeNight(dir, 9, false);
  const cut = await writeNight(dir, 10);
  await writeFile(join(dir, cut), 'cut');
  const original = 'openshift-backup202611110015.zip';
  await writeFile(join(dir, original), 'original');
  const fetched = join(elsewhere, 'a.zip');
  await writeFile(fetched, await archiveOf(SMALL));
  const cases: Record<string, string> = {
    latest: newest,
    previous: middle,
    [old]: old,
    [old.replace('.zip', '')]: old,
    [incomplete]: incomplete,
    [cut]: cut,
    [original.replace('.zip', '')]: original,
    [join(dir, old)]: old,
    [fetched]: 'a.zip',
  };
  for (const [reference, file] of Object.entries(cases)) {
    assert.equal((await resolveArchive(dir, reference)).name.file, file, reference);
  }
  const { name, path, state } = await resolveArchive(dir, fetched);
  assert.equal(path, fetched);
  assert.equal(state.kind, 'complete');
  assert.deepEqual(name.startedAt, new Date(manifestOf(SMALL).startedAt));
});

test('A reference to nothing is wrong usage, and the message says what there is', async (t) => {
  const dir = await temporaryFolder(t);
  await assert.rejects(resolveArchive(dir, 'latest'), {
    kind: 'usage',
    message: /no complete archive: .* holds no archives/u,
  });
  for (let day = 1; day <= 7; day++) await writeNight(dir, day, false);
  await assert.rejects(resolveArchive(dir, 'latest'), {
    kind: 'usage',
    message: /^There is no complete archive: \S+ holds (?:\S+-incomplete\.zip,? ){5}and 2 older ones$/u,
  });
  await writeNight(dir, 20);
  await assert.rejects(resolveArchive(dir, 'previous'), {
    kind: 'usage',
    message: /no two complete archives/u,
  });
  for (const reference of [
    'tuesday',
    'openshift-backup-20200101T000000Z',
    '',
    '.',
    '..',
    '/',
    './nothing.zip',
  ]) {
    await assert.rejects(resolveArchive(dir, reference), { name: 'KnownError', kind: 'usage' }, reference);
  }
  const foreign = join(dir, 'foreign.zip');
  await writeFile(foreign, 'x');
  await assert.rejects(resolveArchive(dir, foreign), { kind: 'failed', message: /not a zip file/u });
});
