import { type FileHandle, open, unlink } from 'node:fs/promises';
import { ITEM_SEPARATOR, LIST_HEAD, LIST_TAIL } from '../archive/layout.ts';
import { ARCHIVE_MODE, type EntryContent } from '../archive/write-archive.ts';
import { ItemIndex, type IndexedList, type Range } from './item-index.ts';

/** What one type may hold in memory before it goes to a file. */
const MEMORY_BYTES_MAX = 256 * 1024;
const SLAB_BYTES = 256 * 1024;
/** How much of the file is read at a time. */
const WINDOW_BYTES = 1024 * 1024;

/** Stands for bytes that are not in memory. */
const MISSING = new Uint8Array(0);

interface Slab {
  start: number;
  readonly buffer: Buffer;
  usedBytes: number;
}

/** The objects of one project, as the content of an archive's entry. */
export interface SpooledList {
  /** Undefined for cluster-scoped objects. */
  readonly project: string | undefined;
  readonly content: EntryContent;
}

/**
 * Holds the objects of one type, ready to be written, until the last page has arrived. Only then is it
 * certain that the type is whole: what has been read of a list that fails is thrown away, and the archive
 * never holds a part of a list. Small types stay in memory, large ones go to a file; what remains in memory
 * is about 50 bytes an object.
 */
export class ItemSpool {
  readonly #path: string;
  readonly #index = new ItemIndex();
  #slabs: Slab[] = [];
  readonly #spare: Slab[] = [];
  #file: FileHandle | undefined;
  #fileBytes = 0;
  /** The part of the file that was read last. */
  #window: { readonly start: number; readonly bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };

  /** @param path where the file goes if there is to be one; it must not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes one object. `bytes` is copied. */
  add(project: string | undefined, name: string, bytes: Uint8Array): void {
    const sizeBytes = bytes.length + ITEM_SEPARATOR.length;
    const slab = this.#slabFor(sizeBytes);
    slab.buffer.set(bytes, slab.usedBytes);
    slab.buffer.set(ITEM_SEPARATOR, slab.usedBytes + bytes.length);
    slab.usedBytes += sizeBytes;
    this.#index.add(project, name, sizeBytes);
  }

  /** Moves what lies in memory to the file if it is too much. Call it between pages. */
  async settle(): Promise<void> {
    if (this.#index.totalBytes - this.#fileBytes <= MEMORY_BYTES_MAX) return;
    this.#file ??= await open(this.#path, 'wx+', ARCHIVE_MODE);
    for (const { buffer, usedBytes } of this.#slabs) {
      await writeAt(this.#file, buffer.subarray(0, usedBytes), this.#fileBytes);
      this.#fileBytes += usedBytes;
    }
    // The slabs are used again: memory outside the heap is given back late.
    this.#spare.push(...this.#slabs.filter(({ buffer }) => buffer.length === SLAB_BYTES));
    this.#slabs = [];
  }

  /**
   * To be called when the last object has come.
   *
   * @throws TransportError when an object came twice: then the list was not one state of the server
   */
  complete(): void {
    this.#spare.length = 0;
    for (const _list of this.#index.lists());
  }

  /** The entries for the archive, sorted by project, and in each the objects sorted by name. */
  *lists(): Generator<SpooledList, void, undefined> {
    for (const list of this.#index.lists()) yield { project: list.project, content: this.#content(list) };
  }

  /** Forgets the objects of one project, or all of them: their list turned out not to be whole. */
  forget(project: string | undefined): void {
    this.#index.forget(project);
  }

  /** Gives back memory and file. */
  async dispose(): Promise<void> {
    this.#slabs = [];
    this.#spare.length = 0;
    this.#index.clear(0);
    if (!this.#file) return;
    await this.#file.close();
    this.#file = undefined;
    await unlink(this.#path);
  }

  #content({ ranges, objectCount }: IndexedList): EntryContent {
    const itemBytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    return {
      sizeBytes: LIST_HEAD.length + itemBytes - ITEM_SEPARATOR.length + LIST_TAIL.length,
      objectCount,
      chunks: () => this.#chunks(ranges),
    };
  }

  /** Small lists lie in memory or in the part of the file that was read last: they need no waiting. */
  #chunks(ranges: readonly Range[]): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    const trimmed = ranges.map(({ start, end }, index) => ({
      start,
      end: index === ranges.length - 1 ? end - ITEM_SEPARATOR.length : end,
    }));
    const pieces = trimmed.flatMap(({ start, end }) => this.#present(start, end) ?? [MISSING]);
    return pieces.includes(MISSING) ? this.#read(trimmed) : [LIST_HEAD, ...pieces, LIST_TAIL];
  }

  async *#read(ranges: readonly Range[]): AsyncGenerator<Uint8Array> {
    yield LIST_HEAD;
    for (const { start, end } of ranges) {
      for (let at = start; at < end;) {
        if (at < this.#fileBytes) await this.#readWindow(at);
        const pieceEnd = at < this.#fileBytes ? Math.min(end, this.#windowEnd, this.#fileBytes) : end;
        yield* this.#present(at, pieceEnd) ?? [];
        at = pieceEnd;
      }
    }
    yield LIST_TAIL;
  }

  /** The bytes of a range, or undefined when a part of it has to be read first. */
  #present(start: number, end: number): Uint8Array[] | undefined {
    const fromFile = Math.min(end, this.#fileBytes);
    const pieces: Uint8Array[] = [];
    if (start < fromFile) {
      if (start < this.#window.start || fromFile > this.#windowEnd) return undefined;
      pieces.push(this.#window.bytes.subarray(start - this.#window.start, fromFile - this.#window.start));
    }
    for (const slab of this.#slabs) {
      const from = Math.max(start, slab.start);
      const to = Math.min(end, slab.start + slab.usedBytes);
      if (from < to) pieces.push(slab.buffer.subarray(from - slab.start, to - slab.start));
    }
    return pieces;
  }

  get #windowEnd(): number {
    return this.#window.start + this.#window.bytes.length;
  }

  /** Reads the file from there on: entries are small and mostly follow each other, so one read serves many. */
  async #readWindow(at: number): Promise<void> {
    if (at >= this.#window.start && at < this.#windowEnd) return;
    const length = Math.min(WINDOW_BYTES, this.#fileBytes - at);
    // New memory each time: a reader may still hold views of the part before.
    const result = await this.#file?.read(Buffer.allocUnsafeSlow(length), 0, length, at);
    if (!result || result.bytesRead === 0)
      throw new Error(`${this.#path} has become shorter while it was in use`);
    this.#window = { start: at, bytes: result.buffer.subarray(0, result.bytesRead) };
  }

  #slabFor(sizeBytes: number): Slab {
    const last = this.#slabs.at(-1);
    if (last && last.buffer.length - last.usedBytes >= sizeBytes) return last;
    const spare = sizeBytes <= SLAB_BYTES ? this.#spare.pop() : undefined;
    const slab = spare ?? {
      start: 0,
      buffer: Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, sizeBytes)),
      usedBytes: 0,
    };
    slab.start = this.#index.totalBytes;
    slab.usedBytes = 0;
    this.#slabs.push(slab);
    return slab;
  }
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset, position + offset);
    offset += bytesWritten;
  }
}
