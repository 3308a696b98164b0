import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** All that the targets may need besides the client: no node, no npm, no bash. */
const TOOLS = ['sh', 'make', 'sed', 'awk', 'cat', 'date', 'mktemp', 'rm', 'sleep', 'script'];

/** How make has ended. */
export interface MakeResult {
  /** make's own exit code: 2 whenever a target fails. */
  readonly code: number | null;
  /** The exit code of the target's script, as make tells it; 0 when nothing has failed. */
  readonly scriptCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The project's folder on the machine of somebody who installs: Makefile, exports and manifests. */
export interface Workplace {
  readonly folder: string;
  /** Runs make without a terminal. @param environment all but PATH and KUBECONFIG */
  readonly make: (args: readonly string[], environment?: Environment) => Promise<MakeResult>;
  /** The same on a terminal, on which this is typed. */
  readonly makeOnTerminal: (
    args: readonly string[],
    typed: string,
    environment?: Environment,
  ) => Promise<MakeResult>;
  /** Writes the file `exports`. */
  readonly writeExports: (text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

/**
 * Makes a folder in which make works, and nothing else: on the PATH are the tools that the targets may need.
 *
 * @param kubeconfig whose rights make has
 * @param client the client's name; `none` for a machine without one
 */
export async function makeWorkplace(
  cluster: Cluster,
  kubeconfig: string = cluster.adminKubeconfig,
  client: 'kubectl' | 'none' = 'kubectl',
): Promise<Workplace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'workplace-'));
  await cp(path.join(ROOT, 'openshift'), path.join(folder, 'openshift'), { recursive: true });
  for (const file of ['Makefile', 'exports']) await cp(path.join(ROOT, file), path.join(folder, file));
  const programs = path.join(folder, 'programs');
  await mkdir(programs);
  for (const tool of TOOLS) {
    const program = pathOf(tool);
    if (program !== undefined) await symlink(program, path.join(programs, tool));
  }
  if (client !== 'none') {
    const words = cluster.description.binaries.kubectl.map((word) => `'${word}'`).join(' ');
    await writeFile(path.join(programs, client), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
  const base = {
    PATH: programs,
    KUBECONFIG: kubeconfig,
    HOME: folder,
    KUBECACHEDIR: path.join(folder, 'cache'),
  };
  const run = (command: readonly string[], environment: Environment, typed = ''): Promise<MakeResult> =>
    runIn(folder, command, { env: { ...base, OPENSHIFT_BACKUP_WAIT_SECONDS: '0', ...environment }, typed });
  return {
    folder,
    make: (args, environment = {}) => run(['make', ...args], environment),
    makeOnTerminal: (args, typed, environment = {}) =>
      run(['script', '-q', '-e', '-c', ['make', ...args].join(' '), '/dev/null'], environment, typed),
    writeExports: (text) => writeFile(path.join(folder, 'exports'), text),
    remove: () => rm(folder, { recursive: true }),
  };
}

function pathOf(tool: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, tool)).find((file) => existsSync(file));
}

function runIn(
  folder: string,
  [command = '', ...args]: readonly string[],
  { env, typed }: { readonly env: Environment; readonly typed: string },
): Promise<MakeResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(env['PATH'] ?? '', command), args, { cwd: folder, env });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const texts = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
      // On a terminal both are one.
      const told = /\*\*\* \[[^\]]+\] Error (?<code>\d+)/u.exec(texts.stdout + texts.stderr)?.groups?.[
        'code'
      ];
      resolve({ code, scriptCode: Number(told ?? 0), ...texts });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(typed);
  });
}
