/** What became of one claim of a project that copies volumes, in one run. */
export interface VolumeOutcome {
  readonly namespace: string;
  readonly claim: string;
  /** The claim that holds the copy; missing where nobody has asked for one. */
  readonly target?: string;
  /** `unasked`: nobody wants a copy; `copy`: the claim is one itself. */
  readonly result: 'complete' | 'fuzzy' | 'declined' | 'failed' | 'cancelled' | 'unasked' | 'copy';
  /** One line for people: how it went and, where there is something to do, what. */
  readonly message: string;
  readonly sizeBytes?: number;
  readonly durationMs?: number;
}

const GAPS: ReadonlySet<VolumeOutcome['result']> = new Set(['fuzzy', 'declined', 'failed', 'cancelled']);

/** Whether somebody has asked for a copy that there is not, or that can't be relied on. */
export function isVolumeGap({ result }: Pick<VolumeOutcome, 'result'>): boolean {
  return GAPS.has(result);
}

/** How many claims ended in each way that occurs. */
export function countResults(
  outcomes: readonly VolumeOutcome[],
): ReadonlyMap<VolumeOutcome['result'], number> {
  const counts = new Map<VolumeOutcome['result'], number>();
  for (const { result } of outcomes) counts.set(result, (counts.get(result) ?? 0) + 1);
  return counts;
}
