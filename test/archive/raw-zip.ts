import { crc32, deflateRawSync } from 'node:zlib';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { type Contents, manifestOf } from './zip-fixtures.ts';

/** What the headers of an entry say; each can be made to lie. */
export interface RawHeader {
  readonly name: Buffer | string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly extra: Buffer;
  readonly attributes: number;
  readonly comment: string;
  readonly offset: number;
}

/** One entry of a hand-made zip file. */
export interface RawEntry {
  readonly name: string;
  readonly content: Buffer;
  /** Stored instead of deflated. */
  readonly isStored?: boolean;
  /** What stands in the file for the deflated content. */
  readonly packed?: Buffer;
  readonly local?: Partial<RawHeader>;
  readonly central?: Partial<RawHeader>;
  readonly descriptor?: Buffer;
}

/** The two end records of a hand-made zip file, which can be made to lie too. */
export interface RawEnd {
  readonly isZip64?: boolean;
  readonly entryCount?: number;
  readonly directoryBytes?: number;
  readonly directoryStart?: number;
  readonly comment?: string;
  readonly disk?: number;
}

/** A zip file made by hand: sizes in the local headers, unless the entries say otherwise. */
export function rawZip(entries: readonly RawEntry[], end: RawEnd = {}): Buffer {
  const parts: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { isStored = false, content, packed = isStored ? content : deflateRawSync(content) } = entry;
    const header: RawHeader = {
      name: entry.name,
      flags: entry.descriptor ? 8 : 0,
      method: isStored ? 0 : 8,
      crc: crc32(content),
      packedBytes: packed.length,
      sizeBytes: content.length,
      extra: Buffer.alloc(0),
      attributes: 0o100640 * 2 ** 16,
      comment: '',
      offset,
    };
    const local = [localHeader({ ...header, ...entry.local }), packed, entry.descriptor ?? Buffer.alloc(0)];
    records.push(centralRecord({ ...header, ...entry.central }));
    for (const part of local) {
      parts.push(part);
      offset += part.length;
    }
  }
  return Buffer.concat([
    ...parts,
    ...records,
    endRecords(entries.length, Buffer.concat(records).length, offset, end),
  ]);
}

/** The entries of an archive of these contents for `rawZip`. */
export function rawEntries(contents: Contents, manifest = manifestOf(contents)): RawEntry[] {
  return Object.entries({ ...contents, [MANIFEST_ENTRY]: Buffer.from(canonicalJson(manifest)) }).map(
    ([name, content]) => ({ name, content }),
  );
}

/** An extra field. */
export function extraField(id: number, data: Buffer): Buffer {
  return Buffer.concat([u16(id), u16(data.length), data]);
}

/** A data descriptor of 16 bytes, or of 24 with 64-bit sizes. */
export function descriptorOf(crc: number, packedBytes: number, sizeBytes: number, isLong = false): Buffer {
  const size = isLong ? u64 : u32;
  return Buffer.concat([u32(0x0807_4b50), u32(crc), size(packedBytes), size(sizeBytes)]);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function localHeader({ name, flags, method, crc, packedBytes, sizeBytes, extra }: RawHeader): Buffer {
  const nameBytes = Buffer.from(name);
  return Buffer.concat([
    u32(0x0403_4b50),
    ...[20, flags, method, 0, 0x5b74].map(u16),
    ...[crc, packedBytes, sizeBytes].map(u32),
    ...[nameBytes.length, extra.length].map(u16),
    nameBytes,
    extra,
  ]);
}

function centralRecord(header: RawHeader): Buffer {
  const { name, flags, method, crc, packedBytes, sizeBytes, extra, attributes, comment, offset } = header;
  const nameBytes = Buffer.from(name);
  return Buffer.concat([
    u32(0x0201_4b50),
    ...[0x0314, 20, flags, method, 0, 0x5b74].map(u16),
    ...[crc, packedBytes, sizeBytes].map(u32),
    ...[nameBytes.length, extra.length, comment.length, 0, 0].map(u16),
    ...[attributes, offset].map(u32),
    nameBytes,
    extra,
    Buffer.from(comment),
  ]);
}

export function endRecords(count: number, bytes: number, start: number, end: RawEnd): Buffer {
  const { entryCount = count, directoryBytes = bytes, directoryStart = start, comment = '', disk = 0 } = end;
  const short = end.isZip64
    ? [0xffff, 0xffff_ffff, 0xffff_ffff]
    : [entryCount, directoryBytes, directoryStart];
  const [shortCount = 0, shortBytes = 0, shortStart = 0] = short;
  return Buffer.concat([
    ...(end.isZip64 ? [zip64End(entryCount, directoryBytes, directoryStart, start + bytes)] : []),
    u32(0x0605_4b50),
    ...[disk, disk, shortCount, shortCount].map(u16),
    ...[shortBytes, shortStart].map(u32),
    u16(comment.length),
    Buffer.from(comment),
  ]);
}

function zip64End(count: number, bytes: number, start: number, recordStart: number): Buffer {
  return Buffer.concat([
    u32(0x0606_4b50),
    u64(44),
    u32(45 * 0x1_0001),
    u64(0),
    ...[count, count, bytes, start].map(u64),
    u32(0x0706_4b50),
    u32(0),
    u64(recordStart),
    u32(1),
  ]);
}
