import { mkdtemp, rmdir, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from './run-program.ts';

/** tmpfs counts in pages, on every machine that this runs on. */
export const PAGE_BYTES = 4096;

/** A small file system of its own, in memory. */
export interface Tmpfs {
  readonly dir: string;
  readonly remount: (options: string) => Promise<void>;
  readonly unmount: () => Promise<void>;
}

/** Mounts a tmpfs, with options as in `size=1m,nr_inodes=20`. @throws where this is not allowed */
export async function mountTmpfs(options: string): Promise<Tmpfs> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tmpfs-'));
  try {
    await runProgram('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]);
  } catch (error) {
    await rmdir(dir);
    throw error;
  }
  return {
    dir,
    remount: async (changed) => void (await runProgram('mount', ['-o', `remount,${changed}`, dir])),
    unmount: async () => {
      await runProgram('umount', [dir]);
      await rmdir(dir);
    },
  };
}

/** Why there can be no tmpfs, for a test's option `skip`; false where there can. */
export async function mountProblem(): Promise<string | false> {
  try {
    await (await mountTmpfs('size=64k')).unmount();
    return false;
  } catch (error) {
    return `a tmpfs can't be mounted here (this needs root): ${String(error).split('\n')[0] ?? ''}`;
  }
}

/** Fills a file system but for so many pages. */
export async function leaveFree(dir: string, pages: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  await writeFile(path.join(dir, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - pages * PAGE_BYTES)));
}

/** Takes the inodes of a file system but for so many. */
export async function leaveFreeInodes(dir: string, count: number): Promise<void> {
  const { ffree } = await statfs(dir);
  for (let index = 0; index < ffree - count; index++) await writeFile(path.join(dir, `file-${index}`), '');
}
