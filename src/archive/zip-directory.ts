import { callbackify } from 'node:util';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';
import { MANIFEST_ENTRY } from '../model/manifest.ts';
import { damaged } from './damaged.ts';
import type { OpenFile } from './entry-pieces.ts';
import { EntryTable } from './entry-table.ts';
import { FileWindow } from './file-window.ts';
import { parseZipEnd, TAIL_BYTES, type ZipEnd } from './zip-end.ts';
import {
  type ArchiveEntry,
  checkRecord,
  type DirectoryRecord,
  parseManifestRecord,
  parsePlainRecord,
  RECORD_BYTES,
} from './zip-entry.ts';

const WINDOW_BYTES = 1024 * 1024;
/** A record without extra fields, with the longest name. */
const MAX_RECORD_BYTES = RECORD_BYTES + 0xffff;
/** The end of the file: its end records, and the directory's last record before them. */
const TAIL_WINDOW_BYTES = 4096;
/** That of the manifest, without extra fields. */
const MANIFEST_RECORD_BYTES = RECORD_BYTES + MANIFEST_ENTRY.length;

/**
 * Reads and checks the whole directory: it lists every byte of the file exactly once, and the manifest last.
 *
 * @returns the entries in the order of the file
 * @throws KnownError `failed`
 */
export async function readDirectory({ handle, sizeBytes }: OpenFile): Promise<EntryTable> {
  const window = new FileWindow(handle, sizeBytes, WINDOW_BYTES);
  const end = await findEnd(window, sizeBytes);
  return (
    (await readPlainDirectory(window, sizeBytes, end)) ?? (await readAnyDirectory(window, sizeBytes, end))
  );
}

/**
 * Reads a directory in the form of our writer's, whose records have no extra fields: a third of the work, which
 * counts with ten thousand entries. It accepts nothing that yauzl refuses.
 *
 * @returns undefined for a directory in another form and for one with which something is wrong: what that is,
 *   is for `readAnyDirectory` to say
 */
async function readPlainDirectory(
  window: FileWindow,
  fileBytes: number,
  end: ZipEnd,
): Promise<EntryTable | undefined> {
  if (isUnclear(end, fileBytes)) return undefined;
  const entries = new CheckedEntries(end);
  let at = 0;
  let piece: Buffer = Buffer.alloc(0);
  let pieceEnd = end.start;
  try {
    for (let count = 0; count < end.entryCount; count++) {
      if (at + MAX_RECORD_BYTES > piece.length && pieceEnd < end.end) {
        const start = pieceEnd - piece.length + at;
        piece = await window.read(start, Math.min(WINDOW_BYTES, end.end - start));
        pieceEnd = start + piece.length;
        at = 0;
      }
      const record = parsePlainRecord(piece, at);
      if (!record) return undefined;
      const byteCount = RECORD_BYTES + record.path.length;
      entries.add(record, byteCount);
      at += byteCount;
    }
    return entries.end();
  } catch (error) {
    if (error instanceof KnownError) return undefined;
    throw error;
  }
}

/** Whether the short end record says "see the long one", and there is none. */
function isUnclear({ entryCount, start, end }: ZipEnd, fileBytes: number): boolean {
  return fileBytes - end < TAIL_BYTES && (entryCount >= 0xffff || start >= 0xffff_ffff);
}

async function readAnyDirectory(window: FileWindow, fileBytes: number, end: ZipEnd): Promise<EntryTable> {
  const entries = new CheckedEntries(end);
  for await (const entry of readRecords(window, fileBytes)) {
    const { fileNameRaw, ...record } = entry;
    entries.add({ ...record, path: fileNameRaw.toString('latin1') }, recordBytes(entry));
  }
  return entries.end();
}

/** Makes the entries of the records of a directory, one after the other. */
class CheckedEntries {
  readonly #end: ZipEnd;
  readonly #entries: EntryTable;
  #before: DirectoryRecord | undefined;
  #directoryBytes = 0;

  constructor(end: ZipEnd) {
    this.#end = end;
    this.#entries = newTable(end);
  }

