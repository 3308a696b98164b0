import { damaged } from './damaged.ts';

// Section numbers are of PKWARE's APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.10.TXT

/** The end record (4.3.16), the Zip64 locator (4.3.15) and the Zip64 end record (4.3.14). */
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const ZIP64_END_BYTES = 56;
/** All that may stand behind the directory. */
export const TAIL_BYTES = END_BYTES + LOCATOR_BYTES + ZIP64_END_BYTES;

const MAX_ENTRIES = 1_000_000;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

/** Where the central directory lies. */
export interface ZipEnd {
  readonly entryCount: number;
  readonly start: number;
  readonly end: number;
}

/** What an end record says of the directory; a short one says "the greatest number" for "see the long one". */
interface Told {
  readonly entryCount: number;
  readonly sizeBytes: number;
  readonly start: number;
}

/**
 * Finds the central directory.
 *
 * @param tail the last `TAIL_BYTES` of the file, or all of a shorter one
 * @throws KnownError `failed` unless one end record without a comment ends the file, and the directory lies
 *   directly before it
 */
export function parseZipEnd(tail: Buffer, fileBytes: number): ZipEnd {
  const at = tail.length - END_BYTES;
  if (at < 0 || tail.readUInt32LE(at) !== 0x0605_4b50 || tail.readUInt16LE(at + 20) !== 0) {
    throw damaged(
      'not a zip file, or cut off, or followed by other data: it does not end as a zip file ends',
    );
  }
  const short = parseShortEnd(tail, at);
  const hasLong = at >= TAIL_BYTES - END_BYTES && tail.readUInt32LE(at - LOCATOR_BYTES) === 0x0706_4b50;
  const told = hasLong ? parseZip64End(tail, fileBytes, short) : short;
  const end = fileBytes - (hasLong ? TAIL_BYTES : END_BYTES);
  if (told.start + told.sizeBytes !== end) {
    throw damaged('its directory does not lie where its end record says: cut off, joined or edited');
  }
  if (told.entryCount > MAX_ENTRIES) throw damaged(`more than ${MAX_ENTRIES} entries`);
  return { entryCount: told.entryCount, start: told.start, end };
}

function parseShortEnd(tail: Buffer, at: number): Told {
  const entryCount = tail.readUInt16LE(at + 10);
  if (tail.readUInt32LE(at + 4) !== 0 || tail.readUInt16LE(at + 8) !== entryCount) {
    throw damaged('one part of a zip file that was split');
  }
  return { entryCount, sizeBytes: tail.readUInt32LE(at + 12), start: tail.readUInt32LE(at + 16) };
}

function parseZip64End(tail: Buffer, fileBytes: number, short: Told): Told {
  const locator = tail.length - END_BYTES - LOCATOR_BYTES;
  const record = locator - ZIP64_END_BYTES;
  const told = {
    entryCount: readU64(tail, record + 32),
    sizeBytes: readU64(tail, record + 40),
    start: readU64(tail, record + 48),
  };
  const areSame =
    tail.readUInt32LE(locator + 4) === 0 &&
    readU64(tail, locator + 8) === fileBytes - TAIL_BYTES &&
    tail.readUInt32LE(locator + 16) === 1 &&
    tail.readUInt32LE(record) === 0x0606_4b50 &&
    readU64(tail, record + 4) === ZIP64_END_BYTES - 12 &&
    readU64(tail, record + 16) === 0 &&
    readU64(tail, record + 24) === told.entryCount;
  if (!areSame || !agree(short, told)) throw damaged('its end records contradict each other');
  return told;
}

/** A reader that follows the short record must not see another directory than one that follows the long. */
function agree(short: Told, long: Told): boolean {
  return (
    [long.entryCount, MAX_U16].includes(short.entryCount) &&
    [long.sizeBytes, MAX_U32].includes(short.sizeBytes) &&
    [long.start, MAX_U32].includes(short.start)
  );
}

/** A 64-bit number; beyond 2^53 inexact, which no check can take for a true offset. */
export function readU64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}
