import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../src/model/known-error.ts';

const POLL_MS = 10;
const END_TIMEOUT_MS = 10_000;

/**
 * Kills what it was told of and removes the folder as soon as its input ends, which is when the process
 * that holds the other end is gone, however it went. A line `release` makes it leave everything alone.
 * A process id is used only while that process's command line names the folder: ids are given out again.
 * Control groups with the folder's name are a node's (see node/place.ts); they can go when their processes are gone.
 */
const REAPER = `
folder=$1
name=$(basename "$folder")
pids=
remove_groups() {
  for group in "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name"; do
    if [ -d "$group" ]; then find "$group" -depth -type d -exec rmdir {} + || return 1; fi
  done
}
while read -r line; do
  if [ "$line" = release ]; then exit 0; fi
  pids="$pids $line"
done
for pid in $pids; do
  command=$(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" || ps -o command= -p "$pid")
  case $command in *"$folder"*) kill -9 "$pid" ;; esac
done
tries=0
until { rm -rf "$folder" && remove_groups; } || [ $tries -ge 100 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
`;

/** A process apart that cleans up after this one. */
export interface Reaper {
  /** Also end this process, if its command line names the folder. */
  watch(pid: number): void;
  /** From now on leave processes and folder alone, whatever happens to this process. */
  release(): void;
  /** Resolves when it has ended, soon after `release`. */
  ended(): Promise<void>;
}

/** Starts the process that ends the watched processes and removes `folder` when this process is gone. */
export function startReaper(folder: string): Reaper {
  const child = spawn('sh', ['-c', REAPER, 'reaper', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const input = child.stdin;
  // Were the reaper killed, writing to it must not end the tests.
  input.on('error', () => {});
  child.unref();
  return {
    watch: (pid) => void input.write(`${pid}\n`),
    release: () => void input.end('release\n'),
    ended: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      await once(child, 'exit');
    },
  };
}

/** The processes of one cluster. Whatever is started here has an absolute path below the folder in its command line. */
export interface ProcessGroup {
  /**
   * Starts a program with its output in NAME.log. @returns its id
   *
   * @throws {KnownError} when there is no such program
   */
  start(name: string, argv: readonly string[]): number;
  /** Takes in a process that was started elsewhere. @returns its id */
  adopt(child: ChildProcess): number;
  /** Kills all of them and waits until they are gone. */
  end(): Promise<void>;
}

/** Processes that end with this one, however it ends, by way of the reaper of their folder. */
export function processGroup(folder: string, reaper: Reaper): ProcessGroup {
  const pids: number[] = [];
  const adopt = (child: ChildProcess): number => {
    if (child.pid === undefined) throw new KnownError('failed', `${child.spawnfile} can't be started`);
    reaper.watch(child.pid);
    pids.push(child.pid);
    return child.pid;
  };
  return {
    start: (name, argv) => adopt(startLogged(argv, path.join(folder, `${name}.log`))),
    adopt,
    end: () => endProcesses(pids, folder),
  };
}

/**
 * Starts a program whose output goes to a file; without a `pid` if it can't be started. It is no reason for this process
 * to stay alive, and Ctrl-C on the terminal does not reach it: whoever started it ends it.
 */
export function startLogged(argv: readonly string[], logFile: string): ChildProcess {
  const [command = '', ...args] = argv;
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
    // A command that can't be started has no pid, which is what the caller looks at.
    child.on('error', () => {});
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Whether a process runs (zombies don't) whose command line contains `text`. */
export function isRunning(pid: number, text: string): boolean {
  const command = commandLine(pid);
  // It has none in two moments: while it becomes another program, and while it ends.
  return command === '' ? isBetween(pid) : command.includes(text);
}

/**
 * Kills processes by id and waits until they are gone. Ids whose command line doesn't contain `text`
 * belong to someone else by now and are left alone.
 *
 * @throws when one is still there after 10 seconds
 */
export async function endProcesses(pids: readonly number[], text: string): Promise<void> {
  const running = pids.filter((pid) => isRunning(pid, text));
  for (const pid of running) kill(pid);
  const deadlineMs = Date.now() + END_TIMEOUT_MS;
  while (running.some((pid) => isRunning(pid, text))) {
    if (Date.now() > deadlineMs) throw new Error(`process ${running.join(' or ')} does not end`);
    await sleep(POLL_MS);
  }
}

/** The last lines of a file; empty if there is none. */
export function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}

/** Whether a process without a command line is there and not yet a zombie. */
function isBetween(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0] ?? 'Z';
    return !'ZX'.includes(state);
  } catch {
    return false;
  }
}

function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const argv = ['-o', 'command=', '-p', String(pid)];
    return execFileSync('ps', argv, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  } catch {
    return '';
  }
}
