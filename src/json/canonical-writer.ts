import { canonicalNumber } from './canonical-number.ts';
import { JsonDocument, type JsonNode } from './json-document.ts';
import { Kind, NODE_SIZE } from './tape-reader.ts';

const INITIAL_BUFFER_BYTES = 64 * 1024;
/** Up to this length a loop over the bytes is faster than a call into native code. */
const SHORT_BYTES = 40;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NONE: readonly AddedMember[] = [];

/** A member that an object gets when it is written. */
export interface AddedMember {
  /** Printable ASCII without quotes and backslashes. */
  readonly key: string;
  /** The value as canonical JSON. */
  readonly json: string;
}

/**
 * Writes the values of a JsonDocument in canonical form: keys sorted by UTF-16 code units, two spaces of
 * indent, `{}` and `[]` for what is empty, and every value as json-stable-stringify would write it
 * (`canonicalJson`), except that integers keep all their digits.
 */
export class CanonicalWriter {
  #buffer: Buffer;
  #length = 0;
  #document: JsonDocument = new JsonDocument(Buffer.from('null'));
  /** The keys of the objects that are being written, as a stack. */
  #keys = new Int32Array(1024);
  #keyCount = 0;

  /** @param expectedBytes how long the longest value may become; it may become longer */
  constructor(expectedBytes: number = INITIAL_BUFFER_BYTES) {
    this.#buffer = Buffer.allocUnsafeSlow(expectedBytes);
  }

  /**
   * The bytes of a value as it stands `depth` levels deep in a larger document: no indent before its first
   * line, no newline behind its last.
   *
   * @param added members for the value, which must be an object that has none of them; sorted by key
   * @returns a view that is valid until the next call
   */
  write(
    document: JsonDocument,
    node: JsonNode,
    depth: number,
    added: readonly AddedMember[] = NONE,
  ): Uint8Array {
    this.#document = document;
    this.#length = 0;
    this.#keyCount = 0;
    if (added.length === 0) this.#value(node, depth);
    else this.#object(node, depth, added);
    return this.#buffer.subarray(0, this.#length);
  }

