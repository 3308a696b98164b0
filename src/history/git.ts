import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';

/** Which repository git works on, and what it may know of this machine. */
export interface GitPlace {
  /** The repository itself; empty for commands that have none yet. */
  readonly gitDir: string;
  /** Where its files lie; undefined for a bare one. */
  readonly workTree?: string;
  /** Where programs are found. */
  readonly programs: string;
  /** Ends git when it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * Nothing of the user's and the machine's own configuration reaches the result: no name, no signature, no hook,
 * no other line ends. Whoever owns the folder is asked by nobody, because the repository is named:
 * https://git-scm.com/docs/git-config/2.39.5#Documentation/git-config.txt-safedirectory
 */
const SETTINGS = [
  'init.defaultBranch=main',
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.autocrlf=false',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'commit.gpgSign=false',
  'log.showSignature=false',
  'gc.autoDetach=false',
].flatMap((setting) => ['-c', setting]);

/** What git says when it fails. */
export class GitError extends Error {
  override readonly name = 'GitError';
}

/**
 * Runs git and gives what it prints. No shell is involved.
 *
 * @param input what it reads from standard input
 * @throws KnownError `usage` when there is no git, GitError when it fails, what the input has thrown, or the
 *   reason of the signal
 */
export async function runGit(
  { gitDir, workTree, programs, signal }: GitPlace,
  args: readonly string[],
  input?: AsyncIterable<Uint8Array | string>,
): Promise<string> {
  signal.throwIfAborted();
  const places = [
    ...(gitDir === '' ? [] : [`--git-dir=${gitDir}`]),
    ...(workTree === undefined || gitDir === '' ? [] : [`--work-tree=${workTree}`]),
  ];
  const child = spawn('git', [...SETTINGS, ...places, ...args], {
    cwd: workTree ?? (gitDir === '' ? '/' : gitDir),
    env: environment(programs),
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  const ended = once(child, 'close') as Promise<[code: number | null]>;
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [fed, finished] = await Promise.allSettled([feed(child.stdin, input), ended]);
  signal.throwIfAborted();
  if (finished.status === 'rejected') throw startError(finished.reason);
  const [printed, complaint] = await output;
  const [code] = finished.value;
  // Git that has ended early is the cause of a broken pipe, and not the other way round.
  if (fed.status === 'rejected' && systemErrorCode(fed.reason) !== 'EPIPE') throw fed.reason;
  if (code === 0 && fed.status === 'fulfilled') return printed;
  throw new GitError(`git ${args[0] ?? ''}: ${errorText(complaint)}`);
}

async function feed(
  stdin: NodeJS.WritableStream,
  input: AsyncIterable<Uint8Array | string> = Readable.from([]),
): Promise<void> {
  await pipeline(Readable.from(input, { objectMode: false }), stdin);
}

function environment(programs: string): Record<string, string> {
  return {
    PATH: programs,
    // Older versions of git look for these two files in spite of GIT_CONFIG_GLOBAL.
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
    TZ: 'UTC',
  };
}

function startError(error: unknown): unknown {
  if (systemErrorCode(error) !== 'ENOENT') return error;
  const message =
    'The history needs the program git, which is not here: run "history" on a machine that has it, with --dir at a copy of the archives';
  return new KnownError('usage', message, { cause: error });
}
