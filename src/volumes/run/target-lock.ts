import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiObject, type ClusterObjects, isStatus, type ObjectRef } from '../../kubernetes/objects.ts';
import { KnownError } from '../../model/known-error.ts';
import { textAt, valueAt } from '../fields.ts';
import { MANAGED_BY } from './record-store.ts';
import {
  holderOf,
  type LockedTarget,
  leaseRef,
  type LockTimes,
  microTime,
  USUAL_LOCK_TIMES,
  watchLease,
} from './target-lease.ts';

/** Who locks a claim. */
export interface LockRequest extends LockedTarget {
  /** For people: which process it is (`openshift-backup-28839-x2k in openshift-backup`). */
  readonly holder: string;
}

/**
 * Works while nobody else copies to the same claim: a Lease per target says whose turn it is.
 *
 * Clocks of other machines are not believed. A lease that somebody else holds is watched; if it is renewed
 * meanwhile, its holder lives, and if it isn't for its whole duration, it is taken over.
 *
 * @param work gets a signal that is aborted with the request's, and when the lock is lost or could not be
 *   renewed for `loseAfterMs`: it must then change nothing any more
 * @throws KnownError `refused` when somebody else copies to the claim, `failed` when the lock was lost while
 *   working; whatever `work` throws; ApiError, TransportError; the signal's reason
 */
export async function withTargetLock<T>(
  objects: ClusterObjects,
  request: LockRequest,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = new Lock(objects, request);
  await lock.acquire();
  try {
    const result = await work(lock.signal);
    lock.throwIfLost();
    return result;
  } catch (error) {
    lock.throwIfLost();
    throw error;
  } finally {
    await lock.release();
  }
}

/** A lease from its acquisition to its release. */
class Lock {
  readonly #objects: ClusterObjects;
  readonly #request: LockRequest;
  readonly #times: LockTimes;
  readonly #ref: ObjectRef;
  /** Nobody else has it, not even this process when it is started again. */
  readonly #identity: string;
  readonly #lost = new AbortController();
  readonly #done = new AbortController();
  #lease: ApiObject | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(objects: ClusterObjects, request: LockRequest) {
    this.#objects = objects;
    this.#request = request;
    this.#times = { ...USUAL_LOCK_TIMES, ...request.times };
    this.#ref = leaseRef(request);
    this.#identity = `${request.holder} ${randomBytes(6).toString('hex')}`;
  }

  /** Aborted when the work has to end. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#request.signal, this.#lost.signal]);
  }

  throwIfLost(): void {
    this.#lost.signal.throwIfAborted();
  }

  async acquire(): Promise<void> {
    for (;;) {
      this.#request.signal.throwIfAborted();
      const { isFree, lease } = await watchLease(this.#objects, this.#request);
      if (!isFree) throw this.#heldBy(lease);
      const startedMs = performance.now();
      const taken = await this.#take(lease);
      if (!taken) continue;
      this.#hold(taken, startedMs);
      this.#renewing = this.#renewAlways();
      return;
    }
  }

  async release(): Promise<void> {
    this.#done.abort();
    // A renewal under way may wait for a server that is away; then the lock is lost at last, and that is enough.
    const lost = new Promise<void>((resolve) => {
      if (this.#lost.signal.aborted) resolve();
      this.#lost.signal.addEventListener('abort', () => resolve());
    });
    await Promise.race([this.#renewing, lost]);
    clearTimeout(this.#timer);
    if (this.#lost.signal.aborted || !this.#lease) return;
    const { uid = '', resourceVersion = '' } = this.#lease.metadata;
    try {
      await this.#objects.remove(this.#ref, { uid, resourceVersion });
    } catch {
      // It expires by itself.
    }
  }

  /** @returns undefined when somebody else was faster */
  async #take(lease: ApiObject | undefined): Promise<ApiObject | undefined> {
    const time = microTime();
    const transitions = Number(valueAt(lease?.spec, 'leaseTransitions') ?? 0) + 1;
    const spec = {
      holderIdentity: this.#identity,
      leaseDurationSeconds: Math.ceil(this.#times.durationMs / 1000),
      acquireTime: time,
      renewTime: time,
      leaseTransitions: lease ? transitions : 0,
    };
    try {
      if (lease) return await this.#objects.replace(this.#ref, { ...lease, spec });
      const { name = '', namespace = '' } = this.#ref;
      return await this.#objects.create(this.#ref, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace, labels: { ...MANAGED_BY } },
        spec,
      });
    } catch (error) {
      if (isStatus(error, 409) || (lease && isStatus(error, 404))) return undefined;
      throw error;
    }
  }

  /** @param renewedMs before the request was sent: others may have seen it any time after */
  #hold(lease: ApiObject, renewedMs: number): void {
    this.#lease = lease;
    clearTimeout(this.#timer);
    const { loseAfterMs } = this.#times;
    const leftMs = loseAfterMs - (performance.now() - renewedMs);
    this.#timer = setTimeout(() => this.#lose(`could not be renewed for ${loseAfterMs / 1000} s`), leftMs);
  }

  #lose(reason: string): void {
    const { namespace, target } = this.#request;
    const message = `The lock on the claim ${namespace}/${target} ${reason}: the copy was given up, since another process may copy to it now`;
    this.#lost.abort(new KnownError('failed', message));
  }

  async #renewAlways(): Promise<void> {
    const isOver = (): boolean => this.#done.signal.aborted || this.#lost.signal.aborted;
    const over = AbortSignal.any([this.#done.signal, this.#lost.signal]);
    while (!isOver()) {
      await sleep(this.#times.renewMs, undefined, { signal: over }).catch(() => undefined);
      if (!isOver()) await this.#renew();
    }
  }

  /** One that fails for another reason than another holder is followed by the next, until time is up. */
  async #renew(): Promise<void> {
    if (!this.#lease) return;
    const startedMs = performance.now();
    const spec = { ...this.#lease.spec, renewTime: microTime() };
    try {
      this.#hold(await this.#objects.replace(this.#ref, { ...this.#lease, spec }), startedMs);
    } catch (error) {
      if (isStatus(error, 409) || isStatus(error, 404)) await this.#lookAgain();
    }
  }

  /** Somebody may have changed something else about the lease, or have taken or removed it. */
  async #lookAgain(): Promise<void> {
    try {
      const found = await this.#objects.get(this.#ref);
      if (found && holderOf(found) === this.#identity) this.#lease = found;
      else this.#lose(found ? `was taken by ${holderOf(found) || 'nobody'}` : 'was removed');
    } catch {
      // The next renewal asks again.
    }
  }

  #heldBy(lease: ApiObject | undefined): KnownError {
    const { namespace, target } = this.#request;
    const since = textAt(lease?.spec, 'acquireTime');
    const who = lease ? holderOf(lease) : 'somebody';
    return new KnownError(
      'refused',
      `Another process copies to the claim ${namespace}/${target} already (${who}, since ${since}): wait until it has ended`,
    );
  }
}
