import { isUtf8 } from 'node:buffer';
import { TapeReader } from './tape-reader.ts';
import { Kind, NODE_SIZE, passedOver } from './tape.ts';
import type { TextBuffer } from './text-buffer.ts';

/** A value of a document: its place on the tape. */
export type JsonNode = number;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;

/**
 * A JSON text, taken apart but not turned into JavaScript values: a tape of its values' kinds and places.
 * So nothing can be changed by accident, neither 9007199254740993 nor a key `__proto__`; and a page of an
 * API server's list needs no garbage collection, which would take longer than all the rest.
 *
 * Members and elements can be removed, and values replaced; `CanonicalWriter` writes what remains. The bytes must not change meanwhile.
 */
export class JsonDocument {
  readonly bytes: Buffer;
  /** The values in order, NODE_SIZE integers each; the members of an object are its keys and values in turn. */
  readonly tape: Int32Array;
  readonly #replacements: string[] = [];

  /**
   * @param tape one that no other document uses any more, so that it need not be made anew
   * @param unread the way to objects that are passed over (`TapeReader`): `value` and `source` know them,
   *   `remove` and `replace` may take them away, and what asks for their members, or writes them, throws
   * @throws JsonSyntaxError
   */
  constructor(text: Buffer, tape?: Int32Array, unread?: readonly string[]) {
    // Go and JavaScript both write U+FFFD for a byte that is no UTF-8.
    this.bytes = isUtf8(text) ? text : Buffer.from(text.toString('utf8'));
    const space = tape ?? new Int32Array(Math.max(1024, this.bytes.length / 4));
    const reader = new TapeReader(this.bytes, space, unread);
    reader.read();
    this.tape = reader.tape;
  }

  /** The value of the whole text. */
  get root(): JsonNode {
    return 0;
  }

  isObject(node: JsonNode): boolean {
    return this.tape[node] === Kind.object;
  }

  isArray(node: JsonNode): boolean {
    return this.tape[node] === Kind.array;
  }

  isString(node: JsonNode): boolean {
    return this.tape[node] === Kind.string || this.tape[node] === Kind.encoded;
  }

  isNull(node: JsonNode): boolean {
    return this.tape[node] === Kind.literal && this.bytes[this.tape[node + 1] ?? 0] === LETTER_N;
  }

