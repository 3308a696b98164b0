import { MANIFEST_ENTRY } from '../model/manifest.ts';
import { damaged } from './damaged.ts';
import { isEntryPath } from './entry-path.ts';
import { readU64 } from './zip-end.ts';

// The zip format, and why it is checked so closely: two readers that follow different parts of a
// contradictory file see different content under one checksum (CVE-2025-54368). Section numbers are of
// PKWARE's APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.10.TXT

/** A header of the central directory without its three variable fields (4.3.12). */
export const RECORD_BYTES = 46;
/** A local header without its name and extra fields (4.3.7). */
export const LOCAL_HEADER_BYTES = 30;
/** The longest name and extra fields that a header can have. */
export const MAX_VARIABLE_BYTES = 2 * 0xffff;

/** More than all that etcd can hold, and far below where numbers lose precision. */
const MAX_ENTRY_BYTES = 64 * 1024 ** 3;
/** Deflate makes at most 1,032 bytes of one (https://zlib.net/zlib_tech.html, "Maximum Compression Factor"). */
const MAX_RATIO = 1032;
const MAX_DESCRIPTOR_BYTES = 24;

const STORED = 0;
const DEFLATED = 8;
const HAS_DESCRIPTOR = 0x08;
/** Deflate's two speed bits, the data descriptor, and names in UTF-8 (4.4.4); no encryption of any kind. */
const KNOWN_FLAGS = 0x06 | HAS_DESCRIPTOR | 0x800;
/** Zip64 sizes, and Info-ZIP's times and owners. Others could give an entry a second name or content. */
const KNOWN_EXTRA_FIELDS: ReadonlySet<number> = new Set([0x0001, 0x5455, 0x7875]);
const NO_EXTRA_FIELDS = Buffer.alloc(0);
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

/** One entry of an archive, as the central directory describes it. */
export interface ArchiveEntry {
  /** `<project>/<type>.json`, `_cluster/<type>.json` or `manifest.json`. */
  readonly path: string;
  /** The size of the content. */
  readonly sizeBytes: number;
  readonly compressedSizeBytes: number;
  readonly crc32: number;
  readonly isDeflated: boolean;
  readonly flags: number;
  /** Where its local header begins. */
  readonly start: number;
  /** Where the next entry, or the directory, begins. */
  readonly end: number;
}

/** A record of the central directory, in the words of yauzl but for the path. */
export interface DirectoryRecord {
  /** In Latin-1, which keeps every byte apart. */
  readonly path: string;
  readonly fileCommentLength: number;
  readonly extraFieldRaw: Buffer;
  readonly generalPurposeBitFlag: number;
  readonly compressionMethod: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly externalFileAttributes: number;
  readonly relativeOffsetOfLocalHeader: number;
}

/**
 * The record of `manifest.json`, when the bytes are nothing else.
 *
 * @param bytes the last 59 bytes of a directory; a record with extra fields is longer
 */
export function parseManifestRecord(bytes: Buffer): DirectoryRecord | undefined {
  const record = parsePlainRecord(bytes);
  return record?.path === MANIFEST_ENTRY && bytes.length === RECORD_BYTES + record.path.length
    ? record
    : undefined;
}

/**
 * A record of the directory without extra fields, when nothing else stands there: that is the form of ours.
 *
 * @param at where it begins
 */
export function parsePlainRecord(bytes: Buffer, at = 0): DirectoryRecord | undefined {
  if (at + RECORD_BYTES > bytes.length || bytes.readUInt32LE(at) !== 0x0201_4b50) return undefined;
  const pathStart = at + RECORD_BYTES;
  const pathEnd = pathStart + bytes.readUInt16LE(at + 28);
  if (pathEnd > bytes.length || bytes.readUInt16LE(at + 30) !== 0) return undefined;
  return {
    path: bytes.toString('latin1', pathStart, pathEnd),
    fileCommentLength: bytes.readUInt16LE(at + 32),
    extraFieldRaw: NO_EXTRA_FIELDS,
    generalPurposeBitFlag: bytes.readUInt16LE(at + 8),
    compressionMethod: bytes.readUInt16LE(at + 10),
    crc32: bytes.readUInt32LE(at + 16),
    compressedSize: bytes.readUInt32LE(at + 20),
    uncompressedSize: bytes.readUInt32LE(at + 24),
    externalFileAttributes: bytes.readUInt32LE(at + 38),
    relativeOffsetOfLocalHeader: bytes.readUInt32LE(at + 42),
  };
}

/**
 * Checks one record of the directory on its own. `end` is where the next entry or the directory begins.
 *
 * @throws KnownError `failed`
 */
export function checkRecord(record: DirectoryRecord, end: number): ArchiveEntry {
  // The grammar lets only ASCII pass.
  const { path } = record;
  const where = (): string => JSON.stringify(path.slice(0, 200));
  if (path !== MANIFEST_ENTRY && !isEntryPath(path)) {
    throw damaged(`entry ${where()} has a name that no archive of openshift-backup has`);
  }
  const problem = kindProblem(record) ?? sizeProblem(record, end);
  if (problem) throw damaged(`entry ${where()} ${problem}`);
  return {
    path,
    sizeBytes: record.uncompressedSize,
    compressedSizeBytes: record.compressedSize,
    crc32: record.crc32,
    isDeflated: record.compressionMethod === DEFLATED,
    flags: record.generalPurposeBitFlag,
    start: record.relativeOffsetOfLocalHeader,
    end,
  };
}

