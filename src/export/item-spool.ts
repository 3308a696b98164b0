import { type FileHandle, open, unlink } from 'node:fs/promises';
import { ITEM_SEPARATOR, LIST_HEAD, LIST_TAIL } from '../archive/layout.ts';
import { ARCHIVE_MODE, type EntryContent } from '../archive/write-archive.ts';
import { TransportError } from '../kubernetes/api-error.ts';

/** What one type may hold in memory before it goes to a file. */
const MEMORY_BYTES_MAX = 256 * 1024;
const SLAB_BYTES = 256 * 1024;
/** How much of the file is read at a time. */
const WINDOW_BYTES = 1024 * 1024;

/** Stands for bytes that are not in memory. */
const MISSING = new Uint8Array(0);

/** The objects of one project: numbers instead of an object for each, of which there can be hundreds of thousands. */
interface Items {
  readonly names: string[];
  /** Where each lies, start and end in turn. */
  readonly places: number[];
}

interface Range {
  readonly start: number;
  readonly end: number;
}

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
 * is about 120 bytes an object.
 */
export class ItemSpool {
  readonly #path: string;
  readonly #projects = new Map<string | undefined, Items>();
  #slabs: Slab[] = [];
  readonly #spare: Slab[] = [];
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #totalBytes = 0;
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
    const items = this.#projects.get(project) ?? { names: [], places: [] };
    const end = this.#totalBytes + sizeBytes;
    items.names.push(name);
    items.places.push(this.#totalBytes, end);
    this.#projects.set(project, items);
    this.#totalBytes = end;
  }

  /** Moves what lies in memory to the file if it is too much. Call it between pages. */
  async settle(): Promise<void> {
    if (this.#totalBytes - this.#fileBytes <= MEMORY_BYTES_MAX) return;
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
    for (const { names } of this.#projects.values()) sorted(names);
  }

  /** The entries for the archive, sorted by project, and in each the objects sorted by name. */
  *lists(): Generator<SpooledList, void, undefined> {
    const projects = [...this.#projects].toSorted(([a], [b]) => compare(a ?? '', b ?? ''));
    for (const [project, items] of projects) yield { project, content: this.#content(items) };
  }

  /** Forgets the objects of one project, or all of them: their list turned out not to be whole. */
  forget(project: string | undefined): void {
    if (project === undefined) this.#projects.clear();
    else this.#projects.delete(project);
  }

  /** Gives back memory and file. */
  async dispose(): Promise<void> {
    this.#slabs = [];
    this.#spare.length = 0;
    this.#projects.clear();
    if (!this.#file) return;
    await this.#file.close();
    this.#file = undefined;
    await unlink(this.#path);
  }

  #content(items: Items): EntryContent {
    const ranges = joined(items.places, sorted(items.names));
    const itemBytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    return {
      sizeBytes: LIST_HEAD.length + itemBytes - ITEM_SEPARATOR.length + LIST_TAIL.length,
      objectCount: items.names.length,
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
    slab.start = this.#totalBytes;
    slab.usedBytes = 0;
    this.#slabs.push(slab);
    return slab;
  }
}

/** The numbers of the items in the order of their names. Mostly they come so; an aggregated API's need not. */
function sorted(names: readonly string[]): number[] {
  const order = Array.from(names.keys());
  const nameOf = (item: number | undefined): string => names[item ?? -1] ?? '';
  const inOrder = names.every((name, index) => index === 0 || compare(nameOf(index - 1), name) < 0);
  if (inOrder) return order;
  order.sort((a, b) => compare(nameOf(a), nameOf(b)));
  const twice = order.find((item, index) => index > 0 && nameOf(order[index - 1]) === nameOf(item));
  if (twice !== undefined) throw new TransportError('', `the server listed ${nameOf(twice)} twice`);
  return order;
}

function joined(places: readonly number[], order: readonly number[]): Range[] {
  const ranges: { start: number; end: number }[] = [];
  for (const item of order) {
    const [start = 0, end = 0] = [places[2 * item], places[2 * item + 1]];
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset, position + offset);
    offset += bytesWritten;
  }
}
