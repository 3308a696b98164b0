import { Worker } from 'node:worker_threads';
import type { Batch, PackedBatch, PackedEntry } from './batch.ts';

/** Larger entries are not for batches. */
export const BATCH_BYTES = 1024 * 1024;
/** The bundle has the thread beside it, the work tree its source. */
const THREAD_FILE = import.meta.url.endsWith('.ts') ? './packing-thread.ts' : './packing-thread.js';

/** A small entry, ready for the zip. */
export interface Packed<T> extends PackedEntry {
  /** What was handed over with the entry. */
  readonly tag: T;
  readonly sizeBytes: number;
  readonly deflated: Buffer;
}

/**
 * Hashes and deflates small entries in a thread of its own, many at a time: handing over one alone costs as
 * much as deflating it. They come back in the order in which they went.
 */
export class EntryPacker<T> {
  readonly #thread: Worker;
  readonly #spare: ArrayBuffer[] = [];
  #space = Buffer.from(new ArrayBuffer(BATCH_BYTES));
  #ends: number[] = [];
  #tags: T[] = [];
  #onAnswer: ((packed: PackedBatch) => void)[] = [];

  /** @param onFailure called when the thread has died; then nothing comes back any more */
  constructor(onFailure: (error: Error) => void) {
    this.#thread = new Worker(new URL(THREAD_FILE, import.meta.url));
    this.#thread.on('message', (packed: PackedBatch) => {
      this.#spare.push(packed.bytes);
      this.#onAnswer.shift()?.(packed);
    });
    this.#thread.on('error', (error) => onFailure(error instanceof Error ? error : new Error(String(error))));
  }

  /** Whether an entry of so many bytes can still be taken before the batch has to be sent. */
  hasRoom(sizeBytes: number): boolean {
    return this.#usedBytes + sizeBytes <= BATCH_BYTES;
  }

  /** Takes the next bytes of an entry. */
  take(piece: Uint8Array, offset: number): void {
    this.#space.set(piece, this.#usedBytes + offset);
  }

  /** Ends an entry, whose bytes have been taken. */
  end(tag: T, sizeBytes: number): void {
    this.#ends.push(this.#usedBytes + sizeBytes);
    this.#tags.push(tag);
  }

  /** Sends the entries taken so far. */
  async send(): Promise<readonly Packed<T>[]> {
    const [ends, tags] = [this.#ends, this.#tags];
    if (ends.length === 0) return [];
    const batch: Batch = { bytes: this.#space.buffer, ends };
    const answer = new Promise<PackedBatch>((resolve) => this.#onAnswer.push(resolve));
    this.#thread.postMessage(batch, [batch.bytes]);
    [this.#ends, this.#tags] = [[], []];
    this.#space = Buffer.from(this.#spare.pop() ?? new ArrayBuffer(BATCH_BYTES));
    return unpack(await answer, ends, tags);
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  get #usedBytes(): number {
    return this.#ends.at(-1) ?? 0;
  }
}

function unpack<T>(
  { deflated, entries }: PackedBatch,
  ends: readonly number[],
  tags: readonly T[],
): Packed<T>[] {
  let offset = 0;
  return entries.map((entry, index) => {
    const start = offset;
    offset += entry.deflatedBytes;
    return {
      ...entry,
      tag: tags[index] as T,
      sizeBytes: (ends[index] ?? 0) - (ends[index - 1] ?? 0),
      deflated: Buffer.from(deflated, start, entry.deflatedBytes),
    };
  });
}
