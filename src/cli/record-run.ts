import { byteText, counted, safeText } from '../model/text.ts';
import { stat, writeFile } from 'node:fs/promises';
import { volumeError } from '../archive/volume.ts';
import type { Settings } from '../config/options.ts';
import type { BackupResult } from '../export/run-backup.ts';
import { errorText, KnownError } from '../model/known-error.ts';
import { gapsOf } from '../model/manifest.ts';
import { isVolumeGap, type VolumeOutcome } from '../model/volume-outcome.ts';
import {
  recordOfArchive,
  recordOfFailure,
  type RunFrame,
  type RunRecord,
  volumesOf,
} from '../status/run-record.ts';
import type { Warn } from './after-publishing.ts';
import { exitCodeOf, INCOMPLETE, COMPLETE, Interruption } from './exit-code.ts';

/** How a run has ended. */
export type RunEnd = {
  /** The run's own: recorded again under it, the later record counts. */
  readonly id: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** Objects that have changed since the archive before. */
  readonly changedCount?: number | undefined;
} & (
  | {
      readonly result: BackupResult;
      /** What became of the volumes that it was to copy, if any. */
      readonly volumes?: readonly VolumeOutcome[] | undefined;
    }
  | { readonly error: unknown }
);

/** The most that the kubelet shows: https://github.com/kubernetes/api/blob/v0.34.4/core/v1/types.go */
const TERMINATION_BYTES_MAX = 4096;
/** What a record says of an error that the tool does not know: its text may hold anything. */
const DEFECT = 'this is a defect of openshift-backup: what it printed says more';

const FAILURE_WORDS: Readonly<Record<number, string>> = {
  5: 'Refused',
  130: 'Interrupted',
  143: 'Interrupted',
};

/**
 * Writes down how a run has ended: in the history and the metrics beside the archives, and where the kubelet
 * looks. What can't be written is told to `warn`; the run ends as it would have ended.
 */
export async function recordRun(settings: Settings, end: RunEnd, warn: Warn): Promise<void> {
  const record = recordOf(settings, end);
  await attempt(warn, 'Could not write the termination message', async () => {
    if (settings.terminationLog === '') return;
    // In place: the kubelet mounts this very file, so no other can take its name.
    await writeFile(settings.terminationLog, terminationMessage(record), { mode: 0o640 });
  });
  await attempt(warn, 'Could not write the history of runs', async () => {
    // The run has said so itself.
    if (!(await isFolder(settings.dir))) return;
    try {
      await writeHistory(settings, record, warn);
    } catch (error) {
      throw volumeError(error, settings.dir, 'failed');
    }
  });
}

/** How a run has ended, in one line for people that fits into a termination message. */
export function terminationMessage(run: RunRecord): string {
  const line = safeText(endOf(run));
  const bytes = Buffer.from(line);
  // No half character at the end.
  return bytes.length < TERMINATION_BYTES_MAX
    ? `${line}\n`
    : `${new TextDecoder().decode(bytes.subarray(0, TERMINATION_BYTES_MAX - 4), { stream: true })}…\n`;
}

function endOf(run: RunRecord): string {
  const { exitCode, isComplete, objectCount = 0, gapCount = 0, archive = '', archiveBytes = 0 } = run;
  if (isComplete === undefined) {
    return `${FAILURE_WORDS[exitCode] ?? 'Failed'} (exit code ${exitCode}): ${run.error ?? ''}`;
  }
  const seconds = (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
  const facts = [
    counted(objectCount, 'object'),
    counted(gapCount, 'gap'),
    archive,
    byteText(archiveBytes),
    `${Math.max(0, seconds).toFixed(1)} s`,
  ].join(', ');
  const isWhole = isComplete && (run.volumes?.gapCount ?? 0) === 0;
  return `${isWhole ? 'Complete' : 'Incomplete'}: ${facts}${gapsText(run)}${copiesText(run)}`;
}

function gapsText({ isComplete, gaps = [], gapCount = 0 }: RunRecord): string {
  if (isComplete === true) return '';
  const names = gaps.map(({ type, scope }) => (scope === '*' ? type : `${type} in ${scope}`));
  const more = gapCount > names.length ? `, and ${gapCount - names.length} more` : '';
  return `; not in it: ${names.join(', ')}${more}`;
}

function copiesText({ volumes, volumeGaps = [] }: RunRecord): string {
  if (volumes === undefined) return '';
  const { copiedCount, gapCount } = volumes;
  if (gapCount === 0) return `; ${counted(copiedCount, 'volume')} copied`;
  const names = volumeGaps.map(({ namespace, claim, result }) => `${namespace}/${claim} (${result})`);
  const more = gapCount > names.length ? `, and ${gapCount - names.length} more` : '';
  return `; ${counted(copiedCount, 'volume')} copied, not ${names.join(', ')}${more}`;
}

function recordOf(settings: Settings, end: RunEnd): RunRecord {
  const frame: RunFrame = {
    id: end.id,
    startedAt: end.startedAt.toISOString(),
    endedAt: end.endedAt.toISOString(),
    exitCode: 'result' in end ? codeOf(end) : exitCodeOf(end.error),
    backup: settings.name,
  };
  if ('result' in end) {
    const { changedCount, volumes } = end;
    return {
      ...recordOfArchive(frame, end.result.archive, end.result.manifest),
      ...(changedCount === undefined ? {} : { changedCount }),
      ...(volumes && volumesOf(volumes)),
    };
  }
  const { error } = end;
  const isKnown = error instanceof KnownError || error instanceof Interruption;
  return recordOfFailure(frame, isKnown ? errorText(error) : DEFECT);
}

/** What a run that has published an archive ends with. */
export function codeOf({ result, volumes = [] }: Extract<RunEnd, { readonly result: BackupResult }>): number {
  const hasGaps = gapsOf(result.manifest.types).length > 0 || volumes.some(isVolumeGap);
  return hasGaps ? INCOMPLETE : COMPLETE;
}

async function writeHistory(settings: Settings, record: RunRecord, warn: Warn): Promise<void> {
  // Loaded at the end of a run, when its own memory is free again.
  const { addRun } = await import('../status/status-file.ts');
  const { inTurn, replaceFile } = await import('../status/hidden-files.ts');
  const { METRICS_FILE, folderMetrics } = await import('./folder-metrics.ts');
  const runs = await addRun(settings.dir, record, (problem) =>
    warn('The history of runs is not as it should be', { problem }),
  );
  if (!runs) return;
  // In turn, so that the last to write has read what all the others have written.
  await inTurn(settings.dir, METRICS_FILE, async () => {
    const { text } = await folderMetrics(settings, new Date(), 'all');
    await replaceFile(settings.dir, METRICS_FILE, text);
  });
}

async function attempt(warn: Warn, message: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    warn(message, { problem: errorText(error) });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
