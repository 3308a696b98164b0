import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { BATCH_BYTES } from '../../src/archive/batch.ts';
import { openArchive } from '../../src/archive/read-archive.ts';
import { ArchiveWriter, type HeldEntry } from '../../src/archive/write-archive.ts';
import { MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { MANIFEST_HEAD } from './zip-fixtures.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-write-held-'));
after(() => rm(folder, { recursive: true }));

const NOISE = randomBytes(2 * BATCH_BYTES);

interface Entry {
  readonly path: string;
  readonly content: Buffer;
}

/** Contents that hardly shrink, each from another place. */
function entryOf(index: number, sizeBytes: number): Entry {
  const start = (index * 7919) % (NOISE.length - sizeBytes);
  return { path: `p${index}/configmaps.json`, content: NOISE.subarray(start, start + sizeBytes) };
}

function holdIn(writer: ArchiveWriter, { path: entry, content }: Entry): HeldEntry {
  const half = content.length >> 1;
  return writer.hold({ path: entry, objectCount: 1 }, [content.subarray(0, half), content.subarray(half)]);
}

async function addTo(writer: ArchiveWriter, { path: entry, content }: Entry): Promise<void> {
  await writer.add(entry, {
    sizeBytes: content.length,
    objectCount: 1,
    chunks: () => (content.length === 0 ? [] : [content]),
  });
}

/** What a writer is asked, with numbers that choose among what it holds. */
type Action =
  | { readonly kind: 'hold' | 'add'; readonly sizeBytes: number }
  | { readonly kind: 'place' | 'drop' | 'recall'; readonly which: readonly number[] }
  | { readonly kind: 'settle' };

/** A writer, and what is to come of it: nothing but lists. */
class Told {
  readonly #writer: ArchiveWriter;
  #held: { readonly number: HeldEntry; readonly entry: Entry }[] = [];
  readonly expected: Entry[] = [];
  readonly recalls: Promise<void>[] = [];
  #count = 0;

  constructor(writer: ArchiveWriter) {
    this.#writer = writer;
  }

  /** Carries out an action, without waiting for what it recalls. */
  async take(action: Action): Promise<void> {
    if (action.kind === 'settle') await this.#writer.settle();
    else if ('which' in action) await this.#choose(action.kind, action.which);
    else {
      const entry = entryOf(this.#count++, action.sizeBytes);
      if (action.kind === 'hold') this.#held.push({ number: holdIn(this.#writer, entry), entry });
      else await addTo(this.#writer, entry).then(() => this.expected.push(entry));
    }
  }

  async #choose(kind: 'place' | 'drop' | 'recall', which: readonly number[]): Promise<void> {
    const chosen = which.flatMap((index) => this.#held.splice(index % Math.max(1, this.#held.length), 1));
    const numbers = chosen.map(({ number }) => number);
    const entries = chosen.map(({ entry }) => entry);
    if (kind === 'drop') this.#writer.drop(numbers);
    else if (kind === 'recall') this.recalls.push(assertContents(this.#writer.recall(numbers), entries));
    else {
      for (const number of numbers) this.#writer.place(number);
      this.expected.push(...entries);
    }
  }
}

/** Carries out the actions; compares what was recalled, and the archive. */
async function checkActions(file: string, actions: readonly Action[]): Promise<void> {
  const writer = await ArchiveWriter.create(file, new Date(MANIFEST_HEAD.startedAt));
  const told = new Told(writer);
  try {
    for (const action of actions) await told.take(action);
    await Promise.all(told.recalls);
    await writer.finish(() => MANIFEST_HEAD);
  } finally {
    await writer.close();
    await Promise.allSettled(told.recalls);
  }
  await assertHolds(file, told.expected);
}

async function assertContents(
  recalled: Promise<readonly Uint8Array[]>,
  entries: readonly Entry[],
): Promise<void> {
  assert.deepEqual(
    await recalled,
    entries.map(({ content }) => new Uint8Array(content)),
  );
}

async function assertHolds(file: string, expected: readonly Entry[]): Promise<void> {
  const archive = await openArchive(file);
  try {
    assert.deepEqual(
      Array.from(archive.entries, (entry) => entry.path),
      [...expected.map((entry) => entry.path), MANIFEST_ENTRY],
    );
    for (const { path: entry, content } of expected) assert.ok(content.equals(await archive.read(entry)));
    const { files } = await archive.manifest();
    assert.deepEqual(
      files.map((record) => record.path),
      expected.map((entry) => entry.path),
    );
  } finally {
    await archive.close();
  }
}

test('ArchiveWriter writes what was added and placed, in that order, and gives back what was recalled', async () => {
  const small = fc.oneof(fc.nat(2000), fc.constant(0));
  const which = fc.array(fc.nat(), { maxLength: 4 });
  const heldBytes = fc.oneof(
    { weight: 6, arbitrary: small },
    { weight: 2, arbitrary: fc.integer({ min: 100_000, max: BATCH_BYTES }) },
    { weight: 1, arbitrary: fc.constant(BATCH_BYTES) },
  );
  const addedBytes = fc.oneof(
    { weight: 6, arbitrary: small },
    { weight: 1, arbitrary: fc.integer({ min: BATCH_BYTES / 2, max: 1.5 * BATCH_BYTES }) },
  );
  const action: fc.Arbitrary<Action> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('hold'), sizeBytes: heldBytes }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('add'), sizeBytes: addedBytes }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('place'), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('drop', 'recall'), which }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'settle' }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 50, size: 'max' }), async (actions) => {
      const dir = await mkdtemp(path.join(folder, 'round-'));
      await checkActions(path.join(dir, 'archive.zip'), actions);
      assert.equal((await readdir(dir)).length, 1, 'no file is left beside the archive');
    }),
    { numRuns: 30 },
  );
});

test('ArchiveWriter places more entries than go at one time, and those that it holds in a file', async () => {
  const file = path.join(folder, 'many.zip');
  const writer = await ArchiveWriter.create(file, new Date(MANIFEST_HEAD.startedAt));
  try {
    const entries = Array.from({ length: 1100 }, (_, index) =>
      entryOf(index, index % 300 === 0 ? 900_000 : 100),
    );
    const held = entries.map((entry) => holdIn(writer, entry));
    await writer.settle();
    for (const number of held.toReversed()) writer.place(number);
    await writer.finish(() => MANIFEST_HEAD);
    await writer.close();
    await assertHolds(file, entries.toReversed());
  } finally {
    await writer.close();
  }
});

test('ArchiveWriter holds no entry that is too large for a batch', async () => {
  const writer = await ArchiveWriter.create(path.join(folder, 'too-large.zip'), new Date());
  try {
    assert.throws(() => holdIn(writer, entryOf(0, BATCH_BYTES + 1)), RangeError);
    const entry = entryOf(1, BATCH_BYTES);
    await assertContents(writer.recall([holdIn(writer, entry)]), [entry]);
  } finally {
    await writer.close();
  }
});
