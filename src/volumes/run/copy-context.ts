import type { ApiClient } from '../../kubernetes/api-client.ts';
import type { Connection } from '../../kubernetes/connect.ts';
import type { ClusterObjects } from '../../kubernetes/objects.ts';
import type { BackuperProgress } from '../../model/backuper.ts';
import type { LockTimes } from './target-lease.ts';
import type { RunRecord } from '../run-record.ts';

/** How patient a copy is; all times in milliseconds. */
export interface CopyTimes {
  /** Between two looks at the pod. */
  readonly pollMs: number;
  /** Between two looks at the pods of the application. */
  readonly lookAroundMs: number;
  /** A pod that runs and tells of no progress for so long is ended. */
  readonly stallMs: number;
  /** Before a copy is begun again, one for each time that it may be. */
  readonly retryMs: readonly number[];
  /** For so long a deleted pod may take to go, after its own grace period. */
  readonly goneMs: number;
  /** The grace period of a BackupEr pod that has to end. */
  readonly graceSeconds: number;
  /** How the lock on a target is kept, where it differs from the usual. */
  readonly lock: Partial<LockTimes>;
  /** How much sooner a pod that can't start is given up: 1 for the usual patience. */
  readonly haste: number;
}

/** What a copy does when nobody says otherwise. */
export const USUAL_TIMES: CopyTimes = {
  pollMs: 1500,
  lookAroundMs: 6000,
  stallMs: 15 * 60_000,
  retryMs: [5000, 30_000],
  goneMs: 60_000,
  graceSeconds: 60,
  lock: {},
  haste: 1,
};

/** What a copy needs of its surroundings. */
export interface CopyContext {
  /** Works on when `signal` is aborted: what was begun has to be cleaned up. */
  readonly client: ApiClient;
  readonly connection: Connection;
  readonly objects: ClusterObjects;
  /** For people: which process this is, as `openshift-backup-28839-x2k (12)`. */
  readonly holder: string;
  /** Of the BackupEr pods. */
  readonly image: string;
  /** Aborted when the copy is to be given up. */
  readonly signal: AbortSignal;
  /** Aborted when another may do the same: then nothing may be touched any more, not even to clean up. */
  readonly lost: AbortSignal;
  readonly now: () => Date;
  readonly times: CopyTimes;
  /** Whether Velero's hook annotations count too, on pods that have none of the tool's own; false when missing. */
  readonly veleroHooks?: boolean;
  /** Whether the pod of a copy that has failed is left, for somebody to look at. */
  readonly keepsFailedPod: boolean;
  /** Called whenever the record of the run has changed. */
  readonly onChange: (record: RunRecord) => void;
  /** Something that people should know, in one line. */
  readonly onNote: (message: string) => void;
  /** For people only: nothing is decided by it. */
  readonly onProgress: (progress: BackuperProgress['progress']) => void;
}
