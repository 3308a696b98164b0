import { gunzipSync, type Gunzip } from 'node:zlib';
import { KnownError } from '../model/known-error.ts';
import type { ArchiveEntry } from './zip-entry.ts';
import { dataIn } from './entry-pieces.ts';
import { releaseMemory } from './release-memory.ts';

/** How much content is inflated at once at most: little enough to lie in a processor's cache. */
export const MAX_GROUP_BYTES = 256 * 1024;

/** What stands before each entry (RFC 1952, 2.3.1): deflate, no flags, no time, unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** Every member of a gzip file begins so. */
const MEMBER_BEGIN = HEADER.subarray(0, 3);
/** CRC-32 and size stand behind each entry. */
const TRAILER_BYTES = 8;

/**
 * Inflates several entries with one call, as a gzip file of several members: one call for each entry makes a
 * stream object each time, and with ten thousands of entries that costs as much as inflating.
 *
 * What comes back is checked as if each entry had been inflated alone. zlib compares each member with the
 * CRC-32 and the size behind it. That the members are the entries follows from three things. Members begin
 * where a header was put, because nowhere else are there bytes to begin one. So a member is one entry or several
 * in a row, and as all bytes are used, what stands behind it are CRC-32 and size of its last one. If one were
 * several entries, then all sizes together would be more than came out, as no size is 0.
 */
export class GroupInflater {
  /** Deflated content is not larger than content; where it is, entries are inflated one by one. */
  readonly #space = Buffer.allocUnsafeSlow(MAX_GROUP_BYTES);

  /**
   * @param bytes where the entries stand in the file, one behind the other
   * @param take gets the content of each in turn, which lasts no longer than the call
   * @returns false when the entries have to be inflated one by one, because of their form or because something
   *   is wrong with one of them; then none has been taken
   */
  inflate(
    bytes: Buffer,
    entries: readonly ArchiveEntry[],
    take: (content: Buffer, offset: number) => void,
  ): boolean {
    const joined = this.#join(bytes, entries);
    const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    const content = joined && gunzip(joined, sizeBytes);
    if (!content) return false;
    let start = 0;
    for (const [offset, entry] of entries.entries()) {
      take(content.subarray(start, start + entry.sizeBytes), offset);
      start += entry.sizeBytes;
    }
    releaseMemory(content, roomFor(content.length));
    return true;
  }

  #join(bytes: Buffer, entries: readonly ArchiveEntry[]): Buffer | undefined {
    const space = this.#space;
    const fileStart = entries[0]?.start ?? 0;
    let at = 0;
    const headers: number[] = [];
    for (const entry of entries) {
      const data = soundData(bytes.subarray(entry.start - fileStart, entry.end - fileStart), entry);
      if (!data || at + HEADER.length + data.length + TRAILER_BYTES > space.length) return undefined;
      headers.push(at);
      space.set(HEADER, at);
      space.set(data, at + HEADER.length);
      at += HEADER.length + data.length;
      at = space.writeUInt32LE(entry.crc32, at);
      at = space.writeUInt32LE(entry.sizeBytes, at);
    }
    const joined = space.subarray(0, at);
    return beginsAt(joined, headers) ? joined : undefined;
  }
}

/** The deflated data of an entry with content, if there is nothing wrong around it. */
function soundData(range: Buffer, entry: ArchiveEntry): Buffer | undefined {
  if (!entry.isDeflated || entry.sizeBytes === 0) return undefined;
  try {
    return dataIn(range, entry);
  } catch (error) {
    if (error instanceof KnownError) return undefined;
    throw error;
  }
}

/** Whether members can begin at these places and nowhere else. */
function beginsAt(joined: Buffer, places: readonly number[]): boolean {
  let next = joined.indexOf(MEMBER_BEGIN);
  for (const place of places) {
    if (next !== place) return false;
    next = joined.indexOf(MEMBER_BEGIN, next + 1);
  }
  return next === -1;
}

/** What becomes of all of the bytes, if it has that size. */
function gunzip(bytes: Buffer, sizeBytes: number): Buffer | undefined {
  try {
    // As in `inflate`: room for all of it, and a result that is another than the types say.
    const options = { chunkSize: roomFor(sizeBytes), maxOutputLength: sizeBytes, info: true };
    const result = gunzipSync(bytes, options) as unknown;
    const { buffer, engine } = result as { buffer: Buffer; engine: Gunzip };
    return buffer.length === sizeBytes && engine.bytesWritten === bytes.length ? buffer : undefined;
  } catch {
    // Whatever it is, it happens again with one of the entries alone.
    return undefined;
  }
}

/** One byte more than comes out: so zlib gives one buffer and need not join several. */
function roomFor(sizeBytes: number): number {
  return Math.max(64, sizeBytes + 1);
}
