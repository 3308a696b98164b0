import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { parseManifest } from '../../src/archive/manifest.ts';
import { openArchive } from '../../src/archive/read-archive.ts';
import { verifyArchive } from '../../src/archive/verify-archive.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { countsOf } from '../../src/model/file-counter.ts';
import { KnownError } from '../../src/model/known-error.ts';
import { type FileRecord, MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { rawEntries, rawZip } from './raw-zip.ts';
import {
  configMap,
  type Contents,
  listOf,
  manifestOf,
  temporaryFolder,
  writeArchive,
} from './zip-fixtures.ts';

const NAME = 'openshift-backup-20261120T001500Z.zip';
const LIST = listOf(configMap('a'), configMap('b'));
const FIRST = listOf(configMap('first'));
const CONTENTS: Contents = Object.fromEntries(
  [
    '_cluster/nodes',
    '_facts/_cluster/nodes',
    ...Array.from({ length: 9 }, (_value, index) => `shop-${index}/pods`),
  ].map((path, index) => [`${path}.json`, index === 0 ? FIRST : LIST]),
);
const MANIFEST = manifestOf(CONTENTS);
/** As it is written, and as somebody else might write it. */
const FORMS = [canonicalJson, JSON.stringify];

/** An archive of these contents whose manifest has this text. */
function zipWith(manifest: string, contents: Contents = CONTENTS): Buffer {
  const others = rawEntries(contents).filter(({ name }) => name !== MANIFEST_ENTRY);
  return rawZip([...others, { name: MANIFEST_ENTRY, content: Buffer.from(manifest) }]);
}

test('What the manifest names is compared with what is there, in whatever order and form it is written', async (t) => {
  const dir = await temporaryFolder(t);
  const whole = fc.shuffledSubarray([...MANIFEST.files], { minLength: MANIFEST.files.length });
  const files = fc.oneof(
    whole,
    fc
      .tuple(
        fc.shuffledSubarray([...MANIFEST.files]),
        fc.array(fc.constantFrom(...MANIFEST.files), { maxLength: 2 }),
      )
      .chain(([some, again]) => fc.tuple(...[...some, ...again].map(changedRecord))),
  );
  const results = { sound: 0, damaged: 0 };
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom(...FORMS), async (named, form) => {
      const manifest = { ...MANIFEST, files: named };
      const path = await writeArchive(dir, NAME, zipWith(form(manifest)));
      const { result, problems, manifest: found } = await verifyArchive(path);
      results[result]++;
      assert.deepEqual(problems, expectedProblems(named));
      assert.deepEqual(found?.counts, countsOf(manifest));
    }),
    { numRuns: 200 },
  );
  assert.ok(results.sound > 20 && results.damaged > 20, JSON.stringify(results));
});

test('Of a file that is named twice the last time counts, and a missing one is missing once', async (t) => {
  const dir = await temporaryFolder(t);
  const [first, ...rest] = MANIFEST.files;
  assert.ok(first);
  const wrong = { ...first, objectCount: 7 };
  const missing = [1, 2, 1].map((number) => ({ ...first, path: `missing-${number}/pods.json` }));
  const twice = 'the manifest names a file twice';
  for (const form of FORMS) {
    const problemsOf = async (files: readonly FileRecord[]): Promise<readonly string[]> =>
      (await verifyArchive(await writeArchive(dir, NAME, zipWith(form({ ...MANIFEST, files }))))).problems;
    assert.deepEqual(await problemsOf([wrong, ...rest, first]), [twice]);
    assert.deepEqual(await problemsOf([first, ...rest, wrong]), [
      twice,
      '_cluster/nodes.json has 1 objects, not 7 as the manifest says',
    ]);
    assert.deepEqual(await problemsOf([...missing.slice(0, 2), first, ...rest]), [
      'missing-1/pods.json is missing',
      'missing-2/pods.json is missing',
    ]);
    assert.deepEqual(await problemsOf([first, ...rest, ...missing]), [
      twice,
      'missing-1/pods.json is missing',
      'missing-2/pods.json is missing',
    ]);
  }
});

