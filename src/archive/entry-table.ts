import { randomBytes } from 'node:crypto';
import { damaged } from './damaged.ts';
import type { ArchiveEntry } from './zip-entry.ts';

/** What is kept of an entry besides its path. */
const COLUMNS = 6;
const FREE = -1;

/** Entries as numbers and bytes, in memory that threads share. */
export interface EntryColumns {
  readonly length: number;
  readonly numbers: Float64Array<SharedArrayBuffer>;
  readonly paths: Uint8Array<SharedArrayBuffer>;
  /** Where each path ends. */
  readonly pathEnds: Uint32Array<SharedArrayBuffer>;
}

/** Entries by their places. An entry becomes an object when it is asked for. */
export class EntryRows implements Iterable<ArchiveEntry> {
  protected count: number;
  protected readonly numbers: Float64Array<SharedArrayBuffer>;
  protected paths: Buffer<SharedArrayBuffer>;
  protected readonly pathEnds: Uint32Array<SharedArrayBuffer>;

  constructor({ length, numbers, paths, pathEnds }: EntryColumns) {
    this.count = length;
    this.numbers = numbers;
    this.paths = Buffer.from(paths.buffer, paths.byteOffset, paths.length);
    this.pathEnds = pathEnds;
  }

  get length(): number {
    return this.count;
  }

  /** The entries for another thread. None may be added any more. */
  get columns(): EntryColumns {
    return { length: this.count, numbers: this.numbers, paths: this.paths, pathEnds: this.pathEnds };
  }

  /** The entry at a place; undefined behind the last one. */
  at(index: number): ArchiveEntry | undefined {
    if (index < 0 || index >= this.count) return undefined;
    const first = index * COLUMNS;
    const packedFlags = this.numbers[first + 3] ?? 0;
    return {
      path: this.paths.toString('latin1', this.pathEnd(index - 1), this.pathEnd(index)),
      sizeBytes: this.numbers[first] ?? 0,
      compressedSizeBytes: this.numbers[first + 1] ?? 0,
      crc32: this.numbers[first + 2] ?? 0,
      isDeflated: packedFlags % 2 === 1,
      flags: Math.floor(packedFlags / 2),
      start: this.numbers[first + 4] ?? 0,
      end: this.numbers[first + 5] ?? 0,
    };
  }

  /** The entries from one place on, before another. */
  slice(from: number, to: number): ArchiveEntry[] {
    const entries: ArchiveEntry[] = [];
    for (let index = from; index < to; index++) {
      const entry = this.at(index);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  /** The size of the content of an entry; 0 where there is none. */
  sizeBytes(index: number): number {
    return index < 0 ? 0 : (this.numbers[index * COLUMNS] ?? 0);
  }

  /** Where in the file an entry ends, and the next one begins; 0 before the first. */
  end(index: number): number {
    return index < 0 ? 0 : (this.numbers[index * COLUMNS + 5] ?? 0);
  }

  *[Symbol.iterator](): Generator<ArchiveEntry, void, undefined> {
    for (let index = 0; index < this.count; index++) {
      const entry = this.at(index);
      if (entry) yield entry;
    }
  }

  protected pathEnd(index: number): number {
    return index < 0 ? 0 : (this.pathEnds[index] ?? 0);
  }
}

/**
 * The entries of an archive, in the order of the file: numbers and bytes instead of an object for each, of
 * which there can be hundreds of thousands.
 */
export class EntryTable extends EntryRows {
  /** A hash table with open addressing: the place of an entry, or FREE. Never more than half full. */
  readonly #slots: Int32Array;
  /** Nobody who writes an archive can know which paths will meet in one slot. */
  readonly #seed = randomBytes(4).readInt32LE();

  /** @param room for how many entries there is room, and how many bytes their paths take together, as a guess */
  constructor({ entryCount, pathBytes }: { readonly entryCount: number; readonly pathBytes: number }) {
    super({
      length: 0,
      numbers: new Float64Array(new SharedArrayBuffer(entryCount * COLUMNS * 8)),
      paths: new Uint8Array(new SharedArrayBuffer(pathBytes)),
      pathEnds: new Uint32Array(new SharedArrayBuffer(entryCount * 4)),
    });
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * entryCount + 2))).fill(FREE);
  }

  /**
   * Adds an entry, whose path is ASCII.
   *
   * @throws KnownError `failed` when there is one of this path, or no room for another
   */
  add(entry: ArchiveEntry): void {
    const { path, sizeBytes, compressedSizeBytes, crc32, isDeflated, flags, start, end } = entry;
    const pathStart = this.pathEnd(this.count - 1);
    const slot = this.#slotOf(path);
    if (this.#slots[slot] !== FREE) throw damaged(`${path} is in it twice`);
    if (this.count === this.pathEnds.length) throw damaged('its directory has more entries than it says');
    if (pathStart + path.length > this.paths.length) {
      const paths = Buffer.from(new SharedArrayBuffer(2 * (pathStart + path.length)));
      paths.set(this.paths);
      this.paths = paths;
    }
    this.#slots[slot] = this.count;
    this.pathEnds[this.count] = pathStart + this.paths.write(path, pathStart, 'latin1');
    const packedFlags = flags * 2 + Number(isDeflated);
    const first = this.count * COLUMNS;
    this.numbers[first] = sizeBytes;
    this.numbers[first + 1] = compressedSizeBytes;
    this.numbers[first + 2] = crc32;
    this.numbers[first + 3] = packedFlags;
    this.numbers[first + 4] = start;
    this.numbers[first + 5] = end;
    this.count++;
  }

  /**
   * The place of the entry of this path; undefined when there is none.
   *
   * @param guess where it is looked for first
   */
  indexOf(path: string, guess = FREE): number | undefined {
    if (guess >= 0 && guess < this.count && this.#hasPath(guess, path)) return guess;
    const index = this.#slots[this.#slotOf(path)] ?? FREE;
    return index === FREE ? undefined : index;
  }

  /** The slot in which the path stands, or else would have to stand. */
  #slotOf(path: string): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(path, this.#seed) & mask;
    for (;;) {
      const index = this.#slots[slot] ?? FREE;
      if (index === FREE || this.#hasPath(index, path)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #hasPath(index: number, path: string): boolean {
    const start = this.pathEnd(index - 1);
    if (this.pathEnd(index) - start !== path.length) return false;
    for (let at = 0; at < path.length; at++) {
      if (this.paths[start + at] !== path.charCodeAt(at)) return false;
    }
    return true;
  }
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), with the end of MurmurHash3 so that every bit counts. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
