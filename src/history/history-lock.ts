import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOwner, ownerState, parseOwner, thisOwner } from '../archive/owner.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';

const LOCK = 'openshift-backup.lock';
/** A writer on another host counts as dead when its lock is so old. */
const ABANDONED_MS = 6 * 60 * 60 * 1000;

/** Says that this process writes to the repository. */
export interface HistoryLock {
  /** Whether it was left by a writer that has been killed: the work tree may be behind, by its fault alone. */
  readonly isTakenOver: boolean;
  readonly release: () => Promise<void>;
}

/**
 * Keeps two writers apart. It is a courtesy: git itself never lets one take back what the other has written.
 *
 * @throws KnownError `refused` while another one writes
 */
export async function lockHistory(gitDir: string): Promise<HistoryLock> {
  const path = join(gitDir, LOCK);
  const release = async (): Promise<void> => await rm(path, { force: true });
  const tag = formatOwner(thisOwner());
  try {
    await writeFile(path, tag, { flag: 'wx' });
    return { isTakenOver: false, release };
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
  if (await isHeld(path))
    throw new KnownError('refused', `Another run writes to ${gitDir}: wait until it has ended`);
  const own = `${path}.${tag}`;
  await writeFile(own, tag);
  await rename(own, path);
  return { isTakenOver: true, release };
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const owner = parseOwner(await readFile(path, 'utf8'));
    const state = owner ? ownerState(owner) : 'unknown';
    if (state !== 'unknown') return state === 'alive';
    return Date.now() - (await stat(path)).mtimeMs < ABANDONED_MS;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
