import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectRef } from '../../kubernetes/objects.ts';
import { KnownError } from '../../model/known-error.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt } from '../fields.ts';
import type { ScaleContext } from '../quiesce/scale.ts';

/** How long a step of a swap may take, in milliseconds. */
export interface SwapTimes {
  /** For pods to end and volumes to be detached. */
  readonly idleMs: number;
  /** For a deleted claim to be gone, and for a new one to be let in. */
  readonly claimMs: number;
  /** For a claim and its volume to be bound. */
  readonly boundMs: number;
  /** For workloads to be ready again. */
  readonly readyMs: number;
}

/** What the objects of a swap are changed with. */
export interface ObjectContext extends ScaleContext {
  readonly times: SwapTimes;
}

/** A claim; undefined when there is none. */
export async function claimNamed(context: ObjectContext, name: string): Promise<ClusterObject | undefined> {
  return await context.objects.get(claimRef(context, name));
}

/** The volume as it is now. @throws KnownError `failed` when it is gone, or another one has its name */
export async function volumeNow(context: ObjectContext, { metadata }: ClusterObject): Promise<ClusterObject> {
  const found = await context.objects.get(volumeRef(metadata.name));
  if (found?.metadata.uid === metadata.uid && found) return found;
  throw new KnownError('failed', `Volume ${metadata.name} is gone: nothing can be bound to it any more`);
}

/** @throws KnownError `failed` when a volume would be deleted with its claim */
export async function assertRetained(context: ObjectContext, volume: ClusterObject): Promise<void> {
  const { spec, metadata } = await volumeNow(context, volume);
  if (textAt(spec, 'persistentVolumeReclaimPolicy') === 'Retain') return;
  throw new KnownError(
    'failed',
    `Somebody has taken the reclaim policy Retain from volume ${metadata.name} again: find out who, and go on`,
  );
}

/** Looks again and again. @returns whether it came true in time */
export async function within(
  context: ScaleContext,
  timeoutMs: number,
  isTrue: () => Promise<boolean>,
): Promise<boolean> {
  const endsAtMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > endsAtMs) return false;
    await sleep(context.pollMs, undefined, { signal: context.signal });
  }
  return true;
}

/** Where a claim of the project is. */
export function claimRef({ namespace }: ObjectContext, name: string): ObjectRef {
  return { apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace, name };
}

/** Where a volume is. */
export function volumeRef(name: string): ObjectRef {
  return { apiVersion: 'v1', plural: 'persistentvolumes', name };
}
