import { Worker } from 'node:worker_threads';
import type { FileCounts, ManifestHead } from '../model/manifest.ts';
import { BatchSpace, type PackerEntry } from './batch-space.ts';
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
/** While the thread works on one request the next one waits; with more under way, whoever sends waits. */
const UNDER_WAY_MAX = 1;
/** How much memory is kept to be used again. */
const SPARE_COUNT = 3;
const NUMBERS_AT_ONCE = 1000;

/**
 * Hands entries over to the thread that makes the archive of them, many small ones at a time: one alone costs
 * as much to hand over as to deflate.
 *
 * The first failure, on whichever side, ends it: it is thrown by what waits, and by all that comes later.
 */
export class EntryPacker {
  readonly #thread: Worker;
  readonly #spare: ArrayBuffer[] = [];
  readonly #taken = new BatchSpace(() => this.#newMemory());
  readonly #held = new BatchSpace(() => this.#newMemory());
  #heldCount = 0;
  #toPlace: number[] = [];
  #underWay = 0;
  #fileBytes = 0;
  #counts: FileCounts | undefined;
  #failure: Error | undefined;
  /** Who waits for the thread. */
  readonly #waiting = new Set<() => void>();
  /** Who waits for contents, in the order in which they come. */
  readonly #recalling: PromiseWithResolvers<readonly Uint8Array[]>[] = [];

  /** Starts the thread, which takes a tenth of a second to get ready. */
  constructor() {
    this.#thread = new Worker(new URL(THREAD_FILE, import.meta.url));
    this.#thread.on('message', (message: PackingAnswer | PackingFailure) => {
      if (message.kind === 'done') this.#take(message);
      else this.fail(Object.assign(message.error, message.system));
    });
    this.#thread.on('messageerror', (error) => this.fail(error));
    this.#thread.on('error', (error) => this.fail(error));
    this.#thread.on('exit', (code) => this.fail(new Error(`The packing thread has ended with code ${code}`)));
  }

  /** Begins an archive. To be called once, before everything else. */
  open(start: PackingStart): void {
    this.check();
    this.#thread.postMessage(start, []);
  }

  /** The bytes that have reached the file, when the thread last told. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Whether so many bytes can still be taken before the batch has to be sent. */
  hasRoom(byteCount: number): boolean {
    return this.#taken.hasRoom(byteCount);
  }

  /** Takes the next bytes of an entry for which there is room. */
  take(piece: Uint8Array): void {
    this.#taken.take(piece);
  }

  /** Ends an entry, whose bytes have been taken. */
  end(entry: PackerEntry): void {
    this.check();
    // Those that were placed before it come before it.
    this.#sendPlaces();
    this.#taken.end(entry);
  }

  /** Sends the entries taken so far. */
  async send(): Promise<void> {
    this.#sendPlaces();
    this.#sendTaken();
    await this.untilReady();
  }

  /** Takes the next bytes of an entry that is too large for a batch. What was taken before it has been sent. */
  async takePart(piece: Uint8Array, entry: PackerEntry): Promise<void> {
    for (let at = 0; at < piece.length;) {
      if (this.#taken.usedBytes === PART_BYTES) await this.#sendPart(entry, false);
      const part = piece.subarray(at, at + PART_BYTES - this.#taken.usedBytes);
      this.#taken.take(part);
      at += part.length;
    }
  }

  /** Ends an entry that was taken in parts. */
  async endParts(entry: PackerEntry): Promise<void> {
    await this.#sendPart(entry, true);
  }

  /**
   * Takes an entry of at most `BATCH_BYTES` that is deflated now and may come into the archive later. Nothing
   * waits here: call `untilReady` now and then.
   *
   * @param pieces the content, which is copied
   * @returns its number
   */
  hold(entry: PackerEntry, pieces: readonly Uint8Array[], sizeBytes: number): number {
    this.check();
    if (!this.#held.hasRoom(sizeBytes)) this.#sendHeld();
    for (const piece of pieces) this.#held.take(piece);
    this.#held.end(entry);
    return this.#heldCount++;
  }

  /** Lets an entry that is held come into the archive, behind all that came before. */
  place(number: number): void {
    this.check();
    this.#sendTaken();
    this.#toPlace.push(number);
    if (this.#toPlace.length === NUMBERS_AT_ONCE) this.#sendPlaces();
  }

  /** Forgets entries that are held. */
  drop(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    this.#sendHeld();
    this.#post({ kind: 'drop', numbers });
  }

  /** Gives back the content of entries that are held, and forgets them. */
  async recall(numbers: readonly number[]): Promise<readonly Uint8Array[]> {
    this.#sendHeld();
    this.#post({ kind: 'recall', numbers });
    const contents = Promise.withResolvers<readonly Uint8Array[]>();
    this.#recalling.push(contents);
    return await contents.promise;
  }

  /** Waits until the thread can take more. */
  async untilReady(): Promise<void> {
    await this.#untilUnderWay(UNDER_WAY_MAX);
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
    this.#wake();
    for (const { reject } of this.#recalling.splice(0)) reject(this.#failure);
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

  #sendTaken(): void {
    if (this.#taken.entryCount > 0) this.#post(this.#taken.give());
  }

  #sendHeld(): void {
    const { entryCount } = this.#held;
    if (entryCount > 0) this.#post({ ...this.#held.give(), heldFrom: this.#heldCount - entryCount });
  }

  #sendPlaces(): void {
    if (this.#toPlace.length === 0) return;
    this.#sendHeld();
    this.#post({ kind: 'place', numbers: this.#toPlace });
    this.#toPlace = [];
  }

  async #sendPart({ path, objectCount }: PackerEntry, isLast: boolean): Promise<void> {
    const partBytes = this.#taken.usedBytes;
    this.#post({ kind: 'part', memory: this.#taken.giveMemory(), partBytes, path, objectCount, isLast });
    await this.untilReady();
  }

  #post(request: PackingRequest): void {
    this.check();
    this.#underWay++;
    this.#thread.postMessage(request, 'memory' in request ? [request.memory] : []);
  }

  #newMemory(): ArrayBuffer {
    return this.#spare.pop() ?? new ArrayBuffer(BATCH_BYTES);
  }

  #take({ memory, fileBytes, contents, counts }: PackingAnswer): void {
    if (memory && this.#spare.length < SPARE_COUNT) this.#spare.push(memory);
    this.#fileBytes = fileBytes;
    this.#counts = counts;
    this.#underWay--;
    if (contents) this.#recalling.shift()?.resolve(contents);
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  async #untilUnderWay(countMax: number): Promise<void> {
    while (!this.#failure && this.#underWay > countMax)
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    this.check();
  }
}
