import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KnownError } from '../model/known-error.ts';
import type { CountedManifest, FileRecord, Manifest, ManifestHead } from '../model/manifest.ts';
import { damaged, named } from './damaged.ts';
import type { Level } from './entry-check.ts';
import { EntryChecks } from './entry-checks.ts';
import { type OpenFile, type Piece, readPieces } from './entry-pieces.ts';
import type { EntryTable } from './entry-table.ts';
import { FileCounter } from '../model/file-counter.ts';
import { parseManifest } from './manifest.ts';
import { scanManifest } from './manifest-scan.ts';
import { findManifest, manifestOf, readDirectory } from './zip-directory.ts';
import type { ArchiveEntry } from './zip-entry.ts';

/** What `read` gives at most: larger content is for `pieces`. A JavaScript string can't hold more either. */
const MAX_READ_BYTES = 512 * 1024 * 1024;

/** What takes the files that a manifest names, some hundred at a time. */
export interface FileTaker {
  take(files: readonly FileRecord[]): void;
}

/** An open archive, whose zip directory has been checked. Reads may run at the same time. Close it. */
export class Archive {
  readonly path: string;
  readonly sizeBytes: number;
  /** In the order of the file; the manifest is the last one. */
  readonly entries: EntryTable;
  readonly #file: OpenFile;

  constructor(path: string, file: OpenFile, entries: EntryTable) {
    this.path = path;
    this.sizeBytes = file.sizeBytes;
    this.entries = entries;
    this.#file = file;
  }

  /**
   * Reads and checks the manifest, anew with each call.
   *
   * @throws KnownError `failed`
   */
  async manifest(): Promise<Manifest> {
    try {
      return await parseEntry(this.#file, manifestOf(this.entries));
    } catch (error) {
      throw named(this.path, error);
    }
  }

  /**
   * Reads and checks the manifest as `manifest` does, and doesn't hold its files: they are handed on.
   *
   * @param begin makes what takes them; called again if it becomes necessary to begin anew
   * @returns the rest of the manifest, and what has taken the files
   * @throws KnownError `failed`
   */
  async takeManifest<T extends FileTaker>(begin: () => T): Promise<{ head: ManifestHead; taker: T }> {
    try {
      return await takeEntry(this.#file, manifestOf(this.entries), begin);
    } catch (error) {
      throw named(this.path, error);
    }
  }

  /**
   * The whole content of one entry, with its size and CRC-32 checked.
   *
   * @throws KnownError `failed` for an entry that is missing, damaged, or larger than 512 MiB
   */
  async read(entryPath: string): Promise<Buffer> {
    const index = this.entries.indexOf(entryPath);
    const entry = index === undefined ? undefined : this.entries.at(index);
    if (!entry) throw named(this.path, damaged(`has no entry ${JSON.stringify(entryPath)}`));
    try {
      return await readEntry(this.#file, entry);
    } catch (error) {
      throw named(this.path, error);
    }
  }

  /**
   * The content of entries, of all in the order of the file if none are given. An entry of up to 8 MiB comes
   * in one piece, so memory stays bounded. A damaged entry gives a piece that says so, and the next follows.
   *
   * @throws KnownError `failed` when the file cannot be read on
   */
  async *pieces(entries: Iterable<ArchiveEntry> = this.entries): AsyncGenerator<Piece, void, undefined> {
    try {
      yield* readPieces(this.#file, entries);
    } catch (error) {
      throw named(this.path, error);
    }
  }

  /** Begins to check every entry but the manifest. What it returns has to be closed before the archive. */
  beginChecks(level: Level): EntryChecks {
    return new EntryChecks(this.path, this.#file, { entries: this.entries, level });
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.handle.close();
  }
}

/**
 * Opens an archive and checks the structure of the zip file: one directory at its very end that lists
 * every byte of the file exactly once; plain, unencrypted files with the names that an archive has; the
 * manifest last. Headers and content of an entry are checked when it is read.
 *
 * @throws KnownError `usage` when there is no such file or it may not be read, `failed` when it is damaged
 *   or something else than an archive; the message is one line that begins with the path
 */
export async function openArchive(path: string): Promise<Archive> {
  const file = await openFile(path);
  try {
    return new Archive(path, file, await readDirectory(file));
  } catch (error) {
    await file.handle.close();
    throw named(path, error);
  }
}

/**
 * Reads the manifest of an archive and nothing else, so most of the file stays unchecked. Its files are
 * counted, not held: those of thirty nights would take more memory than all the rest.
 *
 * @throws KnownError as `openArchive` does
 */
export async function readManifest(path: string): Promise<CountedManifest> {
  const { head, taker } = await takeManifest(path, () => new FileCounter());
  return { ...head, counts: taker.counts() };
}

/**
 * Reads the manifest of an archive with all of its files, and nothing else.
 *
 * @throws KnownError as `openArchive` does
 */
export async function readWholeManifest(path: string): Promise<Manifest> {
  const { head, taker } = await takeManifest(path, () => new FileCollector());
  return { ...head, files: taker.files };
}

class FileCollector implements FileTaker {
  readonly files: FileRecord[] = [];

  take(files: readonly FileRecord[]): void {
    for (const file of files) this.files.push(file);
  }
}

async function takeManifest<T extends FileTaker>(
  path: string,
  begin: () => T,
): Promise<{ head: ManifestHead; taker: T }> {
  const file = await openFile(path);
  try {
    return await takeEntry(file, await findManifest(file), begin);
  } catch (error) {
    throw named(path, error);
  } finally {
    await file.handle.close();
  }
}

async function takeEntry<T extends FileTaker>(
  file: OpenFile,
  entry: ArchiveEntry,
  begin: () => T,
): Promise<{ head: ManifestHead; taker: T }> {
  const first = begin();
  const scanned = await scanManifest(contentOf(file, entry), (files) => first.take(files));
  if (scanned) return { head: scanned, taker: first };
  const { files, ...head } = await parseEntry(file, entry);
  const taker = begin();
  taker.take(files);
  return { head, taker };
}

async function parseEntry(file: OpenFile, entry: ArchiveEntry): Promise<Manifest> {
  return parseManifest((await readEntry(file, entry)).toString());
}

async function openFile(path: string): Promise<OpenFile> {
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe to read would wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw new KnownError('usage', `${path} is not a file`);
    return { handle, sizeBytes: stats.size };
  } catch (error) {
    await handle?.close();
    throw named(path, error);
  }
}

async function readEntry(file: OpenFile, entry: ArchiveEntry): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of contentOf(file, entry)) parts.push(part);
  const [first] = parts;
  return first && parts.length === 1 ? first : Buffer.concat(parts, entry.sizeBytes);
}

async function* contentOf(file: OpenFile, entry: ArchiveEntry): AsyncGenerator<Buffer, void, undefined> {
  if (entry.sizeBytes > MAX_READ_BYTES) throw damaged(`${entry.path} is too large to be read at once`);
  for await (const piece of readPieces(file, [entry])) {
    if (piece.kind === 'damaged') throw damaged(piece.reason);
    yield piece.bytes;
  }
}
