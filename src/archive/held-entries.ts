import { openSync, readSync, writeSync } from 'node:fs';

/** What is held in memory; more goes to a file. */
const MEMORY_BYTES_MAX = 4 * 1024 * 1024;
const DIGEST_BYTES = 32;
/** Size, CRC-32, objects, and where the deflated bytes end. */
const NUMBERS = 4;
/** Stands for the size of an entry that is held no more. */
const GONE = -1;

/** An entry that has been deflated. */
export interface PackedEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly crc32: number;
  readonly deflated: Buffer;
  /** Of the content, in hex. */
  readonly sha256: string;
  readonly objectCount: number;
}

/** Entries that came together: the deflated bytes one behind the other, the rest in numbers and bytes. */
interface HeldBatch {
  readonly first: number;
  readonly paths: readonly string[];
  readonly numbers: Float64Array;
  readonly digests: Buffer;
  /** Undefined when they lie in the file. */
  bytes: Buffer | undefined;
  readonly sizeBytes: number;
  /** Where they lie in the file, if they do. */
  position: number;
  /** How many of the entries are still held. */
  left: number;
}

/**
 * Deflated entries of types of which it is not yet certain that they are whole, by their numbers; about 150
 * bytes of memory for each, whatever its size.
 */
export class HeldEntries {
  readonly #file: { readonly path: string; readonly mode: number };
  /** In the order of their numbers. */
  #batches: HeldBatch[] = [];
  #memoryBytes = 0;
  #fd: number | undefined;
  #fileBytes = 0;
  /** The batch whose bytes were read last. */
  #read: { readonly batch: HeldBatch; readonly bytes: Buffer } | undefined;

  /** @param file where entries go if they are too many for memory; it must not exist */
  constructor(file: { readonly path: string; readonly mode: number }) {
    this.#file = file;
  }

  /** Takes entries with the numbers from `first` on. */
  add(first: number, entries: readonly PackedEntry[]): void {
    const digests = Buffer.alloc(entries.length * DIGEST_BYTES);
    const numbers = new Float64Array(entries.length * NUMBERS);
    let end = 0;
    for (const [index, { sizeBytes, crc32, objectCount, sha256, deflated }] of entries.entries()) {
      end += deflated.length;
      numbers.set([sizeBytes, crc32, objectCount, end], index * NUMBERS);
      digests.write(sha256, index * DIGEST_BYTES, 'hex');
    }
    const bytes = Buffer.concat(
      entries.map(({ deflated }) => deflated),
      end,
    );
    const paths = entries.map(({ path }) => path);
    const left = entries.length;
    this.#batches.push({ first, paths, numbers, digests, bytes, sizeBytes: end, position: 0, left });
    this.#memoryBytes += end;
    if (this.#memoryBytes > MEMORY_BYTES_MAX) this.#writeAll();
  }

  /** Gives an entry, which is held no more. Its bytes are valid until the next call. */
  take(number: number): PackedEntry {
    const batch = this.#batchOf(number);
    const index = number - batch.first;
    const start = index === 0 ? 0 : (batch.numbers[index * NUMBERS - 1] ?? 0);
    const [sizeBytes = 0, crc32 = 0, objectCount = 0, end = 0] = batch.numbers.subarray(index * NUMBERS);
    const entry = {
      path: batch.paths[index] ?? '',
      sizeBytes,
      crc32,
      deflated: this.#bytesOf(batch).subarray(start, end),
      sha256: batch.digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
      objectCount,
    };
    this.#release(batch, number);
    return entry;
  }

  /** Forgets an entry. */
  drop(number: number): void {
    this.#release(this.#batchOf(number), number);
  }

  #batchOf(number: number): HeldBatch {
    let [from, to] = [0, this.#batches.length];
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if ((this.#batches[middle]?.first ?? 0) <= number) from = middle;
      else to = middle;
    }
    const batch = this.#batches[from];
    const sizeBytes = batch?.numbers[(number - batch.first) * NUMBERS] ?? GONE;
    if (batch && sizeBytes !== GONE) return batch;
    throw new Error(`There is no held entry ${number}`);
  }

  #release(batch: HeldBatch, number: number): void {
    batch.numbers[(number - batch.first) * NUMBERS] = GONE;
    batch.left--;
    if (batch.left > 0) return;
    this.#batches.splice(this.#batches.indexOf(batch), 1);
    if (batch.bytes) this.#memoryBytes -= batch.sizeBytes;
    if (this.#batches.every(({ bytes }) => bytes !== undefined)) this.#fileBytes = 0;
  }

  #bytesOf(batch: HeldBatch): Buffer {
    if (batch.bytes) return batch.bytes;
    if (this.#read?.batch !== batch) this.#read = { batch, bytes: this.#readBytes(batch) };
    return this.#read.bytes;
  }

  #readBytes({ position, sizeBytes }: HeldBatch): Buffer {
    const bytes = Buffer.allocUnsafeSlow(sizeBytes);
    for (let at = 0; at < sizeBytes;) {
      const readBytes = readSync(this.#fd ?? -1, bytes, at, sizeBytes - at, position + at);
      if (readBytes === 0) throw new Error(`${this.#file.path} has become shorter while it was in use`);
      at += readBytes;
    }
    return bytes;
  }

  /** Moves what lies in memory to the file. */
  #writeAll(): void {
    this.#fd ??= openSync(this.#file.path, 'wx+', this.#file.mode);
    for (const batch of this.#batches) {
      if (!batch.bytes) continue;
      batch.position = this.#fileBytes;
      for (let at = 0; at < batch.sizeBytes;) {
        at += writeSync(this.#fd, batch.bytes, at, batch.sizeBytes - at, batch.position + at);
      }
      this.#fileBytes += batch.sizeBytes;
      batch.bytes = undefined;
    }
    this.#memoryBytes = 0;
  }
}