test('A manifest that cannot be read is reported in the words of parseManifest()', async (t) => {
  const dir = await temporaryFolder(t);
  const text = canonicalJson(MANIFEST);
  const cuts = Array.from({ length: 20 }, (_value, index) =>
    text.slice(0, Math.floor((index * text.length) / 20)),
  );
  const changes: Partial<Record<keyof FileRecord, unknown>>[] = [
    { path: '../pods.json' },
    { sha256: 'ABC' },
    { sizeBytes: -1 },
    { objectCount: 0.5 },
    { objectCount: undefined },
  ];
  const broken = changes.map((change) =>
    canonicalJson({
      ...MANIFEST,
      files: MANIFEST.files.map((file, index) => (index === 4 ? { ...file, ...change } : file)),
    }),
  );
  const newer = [canonicalJson({ ...MANIFEST, format: 2 }), canonicalJson({ ...MANIFEST, tool: 7 })];
  for (const manifest of [...cuts, ...broken, ...newer, text.replace('},', '},,'), text.replace('},', '}')]) {
    const path = await writeArchive(dir, NAME, zipWith(manifest));
    const verification = await verifyArchive(path);
    const message = messageOf(manifest);
    assert.deepEqual([verification.problems, verification.manifest], [[message], undefined]);
    const archive = await openArchive(path);
    await assert.rejects(archive.manifest(), { kind: 'failed', message: `${path}: ${message}` });
    await archive.close();
  }
});

test('A manifest larger than what is read at once is compared as well, and damage to it is found', async (t) => {
  const dir = await temporaryFolder(t);
  const paths = Array.from({ length: 6000 }, (_value, index) => `p-${index}/pods.json`);
  const manifest = manifestOf(Object.fromEntries(paths.map((path) => [path, FIRST])));
  const files = manifest.files.map((file) => ({ ...file, later: file.path.repeat(110) })).toReversed();
  const others = paths.map((name) => ({ name, content: FIRST, packed: deflateRawSync(FIRST) }));
  for (const form of FORMS) {
    const content = Buffer.from(form({ ...manifest, files }));
    assert.ok(content.length > 8 * 1024 ** 2);
    const bytes = rawZip([...others, { name: MANIFEST_ENTRY, content }]);
    const { problems, manifest: found } = await verifyArchive(await writeArchive(dir, NAME, bytes));
    assert.deepEqual(problems, []);
    assert.equal(found?.counts.objectCount, 6000);
    const at = bytes.indexOf(MANIFEST_ENTRY) + 20_000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { problems: lines } = await verifyArchive(await writeArchive(dir, NAME, bytes));
    assert.match(lines.join('\n'), /^manifest\.json (?:has|cannot be inflated|is larger) [^\n]+$/u);
  }
});

/** A record of a file in which anything may be wrong, and mostly nothing is. */
function changedRecord(known: FileRecord): fc.Arbitrary<FileRecord> {
  return fc.record({
    path: fc.constantFrom(known.path, known.path, known.path, 'other/pods.json', 'shop-1/pods.json'),
    sha256: fc.constantFrom(known.sha256, known.sha256, known.sha256, hash('sha256', 'x')),
    sizeBytes: fc.constantFrom(known.sizeBytes, known.sizeBytes, known.sizeBytes, 0),
    objectCount: fc.constantFrom(known.objectCount, known.objectCount, known.objectCount, 7),
  });
}

/** The same comparison, by maps. */
function expectedProblems(named: readonly FileRecord[]): string[] {
  const records = new Map(named.map((record) => [record.path, record]));
  const problems = records.size === named.length ? [] : ['the manifest names a file twice'];
  for (const { path, ...is } of MANIFEST.files) {
    const says = records.get(path);
    if (!says) problems.push(`${path} is not in the manifest`);
    else if (says.sizeBytes !== is.sizeBytes)
      problems.push(`${path} has ${is.sizeBytes} bytes, not ${says.sizeBytes} as the manifest says`);
    else if (says.sha256 !== is.sha256) problems.push(`${path} has another SHA-256 than the manifest says`);
    else if (says.objectCount !== is.objectCount)
      problems.push(`${path} has ${is.objectCount} objects, not ${says.objectCount} as the manifest says`);
  }
  const missing = [...records.keys()].filter((path) => !(path in CONTENTS));
  return [...problems, ...missing.map((path) => `${path} is missing`)];
}

function messageOf(text: string): string {
  try {
    parseManifest(text);
  } catch (error) {
    assert.ok(error instanceof KnownError);
    return error.message;
  }
  return assert.fail('was read without an error');
}
