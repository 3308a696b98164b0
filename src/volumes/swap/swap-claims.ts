import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../kubernetes/api-error.ts';
import { type ApiObject, isStatus } from '../../kubernetes/objects.ts';
import { KnownError } from '../../model/known-error.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt, valueAt } from '../fields.ts';
import { usersOf } from '../plan/pod-claims.ts';
import { listPods } from '../quiesce/scale.ts';
import {
  assertRetained,
  claimNamed,
  claimRef,
  type ObjectContext,
  volumeNow,
  within,
} from './swap-objects.ts';
import { SWAP } from './swap-record.ts';

/** What the binder and the provisioner have noted of the volume that the claim had. */
const OF_BINDING: ReadonlySet<string> = new Set([
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.beta.kubernetes.io/storage-class',
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-resizer',
  'volume.kubernetes.io/selected-node',
]);

/**
 * Deletes a claim, and waits until it is gone. Its volume stays: that is looked at once more before.
 *
 * @param claim as it was read: another one of its name is left alone
 * @throws KnownError `failed` when it is not gone in time; it goes on going then
 */
export async function removeClaim(
  context: ObjectContext,
  claim: ClusterObject,
  volume: ClusterObject,
): Promise<void> {
  const { name, uid = '' } = claim.metadata;
  await assertRetained(context, volume);
  await context.objects.remove(claimRef(context, name), { uid });
  context.report(`Claim ${name} is deleted; its volume ${volume.metadata.name} is kept`);
  const isGone = await within(context, context.times.claimMs, async () => {
    const found = await claimNamed(context, name);
    return found?.metadata.uid !== uid;
  });
  if (isGone) return;
  const users = usersOf(await listPods(context.objects, context.namespace), name);
  const names = users.map(({ metadata }) => metadata.name).join(', ');
  const why = names === '' ? 'see its finalizers' : `it is used by ${names}: stop that`;
  throw new KnownError('failed', `Claim ${name} has been deleted and does not go: ${why}, and go on`);
}

/**
 * Makes a claim as it was, for a volume; nothing, where there is one of this name already.
 *
 * @param template the claim as it was
 */
export async function makeClaim(
  context: ObjectContext,
  template: ClusterObject,
  { volume, id }: { readonly volume: ClusterObject; readonly id: string },
): Promise<void> {
  const { name } = template.metadata;
  const body = claimBody(template, volume, id);
  const endsAtMs = performance.now() + context.times.claimMs;
  for (;;) {
    if ((await claimNamed(context, name)) !== undefined) return;
    try {
      await context.objects.create(claimRef(context, name), body);
      context.report(`Claim ${name} is made again, with volume ${volume.metadata.name}`);
      return;
    } catch (error) {
      // Of two who make it, either will do. And a quota learns late of what has been deleted.
      const mayPass = isStatus(error, 409) || (isQuota(error) && performance.now() < endsAtMs);
      if (!mayPass) throw error;
    }
    await sleep(context.pollMs, undefined, { signal: context.signal });
  }
}

function isQuota(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403 && error.message.includes('exceeded quota');
}

/** The claim as it was, but for its volume and what was noted of the one before. */
function claimBody({ metadata, spec }: ClusterObject, volume: ClusterObject, id: string): ApiObject {
  const { name, namespace = '', labels = {}, annotations = {} } = metadata;
  const kept = Object.entries(annotations).filter(([key]) => !OF_BINDING.has(key));
  const attributes = textAt(volume.spec, 'volumeAttributesClassName');
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels, annotations: { ...Object.fromEntries(kept), [SWAP]: id } },
    spec: {
      accessModes: valueAt(spec, 'accessModes'),
      resources: valueAt(spec, 'resources'),
      volumeMode: textAt(spec, 'volumeMode') || 'Filesystem',
      // Left out, it would become the default class.
      storageClassName: textAt(volume.spec, 'storageClassName'),
      volumeName: volume.metadata.name,
      ...(attributes === '' ? {} : { volumeAttributesClassName: attributes }),
    },
  };
}

/** Waits until a claim and a volume are bound to each other. @throws KnownError `failed` when they will not be */
export async function awaitBound(context: ObjectContext, name: string, volume: ClusterObject): Promise<void> {
  const wanted = volume.metadata.name;
  const isBound = await within(context, context.times.boundMs, async () => {
    const [claim, { spec, status }] = await Promise.all([
      claimNamed(context, name),
      volumeNow(context, volume),
    ]);
    const has = textAt(claim?.spec, 'volumeName');
    if (claim === undefined || (has !== '' && has !== wanted)) {
      const what = claim === undefined ? 'was deleted again' : `has been given volume ${has}`;
      throw new KnownError(
        'failed',
        `Claim ${name} ${what} by somebody else: pause what does that (GitOps, an operator), delete the claim if it is there, and go on`,
      );
    }
    const phases = [claim.status, status].map((one) => textAt(one, 'phase'));
    return (
      phases.every((phase) => phase === 'Bound') && textAt(spec, 'claimRef', 'uid') === claim.metadata.uid
    );
  });
  if (isBound) return;
  throw new KnownError(
    'failed',
    `Claim ${name} is not bound to volume ${wanted} yet: see why with "kubectl describe pvc ${name}", and go on`,
  );
}
