import { access, constants, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorText, systemErrorCode } from '../model/known-error.ts';
import { cut } from './printable.ts';
import { Stopped } from './stopped.ts';

const SEGMENT_BYTES_MAX = 255;

/**
 * The real path of a folder in the source. A copy of something else, or of everything, must never come of a folder
 * that isn't there.
 *
 * @throws Stopped `bad-folder` or `missing-folder`
 */
export async function sourceFolder(root: string, sub: string): Promise<string> {
  assertRelative('sub', sub);
  const top = await rootFolder(root);
  const folder = await realFolder(top, sub);
  if (folder !== undefined) return folder;
  throw new Stopped('missing-folder', `The source has no folder ${shown(sub)}: name one that is there`);
}

/** Real paths: of the volume, of the folder that gets a copy, and of the deepest one on the way there that exists. */
export interface TargetPlace {
  readonly top: string;
  readonly folder: string;
  readonly above: string;
  readonly isThere: boolean;
}

/**
 * The real path of a folder in the target, which need not be there yet.
 *
 * @throws Stopped `bad-folder`
 */
export async function targetFolder(root: string, into: string): Promise<TargetPlace> {
  assertRelative('into', into);
  const top = await rootFolder(root);
  const segments = into === '' ? [] : into.split('/');
  for (let count = segments.length; count >= 0; count -= 1) {
    const above = await realFolder(top, segments.slice(0, count).join('/'));
    if (above === undefined) continue;
    const folder = path.join(above, ...segments.slice(count));
    return { top, folder, above, isThere: count === segments.length };
  }
  throw new Stopped('failed', `${root} is not there any more`);
}

/** Makes a folder of the target with those above it. @throws Stopped `target-full` or `failed` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw writeFailure(error, 'The folder in the target cannot be made');
  }
}

/** Why nothing could be written to the target, as the end of the task. */
export function writeFailure(error: unknown, what: string): unknown {
  const code = systemErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Stopped('target-full', `${what}: the target is full. Give it a larger claim`, {
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const user = `user ${process.getuid?.()}`;
    const advice = `${user} may not write there. Run as the target's owner, or as root`;
    return new Stopped('failed', `${what}: ${advice}`, { cause: error });
  }
  return new Stopped('failed', `${what}: ${errorText(error)}`, { cause: error });
}

/** @throws Stopped `bad-folder` when both paths lead to the same folder of the same file system */
export async function requireOtherFolder(source: string, target: string): Promise<void> {
  const [a, b] = await Promise.all([source, target].map((folder) => stat(folder, { bigint: true })));
  if (a?.dev !== b?.dev || a?.ino !== b?.ino) return;
  throw new Stopped('bad-folder', 'The source and the target are the same folder: choose another target');
}

/** Whether there is anything by a name, be it a link that leads nowhere. */
export async function isThere(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whether this user can see what is in a folder. */
export async function mayLookInto(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EACCES') return false;
    throw error;
  }
}

async function rootFolder(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (error) {
    throw new Stopped('failed', `${root} is not mounted: ${errorText(error)}`, { cause: error });
  }
}

/** Follows links, as rsync would: what counts is where they end. Undefined for nothing at all. */
async function realFolder(top: string, relative: string): Promise<string | undefined> {
  const given = path.join(top, relative);
  try {
    const real = await realpath(given);
    const isInside = real === top || real.startsWith(top === '/' ? '/' : `${top}/`);
    if (!isInside) throw new Stopped('bad-folder', `${shown(relative)} leads out of the volume by a link`);
    if (!(await stat(real)).isDirectory()) throw new Stopped('bad-folder', `${shown(relative)} is no folder`);
    return real;
  } catch (error) {
    if (isMissing(error)) return assertNoDangling(given, relative);
    if (error instanceof Stopped) throw error;
    throw new Stopped('bad-folder', `${shown(relative)}: ${errorText(error)}`, { cause: error });
  }
}

/** A link that leads nowhere yet may lead anywhere later: no folder is made by way of one. */
async function assertNoDangling(given: string, relative: string): Promise<undefined> {
  if (await isThere(given))
    throw new Stopped('bad-folder', `${shown(relative)} is a link that leads nowhere`);
  return undefined;
}

function assertRelative(key: string, folder: string): void {
  if (folder === '') return;
  if (folder.includes('\0') || folder.split('/').some(isBadSegment)) {
    const rule = 'it must be a path within the volume, without "..", "." and empty parts';
    throw new Stopped('bad-folder', `${key} is ${shown(folder)}: ${rule}`);
  }
}

function isBadSegment(segment: string): boolean {
  return ['', '.', '..'].includes(segment) || Buffer.byteLength(segment) > SEGMENT_BYTES_MAX;
}

function isMissing(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function shown(folder: string): string {
  return JSON.stringify(cut(folder, 100));
}
