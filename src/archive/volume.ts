import { constants } from 'node:fs';
import { access, mkdir, open, stat } from 'node:fs/promises';
import { KnownError, systemErrorCode } from '../model/known-error.ts';

/** What to do about the failures of a file system that an administrator can mend. */
const ADVICE: Record<string, string> = {
  ENOSPC:
    'the volume is full: make it larger, or free space with a shorter --retain-days and "openshift-backup rotate"',
  EDQUOT:
    'the quota of the volume is used up: raise it, or free space with a shorter --retain-days and "openshift-backup rotate"',
  EROFS: 'the volume is mounted read-only: mount it read-write',
  EACCES:
    'no permission to write there: on OpenShift the folder must belong to group 0 and be group-writable',
  EPERM: 'no permission to write there: on OpenShift the folder must belong to group 0 and be group-writable',
  EIO: 'the storage answers with an input/output error: check the volume',
  EFBIG:
    'the archive is larger than a file may be there: raise the limit (ulimit -f), or use another file system',
  ELOOP: 'its symbolic links lead in a circle: name another folder with --dir',
  ENAMETOOLONG: 'the path is too long: name another folder with --dir',
  ETIMEDOUT: 'the storage does not answer: check the volume',
  ESTALE: 'the NFS server no longer knows the folder: mount the volume again',
};

/**
 * Makes sure that the folder of archives is there and can be written to.
 *
 * @param mayCreate whether a missing folder is made (its parent must exist); never for a mount point's
 *   path, because a volume that is not mounted would go unnoticed
 * @throws KnownError `usage` that says what to do
 */
export async function checkVolume(dir: string, mayCreate: boolean): Promise<void> {
  try {
    if (mayCreate) await createMissing(dir);
    const stats = await stat(dir);
    if (!stats.isDirectory()) {
      throw new KnownError('usage', `${dir} is not a folder: give the folder of the archives with --dir`);
    }
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw volumeError(error, dir, 'usage');
  }
}

/**
 * The error of a file operation in words, with what to do about it. Other errors come back as they are.
 *
 * @param kind `usage` before anything has been done, `failed` in the middle of a run
 */
export function volumeError(error: unknown, dir: string, kind: 'usage' | 'failed'): unknown {
  const code = systemErrorCode(error);
  // Errors of the network have such codes too, but only the system's own have a number.
  if (code === undefined || !(error instanceof Error && 'errno' in error)) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new KnownError(
      kind,
      `The folder of archives ${dir} does not exist: mount the volume there, or name another folder with --dir`,
      { cause: error },
    );
  }
  const advice = ADVICE[code];
  return advice === undefined
    ? error
    : new KnownError(kind, `Cannot write to ${dir} (${code}): ${advice}`, { cause: error });
}

/** Makes sure that a new or renamed file in the folder survives a power failure (fsync(2), NOTES). */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse to sync a folder: they write its entries at once.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

async function createMissing(dir: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o770 });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}
