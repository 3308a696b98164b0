import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';

const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** Compiled modules: starting the tool takes half the time, and it is started some hundred times. */
const COMPILE_CACHE = path.join(tmpdir(), 'openshift-backup-compile-cache');

/** How the tool is started. */
export interface CliOptions {
  /** All of its environment but PATH, and a HOME in which there is nothing. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of Node.js itself, as in `--import=FILE`. */
  readonly nodeOptions?: readonly string[];
  /** A command that runs the rest of its arguments, as in `setpriv --reuid=1000`. */
  readonly wrapper?: readonly string[];
}

/** How the tool has ended. */
export interface CliResult {
  /** Null when a signal has ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

/** The tool while it runs. */
export interface StartedCli {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<CliResult>;
  /** Settles when standard error has held this text, or the process has ended: then it is false. */
  readonly said: (text: string) => Promise<boolean>;
}

/** Runs `openshift-backup` as users do, in a process of its own, to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** Starts `openshift-backup` in a process of its own. */
export function startCli(args: readonly string[], options: CliOptions = {}): StartedCli {
  const [command = '', ...rest] = cliCommand(args, options);
  const env = cliEnvironment(options.environment);
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const stdoutBytes = Buffer.concat(stdout);
      const texts = { stdout: stdoutBytes.toString(), stderr: Buffer.concat(stderr).toString() };
      resolve({ code, signal, stdoutBytes, ...texts });
    });
  });
  const said = (text: string): Promise<boolean> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (Buffer.concat(stderr).includes(text)) resolve(true);
      };
      child.stderr.on('data', look);
      child.on('close', () => resolve(false));
      look();
    });
  return { child, ended, said };
}

/** The command line of the tool, for tests that start it in a way of their own. */
export function cliCommand(args: readonly string[], options: CliOptions = {}): string[] {
  return [...(options.wrapper ?? []), process.execPath, ...(options.nodeOptions ?? []), MAIN, ...args];
}

/** The environment of the tool: nothing of the developer's own, so that no test finds another cluster. */
export function cliEnvironment(environment: CliOptions['environment'] = {}): Record<string, string> {
  const own = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', NODE_COMPILE_CACHE: COMPILE_CACHE };
  return { ...own, ...environment };
}

/** The lines of standard error that are not log lines: what a person is told. */
export function messageLines({ stderr }: Pick<CliResult, 'stderr'>): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{"level":'));
}
