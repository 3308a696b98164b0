import type { BackuperReport } from '../model/backuper.ts';
import type { CopyRequest, DeclineReason, PlanNote, Tier } from './copy.ts';

/** The steps of a copy, in their order; a run that is picked up goes on at the recorded one. */
export type CopyPhase = 'planned' | 'probing' | 'quiescing' | 'copying' | 'resuming' | 'ended';

/** How a copy ended. */
export type CopyResult = 'complete' | 'fuzzy' | 'declined' | 'failed' | 'cancelled';

/**
 * What is known of one copy: the content of a ConfigMap `backuper-run-<id>` in the project, which owns the pods.
 * Times are ISO 8601 in UTC.
 */
export interface RunRecord {
  readonly format: 1;
  readonly id: string;
  readonly request: CopyRequest;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  readonly phase: CopyPhase;
  readonly result?: CopyResult;
  readonly declined?: DeclineReason;
  /** One line for people: what happens now, or how it ended and what to do. */
  readonly message: string;
  readonly tier?: Tier;
  readonly node?: string;
  /** The pod that works at the moment. */
  readonly pod?: string;
  readonly notes?: readonly PlanNote[];
  readonly report?: BackuperReport;
  /** What must be undone whatever happens: workloads at zero, hooks whose second half has not run. */
  readonly toUndo?: readonly Undo[];
  readonly attempts: number;
}

/** Something that was done to the application and has to be taken back. */
export type Undo =
  | {
      readonly kind: 'scale';
      readonly apiVersion: string;
      readonly resource: string;
      readonly name: string;
      readonly replicas: number;
    }
  | {
      readonly kind: 'hook';
      readonly pod: string;
      readonly container: string;
      readonly command: readonly string[];
      readonly timeoutSeconds: number;
    };
