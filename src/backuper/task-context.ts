import type {
  BackuperOutcome,
  BackuperProgress,
  BackuperReport,
  BackuperRequest,
  SideFacts,
  Verification,
} from '../model/backuper.ts';

/** What a report takes in while its task goes on, so that whatever ends it, the report has what is known by then. */
export interface Notes {
  readonly warnings: string[];
  readonly errors: string[];
  source?: SideFacts;
  target?: SideFacts;
  copied?: NonNullable<BackuperReport['copied']>;
  verification?: Verification;
}

/** All that the steps of one task share. */
export interface TaskContext {
  readonly request: BackuperRequest;
  /** Where source and target are mounted. */
  readonly sourceRoot: string;
  readonly targetRoot: string;
  /** Aborted when the pod is to end; its reason is Stopped with `interrupted`. */
  readonly signal: AbortSignal;
  readonly notes: Notes;
  /** For what the log gets while rsync works. */
  readonly onProgress: (progress: BackuperProgress['progress']) => void;
}

/** How a task has ended, when nothing stopped it. */
export interface TaskEnd {
  readonly outcome: BackuperOutcome;
  /** One line for a person. */
  readonly message: string;
}
