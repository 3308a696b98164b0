import { readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { GENERATION_PATTERN } from '../model/backuper-arguments.ts';
import { runShort } from './run-program.ts';
import { Stopped } from './stopped.ts';
import { safeText } from '../model/text.ts';

const INCOMPLETE = '.incomplete-';
const REMOVING = '.removing-';

/** The complete generations in a folder, oldest first; a name is only given to complete ones. */
export async function generationsIn(folder: string): Promise<string[]> {
  const names = await foldersIn(folder);
  return names.filter((name) => GENERATION_PATTERN.test(name)).toSorted();
}

/** Where a generation lies that is not complete yet. */
export function incompleteFolder(folder: string, generation: string): string {
  return path.join(folder, `${INCOMPLETE}${generation}`);
}

/**
 * Removes what earlier runs have left behind, but for one unfinished generation, which becomes the new one's: what
 * has been copied for it need not be copied again.
 *
 * @returns whether there was one
 */
export async function takeOver(folder: string, generation: string, signal: AbortSignal): Promise<boolean> {
  const names = await foldersIn(folder);
  const unfinished = names.filter((name) => name.startsWith(INCOMPLETE)).toSorted();
  const reused = unfinished.pop();
  const leftovers = [...unfinished, ...names.filter((name) => name.startsWith(REMOVING))];
  for (const name of leftovers) await removeTree(path.join(folder, name), signal);
  if (reused === undefined) return false;
  const old = path.join(folder, reused);
  if (!(await unshare(old, signal))) {
    await removeTree(old, signal);
    return false;
  }
  await rename(old, incompleteFolder(folder, generation));
  return true;
}

/** Makes a verified generation a complete one. */
export async function publish(folder: string, generation: string): Promise<void> {
  await rename(incompleteFolder(folder, generation), path.join(folder, generation));
}

/** Removes generations by name; one that is half removed has lost its name. Names that are gone are passed over. */
export async function removeGenerations(
  folder: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const present = new Set(await generationsIn(folder));
  for (const name of names.filter((one) => present.has(one))) {
    const dying = path.join(folder, `${REMOVING}${name}`);
    await rename(path.join(folder, name), dying);
    await removeTree(dying, signal);
  }
}

/** Removes a folder with all that is in it, names of any bytes too. @throws Stopped `failed` */
async function removeTree(folder: string, signal: AbortSignal): Promise<void> {
  await openFolders(folder, signal);
  const { exit, stderr } = await runShort('rm', ['-rf', '--one-file-system', '--', folder], { signal });
  if (exit === 0) return;
  throw new Stopped('failed', `An old generation can't be removed: ${safeText(stderr.trim().slice(0, 200))}`);
}

/**
 * Takes the files out that older generations share: rsync sets attributes of a file that is already there, and in a
 * file with several links would change them in complete generations too. They are linked anew, which takes no room.
 */
async function unshare(folder: string, signal: AbortSignal): Promise<boolean> {
  await openFolders(folder, signal);
  const shared = ['!', '-type', 'd', '-links', '+1'];
  const { exit } = await runShort('find', ['.', '-xdev', ...shared, '-delete'], { cwd: folder, signal });
  return exit === 0;
}

/** Whoever isn't root can't remove anything from a folder of his own that is closed to writing. */
async function openFolders(folder: string, signal: AbortSignal): Promise<void> {
  const closed = ['-type', 'd', '!', '-perm', '-700', '-exec', 'chmod', 'u+rwx', '--', '{}', ';'];
  await runShort('find', ['.', '-xdev', ...closed], { cwd: folder, signal });
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
