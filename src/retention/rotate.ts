import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { checksumFile } from '../archive/checksum-file.ts';
import { errorText, systemErrorCode } from '../model/known-error.ts';
import type { RotationDecision } from './plan.ts';

/** What became of a rotation. */
export interface RotationResult {
  /** The names of the archives that are gone, whoever removed them. */
  readonly removed: readonly string[];
  /** One line for each archive that could not be removed, or whose checksum file could not. */
  readonly problems: readonly string[];
}

/**
 * Removes the archives that a plan says to remove, each before its checksum file: an archive without a
 * checksum can be read, a checksum without an archive is what the next run clears away. No other file is
 * touched. What can't be removed is reported, and the rest goes on; a file that is gone already is no problem.
 */
export async function executeRotation(
  dir: string,
  decisions: readonly RotationDecision[],
): Promise<RotationResult> {
  const removed: string[] = [];
  const problems: string[] = [];
  for (const { action, entry } of decisions) {
    if (action !== 'remove') continue;
    const { file } = entry.name;
    const path = join(dir, file);
    const problem = await removalProblem(path);
    if (problem === undefined) removed.push(file);
    const next = problem ?? (await removalProblem(checksumFile(path)));
    if (next !== undefined) problems.push(next);
  }
  return { removed, problems };
}

async function removalProblem(path: string): Promise<string | undefined> {
  try {
    await unlink(path);
    return undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    return `Cannot remove ${path}: ${errorText(error)}`;
  }
}
