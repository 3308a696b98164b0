import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { verifyArchive } from '../../src/archive/verify-archive.ts';
import type { FileRecord } from '../../src/model/manifest.ts';
import { type RawEntry, rawEntries, rawZip } from './raw-zip.ts';
import {
  archiveOf,
  configMap,
  incompleteManifestOf,
  listOf,
  manifestOf,
  SMALL,
  temporaryFolder,
  writeArchive,
} from './zip-fixtures.ts';

const NAME = 'openshift-backup-20261120T001500Z.zip';
const MIB = 1024 * 1024;
const MANIFEST = manifestOf(SMALL);
const { files: _files, ...HEAD } = MANIFEST;
const [FIRST = ''] = Object.keys(SMALL);

test('An archive that matches its checksum file and its manifest is sound', async (t) => {
  const dir = await temporaryFolder(t);
  const bytes = await archiveOf(SMALL);
  const path = await writeArchive(dir, NAME, bytes);
  await promisify(execFile)('sha256sum', ['-c', `${NAME}.sha256`], { cwd: dir });
  for (const level of ['hashes', 'contents'] as const) {
    assert.deepEqual(await verifyArchive(path, { level }), {
      result: 'sound',
      manifest: { ...HEAD, counts: { fileCount: 3, objectFileCount: 3, objectCount: 4, projectCount: 1 } },
      problems: [],
      notes: [],
      sha256: hash('sha256', bytes),
      sizeBytes: bytes.length,
    });
  }
});

test('An incomplete archive can be sound, and one without objects too', async (t) => {
  const dir = await temporaryFolder(t);
  const incomplete = await archiveOf(SMALL, incompleteManifestOf(SMALL));
  const path = await writeArchive(dir, NAME.replace('.zip', '-incomplete.zip'), incomplete);
  assert.equal((await verifyArchive(path)).result, 'sound');
  assert.equal((await verifyArchive(await writeArchive(dir, NAME, await archiveOf({})))).result, 'sound');
});

/** Lists that are no Lists, and objects that can't be applied: found only when contents are looked at. */
const badObjects: Record<string, readonly [object, RegExp]> = {
  'no name': [
    { apiVersion: 'v1', kind: 'Pod', metadata: {} },
    /object \(number 2\) that has no metadata\.name/u,
  ],
  'no kind': [{ apiVersion: 'v1', metadata: { name: 'a' } }, /object \(number 2\) that has no kind/u],
};
for (const [what, [object, line]] of Object.entries(badObjects)) {
  test(`Contents are checked when asked for: ${what}`, async (t) => {
    const dir = await temporaryFolder(t);
    const path = await writeArchive(dir, NAME, await archiveOf({ [FIRST]: listOf(configMap('a'), object) }));
    assert.equal((await verifyArchive(path)).result, 'sound');
    const { result, problems } = await verifyArchive(path, { level: 'contents' });
    assert.equal(result, 'damaged');
    assert.match(problems.join('\n'), line);
  });
}

test('Text that is no JSON is never quoted', async (t) => {
  const dir = await temporaryFolder(t);
  const content = Buffer.from(
    listOf(configMap('a', { password: 'geheim' }))
      .toString()
      .replace('"data"', 'data'),
  );
  const manifest = manifestOf(SMALL, { files: [record(content)] });
  const path = await writeArchive(dir, NAME, await archiveOf({ [FIRST]: content }, manifest));
  const { problems } = await verifyArchive(path, { level: 'contents' });
  assert.deepEqual(problems, [`${FIRST} holds an object (number 1) that is not a JSON object`]);
});

