import { Kind, NODE_SIZE } from './tape.ts';

/** The text is not one whole JSON document. The message never quotes it: it may hold Secrets. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

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
/** Reading and writing go down by recursion. Far deeper than anything that people write, or that etcd would hold. */
const DEPTH_MAX = 1000;
/** The step from an array to each of its elements. */
const EACH = '*';
/** Where a value does not lie on the way to what is left unread. */
const ASTRAY = -1;

/**
 * Takes a JSON text apart: the kinds and places of its values in the order of the text, NODE_SIZE integers
 * each. An object is followed by its keys and values in turn, an array by its elements.
 *
 * What it costs is reading every byte once. Escapes in strings are not checked here: whoever reads or
 * writes such a string does.
 */
export class TapeReader {
  readonly bytes: Buffer;
  /** The tape, longer than what is used of it. */
  tape: Int32Array;
  readonly #unread: readonly string[];
  #length = 0;
  #depth = 0;

  /**
   * @param tape where it is written; a longer one takes its place when it is too short
   * @param unread the way to objects that are left unread: keys, and `*` for the elements of an array;
   *   empty to read everything
   */
  constructor(bytes: Buffer, tape: Int32Array, unread: readonly string[] = []) {
    this.bytes = bytes;
    this.tape = tape;
    this.#unread = unread;
  }

  /** @throws JsonSyntaxError when the text is not one whole JSON document */
  read(): void {
    const way = this.#unread.length === 0 ? ASTRAY : 0;
    const end = this.#skipSpace(this.#value(this.#skipSpace(0), way));
    if (end !== this.bytes.length) throw cutOff();
  }

  /** @param way how many steps of the way to the unread lead to this value, or ASTRAY */
  #value(at: number, way: number): number {
    const first = this.bytes[at];
    if (first === QUOTE) return this.#string(at);
    if (first === OPEN_OBJECT)
      return way === this.#unread.length ? this.#skipObject(at) : this.#object(at, way);
    if (first === OPEN_ARRAY) return this.#array(at, way);
    return this.#literal(at);
  }

  #object(start: number, way: number): number {
    const node = this.#open(Kind.object, start);
    let at = this.#skipSpace(start + 1);
    while (this.bytes[at] !== CLOSE_OBJECT) {
      const key = at;
      const keyEnd = this.#string(at);
      at = this.#skipSpace(keyEnd);
      if (this.bytes[at] !== COLON) throw cutOff();
      const next = way === ASTRAY ? ASTRAY : this.#step(key, keyEnd, way);
      at = this.#separator(this.#value(this.#skipSpace(at + 1), next), CLOSE_OBJECT);
    }
    return this.#close(node, at + 1);
  }

  #array(start: number, way: number): number {
    const node = this.#open(Kind.array, start);
    const next = way !== ASTRAY && this.#unread[way] === EACH ? way + 1 : ASTRAY;
    let at = this.#skipSpace(start + 1);
    while (this.bytes[at] !== CLOSE_ARRAY) at = this.#separator(this.#value(at, next), CLOSE_ARRAY);
    return this.#close(node, at + 1);
  }

  /** How far a member's value is on the way, by its key between quotes. */
  #step(start: number, end: number, way: number): number {
    const key = this.#unread[way] ?? EACH;
    if (end - start - 2 !== key.length || key === EACH) return ASTRAY;
    for (let index = 0; index < key.length; index++) {
      if (this.bytes[start + 1 + index] !== key.charCodeAt(index)) return ASTRAY;
    }
    return way + 1;
  }

  /** Finds the end of an object, and checks no more than that its strings end and its brackets are even. */
  #skipObject(start: number): number {
    const { bytes } = this;
    let depth = 0;
    for (let at = start; ; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) at = this.#skipString(at);
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
      // The end of the text, where there is no byte.
      else if (byte === 0) throw cutOff();
      if (depth === 0) return this.#leaf(Kind.unread, start, at + 1);
    }
  }

  /** Returns where the closing quote stands. */
  #skipString(start: number): number {
    const { bytes } = this;
    for (let at = start + 1; ; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return at;
      if (byte < 0x20) throw cutOff();
      if (byte === BACKSLASH) at++;
    }
  }

  /** A comma and what follows it, or the closing bracket, which is not taken. */
  #separator(from: number, close: number): number {
    const { bytes } = this;
    const at = this.#skipSpace(from);
    if (bytes[at] === close) return at;
    if (bytes[at] !== COMMA) throw cutOff();
    const next = this.#skipSpace(at + 1);
    if (bytes[next] === close) throw cutOff();
    return next;
  }

  #string(start: number): number {
    const { bytes } = this;
    if (bytes[start] !== QUOTE) throw cutOff();
    let kind: number = Kind.string;
    for (let at = start + 1; ; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return this.#leaf(kind, start, at + 1);
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
    if (isInteger) return this.#leaf(Kind.literal, start, end);
    while (isOfLiteral(bytes[end] ?? 0)) end++;
    const text = bytes.toString('latin1', start, end);
    if (!LITERAL.test(text)) throw cutOff();
    return this.#leaf(AS_WRITTEN.test(text) ? Kind.literal : Kind.number, start, end);
  }

  /** Writes a node that has none in it. */
  #leaf(kind: number, start: number, end: number): number {
    const node = this.#length;
    const next = node + NODE_SIZE;
    if (next > this.tape.length) this.#grow();
    const { tape } = this;
    tape[node] = kind;
    tape[node + 1] = start;
    tape[node + 2] = end;
    tape[node + 3] = next;
    this.#length = next;
    return end;
  }

  /** Writes the beginning of an object or array. */
  #open(kind: number, start: number): number {
    const node = this.#length;
    this.#leaf(kind, start, start);
    if (++this.#depth > DEPTH_MAX) throw new JsonSyntaxError('nested too deeply');
    return node;
  }

  #close(node: number, end: number): number {
    this.tape[node + 2] = end;
    this.tape[node + 3] = this.#length;
    this.#depth--;
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
    // Reading behind the end would make every read slower: `read` comes here for each text's end.
    while (at < bytes.length && isSpace(bytes[at] ?? 0)) at++;
    return at;
  }
}

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)$/u;
const AS_WRITTEN = /^(?:true|false|null|-?[1-9]\d*|0)$/u;

function isOfLiteral(byte: number): boolean {
  const isLetter = (byte >= 0x61 && byte <= 0x7a) || byte === 0x45;
  return isDigit(byte) || isLetter || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

/** In most texts no space stands between the values: one comparison says so. */
function isSpace(byte: number): boolean {
  return byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function cutOff(): JsonSyntaxError {
  return new JsonSyntaxError('the text is cut off or not JSON');
}
