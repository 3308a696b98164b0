import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../model/known-error.ts';
import { Stopped } from './stopped.ts';

const FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/**
 * The whole environment of every program: nothing of the pod's reaches them. Messages are in English, and names in
 * UTF-8 aren't escaped in them.
 */
const ENVIRONMENT = { LC_ALL: 'C.UTF-8', PATH: FOLDERS };
/** A pod has 60 seconds to end; rsync that clings to a dead server gets this many milliseconds of them. */
const KILL_AFTER_MS = 45_000;

/** How a program is run. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Default: the root folder. */
  readonly cwd?: string;
  /** What it reads from standard input. */
  readonly input?: Uint8Array;
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** Open files that it gets as its descriptors 3, 4 and so on, and keeps open for as long as it lives. */
  readonly descriptors?: readonly number[];
}

/** How a program ended: its exit code, or the signal that killed it. */
export interface Ended {
  readonly exit: number | null;
  readonly killedBy: NodeJS.Signals | null;
}

/**
 * Runs a program to its end. No shell is involved. When the signal is aborted the program gets SIGTERM and is waited
 * for, so that nothing writes any more when this has thrown.
 *
 * @throws Stopped `failed` when there is no such program, or the reason of the signal
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  const { signal, cwd = '/', input, descriptors = [] } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd,
    env: ENVIRONMENT,
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe', ...descriptors],
  });
  child.stdout?.on('data', options.onStdout ?? ignore);
  child.stderr?.on('data', options.onStderr ?? ignore);
  // A program that has ended early says why by its exit code.
  child.stdin?.on('error', ignore).end(input);
  let killer: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const [exit, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    return { exit, killedBy };
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new Stopped('failed', `There is no program ${program} in the image: build it anew`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', end);
    clearTimeout(killer);
  }
}

/** Runs a program and gives its exit code and the last 2,000 characters of each of its outputs. */
export async function runShort(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Ended & { readonly stdout: string; readonly stderr: string }> {
  const output = { stdout: '', stderr: '' };
  const append = (name: keyof typeof output) => (chunk: Buffer) => {
    output[name] = `${output[name]}${chunk.toString()}`.slice(-2000);
  };
  const ended = await runProgram(program, args, {
    ...options,
    onStdout: append('stdout'),
    onStderr: append('stderr'),
  });
  return { ...ended, ...output };
}

/** Whether the image has a program. */
export async function isInstalled(program: string): Promise<boolean> {
  for (const folder of FOLDERS.split(':')) {
    try {
      await access(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      // It may lie in the next one.
    }
  }
  return false;
}

function ignore(): void {}