  /** Takes the next record, which is so many bytes long. */
  add(record: DirectoryRecord, byteCount: number): void {
    this.#directoryBytes += byteCount;
    if (this.#before) this.#entries.add(checkRecord(this.#before, record.relativeOffsetOfLocalHeader));
    else if (record.relativeOffsetOfLocalHeader !== 0) throw damaged('begins with unknown data');
    this.#before = record;
  }

  /** Checks the last record and the whole. */
  end(): EntryTable {
    const last = this.#before;
    if (last) this.#entries.add(checkRecord(last, this.#end.start));
    if (this.#directoryBytes !== this.#end.end - this.#end.start) {
      throw damaged('its directory is not as long as its end record says');
    }
    if (last?.path !== MANIFEST_ENTRY) {
      throw damaged(`no ${MANIFEST_ENTRY} at its end: not finished, or not an archive of openshift-backup`);
    }
    return this.#entries;
  }
}

/**
 * Finds the manifest by the last record of the directory, without the rest of it: a tenth of the work with
 * ten thousand entries. Reads the whole directory when the record is in another form than our writer's.
 *
 * @throws KnownError `failed`
 */
export async function findManifest(file: OpenFile): Promise<ArchiveEntry> {
  const { handle, sizeBytes } = file;
  const start = Math.max(0, sizeBytes - TAIL_WINDOW_BYTES);
  const window = new FileWindow(handle, sizeBytes, TAIL_WINDOW_BYTES);
  await window.read(start, sizeBytes - start);
  const end = await findEnd(window, sizeBytes);
  const recordStart = Math.max(end.start, end.end - MANIFEST_RECORD_BYTES);
  const record = parseManifestRecord(await window.read(recordStart, end.end - recordStart));
  return record ? checkRecord(record, end.start) : manifestOf(await readDirectory(file));
}

/** The entry of the manifest, the last one of a directory that has been read. */
export function manifestOf(entries: EntryTable): ArchiveEntry {
  const entry = entries.at(entries.length - 1);
  if (entry?.path !== MANIFEST_ENTRY) throw damaged(`no ${MANIFEST_ENTRY}`);
  return entry;
}

async function findEnd(window: FileWindow, sizeBytes: number): Promise<ZipEnd> {
  const tailBytes = Math.min(TAIL_BYTES, sizeBytes);
  return parseZipEnd(await window.read(sizeBytes - tailBytes, tailBytes), sizeBytes);
}

/** With room for no more entries than there can be in a directory of that length, whatever number it says. */
function newTable({ entryCount, start, end }: ZipEnd): EntryTable {
  const possible = Math.min(entryCount, Math.floor((end - start) / RECORD_BYTES));
  return new EntryTable({ entryCount: possible, pathBytes: end - start - possible * RECORD_BYTES });
}

async function* readRecords(window: FileWindow, fileBytes: number): AsyncGenerator<Entry> {
  const options = { autoClose: false, lazyEntries: true, decodeStrings: false };
  try {
    const zip = await fromRandomAccessReaderPromise(new WindowReader(window), fileBytes, options);
    yield* zip.eachEntry();
  } catch (error) {
    const isOfYauzl = error instanceof Error && systemErrorCode(error) === undefined;
    throw isOfYauzl && !(error instanceof KnownError) ? damaged(errorText(error), error) : error;
  }
}

function recordBytes({ fileNameLength, extraFieldLength, fileCommentLength }: Entry): number {
  return RECORD_BYTES + fileNameLength + extraFieldLength + fileCommentLength;
}

/** Lets yauzl read through a window: of its own it makes two reads for each entry. */
class WindowReader extends RandomAccessReader {
  readonly #window: FileWindow;

  constructor(window: FileWindow) {
    super();
    this.#window = window;
  }

  override read(...args: Parameters<RandomAccessReader['read']>): void {
    const [buffer, offset, length, position, callback] = args;
    const known = this.#window.peek(position, length);
    if (known) {
      known.copy(buffer, offset);
      callback(null);
      return;
    }
    readWindow(this.#window, position, length, (error, bytes) => {
      bytes?.copy(buffer, offset);
      callback(error);
    });
  }
}

const readWindow = callbackify((window: FileWindow, position: number, length: number) =>
  window.read(position, length),
);
