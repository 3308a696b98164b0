import { basename } from 'node:path';
import { parseArchiveName } from '../model/archive-name.ts';
import { KnownError } from '../model/known-error.ts';
import type { CountedManifest } from '../model/manifest.ts';
import { checkChecksumFile, sha256Of } from './checksum-file.ts';
import { reasonOf } from './damaged.ts';
import { MAX_PROBLEMS } from './check-entries.ts';
import type { Level } from './entry-check.ts';
import type { Checked, EntryChecks } from './entry-checks.ts';
import { DAMAGED, NOT_USABLE } from './entry-facts.ts';
import type { EntryTable } from './entry-table.ts';
import { type ExpectedFile, ExpectedFiles } from './expected-files.ts';
import { type Archive, openArchive } from './read-archive.ts';

/** How thoroughly an archive is verified. */
export interface VerifyOptions {
  /**
   * `hashes` (the default) compares every entry with the manifest; `contents` also parses every object,
   * which takes about twice the time.
   */
  readonly level?: Level;
}

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
 * directory, its line in the manifest and what was found of it are kept, about 200 bytes together.
 *
 * @throws KnownError `usage` when there is no such file or it may not be read
 */
export async function verifyArchive(path: string, options: VerifyOptions = {}): Promise<Verification> {
  const problems = new Problems();
  const notes: string[] = [];
  const archive = await problems.unless(() => openArchive(path));
  let checks: EntryChecks | undefined;
  try {
    checks = archive?.beginChecks(options.level ?? 'hashes');
    const file = await sha256Of(path);
    const checksum = await checkChecksumFile(path, file.sha256);
    if (checksum.result === 'missing') notes.push(checksum.reason);
    if (checksum.result === 'different') problems.add(checksum.reason);
    const manifest = archive && checks && (await checkContent(archive, checks, problems));
    const found = { ...file, notes };
    return manifest && problems.lines.length === 0
      ? { result: 'sound', manifest, problems: [], ...found }
      : { result: 'damaged', manifest, problems: problems.lines, ...found };
  } finally {
    await checks?.close();
    await archive?.close();
  }
}

/** Returns the manifest if it could be read; without it there is nothing to compare entries with. */
async function checkContent(
  archive: Archive,
  checks: EntryChecks,
  problems: Problems,
): Promise<CountedManifest | undefined> {
  const taken = await problems.unless(() => archive.takeManifest(() => new ExpectedFiles(archive.entries)));
  if (!taken) return undefined;
  const { head, taker: expected } = taken;
  if (contradictsName(archive.path, head.isComplete)) {
    problems.add('its name and its manifest differ on being complete');
  }
  if (expected.isOneTwice) problems.add('the manifest names a file twice');
  const checked = await checks.finish();
  for (let index = 0; index < checked.facts.length; index++) {
    const problem = entryProblem(archive.entries, index, checked, expected.at(index));
    if (problem !== undefined) problems.add(problem);
  }
  for (const path of expected.missing) problems.add(`${path} is missing`);
  return { ...head, counts: expected.counts };
}

/** Compares what was found of an entry with its line in the manifest. */
function entryProblem(
  entries: EntryTable,
  index: number,
  { facts, reasons }: Checked,
  expected: ExpectedFile | undefined,
): string | undefined {
  const state = facts.state(index);
  const path = (): string => entries.at(index)?.path ?? '';
  // A reason that was not kept is of an entry behind the first fifty, which are counted only.
  if (state === DAMAGED) return reasons.get(index) ?? `${path()} is damaged`;
  if (!expected) return `${path()} is not in the manifest`;
  const { sha256, sizeBytes, objectCount } = expected;
  // As its content is sound, it has the size that the directory says.
  const foundBytes = entries.sizeBytes(index);
  if (foundBytes !== sizeBytes) {
    return `${path()} has ${foundBytes} bytes, not ${sizeBytes} as the manifest says`;
  }
  if (!facts.digest(index).equals(sha256)) return `${path()} has another SHA-256 than the manifest says`;
  if (state === NOT_USABLE) return `${path()} ${reasons.get(index) ?? 'is not usable'}`;
  const foundCount = facts.objectCount(index);
  return foundCount === objectCount
    ? undefined
    : `${path()} has ${foundCount} objects, not ${objectCount} as the manifest says`;
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
