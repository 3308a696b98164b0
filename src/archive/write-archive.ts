import { ZipArchive } from 'archiver';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { callbackify } from 'node:util';
import { type CountedManifest, MANIFEST_ENTRY, type ManifestHead } from '../model/manifest.ts';
import { DEFLATE } from './batch.ts';
import { BATCH_BYTES, EntryPacker, type Packed } from './entry-packer.ts';
import { FileList } from './file-list.ts';
import { manifestPieces } from './manifest-text.ts';
import { asPacked, tuneArchiver } from './tune-archiver.ts';

/** Never wider: an archive can hold Secrets. */
export const ARCHIVE_MODE = 0o640;
/** Deflated data is written in pieces of this size: an entry alone comes in a dozen of a few bytes. */
const WRITE_BYTES = 512 * 1024;

const NOTHING: Promise<readonly Packed<Added>[]> = Promise.resolve([]);

/** What of an entry is needed again when it has been packed. */
interface Added {
  readonly path: string;
  readonly content: EntryContent;
}

/** The bytes of one entry, whose size is known before they are read. */
export interface EntryContent {
  readonly sizeBytes: number;
  readonly objectCount: number;
  /** The pieces in order. Called once. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Writes one zip file, entry by entry, with the manifest as the last one. Not for use by two at once:
 * await each `add` before the next.
 *
 * The first failure (a full disk, say) ends the writer: it rejects the call under way and every later
 * one. Whatever happened, call `close`.
 */
export class ArchiveWriter {
  readonly #files = new FileList();
  readonly #file: FileHandle;
  readonly #zip: ZipArchive;
  readonly #sink: Writable;
  readonly #date: Date;
  readonly #packer: EntryPacker<Added>;
  /** The batch that is being packed; the one after it is being filled meanwhile. */
  #underWay: Promise<readonly Packed<Added>[]> = NOTHING;
  #failure: Error | undefined;
  #onEntry: (() => void) | undefined;
  #onFailure: ((error: Error) => void) | undefined;
  #sizeBytes = 0;

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
    this.#date = date;
    this.#zip = new ZipArchive({ zlib: DEFLATE });
    tuneArchiver(this.#zip);
    this.#packer = new EntryPacker((error) => this.#fail(error));
    this.#sink = sinkTo(file, (byteCount) => (this.#sizeBytes += byteCount));
    this.#zip.on('entry', () => this.#onEntry?.());
    this.#zip.on('error', (error) => this.#fail(error));
    this.#zip.on('warning', (error) => this.#fail(error));
    this.#sink.on('error', (error) => this.#fail(error));
    this.#zip.pipe(this.#sink);
  }

  /** The bytes that have reached the file so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Adds one entry. It is on its way when this resolves; `finish` waits for the last one.
   *
   * @throws what has failed, with this entry or one before it
   */
  async add(path: string, content: EntryContent): Promise<void> {
    if (content.sizeBytes > BATCH_BYTES) {
      await this.#settle();
      const sha256 = await this.#addPieces(path, content);
      this.#record(path, content, sha256);
      return;
    }
    if (!this.#packer.hasRoom(content.sizeBytes)) {
      const before = this.#underWay;
      this.#underWay = this.#packer.send();
      await this.#appendPacked(before);
    }
    await this.#orFailure(takeAll(this.#packer, content));
    this.#packer.end({ path, content }, content.sizeBytes);
  }

  /**
   * Adds the manifest and the zip's directory, and makes sure that all of it is on the disk.
   *
   * @param describe makes the rest of the manifest when all files have been written
   */
  async finish(describe: () => ManifestHead): Promise<CountedManifest> {
    await this.#settle();
    const head = describe();
    const text = manifestPieces(head, this.#files.pages());
    await this.#append(MANIFEST_ENTRY, Readable.from(text, { objectMode: false }));
    await this.#orFailure(Promise.all([this.#zip.finalize(), finished(this.#sink)]));
    await this.#file.sync();
    return { ...head, counts: this.#files.counts };
  }

  /**
   * Closes the file. On NFS this is where a full disk may first show (nfs(5), "close-to-open"), so its
   * error counts.
   */
  async close(): Promise<void> {
    this.#fail(new Error('The archive has been closed'));
    this.#zip.abort();
    this.#zip.unpipe(this.#sink);
    await this.#packer.close();
    await this.#file.close();
  }

  /** Waits for all entries that are under way. */
  async #settle(): Promise<void> {
    const before = this.#underWay;
    this.#underWay = this.#packer.send();
    await this.#appendPacked(before);
    await this.#appendPacked(this.#underWay);
    this.#underWay = NOTHING;
  }

  async #appendPacked(batch: Promise<readonly Packed<Added>[]>): Promise<void> {
    for (const entry of await this.#orFailure(batch)) {
      await this.#append(entry.tag.path, asPacked(entry));
      this.#record(entry.tag.path, entry.tag.content, entry.sha256);
    }
  }

  #record(path: string, { sizeBytes, objectCount }: EntryContent, sha256: string): void {
    this.#files.add({ path, sha256, sizeBytes, objectCount });
  }

  async #addPieces(path: string, content: EntryContent): Promise<string> {
    const digest = createHash('sha256');
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const piece of content.chunks()) {
        digest.update(piece);
        yield piece;
      }
    }
    const source = Readable.from(hashed(), { objectMode: false });
    // archiver pipes it through another stream and would not notice.
    source.on('error', (error) => this.#fail(error));
    await this.#append(path, source);
    return digest.digest('hex');
  }

  async #append(name: string, source: Buffer | Readable): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#onEntry = resolve));
    if (!this.#failure) this.#zip.append(source, { name, date: this.#date, mode: ARCHIVE_MODE });
    await this.#orFailure(done);
  }

  /** archiver's promises don't reject when the file behind them fails, so every wait ends on a failure too. */
  async #orFailure<T>(promise: Promise<T>): Promise<T> {
    const failure = new Promise<never>((_resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      this.#onFailure = reject;
    });
    return await Promise.race([promise, failure]);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#onFailure?.(this.#failure);
  }
}

async function takeAll(packer: EntryPacker<Added>, content: EntryContent): Promise<void> {
  const chunks = content.chunks();
  let offset = 0;
  const take = (piece: Uint8Array): void => {
    packer.take(piece, offset);
    offset += piece.length;
  };
  if (Symbol.iterator in chunks) for (const piece of chunks) take(piece);
  else for await (const piece of chunks) take(piece);
  if (offset !== content.sizeBytes)
    throw new Error(`An entry has ${offset} bytes, not ${content.sizeBytes} as it said`);
}

/** A stream into a file that gathers small chunks. What has been written is whole, or the stream fails. */
function sinkTo(file: FileHandle, onWritten: (byteCount: number) => void): Writable {
  let chunks: Buffer[] = [];
  let pendingBytes = 0;
  const flush = callbackify(async () => {
    const bytes = Buffer.concat(chunks, pendingBytes);
    chunks = [];
    pendingBytes = 0;
    await writeAll(file, bytes, onWritten);
  });
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes < WRITE_BYTES) callback();
      else flush(callback);
    },
    final: (callback) => flush(callback),
  });
}

/** FileHandle.write may write less than asked: a nearly full disk takes a part before it refuses. */
async function writeAll(
  file: FileHandle,
  bytes: Buffer,
  onWritten: (byteCount: number) => void,
): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
    onWritten(bytesWritten);
  }
}
