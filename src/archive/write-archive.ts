import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { CountedManifest, ManifestHead } from '../model/manifest.ts';
import { BATCH_BYTES } from './batch.ts';
import type { PackerEntry } from './batch-space.ts';
import { EntryPacker } from './entry-packer.ts';

/** Never wider: an archive can hold Secrets. */
export const ARCHIVE_MODE = 0o640;

/** The bytes of one entry, whose size is known before they are read. */
export interface EntryContent {
  readonly sizeBytes: number;
  readonly objectCount: number;
  /** The pieces in order. Called once. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** An entry that has been handed over but is not in the archive yet. */
export type HeldEntry = number & { readonly isHeldEntry: true };

/**
 * Writes one zip file, entry by entry, with the manifest as the last one. Not for use by two at once:
 * await each `add` before the next. The zip is made and written by a thread of its own.
 *
 * The first failure (a full disk, say) ends the writer: it rejects the call under way and every later
 * one. Whatever happened, call `close`.
 */
export class ArchiveWriter {
  readonly #packer = new EntryPacker();
  #file: FileHandle | undefined;
  #heldPath: string | undefined;

  /** As the constructor and `open`. */
  static async create(path: string, date: Date, heldPath?: string): Promise<ArchiveWriter> {
    const writer = new ArchiveWriter();
    try {
      await writer.open(path, date, heldPath);
      return writer;
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /**
   * Creates the file, which must not exist yet. To be called once, before everything else. The thread has been
   * getting ready since the writer was made: that may be long before it is known what to write.
   *
   * @param date the modification time of all entries
   * @param heldPath where a file goes for entries that are held, if there are to be many; it must not exist
   */
  async open(path: string, date: Date, heldPath = `${path}.held`): Promise<void> {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
    this.#file = await open(path, flags, ARCHIVE_MODE);
    this.#heldPath = heldPath;
    this.#packer.open({ fd: this.#file.fd, date, mode: ARCHIVE_MODE, heldPath });
  }

  /** The bytes that have reached the file so far. */
  get sizeBytes(): number {
    return this.#packer.fileBytes;
  }

  /**
   * Adds one entry. It is on its way when this resolves; `finish` waits for the last one.
   *
   * @param path as it stands in the zip: `entryPath` and `factsPath` make such
   * @throws what has failed, with this entry or one before it
   */
  async add(path: string, content: EntryContent): Promise<void> {
    this.#packer.check();
    try {
      if (content.sizeBytes > BATCH_BYTES) await this.#addParts(path, content);
      else await this.#addWhole(path, content);
    } catch (error) {
      throw this.#packer.fail(error);
    }
  }

  /**
   * Hands over an entry of which it is not yet certain that it belongs into the archive. The work of it is
   * done meanwhile. Call `settle` now and then, for nothing waits here.
   *
   * @param pieces the content, at most `BATCH_BYTES` in all; they are copied
   */
  hold(entry: PackerEntry, pieces: readonly Uint8Array[]): HeldEntry {
    const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
    if (sizeBytes > BATCH_BYTES) throw new RangeError(`${entry.path} is too large to be held`);
    return this.#packer.hold(entry, pieces, sizeBytes) as HeldEntry;
  }

  /** Waits until there is room for more. */
  async settle(): Promise<void> {
    await this.#packer.untilReady();
  }

  /** Adds an entry that is held, which it is no more. Nothing waits here: there is next to nothing left to do. */
  place(entry: HeldEntry): void {
    this.#packer.place(entry);
  }

  /** Forgets entries that are held. */
  drop(entries: readonly HeldEntry[]): void {
    this.#packer.drop(entries);
  }

  /** Gives back the contents of entries that are held, which they are no more. */
  async recall(entries: readonly HeldEntry[]): Promise<readonly Uint8Array[]> {
    return await this.#packer.recall(entries);
  }

  /**
   * Adds the manifest and the zip's directory, and makes sure that all of it is on the disk.
   *
   * @param describe makes the rest of the manifest when all files have been written
   */
  async finish(describe: () => ManifestHead): Promise<CountedManifest> {
    await this.#packer.settle();
    const head = describe();
    const counts = await this.#packer.finish(head);
    await this.#file?.sync();
    return { ...head, counts };
  }

  /**
   * Closes the file. On NFS this is where a full disk may first show (nfs(5), "close-to-open"), so its
   * error counts.
   */
  async close(): Promise<void> {
    try {
      await this.#packer.close();
      if (this.#heldPath !== undefined) await rm(this.#heldPath, { force: true });
    } finally {
      await this.#file?.close();
    }
  }

  async #addWhole(path: string, content: EntryContent): Promise<void> {
    if (!this.#packer.hasRoom(content.sizeBytes)) await this.#packer.send();
    const chunks = content.chunks();
    const length = new Length(content.sizeBytes);
    const take = (piece: Uint8Array): void => {
      length.add(piece);
      this.#packer.take(piece);
    };
    if (Symbol.iterator in chunks) for (const piece of chunks) take(piece);
    else for await (const piece of chunks) take(piece);
    length.end();
    this.#packer.end({ path, objectCount: content.objectCount });
  }

  async #addParts(path: string, content: EntryContent): Promise<void> {
    const entry = { path, objectCount: content.objectCount };
    const length = new Length(content.sizeBytes);
    await this.#packer.send();
    for await (const piece of content.chunks()) {
      length.add(piece);
      await this.#packer.takePart(piece, entry);
    }
    length.end();
    await this.#packer.endParts(entry);
  }
}

/** Makes sure that an entry is as long as it said: there is room for so much and no more. */
class Length {
  readonly #sizeBytes: number;
  #takenBytes = 0;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  add({ length }: Uint8Array): void {
    this.#takenBytes += length;
    if (this.#takenBytes > this.#sizeBytes) this.#refuse('or more ');
  }

  end(): void {
    if (this.#takenBytes < this.#sizeBytes) this.#refuse('');
  }

  #refuse(more: string): never {
    throw new Error(`An entry has ${this.#takenBytes} bytes ${more}and not ${this.#sizeBytes} as it said`);
  }
}
