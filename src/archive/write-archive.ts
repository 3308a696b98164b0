import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { CountedManifest, ManifestHead } from '../model/manifest.ts';
import { BATCH_BYTES } from './batch.ts';
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

/**
 * Writes one zip file, entry by entry, with the manifest as the last one. Not for use by two at once:
 * await each `add` before the next. The zip is made and written by a thread of its own.
 *
 * The first failure (a full disk, say) ends the writer: it rejects the call under way and every later
 * one. Whatever happened, call `close`.
 */
export class ArchiveWriter {
  readonly #file: FileHandle;
  readonly #packer: EntryPacker;

  /**
   * Creates the file, which must not exist yet.
   *
   * @param date the modification time of all entries
   */
  static async create(path: string, date: Date): Promise<ArchiveWriter> {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
    return new ArchiveWriter(await open(path, flags, ARCHIVE_MODE), date);
  }

  private constructor(file: FileHandle, date: Date) {
    this.#file = file;
    this.#packer = new EntryPacker({ fd: file.fd, date, mode: ARCHIVE_MODE });
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
   * Adds the manifest and the zip's directory, and makes sure that all of it is on the disk.
   *
   * @param describe makes the rest of the manifest when all files have been written
   */
  async finish(describe: () => ManifestHead): Promise<CountedManifest> {
    await this.#packer.settle();
    const head = describe();
    const counts = await this.#packer.finish(head);
    await this.#file.sync();
    return { ...head, counts };
  }

  /**
   * Closes the file. On NFS this is where a full disk may first show (nfs(5), "close-to-open"), so its
   * error counts.
   */
  async close(): Promise<void> {
    await this.#packer.close();
    await this.#file.close();
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