function kindProblem(record: DirectoryRecord): string | undefined {
  const { generalPurposeBitFlag: flags, compressionMethod: method, externalFileAttributes } = record;
  if ((flags & 0x2041) !== 0) return 'is encrypted';
  if ((flags & ~KNOWN_FLAGS) !== 0) return `has unknown flags (${flags})`;
  if (method !== STORED && method !== DEFLATED) return `is compressed with an unknown method (${method})`;
  const unixType = (externalFileAttributes >>> 16) & 0o170000;
  const isDosFolder = (externalFileAttributes & 0x10) !== 0;
  if ((unixType !== 0 && unixType !== 0o100000) || isDosFolder) return 'is not a plain file';
  if (record.fileCommentLength !== 0) return 'has a comment';
  return extraFieldProblem(record.extraFieldRaw);
}

function sizeProblem(record: DirectoryRecord, end: number): string | undefined {
  const { compressedSize, uncompressedSize, relativeOffsetOfLocalHeader: start, path } = record;
  const packedBytes = LOCAL_HEADER_BYTES + path.length + compressedSize;
  if (start + packedBytes > end) return 'overlaps what follows it';
  if (start + packedBytes + MAX_U16 + MAX_DESCRIPTOR_BYTES < end) return 'is followed by unknown data';
  if (uncompressedSize > MAX_ENTRY_BYTES) return `claims to be ${uncompressedSize} bytes long`;
  if (record.compressionMethod === STORED) {
    return compressedSize === uncompressedSize ? undefined : 'is stored with two different sizes';
  }
  if (uncompressedSize > compressedSize * MAX_RATIO) return 'claims to be larger than deflate can make it';
  return compressedSize > 2 * uncompressedSize + 1024 ? 'is padded' : undefined;
}

function extraFieldProblem(extra: Buffer): string | undefined {
  let at = 0;
  while (at + 4 <= extra.length) {
    const id = extra.readUInt16LE(at);
    if (!KNOWN_EXTRA_FIELDS.has(id)) return `has an unknown extra field (0x${id.toString(16)})`;
    at += 4 + extra.readUInt16LE(at + 2);
  }
  return at === extra.length ? undefined : 'has a broken extra field';
}

/**
 * Compares the local header with the directory.
 *
 * @param head the bytes from `entry.start` on, the whole header at least
 * @returns how long the header is: behind it the data begins
 * @throws KnownError `failed`
 */
export function checkLocalHeader(head: Buffer, entry: ArchiveEntry): number {
  const method = entry.isDeflated ? DEFLATED : STORED;
  if (head.readUInt32LE(0) !== 0x0403_4b50)
    throw damaged(`${entry.path} has no header where it should begin`);
  const nameEnd = LOCAL_HEADER_BYTES + head.readUInt16LE(26);
  const headerBytes = nameEnd + head.readUInt16LE(28);
  if (headerBytes > head.length) throw damaged(`${entry.path} has a header that is cut off`);
  const extra = headerBytes === nameEnd ? NO_EXTRA_FIELDS : head.subarray(nameEnd, headerBytes);
  const isSame =
    head.readUInt16LE(6) === entry.flags &&
    head.readUInt16LE(8) === method &&
    head.toString('latin1', LOCAL_HEADER_BYTES, nameEnd) === entry.path &&
    hasSameSizes(head, extra, entry);
  if (!isSame) throw damaged(`${entry.path} has a header that contradicts the directory`);
  const problem = extraFieldProblem(extra);
  if (problem) throw damaged(`${entry.path} ${problem}`);
  return headerBytes;
}

/** With a data descriptor behind the data, the header may leave the checksum and sizes at 0 (4.4.4, bit 3). */
function hasSameSizes(head: Buffer, extra: Buffer, entry: ArchiveEntry): boolean {
  const told = [head.readUInt32LE(14), head.readUInt32LE(18), head.readUInt32LE(22)] as const;
  const isLeftOut = told.every((value) => value === 0);
  if (isLeftOut && (entry.flags & HAS_DESCRIPTOR) !== 0) return true;
  // In a local header a Zip64 field holds both sizes, the uncompressed one first (4.5.3).
  const isLong = extra.length >= 20 && extra.readUInt16LE(0) === 0x0001 && extra.readUInt16LE(2) >= 16;
  const compressed = isLong && told[1] === MAX_U32 ? readU64(extra, 12) : told[1];
  const size = isLong && told[2] === MAX_U32 ? readU64(extra, 4) : told[2];
  return told[0] === entry.crc32 && compressed === entry.compressedSizeBytes && size === entry.sizeBytes;
}

/**
 * Checks what lies between an entry's data and the next entry: nothing, or a data descriptor (4.3.9), with
 * or without signature, of 32-bit or 64-bit sizes.
 *
 * @throws KnownError `failed`
 */
export function checkDescriptor(bytes: Buffer, entry: ArchiveEntry): void {
  const isExpected = (entry.flags & HAS_DESCRIPTOR) !== 0;
  if (!isExpected && bytes.length === 0) return;
  const expected = descriptor(entry, bytes.length > 16);
  if (isExpected && (bytes.equals(expected) || bytes.equals(expected.subarray(4)))) return;
  throw damaged(`${entry.path} is followed by other data than the directory lets expect`);
}

function descriptor({ crc32, compressedSizeBytes, sizeBytes }: ArchiveEntry, isLong: boolean): Buffer {
  const bytes = Buffer.alloc(isLong ? 24 : 16);
  bytes.writeUInt32LE(0x0807_4b50, 0);
  bytes.writeUInt32LE(crc32, 4);
  const sizes = [compressedSizeBytes, sizeBytes];
  if (isLong) bytes.set(new Uint8Array(new BigUint64Array(sizes.map(BigInt)).buffer), 8);
  else
    for (const [index, size] of sizes.entries()) bytes.writeUInt32LE(Math.min(size, MAX_U32), 8 + 4 * index);
  return bytes;
}
