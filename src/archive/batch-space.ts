import { BATCH_BYTES, type EntryBatch } from './batch.ts';

/** What is known of an entry beside its bytes. */
export interface PackerEntry {
  readonly path: string;
  readonly objectCount: number;
}

/** Memory in which the entries of a batch are gathered, or the bytes of a part. */
export class BatchSpace {
  #space: Buffer<ArrayBuffer> | undefined;
  #usedBytes = 0;
  #paths: string[] = [];
  #ends: number[] = [];
  #objectCounts: number[] = [];
  readonly #newMemory: () => ArrayBuffer;

  /** @param newMemory gives memory of `BATCH_BYTES` */
  constructor(newMemory: () => ArrayBuffer) {
    this.#newMemory = newMemory;
  }

  /** How many bytes have been taken. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How many entries have ended. */
  get entryCount(): number {
    return this.#ends.length;
  }

  /** Whether so many bytes can still be taken. */
  hasRoom(byteCount: number): boolean {
    return this.#usedBytes + byteCount <= BATCH_BYTES;
  }

  /** Takes the next bytes of an entry, for which there is room. */
  take(piece: Uint8Array): void {
    this.#space ??= Buffer.from(this.#newMemory());
    this.#space.set(piece, this.#usedBytes);
    this.#usedBytes += piece.length;
  }

  /** Ends an entry, whose bytes have been taken. */
  end({ path, objectCount }: PackerEntry): void {
    this.#paths.push(path);
    this.#ends.push(this.#usedBytes);
    this.#objectCounts.push(objectCount);
  }

  /** Gives the entries away, with the memory that they lie in. */
  give(): EntryBatch {
    const [paths, ends, objectCounts] = [this.#paths, this.#ends, this.#objectCounts];
    [this.#paths, this.#ends, this.#objectCounts] = [[], [], []];
    return { kind: 'entries', memory: this.giveMemory(), paths, ends, objectCounts };
  }

  /** Gives the memory away, and with it what was taken of an entry that has not ended. */
  giveMemory(): ArrayBuffer {
    // Entries may all be empty.
    const memory = this.#space?.buffer ?? this.#newMemory();
    this.#space = undefined;
    this.#usedBytes = 0;
    return memory;
  }
}
