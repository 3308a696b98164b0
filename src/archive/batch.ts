/**
 * Deflate at the level of `zip`, with a window of 8 KiB: an object repeats the one before it, so a window of
 * 32 KiB gains next to nothing, and zlib would claim 256 KiB for each of ten thousand entries.
 */
export const DEFLATE = { level: 6, windowBits: 13, memLevel: 7 };

/** Entries on their way to the packing thread, one behind the other. The memory goes with them. */
export interface Batch {
  readonly bytes: ArrayBuffer;
  /** Where each entry ends. */
  readonly ends: readonly number[];
}

/** What comes back: the memory, to be used again, and the entries. */
export interface PackedBatch {
  readonly bytes: ArrayBuffer;
  /** The deflated entries, one behind the other. */
  readonly deflated: ArrayBuffer;
  readonly entries: readonly PackedEntry[];
}

/** What a zip and a manifest say of an entry. */
export interface PackedEntry {
  readonly deflatedBytes: number;
  readonly crc32: number;
  readonly sha256: string;
}
