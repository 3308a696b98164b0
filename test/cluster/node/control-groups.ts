import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../../../src/model/known-error.ts';

const ROOT = '/sys/fs/cgroup';
const GONE_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/**
 * The folders of a control group by its name: one, or with cgroup v1 one for each controller.
 * Empty where there is no such group.
 */
export async function controlGroupFolders(name: string): Promise<string[]> {
  if (!existsSync(ROOT)) return [];
  const roots = await controlGroupRoots();
  return roots.map((root) => path.join(root, name)).filter((folder) => existsSync(folder));
}

/** Where the trees of control groups begin: the one of cgroup v2, else one for each controller of cgroup v1. */
export async function controlGroupRoots(): Promise<string[]> {
  if (existsSync(path.join(ROOT, 'cgroup.controllers'))) return [ROOT];
  // Some of v1's names are links to another, as cpu to cpu,cpuacct.
  const entries = await readdir(ROOT, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(ROOT, name));
}

/**
 * Removes a control group with all that are in it. Their processes must be ending: a group is busy until
 * they are gone.
 *
 * @throws when they aren't after 10 seconds
 */
export async function removeControlGroups(name: string): Promise<void> {
  const deadlineMs = Date.now() + GONE_TIMEOUT_MS;
  for (const folder of await controlGroupFolders(name)) {
    while (!(await isRemoved(folder))) {
      if (Date.now() > deadlineMs) throw new Error(`the control group ${folder} is still in use`);
      await sleep(POLL_MS);
    }
  }
}

async function isRemoved(folder: string): Promise<boolean> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const inner = entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
    // The longest path first is the innermost first.
    for (const group of inner.toSorted((one, other) => other.length - one.length)) await rmdir(group);
    await rmdir(folder);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return !existsSync(folder);
    if (code === 'EBUSY') return false;
    throw error;
  }
}
