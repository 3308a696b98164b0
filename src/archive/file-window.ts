import { damaged } from './damaged.ts';

/** What a file is read with: a handle, or what does the same. */
export interface ByteSource {
  /** Reads up to `length` bytes of the file, from `position` on, to `offset` in the buffer. */
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

/**
 * Reads ranges of a file through a window, so that many small ranges in a row cost one large read.
 * Not for use by two at once; several windows may share a file handle.
 */
export class FileWindow {
  readonly #handle: ByteSource;
  readonly #fileBytes: number;
  readonly #windowBytes: number;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(handle: ByteSource, fileBytes: number, windowBytes: number) {
    this.#handle = handle;
    this.#fileBytes = fileBytes;
    this.#windowBytes = windowBytes;
  }

  /** The range when it lies in the window already, without waiting. */
  peek(start: number, length: number): Buffer | undefined {
    const from = start - this.#start;
    if (from < 0 || from + length > this.#bytes.length) return undefined;
    return this.#bytes.subarray(from, from + length);
  }

  /**
   * The range; the memory behind it is never written to again.
   *
   * @throws KnownError `failed` when the range ends behind the end of the file
   */
  async read(start: number, length: number): Promise<Buffer> {
    const known = this.peek(start, length);
    if (known) return known;
    if (start < 0 || start + length > this.#fileBytes) throw damaged('the file is cut off');
    const wanted = Math.min(Math.max(length, this.#windowBytes), this.#fileBytes - start);
    this.#bytes = await readRange(this.#handle, start, wanted);
    this.#start = start;
    return this.#bytes.subarray(0, length);
  }
}

/** One read may bring less than asked: it is repeated until the range is full. */
async function readRange(handle: ByteSource, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) throw damaged('the file became shorter while it was read');
    filled += bytesRead;
  }
  return bytes;
}
