import { isUtf8 } from 'node:buffer';
import { damaged } from './damaged.ts';
import { ITEM_SEPARATOR, LIST_HEAD, LIST_TAIL } from './layout.ts';

/** An API server takes no request above 3 MiB; canonical JSON is at most a few times as long. */
const MAX_ITEM_BYTES = 64 * 1024 * 1024;
/** An item begins with its brace: the same line break with more spaces stands before every deeper line. */
const NEXT_ITEM = Buffer.concat([ITEM_SEPARATOR, Buffer.from('{')]);

/**
 * Takes apart the content of an entry, a List in canonical form, without holding or parsing all of it:
 * in that form, a line break, four spaces and a brace stand before each item and nowhere else.
 */
export class ListItems {
  #pending: Buffer = Buffer.alloc(0);
  #isBegun = false;
  /** How far `#pending` has been searched. */
  #searched = 0;

  /**
   * Takes the next piece of the content.
   *
   * @returns the JSON text of every item that it completes
   * @throws KnownError `failed` when the content is not such a List, or an item is longer than 64 MiB
   */
  *push(piece: Buffer, isLast: boolean): Generator<Buffer, void, undefined> {
    let bytes = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    if (!this.#isBegun) {
      if (bytes.length < LIST_HEAD.length && !isLast) {
        this.#pending = bytes;
        return;
      }
      if (!bytes.subarray(0, LIST_HEAD.length).equals(LIST_HEAD)) throw notAList();
      bytes = bytes.subarray(LIST_HEAD.length);
      this.#isBegun = true;
    }
    let start = 0;
    let next = bytes.indexOf(NEXT_ITEM, this.#searched);
    while (next !== -1) {
      yield bytes.subarray(start, next);
      start = next + ITEM_SEPARATOR.length;
      next = bytes.indexOf(NEXT_ITEM, start);
    }
    this.#pending = bytes.subarray(start);
    this.#searched = Math.max(0, this.#pending.length - NEXT_ITEM.length);
    if (isLast) yield this.#lastItem();
    else if (this.#pending.length > MAX_ITEM_BYTES) throw damaged('has an object longer than 64 MiB');
  }

  #lastItem(): Buffer {
    const end = this.#pending.length - LIST_TAIL.length;
    if (end <= 0 || !this.#pending.subarray(end).equals(LIST_TAIL)) throw notAList();
    return this.#pending.subarray(0, end);
  }
}

/**
 * How many items `ListItems` would make of a whole content, without making them.
 *
 * @throws KnownError `failed` when the content is not a List in canonical form
 */
export function countItems(content: Buffer): number {
  if (!startsWith(content, LIST_HEAD)) throw notAList();
  let count = 1;
  let start = LIST_HEAD.length;
  for (;;) {
    const next = content.indexOf(NEXT_ITEM, start);
    if (next === -1) break;
    start = next + ITEM_SEPARATOR.length;
    count++;
  }
  const end = content.length - LIST_TAIL.length;
  // Before the tail stands the last item, which is not empty.
  if (end <= start || content.compare(LIST_TAIL, 0, LIST_TAIL.length, end) !== 0) throw notAList();
  return count;
}

function startsWith(content: Buffer, head: Buffer): boolean {
  return content.length >= head.length && content.compare(head, 0, head.length, 0, head.length) === 0;
}

/**
 * What an item lacks of an object that can be applied: `apiVersion`, `kind` and `metadata.name`.
 * The text never quotes the item, which may be a Secret.
 *
 * @returns undefined for a sound item
 */
export function itemProblem(item: Buffer): string | undefined {
  if (!isUtf8(item)) return 'is not UTF-8';
  const object = objectOf(item);
  if (!object) return 'is not a JSON object';
  for (const key of ['apiVersion', 'kind']) {
    if (!isName(object[key])) return `has no ${key}`;
  }
  const metadata = object['metadata'];
  const hasName =
    typeof metadata === 'object' && metadata !== null && 'name' in metadata && isName(metadata.name);
  return hasName ? undefined : 'has no metadata.name';
}

function objectOf(item: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(item.toString());
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function notAList(): Error {
  return damaged('is not a List in canonical form');
}
