import { ZipArchive } from 'archiver';
import { createHash, hash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type FileCounts, MANIFEST_ENTRY, type ManifestHead } from '../model/manifest.ts';
import type { EntryBatch, EntryPart, PackingStart } from './batch.ts';
import { FileList } from './file-list.ts';
import { HeldEntries, type PackedEntry } from './held-entries.ts';
import { manifestPieces } from './manifest-text.ts';
import { releaseMemory } from './release-memory.ts';
import { tuneArchiver, type TunedArchiver } from './tune-archiver.ts';

/**
 * Deflate at level 3: two thirds of the time of level 6, which is the usual one, for archives that are a twelfth
 * larger; a run has no second processor to spare, while somebody works on the same machine. With a window of
 * 8 KiB: an object repeats the one before it, so a window of 32 KiB gains next to nothing, and zlib would claim
 * 256 KiB for each of ten thousand entries.
 */
const DEFLATE = { level: 3, windowBits: 13, memLevel: 7 };

/** An entry of which a part has come. */
interface OpenEntry {
  readonly source: PassThrough;
  readonly digest: Hash;
  sizeBytes: number;
}

/**
 * The zip in the making, in the packing thread: archiver, the file behind it, and the list of what is in it.
 * For one call at a time.
 */
export class ZipFile {
  readonly #start: PackingStart;
  readonly #files = new FileList();
  readonly #held: HeldEntries;
  readonly #zip = new ZipArchive({ zlib: DEFLATE });
  readonly #tuned: TunedArchiver;
  readonly #sink: Writable;
  #open: OpenEntry | undefined;
  #fileBytes = 0;

  /** @param onFailure called with what fails between calls, or keeps a call from ever ending */
  constructor(start: PackingStart, onFailure: (error: unknown) => void) {
    this.#start = start;
    this.#held = new HeldEntries({ path: start.heldPath, mode: start.mode });
    this.#tuned = tuneArchiver(this.#zip, start);
    this.#sink = new Writable({
      write: (chunk: Uint8Array, _encoding, callback) => {
        try {
          this.#writeAll(chunk);
          // Large pieces have been joined for this one write.
          releaseMemory(chunk);
        } catch (error) {
          callback(error as Error);
          return;
        }
        callback();
      },
    });
    this.#zip.on('error', onFailure);
    this.#zip.on('warning', onFailure);
    this.#sink.on('error', onFailure);
    this.#zip.pipe(this.#sink);
  }

  /** The bytes that have reached the file. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Adds whole entries, or deflates and holds them. */
  async addEntries(batch: EntryBatch): Promise<void> {
    const entries = packedEntries(batch);
    if (batch.heldFrom === undefined) for (const entry of entries) this.#addPacked(entry);
    else this.#held.add(batch.heldFrom, [...entries]);
    await this.#tuned.drained();
  }

  /** Adds entries that are held. */
  async place(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) this.#addPacked(this.#held.take(number));
    await this.#tuned.drained();
  }

  /** Forgets entries that are held. */
  drop(numbers: readonly number[]): void {
    for (const number of numbers) this.#held.drop(number);
  }

  /** Gives back the content of entries that are held, and forgets them. */
  recall(numbers: readonly number[]): Uint8Array[] {
    return numbers.map((number) => new Uint8Array(inflateRawSync(this.#held.take(number).deflated)));
  }

  /** Adds a part of an entry, which goes through a stream of archiver's. */
  async addPart({ memory, partBytes, path, objectCount, isLast }: EntryPart): Promise<void> {
    const open = (this.#open ??= this.#openEntry(path));
    // A copy: archiver may hold it when the memory has gone back.
    const bytes = this.#tuned.lend(Buffer.from(Buffer.from(memory, 0, partBytes)));
    open.digest.update(bytes);
    open.sizeBytes += partBytes;
    if (!open.source.write(bytes)) await once(open.source, 'drain');
    if (!isLast) return;
    this.#open = undefined;
    const ended = once(this.#zip, 'entry');
    open.source.end();
    await ended;
    const { sizeBytes, digest } = open;
    this.#files.add({ path, sha256: digest.digest('hex'), sizeBytes, objectCount });
  }

  /** Adds the manifest and the zip's directory, and waits until all of it has been written. */
  async finish(head: ManifestHead): Promise<FileCounts> {
    const text = manifestPieces(head, this.#files.pages());
    const ended = once(this.#zip, 'entry');
    this.#append(MANIFEST_ENTRY, Readable.from(text, { objectMode: false }));
    await ended;
    await Promise.all([this.#zip.finalize(), finished(this.#sink)]);
    return this.#files.counts;
  }

  #addPacked({ path, sizeBytes, crc32: checksum, deflated, sha256, objectCount }: PackedEntry): void {
    this.#tuned.appendDeflated({ path, sizeBytes, crc32: checksum, deflated });
    this.#files.add({ path, sha256, sizeBytes, objectCount });
  }

  #openEntry(path: string): OpenEntry {
    const source = new PassThrough();
    this.#append(path, source);
    return { source, digest: createHash('sha256'), sizeBytes: 0 };
  }

  #append(name: string, source: Readable): void {
    const { date, mode } = this.#start;
    this.#zip.append(source, { name, date, mode });
  }

  /** A write may take less than asked: a nearly full disk takes a part before it refuses. */
  #writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const writtenBytes = writeSync(this.#start.fd, bytes, at);
      at += writtenBytes;
      this.#fileBytes += writtenBytes;
    }
  }
}

function* packedEntries({ memory, paths, ends, objectCounts }: EntryBatch): Generator<PackedEntry> {
  const space = Buffer.from(memory);
  let start = 0;
  for (const [index, path] of paths.entries()) {
    const end = ends[index] ?? start;
    yield packed(path, space.subarray(start, end), objectCounts[index] ?? 0);
    start = end;
  }
}

function packed(path: string, content: Buffer, objectCount: number): PackedEntry {
  const sizeBytes = content.length;
  // The buffer for the result: JSON shrinks to a tenth or less, and the default of 16 KiB is mostly waste.
  const chunkSize = Math.max(1024, Math.min(64 * 1024, Math.ceil(sizeBytes / 8)));
  const deflated = deflateRawSync(content, { ...DEFLATE, chunkSize });
  return {
    path,
    sizeBytes,
    crc32: crc32(content),
    deflated,
    sha256: hash('sha256', content),
    objectCount,
  };
}
