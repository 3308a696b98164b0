import { Worker } from 'node:worker_threads';
import type { FileCounts, ManifestHead } from '../model/manifest.ts';
import {
  BATCH_BYTES,
  PART_BYTES,
  type PackingAnswer,
  type PackingFailure,
  type PackingRequest,
  type PackingStart,
} from './batch.ts';

/** The bundle has the thread beside it, the work tree its source. */
const THREAD_FILE = import.meta.url.endsWith('.ts') ? './packing-thread.ts' : './packing-thread.js';

/** What is known of an entry beside its bytes. */
export interface PackerEntry {
  readonly path: string;
  readonly objectCount: number;
}

/**
 * Hands entries over to the thread that makes the archive of them, many small ones at a time: one alone costs
 * as much to hand over as to deflate. While the thread works on a batch the next one is filled; when two are
 * under way, `send` waits.
 *
 * The first failure, on whichever side, ends it: it is thrown by what waits, and by all that comes later.
 */
export class EntryPacker {
  readonly #thread: Worker;
  readonly #spare: ArrayBuffer[] = [];
  #space = Buffer.from(new ArrayBuffer(BATCH_BYTES));
  #usedBytes = 0;
  #paths: string[] = [];
  #ends: number[] = [];
  #objectCounts: number[] = [];
  #underWay = 0;
  #fileBytes = 0;
  #counts: FileCounts | undefined;
  #failure: Error | undefined;
  #onChange: (() => void) | undefined;

  constructor(start: PackingStart) {
    this.#thread = new Worker(new URL(THREAD_FILE, import.meta.url), { workerData: start });
    this.#thread.on('message', (message: PackingAnswer | PackingFailure) => {
      if (message.kind === 'done') this.#take(message);
      else this.fail(Object.assign(message.error, message.system));
    });
    this.#thread.on('messageerror', (error) => this.fail(error));
    this.#thread.on('error', (error) => this.fail(error));
    this.#thread.on('exit', (code) => this.fail(new Error(`The packing thread has ended with code ${code}`)));
  }

  /** The bytes that have reached the file, when the thread last told. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Whether so many bytes can still be taken before the batch has to be sent. */
  hasRoom(byteCount: number): boolean {
    return this.#usedBytes + byteCount <= BATCH_BYTES;
  }

  /** Takes the next bytes of an entry for which there is room. */
  take(piece: Uint8Array): void {
    this.#space.set(piece, this.#usedBytes);
    this.#usedBytes += piece.length;
  }

  /** Ends an entry, whose bytes have been taken. */
  end({ path, objectCount }: PackerEntry): void {
    this.check();
    this.#paths.push(path);
    this.#ends.push(this.#usedBytes);
    this.#objectCounts.push(objectCount);
  }

  /** Sends the entries taken so far. */
  async send(): Promise<void> {
    const [paths, ends, objectCounts] = [this.#paths, this.#ends, this.#objectCounts];
    if (ends.length > 0) {
      [this.#paths, this.#ends, this.#objectCounts] = [[], [], []];
      this.#post({ kind: 'entries', memory: this.#giveSpace(), paths, ends, objectCounts });
    }
    await this.#untilUnderWay(1);
  }

  /** Takes the next bytes of an entry that is too large for a batch. What was taken before it has been sent. */
  async takePart(piece: Uint8Array, entry: PackerEntry): Promise<void> {
    for (let at = 0; at < piece.length;) {
      if (this.#usedBytes === PART_BYTES) await this.#sendPart(entry, false);
      const part = piece.subarray(at, at + PART_BYTES - this.#usedBytes);
      this.take(part);
      at += part.length;
    }
  }

  /** Ends an entry that was taken in parts. */
  async endParts(entry: PackerEntry): Promise<void> {
    await this.#sendPart(entry, true);
  }

  /**
   * Waits for all that is under way.
   *
   * @throws what has failed
   */
  async settle(): Promise<void> {
    await this.send();
    await this.#untilUnderWay(0);
  }

  /** Ends the archive, when all is settled: the whole of it has been written, but is not on the disk yet. */
  async finish(head: ManifestHead): Promise<FileCounts> {
    this.#post({ kind: 'end', head });
    await this.#untilUnderWay(0);
    if (!this.#counts) throw new Error('The packing thread has not said what is in the archive');
    return this.#counts;
  }

  /** Ends everything, unless that has happened before. Gives back what failed first. */
  fail(error: unknown): Error {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#onChange?.();
    return this.#failure;
  }

  /** @throws what has failed, if anything has */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Ends the thread: when this resolves, it writes no more. */
  async close(): Promise<void> {
    this.fail(new Error('The archive has been closed'));
    await this.#thread.terminate();
  }

  async #sendPart({ path, objectCount }: PackerEntry, isLast: boolean): Promise<void> {
    const partBytes = this.#usedBytes;
    this.#post({ kind: 'part', memory: this.#giveSpace(), partBytes, path, objectCount, isLast });
    await this.#untilUnderWay(1);
  }

  #post(request: PackingRequest): void {
    this.check();
    this.#underWay++;
    this.#thread.postMessage(request, 'memory' in request ? [request.memory] : []);
  }

  #giveSpace(): ArrayBuffer {
    const { buffer } = this.#space;
    this.#space = Buffer.from(this.#spare.pop() ?? new ArrayBuffer(BATCH_BYTES));
    this.#usedBytes = 0;
    return buffer;
  }

  #take({ memory, fileBytes, counts }: PackingAnswer): void {
    if (memory) this.#spare.push(memory);
    this.#fileBytes = fileBytes;
    this.#counts = counts;
    this.#underWay--;
    this.#onChange?.();
  }

  async #untilUnderWay(countMax: number): Promise<void> {
    while (!this.#failure && this.#underWay > countMax)
      await new Promise<void>((resolve) => (this.#onChange = resolve));
    this.check();
  }
}
