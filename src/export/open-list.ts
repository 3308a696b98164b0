import { BATCH_BYTES } from '../archive/batch.ts';
import { ITEM_SEPARATOR, LIST_HEAD, LIST_TAIL } from '../archive/layout.ts';
import { TransportError } from '../kubernetes/api-error.ts';

/** What a list needs beside its items. */
const AROUND_BYTES = LIST_HEAD.length + LIST_TAIL.length;
const FIRST_BYTES = 64 * 1024;

/** The objects of one project as they come, and the facts of each: small enough to stay in memory. */
export class OpenList {
  readonly #objects = new Items();
  readonly #facts = new Items();
  #names: string[] = [];
  #isSorted = true;

  /** Of the objects. */
  get count(): number {
    return this.#names.length;
  }

  /** Whether an object and its facts can still be taken. */
  hasRoom(object: Uint8Array, facts: Uint8Array): boolean {
    return this.#objects.hasRoom(object) && this.#facts.hasRoom(facts);
  }

  /** Takes an object and its facts, for which there is room. They are copied. */
  add(name: string, object: Uint8Array, facts: Uint8Array): void {
    const last = this.#names.at(-1);
    // An aggregated API may list in another order.
    if (last !== undefined && last >= name) this.#isSorted = false;
    this.#names.push(name);
    this.#objects.add(object);
    this.#facts.add(facts);
  }

  /**
   * The contents of both entries, in the order of the names: views, valid until the next change.
   *
   * @throws TransportError when an object came twice: then the list was not one state of the server
   */
  contents(): { readonly objects: readonly Uint8Array[]; readonly facts: readonly Uint8Array[] } {
    if (this.#isSorted) return { objects: this.#objects.list(), facts: this.#facts.list() };
    const order = [...this.#names.keys()].toSorted((a, b) => compare(this.#name(a), this.#name(b)));
    const twice = order.find((item, index) => index > 0 && this.#name(item) === this.#name(order[index - 1]));
    if (twice !== undefined) throw new TransportError('', `the server listed ${this.#name(twice)} twice`);
    return { objects: this.#objects.list(order), facts: this.#facts.list(order) };
  }

  /** The objects in the order in which they came. */
  *items(): Generator<{ name: string; object: Uint8Array; facts: Uint8Array }, void, undefined> {
    for (const [index, name] of this.#names.entries()) {
      yield { name, object: this.#objects.at(index), facts: this.#facts.at(index) };
    }
  }

  /** Begins anew. */
  clear(): void {
    this.#objects.clear();
    this.#facts.clear();
    this.#names = [];
    this.#isSorted = true;
  }

  #name(item: number | undefined): string {
    return this.#names[item ?? -1] ?? '';
  }
}

/** Items one behind the other, each with its separator. */
class Items {
  #bytes = Buffer.alloc(0);
  #ends: number[] = [];
  #usedBytes = 0;

  hasRoom({ length }: Uint8Array): boolean {
    return this.#usedBytes + length + ITEM_SEPARATOR.length + AROUND_BYTES <= BATCH_BYTES;
  }

  add(item: Uint8Array): void {
    const end = this.#usedBytes + item.length + ITEM_SEPARATOR.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(item, this.#usedBytes);
    this.#bytes.set(ITEM_SEPARATOR, end - ITEM_SEPARATOR.length);
    this.#usedBytes = end;
    this.#ends.push(end);
  }

  /** One item without its separator. */
  at(index: number): Uint8Array {
    const start = index === 0 ? 0 : this.#ends[index - 1];
    return this.#bytes.subarray(start, (this.#ends[index] ?? 0) - ITEM_SEPARATOR.length);
  }

  /** The pieces of a list of the items, as they came or in that order. */
  list(order?: readonly number[]): Uint8Array[] {
    if (!order) {
      return [LIST_HEAD, this.#bytes.subarray(0, this.#usedBytes - ITEM_SEPARATOR.length), LIST_TAIL];
    }
    const items = order.flatMap((item) => [ITEM_SEPARATOR, this.at(item)]);
    return [LIST_HEAD, ...items.slice(1), LIST_TAIL];
  }

  clear(): void {
    this.#ends = [];
    this.#usedBytes = 0;
  }

  #grow(sizeBytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, sizeBytes, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#usedBytes));
    this.#bytes = larger;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
