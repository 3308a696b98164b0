import { randomBytes } from 'node:crypto';
import { damaged } from './damaged.ts';
import type { ArchiveEntry } from './zip-entry.ts';

/** What is kept of an entry besides its path. */
const COLUMNS = 6;
const FREE = -1;

/**
 * The entries of an archive, in the order of the file: numbers and bytes instead of an object for each, of
 * which there can be hundreds of thousands. An entry becomes an object when it is asked for.
 */
export class EntryTable implements Iterable<ArchiveEntry> {
  #length = 0;
  readonly #numbers: Float64Array;
  #paths: Buffer;
  /** Where each path ends. */
  readonly #pathEnds: Uint32Array;
  /** A hash table with open addressing: the place of an entry, or FREE. Never more than half full. */
  readonly #slots: Int32Array;
  /** Nobody who writes an archive can know which paths will meet in one slot. */
  readonly #seed = randomBytes(4).readInt32LE();

  /** @param room for how many entries there is room, and how many bytes their paths take together, as a guess */
  constructor(room: { readonly entryCount: number; readonly pathBytes: number }) {
    this.#numbers = new Float64Array(room.entryCount * COLUMNS);
    this.#paths = Buffer.alloc(room.pathBytes);
    this.#pathEnds = new Uint32Array(room.entryCount);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * room.entryCount + 2))).fill(FREE);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds an entry, whose path is ASCII.
   *
   * @throws KnownError `failed` when there is one of this path, or no room for another
   */
  add(entry: ArchiveEntry): void {
    const { path, sizeBytes, compressedSizeBytes, crc32, isDeflated, flags, start, end } = entry;
    const pathStart = this.#pathEnd(this.#length - 1);
    const slot = this.#slotOf(path);
    if (this.#slots[slot] !== FREE) throw damaged(`${path} is in it twice`);
    if (this.#length === this.#pathEnds.length) throw damaged('its directory has more entries than it says');
    if (pathStart + path.length > this.#paths.length) {
      this.#paths = Buffer.concat([this.#paths], 2 * (pathStart + path.length));
    }
    this.#slots[slot] = this.#length;
    this.#pathEnds[this.#length] = pathStart + this.#paths.write(path, pathStart, 'latin1');
    const packedFlags = flags * 2 + Number(isDeflated);
    this.#numbers.set(
      [sizeBytes, compressedSizeBytes, crc32, packedFlags, start, end],
      this.#length * COLUMNS,
    );
    this.#length++;
  }

  /** The place of the entry of this path; undefined when there is none. */
  indexOf(path: string): number | undefined {
    const index = this.#slots[this.#slotOf(path)] ?? FREE;
    return index === FREE ? undefined : index;
  }

  /** The entry at a place; undefined behind the last one. */
  at(index: number): ArchiveEntry | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    const first = index * COLUMNS;
    const column = (number: number): number => this.#numbers[first + number] ?? 0;
    return {
      path: this.#paths.toString('latin1', this.#pathEnd(index - 1), this.#pathEnd(index)),
      sizeBytes: column(0),
      compressedSizeBytes: column(1),
      crc32: column(2),
      isDeflated: column(3) % 2 === 1,
      flags: Math.floor(column(3) / 2),
      start: column(4),
      end: column(5),
    };
  }

  *[Symbol.iterator](): Generator<ArchiveEntry, void, undefined> {
    for (let index = 0; index < this.#length; index++) {
      const entry = this.at(index);
      if (entry) yield entry;
    }
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
    const start = this.#pathEnd(index - 1);
    if (this.#pathEnd(index) - start !== path.length) return false;
    for (let at = 0; at < path.length; at++) {
      if (this.#paths[start + at] !== path.charCodeAt(at)) return false;
    }
    return true;
  }

  #pathEnd(index: number): number {
    return index < 0 ? 0 : (this.#pathEnds[index] ?? 0);
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
