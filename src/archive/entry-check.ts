import { createHash, hash, type Hash } from 'node:crypto';
import { KnownError } from '../model/known-error.ts';
import { countItems, itemProblem, ListItems } from './list-items.ts';

/**
 * How thoroughly entries are checked: `hashes` compares them with the manifest, `contents` also parses every
 * object.
 */
export type Level = 'hashes' | 'contents';

/** Hashes the content of one entry and counts its objects. */
export class EntryCheck {
  readonly #level: Level;
  #items: ListItems | undefined;
  #hash: Hash | undefined;
  #sha256 = '';
  #objectCount = 0;
  #problem: string | undefined;

  constructor(level: Level) {
    this.#level = level;
  }

  /** In hexadecimal digits, once the last piece has been taken. */
  get sha256(): string {
    return this.#sha256;
  }

  get objectCount(): number {
    return this.#objectCount;
  }

  /** What is wrong with the list or one of its objects, as what follows the path of the entry. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Takes the next piece of the content. */
  push(bytes: Buffer, isLast: boolean): void {
    if (isLast && !this.#hash) {
      this.#sha256 = hash('sha256', bytes);
    } else {
      this.#hash ??= createHash('sha256');
      this.#hash.update(bytes);
      if (isLast) this.#sha256 = this.#hash.digest('hex');
    }
    if (!this.#problem) this.#pushItems(bytes, isLast);
  }

  #pushItems(bytes: Buffer, isLast: boolean): void {
    try {
      if (isLast && !this.#items && this.#level === 'hashes') this.#objectCount = countItems(bytes);
      else this.#takeItems(bytes, isLast);
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      this.#problem = error.message;
    }
  }

  #takeItems(bytes: Buffer, isLast: boolean): void {
    this.#items ??= new ListItems();
    for (const item of this.#items.push(bytes, isLast)) {
      this.#objectCount++;
      const problem = this.#level === 'contents' ? itemProblem(item) : undefined;
      if (problem) this.#problem ??= `holds an object (number ${this.#objectCount}) that ${problem}`;
    }
  }
}