const OTHER = listOf(configMap('a'), configMap('c'));
const wrong: Record<string, readonly [Promise<Buffer>, readonly RegExp[]]> = {
  'a file that is missing': [
    archiveOf(Object.fromEntries(Object.entries(SMALL).slice(1)), MANIFEST),
    [/^shop\/configmaps\.json is missing$/u],
  ],
  'a file too many': [
    archiveOf({ ...SMALL, 'shop/pods.json': OTHER }, MANIFEST),
    [/^shop\/pods\.json is not in the manifest$/u],
  ],
  'other content': [
    archiveOf({ ...SMALL, [FIRST]: Buffer.from(String(SMALL[FIRST]).replace('value', 'VALUE')) }, MANIFEST),
    [/^shop\/configmaps\.json has another SHA-256/u],
  ],
  'content of another size': [
    archiveOf({ ...SMALL, [FIRST]: OTHER }, MANIFEST),
    [/^shop\/configmaps\.json has \d+ bytes, not \d+ as the manifest says$/u],
  ],
  'another number of objects': [
    archiveOf({ [FIRST]: OTHER }, manifestOf({}, { files: [{ ...record(OTHER), objectCount: 3 }] })),
    [/has 2 objects, not 3 as the manifest says$/u],
  ],
  'content that is no List': [
    archiveOf({ [FIRST]: Buffer.from('{}\n') }, manifestOf({}, { files: [record(Buffer.from('{}\n'))] })),
    [/is not a List in canonical form$/u],
  ],
  'a file that is named twice': [
    archiveOf({ [FIRST]: OTHER }, manifestOf({}, { files: [record(OTHER), record(OTHER)] })),
    [/names a file twice$/u],
  ],
  'a manifest that is none': [
    Promise.resolve(rawZip([{ name: 'manifest.json', content: Buffer.from('{}') }])),
    [/^manifest\.json is not a manifest of openshift-backup$/u],
  ],
  'a manifest of a newer format': [
    Promise.resolve(rawZip([{ name: 'manifest.json', content: Buffer.from('{"format":2}') }])),
    [/newer openshift-backup/u],
  ],
  'a name that says complete, a manifest that does not': [
    archiveOf(SMALL, incompleteManifestOf(SMALL)),
    [/differ on being complete$/u],
  ],
  'several faults': [
    archiveOf({ [FIRST]: OTHER, 'shop/pods.json': OTHER }, MANIFEST),
    [
      /has \d+ bytes/u,
      /not in the manifest/u,
      /deployments\.apps\.json is missing/u,
      /clusterroles.* is missing/u,
    ],
  ],
  'a file that is no zip': [Promise.resolve(Buffer.from('hello')), [/^not a zip file/u]],
};
for (const [what, [bytes, lines]] of Object.entries(wrong)) {
  test(`Damage is reported: ${what}`, async (t) => {
    const path = await writeArchive(await temporaryFolder(t), NAME, await bytes);
    const verification = await verifyArchive(path);
    assert.equal(verification.result, 'damaged');
    assert.equal(verification.problems.length, lines.length, verification.problems.join('\n'));
    for (const [index, line] of lines.entries()) assert.match(verification.problems[index] ?? '', line);
  });
}

test('A wholly broken archive gives a report of bounded length', async (t) => {
  const dir = await temporaryFolder(t);
  const contents = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`p-${index}/pods.json`, OTHER]),
  );
  const path = await writeArchive(dir, NAME, await archiveOf(contents, MANIFEST));
  const { problems } = await verifyArchive(path);
  assert.equal(problems.length, 51);
  assert.equal(problems.at(-1), 'and 153 more');
});

test('Large entries are compared as well', async (t) => {
  const dir = await temporaryFolder(t);
  const items = Array.from({ length: 40 }, (_, index) =>
    configMap(`large-${index}`, { text: randomBytes(MIB / 8).toString('hex') }),
  );
  const contents = { ...SMALL, 'shop/large.json': listOf(...items) };
  const good = rawZip(rawEntries(contents).map(deflatedFast));
  const path = await writeArchive(dir, NAME, good);
  for (const level of ['hashes', 'contents'] as const) {
    assert.deepEqual((await verifyArchive(path, { level })).problems, []);
  }
  const unknown = [...rawEntries(contents).slice(0, -1), ...rawEntries(SMALL).slice(-1)].map(deflatedFast);
  await writeArchive(dir, NAME, rawZip(unknown));
  assert.deepEqual((await verifyArchive(path)).problems, ['shop/large.json is not in the manifest']);
  const at = good.indexOf('shop/large.json') + 3 * MIB;
  good[at] = (good[at] ?? 0) ^ 1;
  await writeArchive(dir, NAME, good);
  assert.match((await verifyArchive(path)).problems.join(), /^shop\/large\.json /u);
});

test('A missing file is an error, not a result', async (t) => {
  const dir = await temporaryFolder(t);
  await assert.rejects(verifyArchive(join(dir, NAME)), { kind: 'usage', message: /does not exist$/u });
  await assert.rejects(verifyArchive(dir), { kind: 'usage', message: /is not a file$/u });
});

function deflatedFast(entry: RawEntry): RawEntry {
  return { ...entry, packed: deflateRawSync(entry.content, { level: 1 }) };
}

function record(content: Buffer): FileRecord {
  const objectCount = content.toString().split('\n    {').length - 1;
  return { path: FIRST, sha256: hash('sha256', content), sizeBytes: content.length, objectCount };
}
