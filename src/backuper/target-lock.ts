import { type FileHandle, open } from 'node:fs/promises';
import { runShort } from './run-program.ts';
import { Stopped } from './stopped.ts';

const CONFLICT_EXIT = 75;

/** A target that nobody else of us writes to. */
export interface TargetLock {
  /** Whoever inherits them keeps the lock. */
  readonly descriptors: readonly number[];
  /** Why there is in fact none; undefined when there is one. */
  readonly warning: string | undefined;
  readonly close: () => Promise<void>;
}

/**
 * Locks the folder that is written to; its volume's root is locked too, shared, so that a copy into the root and one
 * into a folder shut each other out. The locks hang on open files that rsync inherits: they end when the last process
 * of this task has ended, however it ended, and leave nothing behind. Nothing is waited for.
 *
 * @throws Stopped `busy`
 */
export async function lockTarget(root: string, folder: string, signal: AbortSignal): Promise<TargetLock> {
  const wanted =
    root === folder
      ? [{ folder, mode: '--exclusive' }]
      : [
          { folder: root, mode: '--shared' },
          { folder, mode: '--exclusive' },
        ];
  const handles: FileHandle[] = [];
  const close = async (): Promise<void> => void (await Promise.all(handles.map((handle) => handle.close())));
  let warning: string | undefined;
  try {
    for (const { folder: place, mode } of wanted) {
      const handle = await open(place, 'r');
      handles.push(handle);
      warning ??= await lock(handle, mode, signal);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { descriptors: handles.map(({ fd }) => fd), warning, close };
}

/** flock(1) locks what it has inherited, and ends; the lock stays, because the file stays open here. */
async function lock(handle: FileHandle, mode: string, signal: AbortSignal): Promise<string | undefined> {
  const args = [mode, '--nonblock', `--conflict-exit-code=${CONFLICT_EXIT}`, '3'];
  const { exit, stderr } = await runShort('flock', args, { signal, descriptors: [handle.fd] });
  if (exit === 0) return undefined;
  if (exit === CONFLICT_EXIT) {
    throw new Stopped('busy', 'Another copy into this folder is running: wait for its end');
  }
  return `The target can't be locked, so nothing here keeps a second copy out (${stderr.trim()})`;
}
