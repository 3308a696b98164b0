import { countsOf } from '../model/file-counter.ts';
import {
  type CountedManifest,
  countLeftOut,
  type Gap,
  gapsOf,
  type Manifest,
  selectionOf,
} from '../model/manifest.ts';
import { isVolumeGap, type VolumeOutcome } from '../model/volume-outcome.ts';

/** What is remembered of one run. Times are ISO 8601 in UTC; sizes are bytes. */
export interface RunRecord {
  /** The run's own; of two records with the same one, the one that ended later counts. */
  readonly id?: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly exitCode: number;
  /** The name of the backup, the first part of its archives' names. */
  readonly backup: string;
  /** The archive's file name; this and what follows only if one was published. */
  readonly archive?: string;
  readonly sha256?: string;
  readonly archiveBytes?: number;
  readonly isComplete?: boolean;
  /** What the archive was to hold, as `selectionOf` says it; empty for the whole cluster. */
  readonly selection?: string;
  readonly objectCount?: number;
  /** Objects that rules have left out. */
  readonly leftOutCount?: number;
  /** Objects that have changed since the complete archive before, if the two could be compared. */
  readonly changedCount?: number;
  /** The archive's files that hold objects. */
  readonly fileCount?: number;
  /** Types of which something may not be listed. */
  readonly deniedCount?: number;
  readonly gapCount?: number;
  /** The first of the gaps. */
  readonly gaps?: readonly Gap[];
  /** What became of the volumes that the run was to copy, by their number; missing where it was to copy none. */
  readonly volumes?: VolumeCounts;
  /** The first of those of which there is no copy that can be relied on. */
  readonly volumeGaps?: readonly VolumeGap[];
  /** Why there is no archive, in one line. */
  readonly error?: string;
}

/** How many claims there are in the projects that let their volumes be copied, and what became of them. */
export interface VolumeCounts {
  /** Copied and found equal. */
  readonly copiedCount: number;
  /** Asked for, and not copied so that it can be relied on. */
  readonly gapCount: number;
  /** Nobody has asked for a copy of them. */
  readonly unaskedCount: number;
}

/** A volume of which there should be a copy. */
export type VolumeGap = Pick<VolumeOutcome, 'namespace' | 'claim' | 'result' | 'message'>;

/** A run of which there is a record; or only its archive, which tells when it began and whether it is complete. */
export interface KnownRun extends RunRecord {
  readonly isFromArchive?: true;
}

/** What is known of a run however it has ended. */
export type RunFrame = Required<Pick<RunRecord, 'id' | 'startedAt' | 'endedAt' | 'exitCode' | 'backup'>>;

/** So many gaps are remembered by name. */
const GAPS_MAX = 20;
/** Of each reason: the manifest has all of it. */
const REASON_LENGTH_MAX = 300;

/** The record of a run that has published an archive. */
export function recordOfArchive(
  frame: RunFrame,
  archive: { readonly file: string; readonly sha256: string; readonly sizeBytes: number },
  manifest: Manifest | CountedManifest,
): RunRecord {
  const { types, options, isComplete } = manifest;
  const { objectCount, objectFileCount } = countsOf(manifest);
  const gaps = gapsOf(types);
  const denied = types.filter(({ outcomes }) => outcomes.some(({ result }) => result === 'denied'));
  return {
    ...frame,
    archive: archive.file,
    sha256: archive.sha256,
    archiveBytes: archive.sizeBytes,
    isComplete,
    selection: selectionOf(options),
    objectCount,
    leftOutCount: countLeftOut(types),
    fileCount: objectFileCount,
    deniedCount: denied.length,
    gapCount: gaps.length,
    gaps: gaps.slice(0, GAPS_MAX).map((gap) => ({ ...gap, reason: shortened(gap.reason) })),
  };
}

/** What the record of a run says of the volumes that it was to copy. */
export function volumesOf(outcomes: readonly VolumeOutcome[]): Pick<RunRecord, 'volumes' | 'volumeGaps'> {
  const gaps = outcomes.filter(isVolumeGap);
  return {
    volumes: {
      copiedCount: outcomes.filter(({ result }) => result === 'complete').length,
      gapCount: gaps.length,
      unaskedCount: outcomes.filter(({ result }) => result === 'unasked').length,
    },
    volumeGaps: gaps.slice(0, GAPS_MAX).map(({ namespace, claim, result, message }) => ({
      namespace,
      claim,
      result,
      message: shortened(message),
    })),
  };
}

/** The record of a run that has published nothing. `error` is one line. */
export function recordOfFailure(frame: RunFrame, error: string): RunRecord {
  return { ...frame, error };
}

function shortened(text: string): string {
  return text.length > REASON_LENGTH_MAX ? `${text.slice(0, REASON_LENGTH_MAX - 1)}…` : text;
}
