import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, type Log } from '../cluster/binaries.ts';

const STEP_MS_MAX = 300_000;
const PACKAGE = 'prometheus';
/** Where the package has the program. */
const INSIDE = path.join('usr', 'bin', 'promtool');
const execute = promisify(execFile);

/** The program that checks and tests the rules of Prometheus, or why there is none. */
export type Promtool = { readonly program: string } | { readonly missing: string };

/**
 * The system's own promtool, else the one out of Debian's package, in the user's cache folder. The package is
 * unpacked and not installed: nothing on the machine changes, it takes no rights, and no service starts.
 */
export async function promtool(log: Log): Promise<Promtool> {
  const cached = path.join(cacheFolder(), 'promtool');
  for (const program of ['promtool', cached]) if (await works(program)) return { program };
  try {
    log(`Fetching promtool from Debian's package ${PACKAGE} into ${path.dirname(cached)}`);
    await fetchInto(cached);
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error).split('\n', 2);
    return {
      missing: `there is no promtool (install Prometheus), and its package can't be had: ${reason.join(' ')}`,
    };
  }
  if (await works(cached)) return { program: cached };
  return { missing: `${cached}, from Debian's package, does not run here: install promtool of Prometheus` };
}

async function works(program: string): Promise<boolean> {
  try {
    await execute(program, ['--version'], { timeout: STEP_MS_MAX });
    return true;
  } catch {
    return false;
  }
}

async function fetchInto(target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  // In the same folder: two at once each have their own, and the later rename replaces an equal file.
  const folder = await mkdtemp(`${target}.`);
  try {
    await download(folder);
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get has downloaded no package ${PACKAGE}`);
    await execute('dpkg-deb', ['-x', archive, 'unpacked'], { cwd: folder, timeout: STEP_MS_MAX });
    await rename(path.join(folder, 'unpacked', INSIDE), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With the system's package lists, or, where there are none, with lists of its own, which go again. */
async function download(folder: string): Promise<void> {
  try {
    await aptGet(folder, ['download', PACKAGE]);
  } catch (error) {
    if (isMissingProgram(error)) throw error;
    const lists = path.join(folder, 'lists');
    await mkdir(path.join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${path.join(folder, 'cache')}`];
    await aptGet(folder, [...own, 'update']);
    await aptGet(folder, [...own, 'download', PACKAGE]);
  }
}

async function aptGet(cwd: string, args: readonly string[]): Promise<void> {
  await execute('apt-get', ['-q', ...args], { cwd, timeout: STEP_MS_MAX });
}

function isMissingProgram(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
