import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';

const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** What programs get of the caller's environment: nothing that points them at a cluster or folder of his own. */
const INHERITED = ['LANG', 'LC_ALL', 'NO_COLOR', 'TERM', 'TZ'];

/** How a command line has ended. */
export interface Ended {
  /** 128 when a signal has ended it. */
  readonly code: number;
  readonly stdout: string;
  /** Empty where standard error was the terminal. */
  readonly stderr: string;
}

/** A folder of its own, in which command lines run as a user would type them. */
export interface Workshop {
  readonly folder: string;
  /** Runs a command line with `sh`. @throws AbortError when the workshop's signal ends it */
  readonly run: (commandLine: string) => Promise<Ended>;
  /** Writes a file into the folder, for its owner only. */
  readonly write: (name: string, text: string) => Promise<void>;
}

/**
 * Sets up a folder inside the cluster's, which goes when the cluster does. There `openshift-backup` is this
 * work tree, and `kubectl` speaks to the cluster as its administrator.
 *
 * @param signal ends what runs
 */
export async function openWorkshop({ description }: Cluster, signal: AbortSignal): Promise<Workshop> {
  const folder = path.join(description.folder, 'demo');
  const programs = path.join(folder, '.bin');
  const temporary = path.join(folder, '.tmp');
  for (const made of [programs, temporary]) await mkdir(made, { recursive: true });
  const write = (name: string, text: string): Promise<void> =>
    writeFile(path.join(folder, name), text, { mode: 0o700 });
  await write('.bin/openshift-backup', script([process.execPath, MAIN]));
  await write('.bin/kubectl', script(description.binaries.kubectl));
  const env = {
    ...Object.fromEntries(INHERITED.map((name) => [name, process.env[name]])),
    HOME: folder,
    KUBECONFIG: description.files.adminKubeconfig,
    PATH: `${programs}${path.delimiter}${process.env['PATH'] ?? ''}`,
    TMPDIR: temporary,
  };
  return { folder, write, run: (commandLine) => run(commandLine, { cwd: folder, env, signal }) };
}

function run(
  commandLine: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<Ended> {
  // On a terminal the tool shows its progress itself, live.
  const isTerminal = process.stdout.isTTY && process.stderr.isTTY;
  const child = spawn('sh', ['-c', commandLine], {
    ...options,
    stdio: ['ignore', 'pipe', isTerminal ? 'inherit' : 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}

function script(argv: readonly string[]): string {
  return `#!/bin/sh\nexec ${argv.map(quoted).join(' ')} "$@"\n`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
