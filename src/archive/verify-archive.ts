import { createHash, hash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { parseArchiveName } from '../model/archive-name.ts';
import { KnownError } from '../model/known-error.ts';
import { type CountedManifest, MANIFEST_ENTRY } from '../model/manifest.ts';
import { checkChecksumFile, sha256Of } from './checksum-file.ts';
import { reasonOf } from './damaged.ts';
import type { Piece } from './entry-pieces.ts';
import { type ExpectedFile, ExpectedFiles } from './expected-files.ts';
import { itemProblem, ListItems } from './list-items.ts';
import { type Archive, openArchive } from './read-archive.ts';

/** A wholly broken archive would have a problem with each of its entries. */
const MAX_PROBLEMS = 50;

/** How thoroughly an archive is verified. */
export interface VerifyOptions {
  /**
   * `hashes` (the default) compares every entry with the manifest; `contents` also parses every object,
   * which takes about twice the time.
   */
  readonly level?: Level;
}

type Level = 'hashes' | 'contents';

/** What a verification found. `sha256` and `sizeBytes` are those of the zip file. */
export type Verification =
  | (Found & { readonly result: 'sound'; readonly manifest: CountedManifest; readonly problems: readonly [] })
  | (Found & {
      readonly result: 'damaged';
      /** Undefined when it could not be read. */
      readonly manifest: CountedManifest | undefined;
      /** At least one and at most 50 lines, and one that counts the rest. */
      readonly problems: readonly string[];
    });

interface Found {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What is worth knowing and no fault: that there is no checksum file, say. */
  readonly notes: readonly string[];
}

/**
 * Compares an archive with its checksum file and with its manifest: every file that the manifest names is
 * there with its SHA-256, size and number of objects, and nothing else is. A damaged archive is a result,
 * not an error. Memory is bounded, whatever the file says of itself: of an entry, its line in the zip's
 * directory and its line in the manifest are kept, about 150 bytes together.
 *
 * @throws KnownError `usage` when there is no such file or it may not be read
 */
export async function verifyArchive(path: string, options: VerifyOptions = {}): Promise<Verification> {
  const problems = new Problems();
  const notes: string[] = [];
  const archive = await problems.unless(() => openArchive(path));
  try {
    const file = await sha256Of(path);
    const checksum = await checkChecksumFile(path, file.sha256);
    if (checksum.result === 'missing') notes.push(checksum.reason);
    if (checksum.result === 'different') problems.add(checksum.reason);
    const manifest = archive && (await checkContent(archive, problems, options.level ?? 'hashes'));
    const found = { ...file, notes };
    return manifest && problems.lines.length === 0
      ? { result: 'sound', manifest, problems: [], ...found }
      : { result: 'damaged', manifest, problems: problems.lines, ...found };
  } finally {
    await archive?.close();
  }
}

/** Returns the manifest if it could be read; without it there is nothing to compare entries with. */
async function checkContent(
  archive: Archive,
  problems: Problems,
  level: Level,
): Promise<CountedManifest | undefined> {
  const taken = await problems.unless(() => archive.takeManifest(() => new ExpectedFiles(archive.entries)));
  if (!taken) return undefined;
  const { head, taker: expected } = taken;
  if (contradictsName(archive.path, head.isComplete)) {
    problems.add('its name and its manifest differ on being complete');
  }
  if (expected.isOneTwice) problems.add('the manifest names a file twice');
  await checkEntries(archive, expected, problems, level);
  for (const path of expected.missing) problems.add(`${path} is missing`);
  return { ...head, counts: expected.counts };
}

async function checkEntries(
  archive: Archive,
  expected: ExpectedFiles,
  problems: Problems,
  level: Level,
): Promise<void> {
  let check: EntryCheck | undefined;
  for await (const piece of archive.pieces()) {
    const { path } = piece.entry;
    if (path === MANIFEST_ENTRY) continue;
    const file = expected.of(path);
    if (piece.kind === 'damaged') {
      problems.add(piece.reason);
      check = undefined;
    } else if (file) {
      check = takePiece(check ?? new EntryCheck(file, level), piece, problems);
    } else if (piece.isLast) {
      problems.add(`${path} is not in the manifest`);
    }
  }
}

/** Returns the check as long as more pieces of its entry are to come. */
function takePiece(
  check: EntryCheck,
  piece: Piece & { kind: 'bytes' },
  problems: Problems,
): EntryCheck | undefined {
  check.push(piece.bytes, piece.isLast);
  if (!piece.isLast) return check;
  const problem = check.problem();
  if (problem) problems.add(`${piece.entry.path} ${problem}`);
  return undefined;
}

/** Compares one entry with its line in the manifest. */
class EntryCheck {
  readonly #expected: ExpectedFile;
  readonly #level: Level;
  readonly #items = new ListItems();
  #hash: Hash | undefined;
  #sha256 = '';
  #sizeBytes = 0;
  #objectCount = 0;
  #itemProblem: string | undefined;

  constructor(expected: ExpectedFile, level: Level) {
    this.#expected = expected;
    this.#level = level;
  }

  push(bytes: Buffer, isLast: boolean): void {
    this.#sizeBytes += bytes.length;
    if (isLast && !this.#hash) {
      this.#sha256 = hash('sha256', bytes);
    } else {
      this.#hash ??= createHash('sha256');
      this.#hash.update(bytes);
      if (isLast) this.#sha256 = this.#hash.digest('hex');
    }
    if (!this.#itemProblem) this.#pushItems(bytes, isLast);
  }

  problem(): string | undefined {
    const { sha256, sizeBytes, objectCount } = this.#expected;
    if (this.#sizeBytes !== sizeBytes) {
      return `has ${this.#sizeBytes} bytes, not ${sizeBytes} as the manifest says`;
    }
    if (this.#sha256 !== sha256) return 'has another SHA-256 than the manifest says';
    if (this.#itemProblem) return this.#itemProblem;
    return this.#objectCount === objectCount
      ? undefined
      : `has ${this.#objectCount} objects, not ${objectCount} as the manifest says`;
  }

  #pushItems(bytes: Buffer, isLast: boolean): void {
    try {
      for (const item of this.#items.push(bytes, isLast)) {
        this.#objectCount++;
        const problem = this.#level === 'contents' ? itemProblem(item) : undefined;
        if (problem) this.#itemProblem ??= `holds an object (number ${this.#objectCount}) that ${problem}`;
      }
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      this.#itemProblem = error.message;
    }
  }
}

/** The lines of a report, which stay few however broken an archive is. */
class Problems {
  readonly #lines: string[] = [];
  #count = 0;

  get lines(): readonly string[] {
    const more = this.#count - this.#lines.length;
    return more > 0 ? [...this.#lines, `and ${more} more`] : this.#lines;
  }

  add(text: string): void {
    this.#count++;
    if (this.#lines.length < MAX_PROBLEMS) this.#lines.push(text);
  }

  /** What a call returns; or undefined, with its reason added, when it finds the archive damaged. */
  async unless<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof KnownError) || error.kind !== 'failed') throw error;
      this.add(reasonOf(error));
      return undefined;
    }
  }
}

function contradictsName(path: string, isComplete: boolean): boolean {
  const name = parseArchiveName(basename(path));
  return name !== undefined && name.isComplete !== isComplete;
}