  /** The value under a key of an object; undefined when there is none, or the node is no object. */
  member(node: JsonNode, key: string): JsonNode | undefined {
    if (!this.#isRead(node, Kind.object)) return undefined;
    const end = this.#next(node);
    for (let at = node + NODE_SIZE; at < end; at = this.#next(at + NODE_SIZE)) {
      if (this.equals(at, key)) return at + NODE_SIZE;
    }
    return undefined;
  }

  /**
   * The element of an array that follows one; without one, the first. A loop over an array that stands in
   * every object is faster with it than with `elements`.
   *
   * @returns undefined behind the last one, and for any other value than an array
   */
  elementAfter(array: JsonNode, element?: JsonNode): JsonNode | undefined {
    if (!this.#isRead(array, Kind.array)) return undefined;
    const end = this.#next(array);
    let at = element === undefined ? array + NODE_SIZE : this.#next(element);
    while (at < end && this.tape[at] === Kind.removed) at = this.#next(at);
    return at < end ? at : undefined;
  }

  /** The elements of an array, or nothing. */
  *elements(node: JsonNode): Generator<JsonNode, void, undefined> {
    for (let at = this.elementAfter(node); at !== undefined; at = this.elementAfter(node, at)) yield at;
  }

  /** The members of an object, key and value, or nothing. */
  *members(node: JsonNode): Generator<readonly [key: JsonNode, value: JsonNode], void, undefined> {
    if (!this.#isRead(node, Kind.object)) return;
    const end = this.#next(node);
    for (let at = node + NODE_SIZE; at < end; at = this.#next(at + NODE_SIZE)) {
      if (this.tape[at] !== Kind.removed) yield [at, at + NODE_SIZE];
    }
  }

  /** The number of elements or of members; 0 for any other value. */
  size(node: JsonNode): number {
    let count = 0;
    const isObject = this.#isRead(node, Kind.object);
    const end = isObject || this.isArray(node) ? this.#next(node) : node;
    for (let at = node + NODE_SIZE; at < end; at = this.#next(isObject ? at + NODE_SIZE : at)) {
      if (this.tape[at] !== Kind.removed) count++;
    }
    return count;
  }

  /** A value as it was written, parsed: for small ones. That members were removed is not regarded. */
  value(node: JsonNode): unknown {
    return JSON.parse(this.source(node)) as unknown;
  }

  /** Whether a value, or a key, is this string. */
  equals(node: JsonNode, text: string): boolean {
    if (this.tape[node] === Kind.encoded) return this.value(node) === text;
    if (this.tape[node] !== Kind.string) return false;
    const start = (this.tape[node + 1] ?? 0) + 1;
    const length = (this.tape[node + 2] ?? 0) - start - 1;
    // A character takes one byte, or more: then the lengths differ, or the bytes do.
    if (length < text.length) return false;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80 || code === BACKSLASH || code === QUOTE) return this.value(node) === text;
      if (this.bytes[start + index] !== code) return false;
    }
    return length === text.length;
  }

  /** Whether a value has no members and no elements, as every one that is neither object nor array. */
  isEmpty(node: JsonNode): boolean {
    const isObject = this.#isRead(node, Kind.object);
    const end = isObject || this.isArray(node) ? this.#next(node) : node;
    for (let at = node + NODE_SIZE; at < end; at = this.#next(isObject ? at + NODE_SIZE : at)) {
      if (this.tape[at] !== Kind.removed) return false;
    }
    return true;
  }

  /** The text of a string; undefined for any other value. */
  text(node: JsonNode | undefined): string | undefined {
    if (node === undefined) return undefined;
    const kind = this.tape[node];
    if (kind === Kind.encoded) return this.value(node) as string;
    if (kind !== Kind.string) return undefined;
    const raw = this.bytes.toString('utf8', (this.tape[node + 1] ?? 0) + 1, (this.tape[node + 2] ?? 0) - 1);
    return raw.includes('\\') ? (this.value(node) as string) : raw;
  }

  /** The text of the string to which these keys lead; undefined when there is none. */
  textAt(node: JsonNode, ...keys: readonly string[]): string | undefined {
    let at: JsonNode | undefined = node;
    for (const key of keys) at = at === undefined ? undefined : this.member(at, key);
    return this.text(at);
  }

  /** Adds a string in canonical form to a text. */
  writeString(node: JsonNode, out: TextBuffer): void {
    if (this.tape[node] === Kind.encoded) out.add(JSON.stringify(this.value(node)));
    else out.addBytes(this.bytes, this.tape[node + 1] ?? 0, this.tape[node + 2] ?? 0);
  }

  /** A value as it was written. */
  source(node: JsonNode): string {
    return this.bytes.toString('utf8', this.tape[node + 1], this.tape[node + 2]);
  }

  /** Takes members out of an object; nothing happens for those that it doesn't have. */
  remove(node: JsonNode, keys: readonly string[]): void {
    if (this.tape[node] !== Kind.object) return;
    const end = this.#next(node);
    for (let at = node + NODE_SIZE; at < end; at = this.#next(at + NODE_SIZE)) {
      const length = (this.tape[at + 2] ?? 0) - (this.tape[at + 1] ?? 0) - 2;
      for (const key of keys) {
        // A character takes a byte at least.
        if (key.length <= length && this.equals(at, key)) this.tape[at] = Kind.removed;
      }
    }
  }

  /** Takes an element out of its array. */
  removeElement(element: JsonNode): void {
    this.tape[element] = Kind.removed;
  }

  /**
   * Puts another value in the place of one; what was there can't be read any more.
   *
   * @param json the new value as canonical JSON, without line breaks
   */
  replace(node: JsonNode, json: string): void {
    this.tape[node] = Kind.replaced;
    this.tape[node + 1] = this.#replacements.push(json) - 1;
  }

  /** What stands in the place of a replaced value. */
  replacement(node: JsonNode): string {
    return this.#replacements[this.tape[node + 1] ?? 0] ?? 'null';
  }

  /** Whether a value is of this kind. What has been passed over must not look like something empty. */
  #isRead(node: JsonNode, kind: number): boolean {
    if (this.tape[node] === Kind.unread) throw passedOver();
    return this.tape[node] === kind;
  }

  #next(node: JsonNode): JsonNode {
    return this.tape[node + 3] ?? 0;
  }
}
