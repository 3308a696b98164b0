import { isUtf8 } from 'node:buffer';

/** A value of a document: its place on the tape. */
export type JsonNode = number;

/** The text is not one whole JSON document. The message never quotes it: it may hold Secrets. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/**
 * What a node is. `encoded` and `number` are strings and numbers that the canonical form may write in another
 * way; a `string`, and a `literal` (an integer, true, false or null), is written as it is.
 */
export const Kind = {
  object: 1,
  array: 2,
  string: 3,
  encoded: 4,
  literal: 5,
  number: 6,
  removed: 7,
} as const;

/** Integers a node takes on the tape: kind, start and end in the bytes, and where the next sibling is. */
export const NODE_SIZE = 4;

const QUOTE = 0x22;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
/** Escapes that JSON.stringify writes in the same way: `\" \\ \b \f \n \r \t`. */
const CANONICAL_ESCAPES = new Set(Buffer.from('"\\bfnrt'));
const LETTER_N = 0x6e;
/** Reading and writing go down by recursion. Far deeper than anything that people write, or that etcd would hold. */
const DEPTH_MAX = 1000;

/**
 * A JSON text, taken apart but not turned into JavaScript values: a tape of its values' kinds and places.
 * So nothing can be changed by accident, neither 9007199254740993 nor a key `__proto__`; and a page of an
 * API server's list needs no garbage collection, which would take longer than all the rest.
 *
 * Members can be removed and set; `CanonicalWriter` writes what remains. The bytes must not change meanwhile.
 */
export class JsonDocument {
  readonly bytes: Buffer;
  /** The values in order, NODE_SIZE integers each; the members of an object are its keys and values in turn. */
  tape: Int32Array;
  #length = 0;
  #depth = 0;
  /** Members that were set, as JSON text by key. */
  readonly #set = new Map<JsonNode, Map<string, string>>();

  /**
   * @param tape one that no other document uses any more, so that it need not be made anew
   * @throws JsonSyntaxError
   */
  constructor(text: Buffer, tape?: Int32Array) {
    // Go and JavaScript both write U+FFFD for a byte that is no UTF-8.
    this.bytes = isUtf8(text) ? text : Buffer.from(text.toString('utf8'));
    this.tape = tape ?? new Int32Array(Math.max(1024, this.bytes.length / 4));
    const end = this.#skipSpace(this.#value(this.#skipSpace(0)));
    if (end !== this.bytes.length) throw cutOff();
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

  isNull(node: JsonNode): boolean {
    return this.tape[node] === Kind.literal && this.bytes[this.tape[node + 1] ?? 0] === LETTER_N;
  }

  /** The value under a key of an object; undefined when there is none, or the node is no object. */
  member(node: JsonNode, key: string): JsonNode | undefined {
    if (this.tape[node] !== Kind.object) return undefined;
    const end = this.#next(node);
    for (let at = node + NODE_SIZE; at < end; at = this.#next(at + NODE_SIZE)) {
      if (this.#isKey(at, key)) return at + NODE_SIZE;
    }
    return undefined;
  }

  /** The elements of an array, or nothing. */
  *elements(node: JsonNode): Generator<JsonNode, void, undefined> {
    if (this.tape[node] !== Kind.array) return;
    const end = this.#next(node);
    for (let at = node + NODE_SIZE; at < end; at = this.#next(at)) yield at;
  }

  /** The number of elements or of members; 0 for any other value. */
  size(node: JsonNode): number {
    let count = 0;
    const isObject = this.isObject(node);
    const end = isObject || this.isArray(node) ? this.#next(node) : node;
    for (let at = node + NODE_SIZE; at < end; at = this.#next(isObject ? at + NODE_SIZE : at)) {
      if (this.tape[at] !== Kind.removed) count++;
    }
    return count;
  }

  /** A value as it was written, parsed: for small ones. Members that were removed or set are not regarded. */
  value(node: JsonNode): unknown {
    return JSON.parse(this.source(node)) as unknown;
  }

  /** The text of a string; undefined for any other value. */
  text(node: JsonNode | undefined): string | undefined {
    if (node === undefined) return undefined;
    const kind = this.tape[node];
    return kind === Kind.string || kind === Kind.encoded ? (this.value(node) as string) : undefined;
  }

  /** A value as it was written. */
  source(node: JsonNode): string {
    return this.bytes.toString('utf8', this.tape[node + 1], this.tape[node + 2]);
  }

  /** Takes members out of an object; nothing happens for those that it doesn't have. */
  remove(node: JsonNode, ...keys: readonly string[]): void {
    if (this.tape[node] !== Kind.object) return;
    const end = this.#next(node);
    for (let at = node + NODE_SIZE; at < end; at = this.#next(at + NODE_SIZE)) {
      for (const key of keys) {
        if (this.#isKey(at, key)) this.tape[at] = Kind.removed;
      }
    }
  }

  /** Gives an object a member, in the place of one that it has. @param json the value as JSON text */
  set(node: JsonNode, key: string, json: string): void {
    this.remove(node, key);
    const members = this.#set.get(node) ?? new Map<string, string>();
    this.#set.set(node, members.set(key, json));
  }

  /** The members of an object that were set, as JSON text. */
  setMembers(node: JsonNode): ReadonlyMap<string, string> | undefined {
    return this.#set.size === 0 ? undefined : this.#set.get(node);
  }

  #isKey(at: JsonNode, key: string): boolean {
    if (this.tape[at] === Kind.encoded) return this.value(at) === key;
    if (this.tape[at] !== Kind.string) return false;
    const start = (this.tape[at + 1] ?? 0) + 1;
    const length = (this.tape[at + 2] ?? 0) - start - 1;
    // A character takes one byte, or more: then the lengths differ, or the bytes do.
    if (length < key.length) return false;
    for (let index = 0; index < key.length; index++) {
      const code = key.charCodeAt(index);
      if (code >= 0x80 || code === BACKSLASH || code === QUOTE) return this.value(at) === key;
      if (this.bytes[start + index] !== code) return false;
    }
    return length === key.length;
  }

  #next(node: JsonNode): JsonNode {
    return this.tape[node + 3] ?? 0;
  }

  #value(at: number): number {
    const first = this.bytes[at];
    if (first === QUOTE) return this.#string(at);
    if (first === OPEN_OBJECT) return this.#object(at);
    if (first === OPEN_ARRAY) return this.#array(at);
    return this.#literal(at);
  }

  #object(start: number): number {
    const node = this.#open(Kind.object, start);
    let at = this.#skipSpace(start + 1);
    while (this.bytes[at] !== CLOSE_OBJECT) {
      at = this.#skipSpace(this.#string(at));
      if (this.bytes[at] !== COLON) throw cutOff();
      at = this.#separator(this.#value(this.#skipSpace(at + 1)), CLOSE_OBJECT);
    }
    return this.#close(node, at + 1);
  }

