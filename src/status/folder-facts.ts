import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArchiveName } from '../model/archive-name.ts';
import { systemErrorCode } from '../model/known-error.ts';
import type { Facts, StoredArchive, VolumeSpace } from './backup-status.ts';
import { readHistory } from './status-file.ts';

/**
 * What a folder of archives says of itself, without opening an archive.
 *
 * @returns with `problem`, in one line, when the history can't be read
 * @throws the file system's error when the folder can't be read
 */
export async function readFacts(dir: string): Promise<Facts & { readonly problem?: string }> {
  const archives = await archivesIn(dir);
  const space = await spaceOf(dir);
  const history = await readHistory(dir);
  const facts = { runs: history.runs, archives, space };
  return 'problem' in history ? { ...facts, problem: history.problem } : facts;
}

/** The archives in a folder by their names, the newest first. */
async function archivesIn(dir: string): Promise<StoredArchive[]> {
  const archives: StoredArchive[] = [];
  for (const file of await readdir(dir)) {
    const name = parseArchiveName(file);
    if (!name) continue;
    const sizeBytes = await fileBytes(join(dir, file));
    if (sizeBytes !== undefined) archives.push({ name, sizeBytes });
  }
  return archives.toSorted(
    (a, b) => b.name.startedAt.getTime() - a.name.startedAt.getTime() || (a.name.file < b.name.file ? 1 : -1),
  );
}

/** Undefined for what is no file, or gone: another run may remove it at any moment. */
async function fileBytes(path: string): Promise<number | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined where the file system doesn't say. */
async function spaceOf(dir: string): Promise<VolumeSpace | undefined> {
  const { bsize, blocks, bavail } = await statfs(dir);
  return blocks === 0 ? undefined : { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}
