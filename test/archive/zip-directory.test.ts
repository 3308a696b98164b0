import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openArchive, readManifest } from '../../src/archive/read-archive.ts';
import { countsOf } from '../../src/model/file-counter.ts';
import { failureOf, FIRST, refuses, withArchive, withFirst } from './hostile-archives.ts';
import { endRecords, extraField, type RawEntry, rawEntries, rawZip, u64 } from './raw-zip.ts';
import { manifestOf, SMALL, temporaryFolder, zipOf } from './zip-fixtures.ts';

const MIB = 1024 * 1024;
const { files: _none, ...HEAD } = manifestOf({});

/** Bytes that are no archive, and what the one line about them must say. */
refuses({
  'an empty zip file': [rawZip([]), /no manifest\.json/u],
  'a zip file with other files': [zipOf({ 'photo.jpg': FIRST }), /entry "photo\.jpg" has a name/u],
  'an unfinished archive': [zipOf(SMALL), /no manifest\.json at its end/u],
  'a manifest that is not the last entry': [
    rawZip(rawEntries(SMALL).toReversed()),
    /no manifest\.json at its end/u,
  ],
  'two entries of one name': [
    rawZip([...withFirst({}).slice(0, 1), ...rawEntries(SMALL)]),
    /is in it twice/u,
  ],
  'two manifests': [rawZip([...rawEntries({}), ...rawEntries(SMALL)]), /is in it twice/u],
  'data before the beginning, offsets adjusted': [
    rawZip(withFirst({ local: {}, central: { offset: 1 } })),
    /begins with unknown data/u,
  ],
  'overlapping entries': [
    rawZip(
      rawEntries(SMALL).map((entry, index) => (index === 1 ? { ...entry, central: { offset: 0 } } : entry)),
    ),
    /overlaps/u,
  ],
  'one entry inside another': [
    rawZip(
      rawEntries(SMALL).map((entry, index) => (index === 1 ? { ...entry, central: { offset: 50 } } : entry)),
    ),
    /overlaps/u,
  ],
  'an entry that reaches into the directory': [
    rawZip(rawEntries(SMALL).map((entry) => ({ ...entry, central: { packedBytes: 100_000 } }))),
    /overlaps/u,
  ],
  'a hole between entries': [
    rawZip(withFirst({ descriptor: Buffer.alloc(200_000), local: { flags: 0 }, central: { flags: 0 } })),
    /followed by unknown data/u,
  ],
});

const FOREIGN_NAMES = [
  '../evil.json',
  'shop/../../evil.json',
  '/etc/passwd.json',
  'C:/evil/x.json',
  'shop\\evil.json',
  'shop/pods.json/',
  'shop//pods.json',
  'shop/./pods.json',
  './shop/pods.json',
  'shop/Pods.json',
  'shop/pods.yaml',
  'shop/a/pods.json',
  'pods.json',
  '_other/pods.json',
  'shop/.json',
  'shop/pods\0.json',
  'shop/pods.json\n',
  'shop/pöds.json',
  '',
  `shop/${'a'.repeat(300)}.json`,
  'Manifest.json',
];
test('Names outside the grammar are refused, and shown so that a terminal takes no harm', async (t) => {
  const dir = await temporaryFolder(t);
  for (const name of FOREIGN_NAMES) {
    const error = await failureOf(dir, rawZip(withFirst({ name })));
    assert.match(error.message, /has a name that no archive of openshift-backup has$/u, name);
    assert.doesNotMatch(error.message, /\p{Cc}/u);
  }
});

test('More entries than a short end record can count are read', async (t) => {
  const dir = await temporaryFolder(t);
  const content = Buffer.from('{}');
  const many = Array.from({ length: 66_000 }, (_, index) => `p-${index}/configmaps.json`);
  const entries = many.map((name): RawEntry => ({ name, content, isStored: true }));
  const bytes = rawZip([...entries, ...rawEntries({})], { isZip64: true });
  await withArchive(dir, bytes, async (archive) => {
    assert.equal(archive.entries.length, 66_001);
    assert.deepEqual(await archive.read('p-65999/configmaps.json'), content);
  });
});

test('An archive beyond 4 GiB is opened, and its manifest is read without the rest', async (t) => {
  const dir = await temporaryFolder(t);
  const path = join(dir, 'x.zip');
  const hole = 5 * 1024 * MIB;
  const name = 'shop/configmaps.json';
  const [manifestEntry = { name: '', content: Buffer.alloc(0) }] = rawEntries({});
  const zip64Sizes = extraField(1, Buffer.concat([u64(hole), u64(hole)]));
  const sizes = { packedBytes: 0xffff_ffff, sizeBytes: 0xffff_ffff, extra: zip64Sizes };
  const holed: RawEntry = { name, content: Buffer.alloc(0), isStored: true, local: sizes, central: sizes };
  const head = rawZip([holed]).subarray(0, 30 + name.length + zip64Sizes.length);
  const offset = head.length + hole;
  const central = { offset: 0xffff_ffff, extra: extraField(1, u64(offset)) };
  // The local header of the second entry and everything behind it lie after the hole.
  const whole = rawZip([holed, { ...manifestEntry, central }]);
  const directory = whole.subarray(head.length, -22);
  const directoryBytes =
    [holed.name, manifestEntry.name].reduce((sum, text) => sum + 46 + text.length, 0) + 20 + 12;
  const start = offset + directory.length - directoryBytes;
  const file = await open(path, 'w');
  await file.write(head, 0, head.length, 0);
  await file.write(directory, 0, directory.length, offset);
  const end = endRecords(2, directoryBytes, start, { isZip64: true });
  await file.write(end, 0, end.length, offset + directory.length);
  await file.close();

  assert.deepEqual(await readManifest(path), { ...HEAD, counts: countsOf(manifestOf({})) });
  const archive = await openArchive(path);
  assert.deepEqual(
    Array.from(archive.entries, ({ sizeBytes }) => sizeBytes),
    [hole, manifestEntry.content.length],
  );
  assert.deepEqual(await archive.manifest(), manifestOf({}));
  await assert.rejects(archive.read(name), { kind: 'failed', message: /too large to be read at once/u });
  await archive.close();
});
