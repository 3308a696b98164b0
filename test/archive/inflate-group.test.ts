import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { GroupInflater } from '../../src/archive/inflate-group.ts';
import type { ArchiveEntry } from '../../src/archive/zip-entry.ts';
import { type RawEntry, rawZip } from './raw-zip.ts';

/** What a gzip file's member begins with. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

interface Group {
  readonly bytes: Buffer;
  readonly entries: readonly ArchiveEntry[];
}

/** Entries one behind the other, as they stand in a zip file, and what its directory says of them. */
function groupOf(rawEntries: readonly RawEntry[]): Group {
  const parts: Buffer[] = [];
  const entries: ArchiveEntry[] = [];
  let start = 0;
  for (const raw of rawEntries) {
    const { name: path, content, isStored = false } = raw;
    const packed = raw.packed ?? (isStored ? content : deflateRawSync(content));
    const end = start + 30 + path.length + packed.length;
    parts.push(rawZip([{ ...raw, packed }]).subarray(0, end - start));
    entries.push({
      path,
      sizeBytes: content.length,
      compressedSizeBytes: packed.length,
      crc32: crc32(content),
      isDeflated: !isStored,
      flags: 0,
      start: 1000 + start,
      end: 1000 + end,
    });
    start = end;
  }
  return { bytes: Buffer.concat(parts), entries };
}

/** Copies of what comes out, as that lasts no longer than the call; undefined when it is declined. */
function inflated({ bytes, entries }: Group): Buffer[] | undefined {
  const contents: Buffer[] = [];
  const isDone = new GroupInflater().inflate(bytes, entries, (content, offset) => {
    contents[offset] = Buffer.from(content);
  });
  if (!isDone) assert.deepEqual(contents, [], 'a group is taken whole or not at all');
  return isDone ? contents : undefined;
}

const contents = fc
  .array(fc.oneof(fc.string({ minLength: 1, maxLength: 300 }), fc.constant('x'.repeat(9000))), {
    minLength: 1,
    maxLength: 30,
  })
  .map((texts) => texts.map((text) => Buffer.from(text)));

function named(list: readonly Buffer[]): RawEntry[] {
  return list.map((content, index) => ({ name: `p-${index}/a.json`, content }));
}

test('A group inflates to the content of its entries', () => {
  fc.assert(
    fc.property(contents, (list) => {
      assert.deepEqual(inflated(groupOf(named(list))), list);
    }),
  );
});

test('A group with a flipped bit is declined, or comes out as it was', () => {
  const counts = { declined: 0, same: 0 };
  fc.assert(
    fc.property(contents, fc.nat(), fc.nat({ max: 7 }), (list, place, bit) => {
      const group = groupOf(named(list));
      const at = place % group.bytes.length;
      group.bytes[at] = (group.bytes[at] ?? 0) ^ (1 << bit);
      const found = inflated(group);
      counts[found ? 'same' : 'declined']++;
      if (found) assert.deepEqual(found, list);
    }),
    { numRuns: 1000 },
  );
  assert.ok(counts.declined > 500, JSON.stringify(counts));
});

test('What the directory says wrongly is declined', () => {
  fc.assert(
    fc.property(
      contents,
      fc.nat(),
      fc.constantFrom('crc32', 'sizeBytes', 'compressedSizeBytes', 'flags'),
      (list, place, key) => {
        const { bytes, entries } = groupOf(named(list));
        const wrong = entries.map((entry, index) =>
          index === place % entries.length ? { ...entry, [key]: entry[key] + 1 } : entry,
        );
        assert.equal(inflated({ bytes, entries: wrong }), undefined);
      },
    ),
  );
});

test('Sizes that are right in sum only are declined', () => {
  const { bytes, entries } = groupOf(named([Buffer.from('abc'), Buffer.from('defgh')]));
  const swapped = entries.map((entry, index) => ({ ...entry, sizeBytes: 5 - 2 * index }));
  assert.equal(inflated({ bytes, entries: swapped }), undefined);
});

const [A, B] = [Buffer.from('the first'), Buffer.from('the second')];
const NOTHING = deflateRawSync(Buffer.alloc(0));
/** A block that is stored, and not the last: what follows it in the gzip file goes on within it. */
function openBlock(length: number): Buffer {
  return Buffer.from([0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);
}
const hostile: Record<string, RawEntry[]> = {
  'a member of its own before the data': [
    {
      name: 'p/a.json',
      content: A,
      packed: Buffer.concat([NOTHING, Buffer.alloc(8), HEADER, deflateRawSync(A)]),
    },
    { name: 'p/b.json', content: B },
  ],
  'a member of its own behind the data': [
    {
      name: 'p/a.json',
      content: A,
      packed: Buffer.concat([deflateRawSync(A), trailerOf(A), HEADER, deflateRawSync(A)]),
    },
    { name: 'p/b.json', content: B },
  ],
  'data that goes on in the next entry': [
    { name: 'p/a.json', content: A, packed: openBlock(8 + HEADER.length) },
    { name: 'p/b.json', content: B },
  ],
  'data that makes the next entry its own, in which it has the size of both': [
    { name: 'p/a.json', content: Buffer.alloc(18), packed: openBlock(8 + HEADER.length) },
    { name: 'p/b.json', content: B },
  ],
  'bytes behind the data': [
    { name: 'p/a.json', content: A, packed: Buffer.concat([deflateRawSync(A), Buffer.alloc(4)]) },
    { name: 'p/b.json', content: B },
  ],
  'zeros behind the last data': [
    { name: 'p/a.json', content: A },
    { name: 'p/b.json', content: B, packed: Buffer.concat([deflateRawSync(B), Buffer.alloc(4)]) },
  ],
  'bytes by chance that begin a member': [
    { name: 'p/a.json', content: HEADER, packed: deflateRawSync(HEADER, { level: 0 }) },
    { name: 'p/b.json', content: B },
  ],
  'a stored entry': [
    { name: 'p/a.json', content: A, isStored: true },
    { name: 'p/b.json', content: B },
  ],
  'an empty entry': [
    { name: 'p/a.json', content: Buffer.alloc(0) },
    { name: 'p/b.json', content: B },
  ],
  'data larger than there is room for': [
    { name: 'p/a.json', content: A, packed: Buffer.alloc(300_000) },
    { name: 'p/b.json', content: B },
  ],
};
for (const [what, entries] of Object.entries(hostile)) {
  test(`Inflated one by one: ${what}`, () => {
    for (const list of [entries, [...entries, ...named([A, B])], [...named([A, B]), ...entries]]) {
      assert.equal(inflated(groupOf(list)), undefined);
    }
  });
}

function trailerOf(content: Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(crc32(content), 0);
  bytes.writeUInt32LE(content.length, 4);
  return bytes;
}

test('The memory of what was inflated is given back, and that of others is left alone', () => {
  const other = Buffer.from('in the memory that small buffers share');
  const kept: Buffer[] = [];
  for (const size of [1, 40, 3000, 9000, 100_000]) {
    const content = Buffer.alloc(size, 'x');
    const { bytes, entries } = groupOf(named([content, content]));
    assert.ok(new GroupInflater().inflate(bytes, entries, (one) => kept.push(one)));
  }
  assert.equal(other.toString(), 'in the memory that small buffers share');
  assert.equal(kept.at(-1)?.length, 0);
});
