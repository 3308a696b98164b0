import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { errorText, systemErrorCode } from '../model/known-error.ts';
import { inTurn, replaceFile } from './hidden-files.ts';
import { isSameRun, mergeRuns } from './history.ts';
import type { RunRecord } from './run-record.ts';

/** The history of runs, beside the archives. */
export const STATUS_FILE = 'status.json';
/** Where a history goes that can't be read. */
const DAMAGED_FILE = `${STATUS_FILE}.damaged`;
const FORMAT = 1;
/** Many times what 400 runs with twenty gaps each take. */
const BYTES_MAX = 16 * 1024 * 1024;
/** Of several runs at once, each must find itself in the file after it has written it. */
const ATTEMPTS = 5;

const count = z.int().check(z.gte(0));
const instant = z.iso.datetime();

const result = z.enum(['complete', 'fuzzy', 'declined', 'failed', 'cancelled', 'unasked', 'copy']);

/** Loose: what a later version of the same format adds is kept. */
const record = z.looseObject({
  id: z.exactOptional(z.string()),
  startedAt: instant,
  endedAt: instant,
  exitCode: count,
  backup: z.string(),
  archive: z.exactOptional(z.string()),
  sha256: z.exactOptional(z.string()),
  archiveBytes: z.exactOptional(count),
  isComplete: z.exactOptional(z.boolean()),
  selection: z.exactOptional(z.string()),
  objectCount: z.exactOptional(count),
  leftOutCount: z.exactOptional(count),
  changedCount: z.exactOptional(count),
  fileCount: z.exactOptional(count),
  deniedCount: z.exactOptional(count),
  gapCount: z.exactOptional(count),
  gaps: z.exactOptional(z.array(z.looseObject({ type: z.string(), scope: z.string(), reason: z.string() }))),
  volumes: z.exactOptional(z.looseObject({ copiedCount: count, gapCount: count, unaskedCount: count })),
  volumeGaps: z.exactOptional(
    z.array(z.looseObject({ namespace: z.string(), claim: z.string(), result, message: z.string() })),
  ),
  error: z.exactOptional(z.string()),
});
const anyFormat = z.looseObject({ format: count });
const schema = z.looseObject({ format: z.literal(FORMAT), runs: z.array(record) });

/** What the history is: there, not there (yet), not to be understood, or of a later version of the tool. */
export type History =
  | { readonly kind: 'read' | 'none'; readonly runs: readonly RunRecord[] }
  | { readonly kind: 'damaged' | 'newer'; readonly problem: string; readonly runs: readonly [] };

/**
 * Reads the history of a folder. A missing one is empty; so is one that can't be understood, with what is
 * wrong with it.
 *
 * @throws the file system's error when nobody knows what is in the file
 */
export async function readHistory(dir: string): Promise<History> {
  const text = await readText(join(dir, STATUS_FILE));
  if (text === undefined) return { kind: 'none', runs: [] };
  try {
    const json: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    const { format } = z.parse(anyFormat, json);
    if (format > FORMAT) {
      const problem = `${STATUS_FILE} is of format ${format}, and this version of the tool knows ${FORMAT}: use a newer one`;
      return { kind: 'newer', problem, runs: [] };
    }
    return { kind: 'read', runs: z.parse(schema, json).runs };
  } catch {
    return { kind: 'damaged', problem: `${STATUS_FILE} holds no history of runs`, runs: [] };
  }
}

/**
 * Puts a run into the history of a folder. One that can't be read is set aside.
 *
 * @param warn told in one line of what is not as it should be
 * @returns the runs that are in the history now; undefined when it is left alone
 * @throws the file system's error when the run could not be written
 */
export async function addRun(
  dir: string,
  run: RunRecord,
  warn: (problem: string) => void,
): Promise<readonly RunRecord[] | undefined> {
  return await inTurn(dir, STATUS_FILE, async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const history = await readHistory(dir);
      if (history.kind === 'newer') {
        warn(history.problem);
        return undefined;
      }
      if (history.kind === 'damaged') {
        await rename(join(dir, STATUS_FILE), join(dir, DAMAGED_FILE));
        warn(`${history.problem}: it is ${DAMAGED_FILE} now, and a new one begins`);
      }
      const runs = mergeRuns(history.runs, [run]);
      await replaceFile(dir, STATUS_FILE, `${JSON.stringify({ format: FORMAT, runs }, null, 1)}\n`);
      // A run of years ago has no place in a full history.
      if (!has(runs, run)) return runs;
      const written = await readHistory(dir);
      if (has(written.runs, run)) return written.runs;
    }
    throw new Error(`other runs have replaced ${STATUS_FILE} ${ATTEMPTS} times`);
  });
}

function has(runs: readonly RunRecord[], run: RunRecord): boolean {
  return runs.some((other) => isSameRun(other, run));
}

/** The text of a plain file; undefined when there is none, null when it is something else or far too large. */
async function readText(path: string): Promise<string | null | undefined> {
  try {
    // Nothing but a plain file is read: a pipe under this name must not stop anybody.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      return stats.isFile() && stats.size <= BYTES_MAX ? await handle.readFile('utf8') : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    // A device without a driver, a socket, a circle of links: no file in any case.
    if (['ENXIO', 'ENODEV', 'ELOOP'].includes(systemErrorCode(error) ?? '')) return null;
    throw error instanceof Error ? error : new Error(errorText(error));
  }
}
