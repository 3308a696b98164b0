import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw, type InflateRaw, inflateRawSync } from 'node:zlib';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';
import { damaged } from './damaged.ts';
import { type ByteSource, FileWindow } from './file-window.ts';
import {
  type ArchiveEntry,
  checkDescriptor,
  checkLocalHeader,
  LOCAL_HEADER_BYTES,
  MAX_VARIABLE_BYTES,
} from './zip-entry.ts';

/** Entries up to this size come in one piece; this bounds the memory that reading takes. */
export const MAX_PIECE_BYTES = 8 * 1024 * 1024;
/** Large enough that a network volume is read at full speed. */
export const WINDOW_BYTES = 2 * 1024 * 1024;
const STREAM_CHUNK_BYTES = 1024 * 1024;

/**
 * A part of an entry's content, or why the rest of it cannot be had. The last piece of a sound entry has
 * `isLast`; only then has its checksum been compared.
 */
export type Piece =
  | { readonly kind: 'bytes'; readonly entry: ArchiveEntry; readonly bytes: Buffer; readonly isLast: boolean }
  | { readonly kind: 'damaged'; readonly entry: ArchiveEntry; readonly reason: string };

/** A file of a known size that can be read. */
export interface ReadableFile {
  readonly handle: ByteSource;
  readonly sizeBytes: number;
}

/** An open file of a known size. */
export interface OpenFile extends ReadableFile {
  readonly handle: FileHandle;
}

/**
 * The content of entries, piece by piece, in the order given: fastest when it is the order of the file.
 * Sizes, CRC-32 and headers are checked; an entry that fails gives a `damaged` piece and the next follows.
 *
 * @throws the system error when the file itself cannot be read
 */
export async function* readPieces(
  { handle, sizeBytes }: ReadableFile,
  entries: Iterable<ArchiveEntry>,
): AsyncGenerator<Piece, void, undefined> {
  const window = new FileWindow(handle, sizeBytes, WINDOW_BYTES);
  for (const entry of entries) yield* readPiecesOf(window, entry);
}

/** The pieces of one entry. Throws as `readPieces` does. */
export async function* readPiecesOf(
  window: FileWindow,
  entry: ArchiveEntry,
): AsyncGenerator<Piece, void, undefined> {
  try {
    if (entry.sizeBytes <= MAX_PIECE_BYTES) {
      const range = await window.read(entry.start, entry.end - entry.start);
      yield { kind: 'bytes', entry, bytes: contentIn(range, entry), isLast: true };
    } else {
      yield* readStreamed(window, entry);
    }
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    yield { kind: 'damaged', entry, reason: error.message };
  }
}

/** One call into zlib costs far less than a stream, which counts with ten thousand entries. */
function contentIn(range: Buffer, entry: ArchiveEntry): Buffer {
  const data = dataIn(range, entry);
  const bytes = entry.isDeflated ? inflate(data, entry) : data;
  checkContent(entry, bytes.length, crc32(bytes));
  return bytes;
}

/**
 * The data of an entry, still deflated if it is, when all around it is as the directory says.
 *
 * @param range the bytes of the entry, from its header to the next entry
 * @throws KnownError `failed`
 */
export function dataIn(range: Buffer, entry: ArchiveEntry): Buffer {
  const dataStart = checkLocalHeader(range, entry);
  const dataEnd = dataStart + entry.compressedSizeBytes;
  if (dataEnd > range.length) throw damaged(`${entry.path} overlaps what follows it`);
  checkDescriptor(range.subarray(dataEnd), entry);
  return range.subarray(dataStart, dataEnd);
}

function inflate(data: Buffer, entry: ArchiveEntry): Buffer {
  // One byte more than declared: with room for all of it, zlib gives one buffer and need not join several.
  const options = { chunkSize: Math.max(entry.sizeBytes + 1, 64), maxOutputLength: entry.sizeBytes || 1 };
  try {
    // With `info` the result is another than the types say: https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
    const result = inflateRawSync(data, { ...options, info: true }) as unknown;
    const { buffer, engine } = result as { buffer: Buffer; engine: InflateRaw };
    checkConsumed(entry, engine.bytesWritten);
    return buffer;
  } catch (error) {
    throw inflateError(entry, error);
  }
}

async function* readStreamed(
  window: FileWindow,
  entry: ArchiveEntry,
): AsyncGenerator<Piece, void, undefined> {
  const { start, end, compressedSizeBytes } = entry;
  const head = await window.read(start, Math.min(end - start, LOCAL_HEADER_BYTES + MAX_VARIABLE_BYTES));
  const dataStart = start + checkLocalHeader(head, entry);
  const dataEnd = dataStart + compressedSizeBytes;
  if (dataEnd > end) throw damaged(`${entry.path} overlaps what follows it`);
  checkDescriptor(await window.read(dataEnd, end - dataEnd), entry);
  const data = readChunks(window, dataStart, dataEnd);
  let sizeBytes = 0;
  let crc = 0;
  let held: Buffer | undefined;
  for await (const bytes of entry.isDeflated ? inflateChunks(data, entry) : data) {
    sizeBytes += bytes.length;
    if (sizeBytes > entry.sizeBytes) throw damaged(`${entry.path} is larger than it claims`);
    crc = crc32(bytes, crc);
    if (held) yield { kind: 'bytes', entry, bytes: held, isLast: false };
    held = bytes;
  }
  checkContent(entry, sizeBytes, crc);
  if (held) yield { kind: 'bytes', entry, bytes: held, isLast: true };
}

async function* inflateChunks(data: AsyncIterable<Buffer>, entry: ArchiveEntry): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: STREAM_CHUNK_BYTES });
  // Every failure arrives at `inflater`, where the loop meets it.
  pipeline(Readable.from(data), inflater, () => {});
  try {
    for await (const bytes of inflater as AsyncIterable<Buffer>) yield bytes;
  } catch (error) {
    throw inflateError(entry, error);
  }
  checkConsumed(entry, inflater.bytesWritten);
}

async function* readChunks(window: FileWindow, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += STREAM_CHUNK_BYTES) {
    yield await window.read(at, Math.min(STREAM_CHUNK_BYTES, end - at));
  }
}

function checkContent(entry: ArchiveEntry, sizeBytes: number, crc: number): void {
  if (sizeBytes !== entry.sizeBytes) {
    throw damaged(`${entry.path} has ${sizeBytes} bytes, not ${entry.sizeBytes} as the directory says`);
  }
  if (crc !== entry.crc32) throw damaged(`${entry.path} has another CRC-32 than the directory says`);
}

/** zlib stops at the end of the deflated data: what stands behind it would go unseen. */
function checkConsumed(entry: ArchiveEntry, byteCount: number): void {
  if (byteCount !== entry.compressedSizeBytes) throw damaged(`${entry.path} has unknown data behind its own`);
}

function inflateError(entry: ArchiveEntry, error: unknown): unknown {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return damaged(`${entry.path} is larger than it claims`, error);
  return code.startsWith('Z_')
    ? damaged(`${entry.path} cannot be inflated (${errorText(error)})`, error)
    : error;
}
