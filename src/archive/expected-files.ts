import type { FileCounts, FileRecord } from '../model/manifest.ts';
import type { EntryTable } from './entry-table.ts';
import { FileCounter } from '../model/file-counter.ts';

const DIGEST_BYTES = 32;
const UNNAMED = -1;

/** What a manifest says of one file. */
export interface ExpectedFile {
  /** The bytes of it. */
  readonly sha256: Buffer;
  readonly sizeBytes: number;
  readonly objectCount: number;
}

/** What a manifest says of the entries of its archive: some fifty bytes for each, whatever the order of the files. */
export class ExpectedFiles {
  readonly #entries: EntryTable;
  readonly #digests: Buffer;
  readonly #sizes: Float64Array;
  readonly #objectCounts: Float64Array;
  readonly #missing = new Set<string>();
  readonly #counter = new FileCounter();
  #isOneTwice = false;
  /** Files are named in the order of the entries, as a rule. */
  #next = 0;

  constructor(entries: EntryTable) {
    this.#entries = entries;
    this.#digests = Buffer.alloc(entries.length * DIGEST_BYTES);
    this.#sizes = new Float64Array(entries.length).fill(UNNAMED);
    this.#objectCounts = new Float64Array(entries.length);
  }

  /** The files that the archive does not have, each once. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /** Whether the manifest names a file twice; then the last time counts. */
  get isOneTwice(): boolean {
    return this.#isOneTwice;
  }

  get counts(): FileCounts {
    return this.#counter.counts();
  }

  /** Takes the next files of the manifest. */
  take(files: readonly FileRecord[]): void {
    this.#counter.take(files);
    for (const file of files) this.#takeOne(file);
  }

  /** What the manifest says of the entry at a place; undefined when it doesn't name it. */
  at(index: number): ExpectedFile | undefined {
    const sizeBytes = this.#sizes[index];
    if (sizeBytes === undefined || sizeBytes === UNNAMED) return undefined;
    const sha256 = this.#digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
    return { sha256, sizeBytes, objectCount: this.#objectCounts[index] ?? 0 };
  }

  #takeOne({ path, sha256, sizeBytes, objectCount }: FileRecord): void {
    const index = this.#entries.indexOf(path, this.#next);
    if (index === undefined) {
      this.#isOneTwice ||= this.#missing.has(path);
      this.#missing.add(path);
      return;
    }
    this.#next = index + 1;
    this.#isOneTwice ||= this.#sizes[index] !== UNNAMED;
    this.#digests.write(sha256, index * DIGEST_BYTES, 'hex');
    this.#sizes[index] = sizeBytes;
    this.#objectCounts[index] = objectCount;
  }
}
