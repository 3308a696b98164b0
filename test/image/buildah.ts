import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KnownError } from '../../src/model/known-error.ts';
import { startReaper } from '../cluster/processes.ts';

const LAST_LINES = 20;

/** buildah with a store of its own, which is gone afterwards; the user's own images are not touched. */
export interface Buildah {
  /** A folder that only this user may read, for whatever is needed on the way. */
  readonly folder: string;
  /** @returns what it prints. @throws {KnownError} with its last lines */
  readonly run: (...args: readonly string[]) => Promise<string>;
}

/** Gives buildah to `use`, and removes its store afterwards. */
export async function withBuildah<T>(use: (buildah: Buildah) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-image-'));
  // It holds half a gigabyte: it must go also if this process is killed.
  const reaper = startReaper(folder);
  const store = [
    '--storage-driver',
    'vfs',
    '--root',
    path.join(folder, 'root'),
    '--runroot',
    path.join(folder, 'run'),
  ];
  try {
    return await use({ folder, run: (...args) => buildah([...store, ...args]) });
  } finally {
    await rm(folder, { recursive: true, force: true });
    reaper.release();
  }
}

async function buildah(args: readonly string[]): Promise<string> {
  const child = spawn('buildah', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let everything = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    everything += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (everything += text));
  const [code] = await once(child, 'close');
  if (code === 0) return output.trim();
  const last = everything.trim().split('\n').slice(-LAST_LINES).join('\n');
  throw new KnownError(
    'failed',
    `buildah ${args.slice(6, 8).join(' ')} failed (${code}); its last lines:\n${last}`,
  );
}
