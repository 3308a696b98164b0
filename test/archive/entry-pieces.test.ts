import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import {
  claiming,
  FIRST,
  openFileCount,
  PACKED,
  refuses,
  withArchive,
  withFirst,
} from './hostile-archives.ts';
import { rawZip } from './raw-zip.ts';
import { archiveOf, manifestOf, SMALL, temporaryFolder } from './zip-fixtures.ts';

const MIB = 1024 * 1024;
const MANIFEST = manifestOf(SMALL);
/** Content that deflate shrinks to about half, so that the deflated data spans several reads too. */
const LARGE = Buffer.from(randomBytes(4.5 * MIB).toString('hex'));
const LARGE_PACKED = deflateRawSync(LARGE, { level: 1 });

/** Bytes that are no archive, and what the one line about them must say. */
refuses({
  'a bomb that says it is small': [
    rawZip(withFirst({ packed: deflateRawSync(Buffer.alloc(4 * MIB)) })),
    /is padded|is larger than it claims/u,
  ],
  'a large bomb that says it is small': [
    rawZip(withFirst({ packed: deflateRawSync(Buffer.alloc(20 * MIB)), ...claiming(9 * MIB) })),
    /is larger than it claims/u,
  ],
  'an entry shorter than it claims': [rawZip(withFirst(claiming(FIRST.length + 1))), /bytes, not/u],
  'a large entry shorter than it claims': [
    rawZip(withFirst({ packed: deflateRawSync(Buffer.alloc(9 * MIB)), ...claiming(9 * MIB + 1) })),
    /bytes, not/u,
  ],
  'an entry with data behind its own': [
    rawZip(withFirst({ packed: Buffer.concat([PACKED, Buffer.from('hidden')]) })),
    /unknown data behind its own/u,
  ],
  'a large entry with data behind its own': [
    rawZip(withFirst({ content: LARGE, packed: Buffer.concat([LARGE_PACKED, Buffer.from('hidden')]) })),
    /unknown data behind its own/u,
  ],
  'a large entry with much data behind its own': [
    rawZip(withFirst({ content: LARGE, packed: Buffer.concat([LARGE_PACKED, Buffer.alloc(3 * MIB)]) })),
    /unknown data behind its own/u,
  ],
  'an entry that is cut off': [rawZip(withFirst({ packed: PACKED.subarray(0, -9) })), /cannot be inflated/u],
  'a large entry that is cut off': [
    rawZip(withFirst({ content: LARGE, packed: LARGE_PACKED.subarray(0, -9) })),
    /cannot be inflated/u,
  ],
  'an entry that is no deflated data': [
    rawZip(withFirst({ packed: Buffer.alloc(PACKED.length, 0xff) })),
    /cannot be inflated/u,
  ],
  'an entry with another CRC-32': [
    rawZip(withFirst({ local: { crc: 1 }, central: { crc: 1 } })),
    /another CRC-32/u,
  ],
  'a large entry with another CRC-32': [
    rawZip(withFirst({ content: LARGE, packed: LARGE_PACKED, local: { crc: 1 }, central: { crc: 1 } })),
    /another CRC-32/u,
  ],
});

test('Large entries come in pieces of bounded size, small ones whole', async (t) => {
  const dir = await temporaryFolder(t);
  const bytes = await archiveOf({ ...SMALL, 'shop/large.json': LARGE }, MANIFEST);
  await withArchive(dir, bytes, async (archive) => {
    const parts: Buffer[] = [];
    for await (const piece of archive.pieces()) {
      assert.ok(piece.kind === 'bytes' && piece.bytes.length <= 8 * MIB);
      if (piece.entry.path !== 'shop/large.json') assert.ok(piece.isLast);
      else parts.push(piece.bytes);
    }
    assert.ok(parts.length > 1 && Buffer.concat(parts).equals(LARGE));
    assert.ok((await archive.read('shop/large.json')).equals(LARGE));
  });
});

test('A damaged entry does not hide the entries behind it', async (t) => {
  const dir = await temporaryFolder(t);
  const entries = withFirst({ local: { crc: 1 }, central: { crc: 1 } });
  await withArchive(dir, rawZip(entries), async (archive) => {
    const kinds: string[] = [];
    for await (const piece of archive.pieces()) kinds.push(piece.kind);
    assert.deepEqual(kinds, ['damaged', 'bytes', 'bytes', 'bytes']);
  });
});

test('A reader that stops early leaves nothing open', async (t) => {
  const dir = await temporaryFolder(t);
  const bytes = await archiveOf({ 'shop/large.json': LARGE, ...SMALL }, MANIFEST);
  const before = openFileCount();
  await withArchive(dir, bytes, async (archive) => {
    for await (const piece of archive.pieces()) if (piece.kind === 'bytes') break;
    assert.deepEqual(await archive.manifest(), MANIFEST);
  });
  assert.equal(openFileCount(), before);
});
