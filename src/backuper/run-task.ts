import { writeFile } from 'node:fs/promises';
import type { BackuperReport, BackuperRequest } from '../model/backuper.ts';
import { parseArguments } from '../model/backuper-arguments.ts';
import { errorText } from '../model/known-error.ts';
import { copyTask } from './copy-task.ts';
import { ownIdentity } from './own-identity.ts';
import { probeTask } from './probe-task.ts';
import { progressLog } from './progress-log.ts';
import { reportText } from './report.ts';
import { Stopped } from './stopped.ts';
import type { Notes, TaskContext, TaskEnd } from './task-context.ts';
import { verifyTask } from './verify-task.ts';

/** What the program has from outside. */
export interface Surroundings {
  readonly sourceRoot: string;
  readonly targetRoot: string;
  readonly terminationLog: string;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

const TASKS: Readonly<Record<BackuperRequest['task'], (context: TaskContext) => Promise<TaskEnd>>> = {
  probe: probeTask,
  copy: copyTask,
  verify: verifyTask,
};

/**
 * Does what the arguments ask for and reports how it ended, into the termination log and as the last line printed.
 *
 * @returns the exit code: 0 only where the outcome is `done` or `fuzzy`
 */
export async function runTask(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const report = await reportOn(args, surroundings);
  const text = reportText(report);
  // Both are tried: the log is what a person looks at when the other can't be written.
  surroundings.print(text);
  await writeFile(surroundings.terminationLog, text);
  return report.outcome === 'done' || report.outcome === 'fuzzy' ? 0 : 1;
}

async function reportOn(args: readonly string[], surroundings: Surroundings): Promise<BackuperReport> {
  const beganMs = performance.now();
  const notes: Notes = { warnings: [], errors: [] };
  let identity: BackuperReport['identity'];
  let request: BackuperRequest | undefined;
  let end: TaskEnd;
  try {
    request = requestOf(args);
    identity = await ownIdentity(surroundings.signal);
    end = await TASKS[request.task]({ ...contextOf(request, surroundings), notes });
  } catch (error) {
    end = endOf(error);
  }
  return {
    task: request?.task ?? 'probe',
    ...end,
    durationMs: Math.round(performance.now() - beganMs),
    ...(identity === undefined ? {} : { identity }),
    ...notes,
  };
}

function contextOf(request: BackuperRequest, surroundings: Surroundings): Omit<TaskContext, 'notes'> {
  const { sourceRoot, targetRoot, signal, print } = surroundings;
  return { request, sourceRoot, targetRoot, signal, onProgress: progressLog(print) };
}

function requestOf(args: readonly string[]): BackuperRequest {
  try {
    return parseArguments(args);
  } catch (error) {
    throw new Stopped('bad-request', `These are no arguments of a request: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function endOf(error: unknown): TaskEnd {
  if (error instanceof Stopped) return { outcome: error.outcome, message: error.message };
  // A defect, or a file system that fails where none is expected to; there is no other place to tell of it.
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 3).join(' ') : '';
  return { outcome: 'failed', message: `${errorText(error)} ${stack.replaceAll(/\s+/gu, ' ')}`.trim() };
}
