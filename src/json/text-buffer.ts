/** Up to this length a loop over the bytes is faster than a call into native code. */
const SHORT_BYTES = 40;
const INITIAL_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;

/** A text that grows at its end, as bytes that are used again for the next text. */
export class TextBuffer {
  #bytes: Buffer;
  #length = 0;

  /** @param expectedBytes how long the longest text may become; it may become longer */
  constructor(expectedBytes: number = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes);
  }

  /** Begins a new text. */
  clear(): void {
    this.#length = 0;
  }

  /** The text so far: a view that is valid until the next call of `clear`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(text: string): void {
    this.#reserve(text.length * 3);
    if (text.length > SHORT_BYTES || !this.#addAscii(text))
      this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** Returns false, and adds nothing, when there is another character in the text. */
  #addAscii(text: string): boolean {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  /** Adds the key of a member, and what stands before its value. The key is printable ASCII without quotes and backslashes. */
  addKey(key: string): void {
    this.#reserve(key.length + 4);
    this.#bytes[this.#length++] = QUOTE;
    this.#addAscii(key);
    this.#bytes[this.#length++] = QUOTE;
    this.addColon();
  }

  /** Adds what stands between a key and its value. */
  addColon(): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = COLON;
    this.#bytes[this.#length++] = SPACE;
  }

  addBytes(bytes: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    const target = this.#bytes;
    if (end - start > SHORT_BYTES) {
      bytes.copy(target, this.#length, start, end);
      this.#length += end - start;
      return;
    }
    let at = this.#length;
    for (let from = start; from < end; from++) target[at++] = bytes[from] ?? 0;
    this.#length = at;
  }

  /** A line break and its indent, with a comma before it unless something has just been opened or closes. */
  newLine(depth: number, isFirst: boolean): void {
    this.#reserve(2 + 2 * depth);
    const bytes = this.#bytes;
    let at = this.#length;
    if (!isFirst) bytes[at++] = COMMA;
    bytes[at++] = NEWLINE;
    const end = at + 2 * depth;
    while (at < end) bytes[at++] = SPACE;
    this.#length = at;
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
