import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiObject, ClusterObjects, ObjectRef } from '../../kubernetes/objects.ts';
import { textAt, valueAt } from '../fields.ts';

/** How a lock is kept; all times in milliseconds. */
export interface LockTimes {
  /** So long a lease must have been watched without a change before it counts as left behind. */
  readonly durationMs: number;
  /** Between two renewals. */
  readonly renewMs: number;
  /** So long after the last renewal the work is given up: well before anybody else may begin. */
  readonly loseAfterMs: number;
  /** Between two looks at somebody else's lease. */
  readonly pollMs: number;
}

/** How a lock is kept when nobody says otherwise. */
export const USUAL_LOCK_TIMES: LockTimes = {
  durationMs: 60_000,
  renewMs: 10_000,
  loseAfterMs: 40_000,
  pollMs: 2000,
};
/** Whatever a lease says of its own duration, nobody waits longer for it. */
const DURATION_MAX_MS = 600_000;
const NAME_LENGTH_MAX = 253;

/** Which claim is locked. */
export interface LockedTarget {
  readonly namespace: string;
  /** The claim's name. */
  readonly target: string;
  /** Ends the waiting, and the work. */
  readonly signal: AbortSignal;
  /** Where they differ from the usual ones. */
  readonly times?: Partial<LockTimes>;
}

/**
 * Whether nobody works on a claim. Takes as long as a lease lasts when its holder has vanished; one that lives
 * is seen at its next renewal.
 */
export async function isTargetFree(objects: ClusterObjects, locked: LockedTarget): Promise<boolean> {
  return (await watchLease(objects, locked)).isFree;
}

/** What is known of a lease: absent, left, left behind, or held by somebody who lives. */
export interface Watched {
  readonly isFree: boolean;
  readonly lease: ApiObject | undefined;
}

/** Watches a lease until it is known whether its holder lives. @throws the signal's reason; ApiError, TransportError */
export async function watchLease(objects: ClusterObjects, locked: LockedTarget): Promise<Watched> {
  const times = { ...USUAL_LOCK_TIMES, ...locked.times };
  const ref = leaseRef(locked);
  let first: { readonly state: string; readonly atMs: number } | undefined;
  for (;;) {
    // The clock is read after the answer: what was renewed on its way has been watched for no time.
    const lease = await objects.get(ref);
    const nowMs = performance.now();
    if (!lease || holderOf(lease) === '') return { isFree: true, lease };
    const state = `${holderOf(lease)} ${textAt(lease.spec, 'renewTime')}`;
    first ??= { state, atMs: nowMs };
    if (state !== first.state) return { isFree: false, lease };
    if (nowMs - first.atMs > durationMs(lease, times)) return { isFree: true, lease };
    await sleep(times.pollMs, undefined, { signal: locked.signal });
  }
}

/** The lease of a claim. Its name says the claim's, as far as that fits. */
export function leaseRef({ namespace, target }: LockedTarget): ObjectRef {
  const whole = `backuper-target-${target}`;
  const hash = createHash('sha256').update(target).digest('hex').slice(0, 16);
  const name = whole.length <= NAME_LENGTH_MAX ? whole : `${whole.slice(0, NAME_LENGTH_MAX - 17)}-${hash}`;
  return { apiVersion: 'coordination.k8s.io/v1', plural: 'leases', namespace, name };
}

/** Who holds a lease; empty when it was left. */
export function holderOf(lease: ApiObject): string {
  return textAt(lease.spec, 'holderIdentity');
}

function durationMs(lease: ApiObject, times: LockTimes): number {
  const seconds = valueAt(lease.spec, 'leaseDurationSeconds');
  return typeof seconds === 'number' ? Math.min(seconds * 1000, DURATION_MAX_MS) : times.durationMs;
}

/** Now, in microseconds: the API server takes no other number of digits. */
export function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
