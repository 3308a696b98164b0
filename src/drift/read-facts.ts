import { FACTS_FOLDER } from '../model/manifest.ts';
import type { Value } from './drift.ts';
import type { ItemSource } from './read-items.ts';
import { nameOf } from './read-items.ts';
import { parseValue } from './value.ts';

/** The entry in which the facts of an entry's objects lie. */
export function factsOf(path: string): string {
  return `${FACTS_FOLDER}/${path}`;
}

/** What an archive knows of the objects of one entry beside their configuration. Asked for in the order of names. */
export class FactsReader {
  readonly #items: AsyncGenerator<Buffer, void, undefined>;
  #bytes: Buffer | undefined;
  #name: string | undefined;
  #isBegun = false;

  /** @param path of the entry with the objects */
  constructor(source: ItemSource, path: string) {
    this.#items = source.items(factsOf(path));
  }

  /** The facts of an object, whose name comes after the last one that was asked for; undefined if there are none. */
  async of(name: string): Promise<Value | undefined> {
    if (!this.#isBegun) await this.#next();
    while (this.#name !== undefined && this.#name < name) await this.#next();
    return this.#name === name && this.#bytes ? parseValue(this.#bytes) : undefined;
  }

  /** Reads the rest, so that the next entry can be read. */
  async finish(): Promise<void> {
    while ((await this.#items.next()).done !== true);
  }

  async #next(): Promise<void> {
    this.#isBegun = true;
    const { value } = await this.#items.next();
    this.#bytes = value ?? undefined;
    this.#name = value ? (nameOf(value) ?? '') : undefined;
  }
}
