import { KnownError } from '../model/known-error.ts';
import { EntryCheck, type Level } from './entry-check.ts';
import { DAMAGED, EntryFacts, type FactColumns, NOT_USABLE, SOUND } from './entry-facts.ts';
import { type ReadableFile, readPiecesOf, WINDOW_BYTES } from './entry-pieces.ts';
import { type EntryColumns, EntryRows } from './entry-table.ts';
import { FileWindow } from './file-window.ts';
import { GroupInflater, MAX_GROUP_BYTES } from './inflate-group.ts';

/** A wholly broken archive would have a problem with each of its entries. */
export const MAX_PROBLEMS = 50;

/** What is to be checked, and where what is found is written down. Threads share the memory of it. */
export interface Checking {
  readonly entries: EntryColumns;
  readonly facts: FactColumns;
  readonly level: Level;
}

/**
 * Why entries are not sound, by their places: of the first fifty that are not, of those that one thread has
 * checked. As it goes through them in their order, no other can be among the first fifty of all.
 */
export type Reasons = ReadonlyMap<number, string>;

/**
 * Checks entries until all are claimed, here or in another thread. Goes on behind a damaged one.
 *
 * @throws the system error when the file itself cannot be read
 */
export async function checkEntries(file: ReadableFile, checking: Checking): Promise<Reasons> {
  const checker = new Checker(checking);
  while (await checker.checkNext(file));
  return checker.reasons;
}

class Checker {
  readonly reasons = new Map<number, string>();
  readonly #level: Level;
  readonly #entries: EntryRows;
  readonly #facts: EntryFacts;
  readonly #inflater = new GroupInflater();

  constructor({ entries, facts, level }: Checking) {
    this.#entries = new EntryRows(entries);
    this.#facts = new EntryFacts(facts);
    this.#level = level;
  }

  /** Checks the next range. Returns false when there is none. */
  async checkNext({ handle, sizeBytes }: ReadableFile): Promise<boolean> {
    const range = this.#facts.claim(this.#entries);
    if (!range) return false;
    const [start, end] = [this.#entries.end(range.from - 1), this.#entries.end(range.to - 1)];
    const window = new FileWindow(handle, sizeBytes, Math.min(end - start, WINDOW_BYTES));
    let from = range.from;
    while (from < range.to) {
      const to = this.#groupEnd(from, range.to);
      if (!(await this.#checkGroup(window, from, to))) {
        for (let index = from; index < to; index++) await this.#checkOne(window, index);
      }
      from = to;
    }
    return true;
  }

  /** Returns false when the entries have to be checked one by one. */
  async #checkGroup(window: FileWindow, from: number, to: number): Promise<boolean> {
    if (to - from < 2) return false;
    const [start, end] = [this.#entries.end(from - 1), this.#entries.end(to - 1)];
    const bytes = window.peek(start, end - start) ?? (await readSoundly(window, start, end - start));
    if (!bytes) return false;
    return this.#inflater.inflate(bytes, this.#entries.slice(from, to), (content, offset) => {
      const check = new EntryCheck(this.#level);
      check.push(content, true);
      this.#note(from + offset, check, undefined);
    });
  }

  async #checkOne(window: FileWindow, index: number): Promise<void> {
    const entry = this.#entries.at(index);
    if (!entry) return;
    const check = new EntryCheck(this.#level);
    let damage: string | undefined;
    for await (const piece of readPiecesOf(window, entry)) {
      if (piece.kind === 'damaged') damage = piece.reason;
      else check.push(piece.bytes, piece.isLast);
    }
    this.#note(index, check, damage);
  }

  #note(index: number, { sha256, objectCount, problem }: EntryCheck, damage: string | undefined): void {
    const reason = damage ?? problem;
    const state = damage === undefined ? (problem === undefined ? SOUND : NOT_USABLE) : DAMAGED;
    this.#facts.set(index, { state, sha256, objectCount });
    if (reason !== undefined && this.reasons.size < MAX_PROBLEMS) this.reasons.set(index, reason);
  }

  /** Where the entries end that are small enough to be inflated together with that one. */
  #groupEnd(from: number, limit: number): number {
    let sizeBytes = this.#entries.sizeBytes(from);
    let to = from + 1;
    while (to < limit) {
      sizeBytes += this.#entries.sizeBytes(to);
      if (sizeBytes > MAX_GROUP_BYTES) break;
      to++;
    }
    return to;
  }
}

/** Undefined when the file has become shorter: with each entry alone it will be told of. */
async function readSoundly(window: FileWindow, start: number, length: number): Promise<Buffer | undefined> {
  try {
    return await window.read(start, length);
  } catch (error) {
    if (error instanceof KnownError) return undefined;
    throw error;
  }
}
