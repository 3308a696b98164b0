import type { FileCounts, ManifestHead } from '../model/manifest.ts';

/** Larger entries are not for batches. */
export const BATCH_BYTES = 1024 * 1024;
/** Of a larger entry, so much goes at a time. */
export const PART_BYTES = 256 * 1024;

/** What the packing thread begins with. */
export interface PackingStart {
  /** The file, open for writing. It belongs to the first thread, which closes it when this one has ended. */
  readonly fd: number;
  /** The modification time of all entries. */
  readonly date: Date;
  /** What all entries, and files, may be to others. */
  readonly mode: number;
  /** Where entries go that are held and too many for memory. The first thread removes the file. */
  readonly heldPath: string;
}

/** Whole entries, one behind the other. The memory goes with them. */
export interface EntryBatch {
  readonly kind: 'entries';
  readonly memory: ArrayBuffer;
  readonly paths: readonly string[];
  /** Where each ends. */
  readonly ends: readonly number[];
  readonly objectCounts: readonly number[];
  /** Entries that are to be held are numbered on and on: the number of the first one. */
  readonly heldFrom?: number;
}

/** The next bytes of an entry that is too large for a batch; its parts follow each other. */
export interface EntryPart {
  readonly kind: 'part';
  readonly memory: ArrayBuffer;
  readonly partBytes: number;
  readonly path: string;
  readonly objectCount: number;
  readonly isLast: boolean;
}

/** What becomes of entries that are held: they go into the archive, are forgotten, or come back. */
export interface HeldRequest {
  readonly kind: 'place' | 'drop' | 'recall';
  readonly numbers: readonly number[];
}

/** The end: the manifest, and the zip's directory. */
export interface ArchiveEnd {
  readonly kind: 'end';
  readonly head: ManifestHead;
}

/** What is asked of the packing thread. Each request is carried out and answered in turn. */
export type PackingRequest = EntryBatch | EntryPart | HeldRequest | ArchiveEnd;

/** The answer to one request. */
export interface PackingAnswer {
  readonly kind: 'done';
  /** The memory that came with the request, to be used again. */
  readonly memory?: ArrayBuffer;
  /** The bytes that have reached the file so far. */
  readonly fileBytes: number;
  /** What was recalled. */
  readonly contents?: readonly Uint8Array[];
  /** At the end. */
  readonly counts?: FileCounts;
}

/** What has failed in the packing thread; nothing but this comes any more. */
export interface PackingFailure {
  readonly kind: 'failed';
  readonly error: Error;
  /** What makes a system error of it, which is lost on an error's way between threads. */
  readonly system: Readonly<Record<string, unknown>>;
}
