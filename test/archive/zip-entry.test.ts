import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CRC,
  FIRST,
  FIRST_PATH,
  PACKED,
  rawZipOf,
  refuses,
  withArchive,
  withFirst,
} from './hostile-archives.ts';
import { descriptorOf, extraField, type RawEntry, rawEntries, rawZip, u16, u32, u64 } from './raw-zip.ts';
import { SMALL, temporaryFolder } from './zip-fixtures.ts';

const foreignForms: Record<string, RawEntry[]> = {
  'sizes in the local headers': rawEntries(SMALL),
  'a short data descriptor': withFirst({ descriptor: descriptorOf(CRC, PACKED.length, FIRST.length) }),
  'a short data descriptor, sizes in the header left out': withFirst({
    descriptor: descriptorOf(CRC, PACKED.length, FIRST.length),
    local: { crc: 0, packedBytes: 0, sizeBytes: 0 },
  }),
  'a data descriptor without signature': withFirst({
    descriptor: descriptorOf(CRC, PACKED.length, FIRST.length).subarray(4),
  }),
  'a data descriptor of 64-bit sizes': withFirst({
    descriptor: descriptorOf(CRC, PACKED.length, FIRST.length, true),
  }),
  'Zip64 sizes in both headers': withFirst({
    local: {
      packedBytes: 0xffff_ffff,
      sizeBytes: 0xffff_ffff,
      extra: extraField(1, Buffer.concat([u64(FIRST.length), u64(PACKED.length)])),
    },
    central: {
      packedBytes: 0xffff_ffff,
      sizeBytes: 0xffff_ffff,
      extra: extraField(1, Buffer.concat([u64(FIRST.length), u64(PACKED.length)])),
    },
  }),
  'times and owners as Info-ZIP writes them': withFirst({
    local: {
      extra: Buffer.concat([
        extraField(0x5455, Buffer.concat([Buffer.of(3), u32(0), u32(0)])),
        extraField(0x7875, Buffer.from([1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0])),
      ]),
    },
    central: { extra: extraField(0x5455, Buffer.concat([Buffer.of(3), u32(0)])) },
  }),
};
for (const [form, entries] of Object.entries(foreignForms)) {
  test(`A zip file repacked by another tool is read: ${form}`, async (t) => {
    const dir = await temporaryFolder(t);
    for (const isZip64 of [false, true]) {
      await withArchive(dir, rawZip(entries, { isZip64 }), async (archive) => {
        for (const { name, content } of entries) assert.deepEqual(await archive.read(name), content);
      });
    }
  });
}

/** Bytes that are no archive, and what the one line about them must say. */
refuses({
  'a small hole between entries': [
    rawZip(withFirst({ descriptor: Buffer.alloc(9), local: { flags: 0 }, central: { flags: 0 } })),
    /followed by other data/u,
  ],
  'a data descriptor that contradicts': [
    rawZip(withFirst({ descriptor: descriptorOf(CRC, PACKED.length, FIRST.length + 1) })),
    /followed by other data/u,
  ],
  'a header that names another file': [
    rawZip(withFirst({ local: { name: FIRST_PATH.replace('a', 'b') } })),
    /header that contradicts/u,
  ],
  'a header with another method': [rawZip(withFirst({ local: { method: 0 } })), /header that contradicts/u],
  'a header with other flags': [rawZip(withFirst({ local: { flags: 2 } })), /header that contradicts/u],
  'a header with another size': [rawZip(withFirst({ local: { sizeBytes: 1 } })), /header that contradicts/u],
  'a header with another packed size': [
    rawZip(withFirst({ local: { packedBytes: 1 } })),
    /header that contradicts/u,
  ],
  'a header with another checksum': [rawZip(withFirst({ local: { crc: 1 } })), /header that contradicts/u],
  'sizes left out without a descriptor': [
    rawZip(withFirst({ local: { crc: 0, packedBytes: 0, sizeBytes: 0 } })),
    /header that contradicts/u,
  ],
  'no header where an entry should begin': [
    rawZipOf(SMALL, (bytes) => Buffer.concat([Buffer.from('XX'), bytes.subarray(2)])),
    /no header where it should begin/u,
  ],
  'a second name in an extra field': [
    rawZip(withFirst({ central: { extra: extraField(0x7075, Buffer.from('\u0001aaaa../../evil')) } })),
    /unknown extra field \(0x7075\)/u,
  ],
  'a second name in an extra field of the header': [
    rawZip(withFirst({ local: { extra: extraField(0x7075, Buffer.from('\u0001aaaa../../evil')) } })),
    /unknown extra field \(0x7075\)/u,
  ],
  'a broken extra field': [
    rawZip(withFirst({ central: { extra: Buffer.concat([u16(1), u16(99)]) } })),
    /extra field/u,
  ],
  'an encrypted entry': [rawZip(withFirst({ local: { flags: 1 }, central: { flags: 1 } })), /is encrypted/u],
  'strong encryption': [rawZip(withFirst({ central: { flags: 0x40 } })), /encrypt/u],
  'a masked header': [rawZip(withFirst({ central: { flags: 0x2000 } })), /is encrypted/u],
  'patched data': [rawZip(withFirst({ central: { flags: 0x20 } })), /unknown flags/u],
  'another compression': [rawZip(withFirst({ central: { method: 14 } })), /unknown method/u],
  'a link': [rawZip(withFirst({ central: { attributes: 0o120777 * 2 ** 16 } })), /not a plain file/u],
  'a device': [rawZip(withFirst({ central: { attributes: 0o060600 * 2 ** 16 } })), /not a plain file/u],
  'a folder of Unix': [
    rawZip(withFirst({ central: { attributes: 0o040755 * 2 ** 16 } })),
    /not a plain file/u,
  ],
  'a folder of DOS': [rawZip(withFirst({ central: { attributes: 0x10 } })), /not a plain file/u],
  'an entry with a comment': [rawZip(withFirst({ central: { comment: 'x' } })), /has a comment/u],
  'a bomb that says so': [
    rawZip(withFirst({ central: { sizeBytes: 0xffff_fff0 }, local: { sizeBytes: 0xffff_fff0 } })),
    /larger than deflate can make it/u,
  ],
  'a padded entry': [
    rawZip(withFirst({ packed: Buffer.concat([Buffer.from('000000ffff'.repeat(2000), 'hex'), PACKED]) })),
    /is padded/u,
  ],
  'a stored entry of two sizes': [
    rawZip(withFirst({ isStored: true, central: { sizeBytes: FIRST.length + 1 } })),
    /mismatch|two different sizes/u,
  ],
});
