import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../cluster/binaries.ts';

/** How many of a kind are kept; the others are removed when a new one is made. */
const KEPT = 3;

/** What a cached folder is made of and how. */
export interface CachedFolder {
  /** The first part of its name, as in `image`. */
  readonly kind: string;
  /** Everything that decides what is in it: another text, another folder. */
  readonly madeOf: readonly (string | Buffer)[];
  /** Fills the folder that it is given; called only if there is none yet. */
  readonly make: (folder: string) => Promise<void>;
}

/**
 * The path of a folder below the user's cache folder that is made once for all tests and runs: whoever comes
 * while another process makes it waits for that. It is there whole or not at all.
 */
export async function cachedFolder({ kind, madeOf, make }: CachedFolder): Promise<string> {
  const hash = createHash('sha256');
  for (const part of madeOf) hash.update(part).update('\0');
  const folder = path.join(cacheFolder(), `${kind}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return used(folder);
  await mkdir(path.dirname(folder), { recursive: true });
  const release = await lock(path.join(cacheFolder(), `${kind}.lock`));
  try {
    if (existsSync(folder)) return await used(folder);
    const unfinished = path.join(cacheFolder(), `${kind}.unfinished-${randomUUID()}`);
    try {
      await mkdir(unfinished, { mode: 0o700 });
      await make(unfinished);
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    await removeOld(kind);
  } finally {
    await release();
  }
  return folder;
}

async function used(folder: string): Promise<string> {
  const now = new Date();
  await utimes(folder, now, now);
  return folder;
}

/** A lock of the kernel's: it is gone when this process is, however it ends. */
async function lock(file: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [file, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close');
  // What cat gives back says that it runs, and so that flock has the lock.
  holder.stdin.write('locked\n');
  await Promise.race([once(holder.stdout, 'data'), ended.then(() => Promise.reject(new Error('no lock')))]);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}

/** Called under the lock, so what is unfinished here belongs to nobody any more. */
async function removeOld(kind: string): Promise<void> {
  const names = await readdir(cacheFolder());
  const folders = names
    .filter((name) => name.startsWith(`${kind}-`))
    .map((name) => path.join(cacheFolder(), name));
  const aged = await Promise.all(
    folders.map(async (folder) => ({ folder, usedMs: (await stat(folder)).mtimeMs })),
  );
  const old = aged.toSorted((a, b) => b.usedMs - a.usedMs).slice(KEPT);
  const dead = names.filter((name) => name.startsWith(`${kind}.unfinished-`));
  for (const folder of [
    ...old.map((one) => one.folder),
    ...dead.map((name) => path.join(cacheFolder(), name)),
  ]) {
    await rm(folder, { recursive: true, force: true });
  }
}
