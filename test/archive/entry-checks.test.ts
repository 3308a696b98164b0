import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { deflateRawSync } from 'node:zlib';
import { EntryFacts, newFacts, UNCHECKED } from '../../src/archive/entry-facts.ts';
import { EntryTable } from '../../src/archive/entry-table.ts';
import { openArchive } from '../../src/archive/read-archive.ts';
import { verifyArchive } from '../../src/archive/verify-archive.ts';
import { MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { openFileCount } from './hostile-archives.ts';
import { type RawEntry, rawEntries, rawZip } from './raw-zip.ts';
import {
  configMap,
  type Contents,
  listOf,
  manifestOf,
  temporaryFolder,
  writeArchive,
} from './zip-fixtures.ts';

const NAME = 'openshift-backup-20261120T001500Z.zip';
/** More than are left to one thread, whatever they hold. */
const ENTRY_COUNT = 35_000;
const LIST = listOf(configMap('a'), configMap('b'));
const PACKED = deflateRawSync(LIST);
const HAS_CORES = availableParallelism() > 1;

const PATHS = Array.from({ length: ENTRY_COUNT }, (_value, index) => `p-${index}/configmaps.json`);
const CONTENTS: Contents = Object.fromEntries(PATHS.map((path) => [path, LIST]));
const MANIFEST = manifestOf({});
const { files: records } = manifestOf({ 'p/a.json': LIST });
const ENTRIES = rawEntries(CONTENTS, {
  ...MANIFEST,
  files: PATHS.flatMap((path) => records.map((record) => ({ ...record, path }))),
}).map((entry) => (entry.name === MANIFEST_ENTRY ? entry : { ...entry, packed: PACKED }));

/** An archive some of whose entries, by their places, are changed. */
function zipWith(changes: ReadonlyMap<number, Partial<RawEntry>> = new Map()): Buffer {
  return rawZip(ENTRIES.map((entry, index) => ({ ...entry, ...changes.get(index) })));
}

/** Calls `use`, and hands every thread that begins meanwhile to `onThread`. */
async function watchingThreads<T>(onThread: (thread: Worker) => void, use: () => Promise<T>): Promise<T> {
  const listener = (message: unknown): void => onThread((message as { worker: Worker }).worker);
  subscribe('worker_threads', listener);
  try {
    return await use();
  } finally {
    unsubscribe('worker_threads', listener);
  }
}

const OTHER_CRC = { local: { crc: 1 }, central: { crc: 1 } };
const ONE = listOf(configMap('a'));
const SOUND = zipWith();
/** Damaged at its beginning, in its middle and at its end, and what is wrong there. */
const DAMAGED = zipWith(
  new Map<number, Partial<RawEntry>>([
    [0, OTHER_CRC],
    [ENTRY_COUNT / 2, { content: ONE, packed: deflateRawSync(ONE) }],
    [ENTRY_COUNT - 1, { packed: PACKED.subarray(0, -3) }],
  ]),
);
const PROBLEMS = [
  `${PATHS[0]} has another CRC-32 than the directory says`,
  `${PATHS[ENTRY_COUNT / 2]} has ${ONE.length} bytes, not ${LIST.length} as the manifest says`,
  `${PATHS.at(-1)} cannot be inflated (unexpected end of file)`,
];

test('Two threads find what one finds, in the order of the file', { skip: !HAS_CORES }, async (t) => {
  const dir = await temporaryFolder(t);
  const hopeless = zipWith(new Map(PATHS.map((_path, index) => [index, OTHER_CRC] as const)));
  const first = PATHS.slice(0, 50).map((path) => `${path} has another CRC-32 than the directory says`);
  const cases: readonly (readonly [Buffer, readonly string[]])[] = [
    [SOUND, []],
    [DAMAGED, PROBLEMS],
    [hopeless, [...first, `and ${ENTRY_COUNT - 50} more`]],
  ];
  for (const [bytes, problems] of cases) {
    const path = await writeArchive(dir, NAME, bytes);
    const before = openFileCount();
    let threadCount = 0;
    const verification = await watchingThreads(
      () => threadCount++,
      () => verifyArchive(path),
    );
    assert.deepEqual(verification.problems, problems);
    assert.equal(verification.result, problems.length === 0 ? 'sound' : 'damaged');
    assert.equal(threadCount, 1);
    assert.equal(openFileCount(), before, 'a file stayed open');
  }
});

test('The second thread does a part of the work', { skip: !HAS_CORES }, async (t) => {
  const path = join(await temporaryFolder(t), NAME);
  await writeFile(path, SOUND);
  const archive = await openArchive(path);
  let found: unknown;
  let ended: Promise<unknown> | undefined;
  const checks = await watchingThreads(
    (thread) => {
      ended = new Promise((resolve) => thread.once('exit', resolve));
      thread.once('message', (message) => (found = message));
    },
    () => Promise.resolve(archive.beginChecks('hashes')),
  );
  // As long as nobody waits for the rest, all of it is the thread's.
  await ended;
  assert.deepEqual(found, new Map());
  const { facts, reasons } = await checks.finish();
  assert.equal(facts.columns.states.includes(UNCHECKED), false);
  assert.equal(facts.length, ENTRY_COUNT);
  assert.deepEqual(reasons, new Map());
  await checks.close();
  await archive.close();
});

/** When the second thread is killed. */
const kills: Record<string, (thread: Worker) => void> = {
  'before it begins': (thread) => void thread.terminate(),
  'when it has begun': (thread) => thread.once('online', () => void thread.terminate()),
  'when it is done': (thread) => thread.prependListener('message', () => void thread.terminate()),
};
for (const [when, kill] of Object.entries(kills)) {
  test(`Damage is found also when the thread is killed ${when}`, { skip: !HAS_CORES }, async (t) => {
    const dir = await temporaryFolder(t);
    let killedCount = 0;
    for (const [bytes, expected] of [
      [SOUND, []],
      [DAMAGED, PROBLEMS],
    ] as const) {
      const path = await writeArchive(dir, NAME, bytes);
      const { problems } = await watchingThreads(
        (thread) => {
          killedCount++;
          kill(thread);
        },
        () => verifyArchive(path),
      );
      assert.deepEqual(problems, expected);
    }
    assert.equal(killedCount, 2);
  });
}

test('A small archive gets no thread', async (t) => {
  const contents = Object.fromEntries(Object.entries(CONTENTS).slice(0, 2000));
  const path = await writeArchive(await temporaryFolder(t), NAME, rawZip(rawEntries(contents)));
  await watchingThreads(
    () => assert.fail('a thread was started'),
    async () => assert.equal((await verifyArchive(path)).result, 'sound'),
  );
});

test('Whoever claims gets entries that nobody else has got, until there are none', () => {
  const sizes = [1, 1, 9 * 1024 ** 2, 1, 4 * 1024 ** 2, 4 * 1024 ** 2, 1, 0];
  const table = new EntryTable({ entryCount: sizes.length, pathBytes: 0 });
  for (const [index, sizeBytes] of sizes.entries()) {
    const place = { start: index * 10, end: index * 10 + 10, compressedSizeBytes: 1 };
    table.add({ path: `p-${index}/a.json`, sizeBytes, crc32: 0, isDeflated: true, flags: 0, ...place });
  }
  const columns = newFacts(sizes.length);
  const [one, other] = [new EntryFacts(columns), new EntryFacts(columns)];
  const claims = [one, other, one, other, one, other].map((facts) => facts.claim(table));
  assert.deepEqual(claims, [
    { from: 0, to: 2 },
    { from: 2, to: 3 },
    { from: 3, to: 5 },
    { from: 5, to: 8 },
    undefined,
    undefined,
  ]);
  one.clear();
  assert.deepEqual(other.claim(table), { from: 0, to: 2 });
});
