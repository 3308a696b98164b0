import type { EntryRows } from './entry-table.ts';

const DIGEST_BYTES = 32;
/** A range that is claimed at once is read at once, and is small enough that two threads end together. */
const MAX_RANGE_FILE_BYTES = 1024 * 1024;
const MAX_RANGE_CONTENT_BYTES = 8 * 1024 * 1024;

/** What has been found of an entry so far. */
export const UNCHECKED = 0;
/** Its content is what the directory says, and a List. */
export const SOUND = 1;
/** Its content cannot be had. */
export const DAMAGED = 2;
/** Its content is what the directory says, and something is wrong in it. */
export const NOT_USABLE = 3;

/** What has been found of one entry. */
export type State = typeof UNCHECKED | typeof SOUND | typeof DAMAGED | typeof NOT_USABLE;

/** What was found of entries, and which of them nobody has claimed yet; in memory that threads share. */
export interface FactColumns {
  readonly states: Uint8Array<SharedArrayBuffer>;
  readonly digests: Uint8Array<SharedArrayBuffer>;
  readonly objectCounts: Float64Array<SharedArrayBuffer>;
  /** One number: the first entry that nobody has claimed. */
  readonly claimed: Int32Array<SharedArrayBuffer>;
}

/** A range of entries: those from `from` on, before `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Room for what will be found of so many entries: 41 bytes for each. */
export function newFacts(entryCount: number): FactColumns {
  return {
    states: new Uint8Array(new SharedArrayBuffer(entryCount)),
    digests: new Uint8Array(new SharedArrayBuffer(entryCount * DIGEST_BYTES)),
    objectCounts: new Float64Array(new SharedArrayBuffer(entryCount * 8)),
    claimed: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** What was found of entries, by their places. Two threads write to different places, which they claim. */
export class EntryFacts {
  readonly columns: FactColumns;
  readonly #digests: Buffer;

  constructor(columns: FactColumns) {
    this.columns = columns;
    const { buffer, byteOffset, length } = columns.digests;
    this.#digests = Buffer.from(buffer, byteOffset, length);
  }

  /** Of how many entries. */
  get length(): number {
    return this.columns.states.length;
  }

  /** The next entries that nobody has claimed; undefined when all are claimed. */
  claim(entries: EntryRows): Range | undefined {
    const { claimed, states } = this.columns;
    for (;;) {
      const from = Atomics.load(claimed, 0);
      if (from >= states.length) return undefined;
      const to = rangeEnd(entries, from, states.length);
      if (Atomics.compareExchange(claimed, 0, from, to) === from) return { from, to };
    }
  }

  /** Forgets everything, also who has claimed what. Nobody else may be at work. */
  clear(): void {
    this.columns.states.fill(UNCHECKED);
    Atomics.store(this.columns.claimed, 0, 0);
  }

  set(index: number, found: { state: State; sha256: string; objectCount: number }): void {
    this.#digests.write(found.sha256, index * DIGEST_BYTES, 'hex');
    this.columns.objectCounts[index] = found.objectCount;
    // At last: what has a state has everything.
    this.columns.states[index] = found.state;
  }

  state(index: number): State {
    return (this.columns.states[index] ?? UNCHECKED) as State;
  }

  objectCount(index: number): number {
    return this.columns.objectCounts[index] ?? 0;
  }

  /** The SHA-256 of the content. */
  digest(index: number): Buffer {
    return this.#digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }
}

/** Where a range that begins at `from` ends: it has one entry at least. */
function rangeEnd(entries: EntryRows, from: number, length: number): number {
  const start = entries.end(from - 1);
  let to = from + 1;
  let contentBytes = entries.sizeBytes(from);
  while (to < length) {
    contentBytes += entries.sizeBytes(to);
    if (entries.end(to) - start > MAX_RANGE_FILE_BYTES || contentBytes > MAX_RANGE_CONTENT_BYTES) break;
    to++;
  }
  return to;
}