  #value(node: JsonNode, depth: number): void {
    const { tape } = this.#document;
    const kind = tape[node];
    if (kind === Kind.object) return this.#object(node, depth, NONE);
    if (kind === Kind.array) return this.#array(node, depth);
    if (kind === Kind.encoded) return this.#text(JSON.stringify(this.#document.value(node)));
    if (kind === Kind.number) return this.#text(canonicalNumber(this.#document.source(node)));
    if (kind === Kind.replaced) return this.#text(this.#document.replacement(node));
    this.#copy(tape[node + 1] ?? 0, tape[node + 2] ?? 0);
  }

  #array(node: JsonNode, depth: number): void {
    const { tape } = this.#document;
    const end = tape[node + 3] ?? 0;
    let isEmpty = true;
    this.#text('[');
    for (let at = node + NODE_SIZE; at < end; at = tape[at + 3] ?? end) {
      if (tape[at] === Kind.removed) continue;
      this.#newLine(depth + 1, isEmpty);
      this.#value(at, depth + 1);
      isEmpty = false;
    }
    if (!isEmpty) this.#newLine(depth, true);
    this.#text(']');
  }

  #object(node: JsonNode, depth: number, added: readonly AddedMember[]): void {
    const base = this.#keyCount;
    this.#pushKeys(node);
    const end = this.#keyCount;
    if (base === end && added.length === 0) return this.#text('{}');
    this.#text('{');
    let taken = 0;
    for (let index = base; index < end; index++) {
      const key = this.#keys[index] ?? 0;
      while (this.#isBefore(added[taken], key))
        this.#added(added[taken++], depth, index === base && taken === 1);
      this.#newLine(depth + 1, index === base && taken === 0);
      this.#key(key);
      this.#value(key + NODE_SIZE, depth + 1);
    }
    while (taken < added.length) this.#added(added[taken++], depth, base === end && taken === 1);
    this.#keyCount = base;
    this.#newLine(depth, true);
    this.#text('}');
  }

  #added(member: AddedMember | undefined, depth: number, isFirst: boolean): void {
    if (!member) return;
    this.#newLine(depth + 1, isFirst);
    this.#text(`"${member.key}": ${member.json}`);
  }

  /** Whether there is a member, and it comes before a key. */
  #isBefore(member: AddedMember | undefined, key: JsonNode): boolean {
    if (!member) return false;
    const { key: text } = member;
    const { tape, bytes } = this.#document;
    if (tape[key] === Kind.encoded) return text < (this.#document.text(key) ?? '');
    const start = (tape[key + 1] ?? 0) + 1;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      const byte = bytes[start + index] ?? 0;
      if (byte === BACKSLASH) return text < (this.#document.text(key) ?? '');
      if (byte !== code) return byte !== QUOTE && code < byte;
    }
    return bytes[start + text.length] !== QUOTE;
  }

  /** Puts the keys of an object on the stack, sorted; of a key that stands twice the last one counts. */
  #pushKeys(node: JsonNode): void {
    const { tape } = this.#document;
    const base = this.#keyCount;
    const end = tape[node + 3] ?? 0;
    for (let at = node + NODE_SIZE; at < end; at = tape[at + NODE_SIZE + 3] ?? end) {
      if (tape[at] !== Kind.removed) this.#insertKey(base, at);
    }
  }

  /** An insertion sort: nearly all objects are small, and many come sorted. */
  #insertKey(base: number, key: JsonNode): void {
    if (this.#keyCount === this.#keys.length) {
      const grown = new Int32Array(this.#keys.length * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    const keys = this.#keys;
    let hole = this.#keyCount;
    while (hole > base) {
      const before = keys[hole - 1] ?? 0;
      const order = this.#compare(before, key);
      if (order === 0) {
        keys.copyWithin(hole, hole + 1, this.#keyCount + 1);
        keys[hole - 1] = key;
        return;
      }
      if (order < 0) break;
      keys[hole] = before;
      hole--;
    }
    keys[hole] = key;
    this.#keyCount++;
  }

  /** By UTF-16 code units. */
  #compare(a: JsonNode, b: JsonNode): number {
    const order = this.#compareBytes(a, b);
    if (order !== undefined) return order;
    const first = this.#document.text(a) ?? '';
    const second = this.#document.text(b) ?? '';
    return first < second ? -1 : Number(first > second);
  }

  /** For ASCII the order of the bytes is the same; undefined when that can't tell. */
  #compareBytes(a: JsonNode, b: JsonNode): number | undefined {
    const { tape, bytes } = this.#document;
    let left = (tape[a + 1] ?? 0) + 1;
    let right = (tape[b + 1] ?? 0) + 1;
    for (;;) {
      const one = bytes[left++] ?? 0;
      const other = bytes[right++] ?? 0;
      if (one !== other) return isPlain(one) && isPlain(other) ? rank(one) - rank(other) : undefined;
      if (one === QUOTE) return 0;
      if (one === BACKSLASH) return undefined;
    }
  }

  #key(key: JsonNode): void {
    const { tape } = this.#document;
    if (tape[key] === Kind.encoded) this.#text(JSON.stringify(this.#document.value(key)));
    else this.#copy(tape[key + 1] ?? 0, tape[key + 2] ?? 0);
    this.#reserve(2);
    this.#buffer[this.#length++] = COLON;
    this.#buffer[this.#length++] = SPACE;
  }

  /** A line break and its indent, with a comma before it unless something has just been opened or closes. */
  #newLine(depth: number, isFirst: boolean): void {
    this.#reserve(2 + 2 * depth);
    const buffer = this.#buffer;
    let at = this.#length;
    if (!isFirst) buffer[at++] = COMMA;
    buffer[at++] = NEWLINE;
    const end = at + 2 * depth;
    while (at < end) buffer[at++] = SPACE;
    this.#length = at;
  }

  #copy(start: number, end: number): void {
    const { bytes } = this.#document;
    this.#reserve(end - start);
    const buffer = this.#buffer;
    if (end - start > SHORT_BYTES) {
      bytes.copy(buffer, this.#length, start, end);
      this.#length += end - start;
      return;
    }
    let at = this.#length;
    for (let from = start; from < end; from++) buffer[at++] = bytes[from] ?? 0;
    this.#length = at;
  }

  #text(text: string): void {
    this.#reserve(text.length * 3);
    if (text.length > 2) {
      this.#length += this.#buffer.write(text, this.#length, 'utf8');
      return;
    }
    for (let index = 0; index < text.length; index++) this.#buffer[this.#length++] = text.charCodeAt(index);
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

function isPlain(byte: number): boolean {
  return byte < 0x80 && byte !== BACKSLASH;
}

/** The quote ends a key, so it comes before every character. */
function rank(byte: number): number {
  return byte === QUOTE ? 0 : byte;
}
