import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { BATCH_BYTES } from '../../src/archive/batch.ts';
import { openArchive } from '../../src/archive/read-archive.ts';
import { verifyArchive } from '../../src/archive/verify-archive.ts';
import { ArchiveWriter, type EntryContent } from '../../src/archive/write-archive.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { MANIFEST_HEAD } from './zip-fixtures.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-write-'));
after(() => rm(folder, { recursive: true }));

function listOf(count: number, sizeBytes: number): Buffer {
  const items = Array.from({ length: count }, (_value, index) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `item-${String(index).padStart(6, '0')}` },
    data: { text: `${index} `.repeat(sizeBytes / 4) },
  }));
  return Buffer.from(canonicalJson({ apiVersion: 'v1', kind: 'List', items }));
}

function contentOf(bytes: Buffer, objectCount: number, pieceBytes = 100_000): EntryContent {
  const starts = Array.from(
    { length: Math.ceil(bytes.length / pieceBytes) },
    (_value, index) => index * pieceBytes,
  );
  return {
    sizeBytes: bytes.length,
    objectCount,
    chunks: () => starts.map((start) => bytes.subarray(start, start + pieceBytes)),
  };
}

async function write(file: string, contents: Readonly<Record<string, EntryContent>>): Promise<string> {
  const target = path.join(folder, file);
  const writer = await ArchiveWriter.create(target, new Date(MANIFEST_HEAD.startedAt));
  try {
    for (const [entry, content] of Object.entries(contents)) await writer.add(entry, content);
    await writer.finish(() => MANIFEST_HEAD);
    return target;
  } finally {
    await writer.close();
  }
}

test('ArchiveWriter writes small and large entries that verify, and no wider than 0640', async () => {
  const small = listOf(3, 40);
  const large = listOf(40, 100_000);
  const file = await write('sizes.zip', {
    'a/configmaps.json': contentOf(small, 3),
    'b/configmaps.json': contentOf(large, 40),
  });
  const verification = await verifyArchive(file, { level: 'contents' });
  assert.deepEqual(verification.result === 'damaged' ? verification.problems : [], []);
  assert.equal((await stat(file)).mode & 0o777, 0o640);
  const archive = await openArchive(file);
  assert.deepEqual(await archive.read('b/configmaps.json'), large);
  await archive.close();
});

test('ArchiveWriter writes more entries than a zip without Zip64 can hold', async () => {
  const content = contentOf(listOf(1, 4), 1);
  const contents = Object.fromEntries(
    Array.from({ length: 65_540 }, (_value, index) => [`p${index}/configmaps.json`, content]),
  );
  const verification = await verifyArchive(await write('many.zip', contents));
  assert.equal(verification.result, 'sound');
});

test('ArchiveWriter does not touch a file that is there', async () => {
  const file = await write('first.zip', {});
  const before = await readFile(file);
  await assert.rejects(write('first.zip', {}), { code: 'EEXIST' });
  assert.deepEqual(await readFile(file), before);
});

test('ArchiveWriter rejects at once and for good when an entry cannot be read', async () => {
  const writer = await ArchiveWriter.create(path.join(folder, 'broken.zip'), new Date());
  const large = listOf(40, 100_000);
  const broken: EntryContent = {
    sizeBytes: large.length,
    objectCount: 1,
    async *chunks() {
      yield large.subarray(0, 200_000);
      throw new Error('the spool is gone');
    },
  };
  await assert.rejects(writer.add('a/configmaps.json', broken), /the spool is gone/u);
  await assert.rejects(writer.add('b/configmaps.json', contentOf(large, 1)), /the spool is gone/u);
  await writer.close();
});

test('ArchiveWriter writes what was added, in that order, whatever the sizes', async () => {
  const sizes = fc.array(
    fc.oneof(fc.nat(200), fc.integer({ min: 1e5, max: 6e5 }), fc.constant(BATCH_BYTES + 1)),
    {
      maxLength: 12,
    },
  );
  let round = 0;
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const contents = lengths.map((length, index) => Buffer.alloc(length, `entry ${index} `));
      const entries = contents.map(
        (bytes, index) => [`p${index}/configmaps.json`, contentOf(bytes, 1)] as const,
      );
      const file = await write(`round-${round++}.zip`, Object.fromEntries(entries));
      const unzipped = await unpacked(await readFile(file));
      const manifest = JSON.parse(unzipped.pop()?.toString() ?? '') as Manifest;
      assert.deepEqual(unzipped, contents);
      assert.deepEqual(
        manifest.files.map(({ path: entry, sha256, sizeBytes }) => [entry, sha256, sizeBytes]),
        contents.map((bytes, index) => [`p${index}/configmaps.json`, hash('sha256', bytes), bytes.length]),
      );
    }),
    { numRuns: 30 },
  );
});

test('ArchiveWriter refuses an entry that is not as long as it said', async () => {
  const writer = await ArchiveWriter.create(path.join(folder, 'longer.zip'), new Date());
  const content = { ...contentOf(listOf(1, 4), 1), sizeBytes: 3 };
  await assert.rejects(writer.add('a/configmaps.json', content), /not 3 as it said/u);
  await writer.close();
});

async function unpacked(zip: Buffer): Promise<Buffer[]> {
  const { fromBufferPromise } = await import('yauzl');
  const file = await fromBufferPromise(zip);
  const contents: Buffer[] = [];
  for await (const entry of file.eachEntry())
    contents.push(await buffer(await file.openReadStreamPromise(entry)));
  return contents;
}
