import type { ClusterObject } from '../copy.ts';
import type { ScaleFacts } from '../quiesce/plan-scale.ts';
import type { SwapRecord } from './swap-record.ts';

/** What is asked for. */
export interface SwapRequest {
  readonly namespace: string;
  /** The claim that shall have the copy's volume. */
  readonly claim: string;
  /** The claim that holds the copy; there is none of this name afterwards. */
  readonly copy: string;
  /** Takes the copy whatever is known of it. */
  readonly isForced: boolean;
}

/** What the cluster says of everything that a swap depends on. */
export interface SwapFacts extends ScaleFacts {
  readonly claim: ClusterObject | undefined;
  readonly copy: ClusterObject | undefined;
  readonly claimVolume: ClusterObject | undefined;
  readonly copyVolume: ClusterObject | undefined;
  /** What was asked for when the copy was made, from the record of that run; undefined when it is gone. */
  readonly copyRequest: { readonly mode?: string; readonly into?: string; readonly sub?: string } | undefined;
  /** All swaps of the project. */
  readonly swaps: readonly SwapRecord[];
}

/** Why a swap is not made; the codes stand in documentation. */
export type SwapDeclineReason =
  | 'claim-missing'
  | 'claim-terminating'
  | 'claim-not-bound'
  | 'same-claim'
  | 'same-volume'
  | 'volume-terminating'
  | 'mode-mismatch'
  | 'too-small'
  | 'copy-not-complete'
  | 'copy-of-another'
  | 'copy-not-whole'
  | 'copy-in-use'
  | 'claim-owned'
  | 'cannot-scale'
  | 'swap-under-way';

/** One reason against a swap, and what to do about it, on one line. */
export interface SwapObjection {
  readonly reason: SwapDeclineReason;
  readonly message: string;
}
