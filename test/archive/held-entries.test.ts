import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { HeldEntries, type PackedEntry } from '../../src/archive/held-entries.ts';
import { ARCHIVE_MODE } from '../../src/archive/write-archive.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-held-'));
after(() => rm(folder, { recursive: true }));

const MIB = 1024 * 1024;
const NOISE = randomBytes(2 * MIB);

let fileCount = 0;

/** Held entries, with the path of their file. */
function newHeld(): { readonly held: HeldEntries; readonly file: string } {
  const file = path.join(folder, `held-${fileCount++}`);
  return { held: new HeldEntries({ path: file, mode: ARCHIVE_MODE }), file };
}

function entryOf(number: number, deflatedBytes: number): PackedEntry {
  const start = (number * 7919) % (NOISE.length - deflatedBytes);
  return {
    path: `p${number}/configmaps.json`,
    sizeBytes: deflatedBytes * 10 + number,
    crc32: 0xffff_ffff - number,
    deflated: NOISE.subarray(start, start + deflatedBytes),
    sha256: NOISE.toString('hex', number, number + 32),
    objectCount: number,
  };
}

/** Entries with the numbers from `first` on. */
function entriesOf(first: number, sizes: readonly number[]): PackedEntry[] {
  return sizes.map((sizeBytes, index) => entryOf(first + index, sizeBytes));
}

async function fileBytes(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found?.size ?? 0;
}

test('HeldEntries gives what it holds, whatever else comes and goes', async () => {
  const size = fc.oneof(
    { weight: 8, arbitrary: fc.nat(3000) },
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 300_000, max: MIB }) },
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.array(size, { minLength: 1, maxLength: 6 }) }) },
    { weight: 5, arbitrary: fc.record({ take: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ drop: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant({ all: true }) },
  );
  let withFile = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const { held, file } = newHeld();
      const expected = new Map<number, PackedEntry>();
      let count = 0;
      const numberAt = (index: number): number => [...expected.keys()][index % expected.size] ?? -1;
      const take = (number: number): void => {
        assert.deepEqual(held.take(number), expected.get(number), `entry ${number}`);
        expected.delete(number);
      };
      for (const action of steps) {
        if ('add' in action) {
          const entries = entriesOf(count, action.add);
          held.add(count, entries);
          for (const entry of entries) expected.set(count++, entry);
        } else if (expected.size === 0) {
          assert.throws(() => held.take(count), /no held entry/u);
        } else if ('take' in action) {
          take(numberAt(action.take));
        } else if ('drop' in action) {
          const number = numberAt(action.drop);
          held.drop(number);
          expected.delete(number);
        } else {
          for (const number of expected.keys()) take(number);
        }
      }
      for (const number of expected.keys()) take(number);
      if ((await fileBytes(file)) > 0) withFile++;
      await rm(file, { force: true });
    }),
    { numRuns: 300 },
  );
  assert.ok(withFile > 0, 'some were too many for memory');
});

test('HeldEntries has a file only for more than 4 MiB, which nobody else may read', async () => {
  const { held, file } = newHeld();
  for (let first = 0; first < 20; first += 4) {
    held.add(first, entriesOf(first, [MIB, MIB, MIB]));
    held.add(first + 3, entriesOf(first + 3, [MIB]));
    assert.equal(await fileBytes(file), 0);
    if (first < 16) for (let number = first; number < first + 4; number++) held.drop(number);
  }
  held.add(20, entriesOf(20, [1]));
  assert.equal(await fileBytes(file), 4 * MIB + 1);
  assert.equal((await stat(file)).mode & 0o777, ARCHIVE_MODE);
});

test('HeldEntries uses the file again when nothing in it is held any more', async () => {
  const { held, file } = newHeld();
  for (let round = 0; round < 3; round++) {
    const first = round * 10;
    for (let index = 0; index < 10; index++) held.add(first + index, entriesOf(first + index, [MIB / 2]));
    // Nine went to the file, and one came after them.
    for (let number = first; number < first + 9; number++) {
      if (number % 2 === 0) assert.deepEqual(held.take(number), entryOf(number, MIB / 2));
      else held.drop(number);
    }
    assert.equal(await fileBytes(file), 4.5 * MIB, `round ${round}`);
    held.drop(first + 9);
  }
});

test('HeldEntries throws for a number that it does not hold', () => {
  const { held } = newHeld();
  const refuses = (...numbers: readonly number[]): void => {
    for (const number of numbers) {
      assert.throws(() => held.take(number), { message: `There is no held entry ${number}` });
      assert.throws(() => held.drop(number), { message: `There is no held entry ${number}` });
    }
  };
  refuses(0, -1);
  held.add(5, entriesOf(5, [10, 20, 30]));
  held.add(12, entriesOf(12, [10]));
  refuses(4, 8, 11, 13);
  held.take(6);
  refuses(6);
  held.drop(5);
  refuses(5, 6);
  assert.deepEqual(held.take(7), entryOf(7, 30));
  refuses(5, 6, 7);
});

describe('HeldEntries fails', () => {
  test('where there is such a file, which it leaves alone', async () => {
    const { held, file } = newHeld();
    await writeFile(file, 'of somebody else');
    assert.throws(() => held.add(0, entriesOf(0, [MIB, MIB, MIB, MIB, MIB])), { code: 'EEXIST' });
    assert.equal(await readFile(file, 'utf8'), 'of somebody else');
  });

  test('when the file is shortened while it is in use', async () => {
    const { held, file } = newHeld();
    held.add(0, entriesOf(0, [2 * MIB - 1]));
    held.add(1, entriesOf(1, [2 * MIB - 1]));
    held.add(2, entriesOf(2, [100]));
    await truncate(file, 3 * MIB);
    assert.deepEqual(held.take(0), entryOf(0, 2 * MIB - 1));
    assert.throws(() => held.take(1), { message: `${file} has become shorter while it was in use` });
  });
});