  #array(start: number): number {
    const node = this.#open(Kind.array, start);
    let at = this.#skipSpace(start + 1);
    while (this.bytes[at] !== CLOSE_ARRAY) at = this.#separator(this.#value(at), CLOSE_ARRAY);
    return this.#close(node, at + 1);
  }

  /** A comma and what follows it, or the closing bracket, which is not taken. */
  #separator(from: number, close: number): number {
    const at = this.#skipSpace(from);
    if (this.bytes[at] === close) return at;
    const next = this.#skipSpace(at + 1);
    if (this.bytes[at] !== COMMA || this.bytes[next] === close) throw cutOff();
    return next;
  }

  #string(start: number): number {
    const { bytes } = this;
    if (bytes[start] !== QUOTE) throw cutOff();
    let kind: number = Kind.string;
    for (let at = start + 1; ; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return this.#close(this.#open(kind, start), at + 1);
      // Also the end of the text, where there is no byte.
      if (byte < 0x20) throw cutOff();
      if (byte === BACKSLASH) {
        at++;
        if (!CANONICAL_ESCAPES.has(bytes[at] ?? 0)) kind = Kind.encoded;
      }
    }
  }

  /** `true`, `false`, `null` or a number. */
  #literal(start: number): number {
    const { bytes } = this;
    let end = start;
    while (isDigit(bytes[end] ?? 0)) end++;
    const isInteger =
      end > start && (bytes[start] !== ZERO || end === start + 1) && !isOfLiteral(bytes[end] ?? 0);
    if (isInteger) return this.#close(this.#open(Kind.literal, start), end);
    while (isOfLiteral(bytes[end] ?? 0)) end++;
    const text = bytes.toString('latin1', start, end);
    if (!LITERAL.test(text)) throw cutOff();
    return this.#close(this.#open(AS_WRITTEN.test(text) ? Kind.literal : Kind.number, start), end);
  }

  #open(kind: number, start: number): JsonNode {
    const node = this.#length;
    this.#length += NODE_SIZE;
    if (this.#length > this.tape.length) this.#grow();
    this.tape[node] = kind;
    this.tape[node + 1] = start;
    if (kind <= Kind.array && ++this.#depth > DEPTH_MAX) throw new JsonSyntaxError('nested too deeply');
    return node;
  }

  #close(node: JsonNode, end: number): number {
    this.tape[node + 2] = end;
    this.tape[node + 3] = this.#length;
    if ((this.tape[node] ?? 0) <= Kind.array) this.#depth--;
    return end;
  }

  #grow(): void {
    const grown = new Int32Array(this.tape.length * 2);
    grown.set(this.tape);
    this.tape = grown;
  }

  #skipSpace(from: number): number {
    const { bytes } = this;
    let at = from;
    while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
    return at;
  }
}

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)$/u;
const AS_WRITTEN = /^(?:true|false|null|-?[1-9]\d*|0)$/u;

function isOfLiteral(byte: number): boolean {
  const isLetter = (byte >= 0x61 && byte <= 0x7a) || byte === 0x45;
  return isDigit(byte) || isLetter || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function cutOff(): JsonSyntaxError {
  return new JsonSyntaxError('the text is cut off or not JSON');
}
