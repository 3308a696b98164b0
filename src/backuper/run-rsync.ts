import type { BackuperProgress } from '../model/backuper.ts';
import { type RsyncOutput, rsyncReader } from './rsync-output.ts';
import { rsyncVerdict, type RsyncVerdict } from './rsync-outcome.ts';
import { runProgram } from './run-program.ts';
import { Stopped } from './stopped.ts';
import type { Notes } from './task-context.ts';

/** What every rsync of a task needs. */
export interface RsyncOptions {
  readonly signal: AbortSignal;
  readonly isLive: boolean;
  /** Locks that live as long as rsync does, whatever becomes of this program. */
  readonly descriptors: readonly number[];
  /** What the source holds. */
  readonly totalBytes: number;
  readonly onProgress: (progress: BackuperProgress['progress']) => void;
  readonly notes: Notes;
}

/** How one pass has ended. */
export interface RsyncPass extends RsyncOutput {
  /** 128 and more when a signal killed it. */
  readonly exit: number;
  readonly verdict: RsyncVerdict;
}

/** Runs rsync once, and writes down what it has copied and complained of. @throws what runProgram throws */
export async function runRsync(
  args: readonly string[],
  options: RsyncOptions,
  input?: Uint8Array,
): Promise<RsyncPass> {
  const reader = rsyncReader(options.totalBytes, options.onProgress);
  const ended = await runProgram('rsync', args, {
    signal: options.signal,
    descriptors: options.descriptors,
    onStdout: reader.onStdout,
    onStderr: reader.onStderr,
    ...(input === undefined ? {} : { input }),
  });
  const output = reader.finish();
  const exit = ended.exit ?? 137;
  const { notes } = options;
  const before = notes.copied ?? { fileCount: 0, sizeBytes: 0, deletedCount: 0, rsyncExit: 0 };
  notes.copied = {
    rsyncExit: exit === 0 ? before.rsyncExit : exit,
    fileCount: before.fileCount + output.fileCount,
    sizeBytes: before.sizeBytes + output.sizeBytes,
    deletedCount: before.deletedCount + output.deletedCount,
  };
  notes.errors.push(...output.errors);
  return { ...output, exit, verdict: rsyncVerdict(ended, output, options.isLive) };
}

/** Goes on after a pass, or ends the task. @throws Stopped */
export function requireCopied({ verdict }: RsyncPass, notes: Notes): void {
  if (verdict.kind === 'stopped') throw new Stopped(verdict.outcome, verdict.message);
  if (verdict.warning !== undefined && !notes.warnings.includes(verdict.warning)) {
    notes.warnings.push(verdict.warning);
  }
}
