import { canonicalNumber } from './canonical-number.ts';
import { JsonDocument, type JsonNode } from './json-document.ts';
import { Kind, NODE_SIZE, passedOver } from './tape.ts';
import { TextBuffer } from './text-buffer.ts';

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
  readonly #out: TextBuffer;
  #document: JsonDocument = new JsonDocument(Buffer.from('null'));
  /** The keys of the objects that are being written, as a stack. */
  #keys = new Int32Array(1024);
  #keyCount = 0;

  /** @param expectedBytes how long the longest value may become; it may become longer */
  constructor(expectedBytes?: number) {
    this.#out = new TextBuffer(expectedBytes);
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
    this.#out.clear();
    this.#keyCount = 0;
    if (added.length === 0) this.#value(node, depth);
    else this.#object(node, depth, added);
    return this.#out.view();
  }

  #value(node: JsonNode, depth: number): void {
    const { tape, bytes } = this.#document;
    const kind = tape[node];
    if (kind === Kind.object) return this.#object(node, depth, NONE);
    if (kind === Kind.array) return this.#array(node, depth);
    if (kind === Kind.encoded) return this.#out.add(JSON.stringify(this.#document.value(node)));
    if (kind === Kind.number) return this.#out.add(canonicalNumber(this.#document.source(node)));
    if (kind === Kind.replaced) return this.#out.add(this.#document.replacement(node));
    if (kind === Kind.unread) throw passedOver();
    this.#out.addBytes(bytes, tape[node + 1] ?? 0, tape[node + 2] ?? 0);
  }

  #array(node: JsonNode, depth: number): void {
    const { tape } = this.#document;
    const end = tape[node + 3] ?? 0;
    let isEmpty = true;
    this.#out.add('[');
    for (let at = node + NODE_SIZE; at < end; at = tape[at + 3] ?? end) {
      if (tape[at] === Kind.removed) continue;
      this.#out.newLine(depth + 1, isEmpty);
      this.#value(at, depth + 1);
      isEmpty = false;
    }
    if (!isEmpty) this.#out.newLine(depth, true);
    this.#out.add(']');
  }

  #object(node: JsonNode, depth: number, added: readonly AddedMember[]): void {
    const base = this.#keyCount;
    this.#pushKeys(node);
    const end = this.#keyCount;
    if (base === end && added.length === 0) return this.#out.add('{}');
    this.#out.add('{');
    let taken = 0;
    for (let index = base; index < end; index++) {
      const key = this.#keys[index] ?? 0;
      while (this.#isBefore(added[taken], key))
        this.#added(added[taken++], depth, index === base && taken === 1);
      this.#out.newLine(depth + 1, index === base && taken === 0);
      this.#key(key);
      this.#value(key + NODE_SIZE, depth + 1);
    }
    while (taken < added.length) this.#added(added[taken++], depth, base === end && taken === 1);
    this.#keyCount = base;
    this.#out.newLine(depth, true);
    this.#out.add('}');
  }

  #added(member: AddedMember | undefined, depth: number, isFirst: boolean): void {
    if (!member) return;
    this.#out.newLine(depth + 1, isFirst);
    this.#out.addKey(member.key);
    this.#out.add(member.json);
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
    this.#document.writeString(key, this.#out);
    this.#out.addColon();
  }
}

function isPlain(byte: number): boolean {
  return byte < 0x80 && byte !== BACKSLASH;
}

/** The quote ends a key, so it comes before every character. */
function rank(byte: number): number {
  return byte === QUOTE ? 0 : byte;
}
