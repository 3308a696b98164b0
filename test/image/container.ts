import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A container as the restricted profile of Pod Security leaves it, but for what is said here. */
export interface ContainerOptions {
  /** The folder that is `/` in it. */
  readonly root: string;
  readonly args: readonly string[];
  /** As in `PATH=/usr/bin`; none by default. */
  readonly env?: readonly string[];
  /** Default: one that no image knows. Its group is always 0. */
  readonly uid?: number;
  readonly isRootWritable?: boolean;
  /** Folders and files of this machine, by their paths in the container. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Empty folders in memory that hide what the image has there. */
  readonly hidden?: readonly string[];
  /** This machine's loopback instead of one of its own. */
  readonly hasHostNetwork?: boolean;
}

/** How a container ended. */
export interface ContainerResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As OpenShift hands them out: no image has an entry for it in its passwd. */
export const RANDOM_UID = 1_000_660_000;

/** Runs a program in a container with runc, which needs root, and waits for its end. */
export async function runContainer(options: ContainerOptions): Promise<ContainerResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-container-'));
  try {
    await writeFile(path.join(folder, 'config.json'), JSON.stringify(specification(options)));
    const args = ['--root', path.join(folder, 'state'), 'run', '--bundle', folder, randomUUID()];
    const child = spawn('runc', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const [code] = await once(child, 'close');
    return { code, ...output };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** https://github.com/opencontainers/runtime-spec/blob/v1.2.1/config.md */
function specification(options: ContainerOptions): unknown {
  const { root, args, env = [], uid = RANDOM_UID, isRootWritable = false } = options;
  const namespaces = ['pid', 'ipc', 'uts', 'mount', ...(options.hasHostNetwork === true ? [] : ['network'])];
  const binds = Object.entries(options.mounts ?? {}).map(([destination, source]) => ({
    destination,
    source,
    type: 'bind',
    options: ['bind', 'nosuid', 'nodev'],
  }));
  const empty = ['/dev', ...(options.hidden ?? [])].map((destination) => ({
    destination,
    source: 'tmpfs',
    type: 'tmpfs',
    options: ['nosuid', 'mode=755', 'size=1m'],
  }));
  return {
    ociVersion: '1.0.2',
    // No capabilities are named, so there are none.
    process: {
      terminal: false,
      user: { uid, gid: 0 },
      args,
      env,
      cwd: '/',
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: root, readonly: !isRootWritable },
    mounts: [{ destination: '/proc', source: 'proc', type: 'proc' }, ...empty, ...binds],
    linux: { namespaces: namespaces.map((type) => ({ type })) },
  };
}
