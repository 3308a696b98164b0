import { link, lstat, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatArchiveName, parseArchiveName } from '../model/archive-name.ts';
import { systemErrorCode } from '../model/known-error.ts';
import { formatOwner, ownerState, parseOwner, thisOwner } from './owner.ts';
import { syncFolder } from './volume.ts';
import { ARCHIVE_MODE } from './write-archive.ts';

/** A leftover of a writer on another host is cleared when nobody has written to it for so long. */
const ABANDONED_MS = 6 * 60 * 60 * 1000;
/** Two runs can begin in one second; so many in a row can't. */
const NAME_ATTEMPTS = 120;
/** What link(2) answers where there are no hard links. */
export const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Hidden files of a run that has not published yet: `.<archive>.<owner>.<draft|spool|sum|probe>`. */
const HIDDEN = /^\.(?<archive>.+\.zip)\.(?<owner>[^.]+)\.(?<role>draft|spool\d*|sum|probe)$/u;

/** Where a run writes before it publishes: hidden files in the folder of archives. */
export interface Draft {
  readonly dir: string;
  readonly backup: string;
  readonly startedAt: Date;
  /** The unfinished archive. */
  readonly path: string;
}

/** Names the draft of a run; makes no file. */
export function newDraft(dir: string, backup: string, startedAt: Date): Draft {
  return {
    dir,
    backup,
    startedAt,
    path: hiddenPath(dir, formatArchiveName(backup, startedAt, true), 'draft'),
  };
}

/** The path of a further hidden file of the run, cleared like the draft if the run dies. */
export function spoolPath(draft: Draft, index: number): string {
  return hiddenPath(draft.dir, formatArchiveName(draft.backup, draft.startedAt, true), `spool${index}`);
}

/**
 * Gives a finished, synced and verified draft its final name. The write order, which everything leans on:
 *
 * 1. The checksum file must exist under its final name before the archive does. It is linked, not renamed,
 *    so that it also reserves the name: of two runs that began in one second, one takes the next second.
 * 2. The archive is renamed within the folder: a reader sees all of it or nothing.
 * 3. The folder is synced.
 *
 * A crash in between leaves hidden files and perhaps a checksum file without an archive; `clearLeftovers`
 * removes both.
 *
 * @param sha256 of the draft, in hex
 * @returns the archive's file name
 */
export async function publish(draft: Draft, isComplete: boolean, sha256: string): Promise<string> {
  let path = draft.path;
  try {
    for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
      const second = new Date(draft.startedAt.getTime() + attempt * 1000);
      const file = formatArchiveName(draft.backup, second, isComplete);
      // The draft's name says which checksum file is in use, so it changes first.
      const renamed = hiddenPath(draft.dir, file, 'draft');
      if (renamed !== path) await rename(path, renamed);
      path = renamed;
      if (!(await reserve(draft.dir, file, sha256))) continue;
      await renameReserved(path, join(draft.dir, file));
      await syncFolder(draft.dir);
      return file;
    }
    throw new Error(`No free name for an archive after ${NAME_ATTEMPTS} attempts in ${draft.dir}`);
  } catch (error) {
    // Under its first name `discardDraft` would no longer find it.
    await remove(path).catch(() => undefined);
    throw error;
  }
}

/** Removes the draft of a run that does not publish. */
export async function discardDraft(draft: Draft): Promise<void> {
  await remove(draft.path);
}

/**
 * Clears what dead runs have left: their hidden files, and checksum files without an archive. A run on
 * another host counts as dead when its file has not changed for six hours, by the file system's own clock.
 *
 * @returns the names of the removed files
 */
export async function clearLeftovers(draft: Draft): Promise<string[]> {
  const probe = hiddenPath(draft.dir, formatArchiveName(draft.backup, draft.startedAt, true), 'probe');
  await writeFile(probe, '', { mode: ARCHIVE_MODE });
  try {
    const names = await readdir(draft.dir);
    const dead = await abandoned(draft.dir, names, (await stat(probe)).mtimeMs);
    const removed: string[] = [];
    for (const name of [...dead, ...(await orphans(draft.dir, names, dead))]) {
      if (await isRemoved(join(draft.dir, name))) removed.push(name);
    }
    return removed;
  } finally {
    await remove(probe);
  }
}

async function abandoned(dir: string, names: readonly string[], nowMs: number): Promise<string[]> {
  const dead: string[] = [];
  for (const name of names) {
    const hidden = HIDDEN.exec(name)?.groups;
    if (!hidden || parseArchiveName(hidden['archive'] ?? '') === undefined) continue;
    if (await isAbandoned(join(dir, name), hidden['owner'] ?? '', nowMs)) dead.push(name);
  }
  return dead;
}

/**
 * Checksum files of ours whose archive is neither there nor about to come. A run that has reserved a name
 * holds its draft under the same name until the archive is there; so the drafts are looked for after the
 * checksum files, and the archives after the drafts.
 */
async function orphans(dir: string, names: readonly string[], dead: readonly string[]): Promise<string[]> {
  const drafts = new Set(
    (await readdir(dir)).filter((name) => !dead.includes(name)).map((name) => archiveOfDraft(name)),
  );
  const found: string[] = [];
  for (const name of names) {
    if (!name.endsWith('.zip.sha256')) continue;
    const archive = name.slice(0, -'.sha256'.length);
    if (parseArchiveName(archive)?.grammar !== 'format-1' || drafts.has(archive)) continue;
    if (!(await exists(join(dir, archive)))) found.push(name);
  }
  return found;
}

function archiveOfDraft(name: string): string | undefined {
  const hidden = HIDDEN.exec(name)?.groups;
  return hidden?.['role'] === 'draft' ? hidden['archive'] : undefined;
}

async function isAbandoned(path: string, tag: string, nowMs: number): Promise<boolean> {
  const owner = parseOwner(tag);
  const state = owner ? ownerState(owner) : 'unknown';
  if (state !== 'unknown') return state === 'dead';
  try {
    return nowMs - (await lstat(path)).mtimeMs > ABANDONED_MS;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Writes the checksum file as `sha256sum -c` reads it; false when the name is taken. */
async function reserve(dir: string, file: string, sha256: string): Promise<boolean> {
  if (await exists(join(dir, file))) return false;
  const text = `${sha256}  ${file}\n`;
  const final = join(dir, `${file}.sha256`);
  const temporary = hiddenPath(dir, file, 'sum');
  try {
    await writeFile(temporary, text, { mode: ARCHIVE_MODE, flush: true });
    await link(temporary, final);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(systemErrorCode(error) ?? '')) throw error;
    return await reserveWithoutLinks(final, text);
  } finally {
    await remove(temporary);
  }
}

/** For file systems without hard links (some SMB and FUSE mounts): exclusive creation reserves as well. */
async function reserveWithoutLinks(final: string, text: string): Promise<boolean> {
  try {
    await writeFile(final, text, { mode: ARCHIVE_MODE, flush: true, flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    await remove(final).catch(() => undefined);
    throw error;
  }
}

/** Gives the draft the name that its checksum file reserves, or gives the name back. */
async function renameReserved(path: string, final: string): Promise<void> {
  try {
    await rename(path, final);
  } catch (error) {
    await remove(`${final}.sha256`).catch(() => undefined);
    throw error;
  }
}

function hiddenPath(dir: string, archive: string, role: string): string {
  return join(dir, `.${archive}.${formatOwner(thisOwner())}.${role}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

/** A leftover that can't be removed (a folder under such a name, a file in use) must not stop the backups. */
async function isRemoved(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'EPERM', 'EACCES', 'EBUSY'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}
