import type { ChangeCount, ObjectChange } from '../drift/drift.ts';
import type { TypeRecord } from '../model/manifest.ts';
import type { BackupStatus, Viewpoint, VolumeSpace } from '../status/backup-status.ts';

/** Everything that the report tells. */
export interface Report {
  readonly status: BackupStatus;
  readonly viewpoint: Viewpoint;
  readonly space: VolumeSpace | undefined;
  /** The oldest first. */
  readonly nights: readonly ReportNight[];
  readonly coverage: Coverage | undefined;
  readonly toolVersion: string;
}

/** A complete archive, and what has changed since the one before it. Sizes are bytes. */
export interface ReportNight {
  readonly archive: string;
  readonly startedAt: string;
  readonly sizeBytes: number;
  /** Undefined for an archive that can't be read. */
  readonly objectCounts: ReadonlyMap<string, number> | undefined;
  /** Undefined for the oldest one, and for what could not be compared. */
  readonly drift: NightDrift | undefined;
  /** Why there is nothing to tell. */
  readonly problem?: string;
}

/** What has changed in a night, cut down to what a report shows of it. */
export interface NightDrift {
  readonly beforeArchive: string;
  readonly headline: string;
  /** By project. */
  readonly projects: ReadonlyMap<string | undefined, ProjectDrift>;
  readonly suppressedCount: number;
  readonly notComparableCount: number;
  /** What must be said with the drift; safe to show. */
  readonly remarks: readonly string[];
}

/** What has changed in a project in a night. */
export interface ProjectDrift extends Pick<ChangeCount, 'added' | 'removed' | 'changed' | 'renamed'> {
  /** The most severe first; not all of them where there are many. */
  readonly changes: readonly ChangeText[];
}

/** One changed object, as texts that are safe to show and not too long. */
export interface ChangeText extends Pick<ObjectChange, 'change' | 'severity'> {
  readonly object: string;
  /** Who, and when; empty where nobody knows. */
  readonly writers: string;
  readonly fields: readonly string[];
  /** Fields that changed and are not among the texts. */
  readonly moreFieldCount: number;
}

/** What of the cluster an archive holds. */
export interface Coverage {
  readonly archive: string;
  readonly isComplete: boolean;
  readonly types: readonly TypeRecord[];
}

/** How many objects have changed. */
export function totalOf({ added, removed, changed, renamed }: ProjectDrift): number {
  return added + removed + changed + renamed;
}
