import type { ArchiveName } from '../model/archive-name.ts';
import { mergeRuns } from './history.ts';
import { type Night, nightsOf, PATIENCE_MS } from './nights.ts';
import type { KnownRun, RunRecord } from './run-record.ts';

/** An archive as the folder shows it, unopened. */
export interface StoredArchive {
  readonly name: ArchiveName;
  readonly sizeBytes: number;
}

/** How much of the volume there is. */
export interface VolumeSpace {
  /** For whoever is not root. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** What is known of the backups in a folder. */
export interface Facts {
  readonly runs: readonly RunRecord[];
  readonly archives: readonly StoredArchive[];
  readonly space: VolumeSpace | undefined;
}

/** How one backup does. */
export interface BackupStatus {
  readonly backup: string;
  readonly lastRun: KnownRun | undefined;
  /** The last one that has published an archive, complete or not. */
  readonly lastSuccess: KnownRun | undefined;
  readonly lastComplete: KnownRun | undefined;
  /** The complete run before the last complete one, of the same selection. */
  readonly previousComplete: KnownRun | undefined;
  /** The last one that was to copy volumes. */
  readonly lastCopies: KnownRun | undefined;
  /** The first time after the last run's start at which one is due. */
  readonly nextDueAt: Date | undefined;
  /** Whether the next run should have been recorded by now. */
  readonly isOverdue: boolean;
  readonly archives: readonly StoredArchive[];
  readonly nights: readonly Night[];
}

/** From where one looks. */
export interface Viewpoint {
  readonly now: Date;
  readonly timeZone: string;
  /** The first time after an instant at which a run is due; missing where nobody knows. */
  readonly dueAfter: ((instant: Date) => Date | undefined) | undefined;
}

/** A clock that was wrong once must not have the last word for ever. */
const AHEAD_MS_MAX = 24 * 60 * 60 * 1000;

/** How a backup does, as its records, its archives and the clock tell it. */
export function statusOf(backup: string, facts: Facts, { now, timeZone, dueAfter }: Viewpoint): BackupStatus {
  const archives = facts.archives.filter(({ name }) => name.backup === backup);
  const runs = knownRuns(
    facts.runs.filter((run) => run.backup === backup),
    archives,
    now,
  );
  const complete = runs.filter(({ isComplete }) => isComplete === true);
  const [lastRun] = runs;
  const [lastComplete] = complete;
  const nextDueAt = lastRun && dueAfter?.(new Date(lastRun.startedAt));
  return {
    backup,
    lastRun,
    lastSuccess: runs.find(({ isComplete }) => isComplete !== undefined),
    lastComplete,
    previousComplete: complete.slice(1).find(({ selection }) => selection === lastComplete?.selection),
    lastCopies: runs.find(({ volumes }) => volumes !== undefined),
    nextDueAt,
    isOverdue: nextDueAt !== undefined && nextDueAt.getTime() + PATIENCE_MS < now.getTime(),
    archives,
    nights: nightsOf({ runs, now, timeZone, dueAfter }),
  };
}

/** The names of all backups in a folder, sorted. */
export function backupNames({ runs, archives }: Pick<Facts, 'runs' | 'archives'>): string[] {
  return [
    ...new Set([...runs.map(({ backup }) => backup), ...archives.map(({ name }) => name.backup)]),
  ].toSorted();
}

/** The records, and for each archive without one what its name says: the records may be lost, or too young. */
function knownRuns(runs: readonly RunRecord[], archives: readonly StoredArchive[], now: Date): KnownRun[] {
  const recorded = new Set(runs.map(({ archive }) => archive));
  const others = archives
    // The original's archives don't say whether they are complete, nor in which time zone they were made.
    .filter(({ name }) => name.grammar === 'format-1' && !recorded.has(name.file))
    .map(({ name, sizeBytes }) => ({
      startedAt: name.startedAt.toISOString(),
      endedAt: name.startedAt.toISOString(),
      exitCode: name.isComplete ? 0 : 3,
      backup: name.backup,
      archive: name.file,
      archiveBytes: sizeBytes,
      isComplete: name.isComplete,
      isFromArchive: true as const,
    }));
  return mergeRuns<KnownRun>(runs, others).filter(
    ({ startedAt }) => Date.parse(startedAt) <= now.getTime() + AHEAD_MS_MAX,
  );
}
