import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { type BackuperReport, type BackuperRequest, WHOLE_VOLUME } from '../../src/model/backuper.ts';
import { argumentsOf } from '../../src/model/backuper-arguments.ts';
import { missing } from '../support/run-program.ts';

const MAIN = path.join(import.meta.dirname, '../../src/backuper/main.ts');

/** Why tests that copy for others can't run here; false where they can. */
export const skip =
  process.getuid?.() === 0
    ? missing('rsync', 'find', 'setpriv', 'flock', 'getfattr', 'setfacl')
    : 'only root can give files to others';

/** Who the program runs as: root with some capabilities, as in a container, or a user without any. */
export type Runner =
  | { readonly kind: 'root'; readonly capabilities: readonly string[] }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number };

/** What the tier `root` has, at its smallest. */
export const ROOT: Runner = { kind: 'root', capabilities: ['chown', 'dac_override', 'fowner'] };
/** With all that it may get. */
export const FULL_ROOT: Runner = {
  kind: 'root',
  capabilities: ['chown', 'dac_override', 'fowner', 'fsetid', 'setfcap'],
};
/** The owner of what a test makes for one. */
export const OWNER: Runner = { kind: 'user', uid: 1000, gid: 1000 };

/** A pair of folders, and where the report is written. */
export interface Place {
  readonly folder: string;
  readonly source: string;
  readonly target: string;
}

/** How the program ended. */
export interface Finished {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** Undefined when nothing was written. */
  readonly report: BackuperReport | undefined;
  readonly reportBytes: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** The program while it runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  readonly finished: Promise<Finished>;
}

/** What the tests ask for when they don't say otherwise. */
export const DEFAULTS: BackuperRequest = {
  task: 'copy',
  identity: 'root',
  ...WHOLE_VOLUME,
};

const folder = await mkdtemp(path.join(fastFolder(), 'openshift-backup-backuper-'));
await chmod(folder, 0o755);
after(() => rm(folder, { recursive: true, force: true }));

/** An empty folder for one test, open to every user. */
export async function newFolder(): Promise<string> {
  const made = await mkdtemp(path.join(folder, 'test-'));
  await chmod(made, 0o755);
  return made;
}

/** Starts the program. */
export async function startBackuper(
  place: Place,
  given: Partial<BackuperRequest> = {},
  runner: Runner = given.identity === 'owner' ? OWNER : ROOT,
): Promise<Running> {
  return startWith(place, argumentsOf({ ...DEFAULTS, ...given }), runner);
}

/** Starts the program with arguments as they are, by way of another program if one is given. */
export async function startWith(
  place: Place,
  args: readonly string[],
  runner: Runner = ROOT,
  before: readonly string[] = [],
): Promise<Running> {
  const log = path.join(await mkdtemp(path.join(place.folder, 'log-')), 'termination-log');
  await chmod(path.dirname(log), 0o755);
  await writeFile(log, '');
  await chmod(log, 0o666);
  const command = [...before, 'setpriv', ...setprivOptions(runner), process.execPath, MAIN, ...args];
  const child = spawn(command[0] ?? '', command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      BACKUPER_SOURCE: place.source,
      BACKUPER_TARGET: place.target,
      BACKUPER_TERMINATION_LOG: log,
    },
  });
  const lines: string[] = [];
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    lines.splice(0, lines.length, ...output.stdout.split('\n').filter((line) => line !== ''));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const finished = (async (): Promise<Finished> => {
    const [code, killedBy] = await once(child, 'close');
    const text = await readFile(log, 'utf8');
    const report = text === '' ? undefined : (JSON.parse(text) as BackuperReport);
    return { code, killedBy, report, reportBytes: Buffer.byteLength(text), lines, stderr: output.stderr };
  })();
  return { child, lines, finished };
}

/** Runs the program to its end and gives its report. */
export async function backuper(
  place: Place,
  given: Partial<BackuperRequest> = {},
  runner?: Runner,
): Promise<BackuperReport & { readonly code: number | null }> {
  const { code, report, stderr } = await (await startBackuper(place, given, runner)).finished;
  if (!report || stderr !== '') throw new Error(`it ended with ${code} and without a report: ${stderr}`);
  return { ...report, code };
}

function setprivOptions(runner: Runner): string[] {
  const common = ['--inh-caps=-all', '--no-new-privs'];
  if (runner.kind === 'root') {
    return [
      `--bounding-set=${['-all', ...runner.capabilities.map((name) => `+${name}`)].join(',')}`,
      ...common,
    ];
  }
  return [
    `--reuid=${runner.uid}`,
    `--regid=${runner.gid}`,
    '--clear-groups',
    '--bounding-set=-all',
    ...common,
  ];
}

/**
 * Memory, where it keeps attributes: every copy ends with a sync of its file system, and on a disk would wait for what
 * others have written.
 */
function fastFolder(): string {
  const memory = '/dev/shm';
  const file = path.join(memory, `openshift-backup-try-${process.pid}`);
  try {
    writeFileSync(file, '');
    execFileSync('setfattr', ['-n', 'user.try', '-v', '1', file], { stdio: 'ignore' });
    return memory;
  } catch {
    return tmpdir();
  } finally {
    rmSync(file, { force: true });
  }
}
