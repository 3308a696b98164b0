import { isStatus } from '../../kubernetes/objects.ts';
import { KnownError } from '../../model/known-error.ts';
import { PREFIX } from '../annotations.ts';
import type { ClusterObject } from '../copy.ts';
import { fieldsOf, textAt, valueAt } from '../fields.ts';
import {
  assertRetained,
  claimNamed,
  claimRef,
  type ObjectContext,
  volumeNow,
  volumeRef,
} from './swap-objects.ts';
import { SWAP } from './swap-record.ts';

/** On a volume that a swap holds: the reclaim policy that it had. */
export const RECLAIM_POLICY = `${PREFIX}reclaim-policy`;
/** A label on a volume that has been replaced: the name of the claim that had it, cut to what a label can hold. */
export const REPLACED = `${PREFIX}replaced`;

const LABEL_CHARACTERS_MAX = 63;
const CONFLICTS_MAX = 10;

/** Makes sure that a volume outlives its claim: it is given the policy Retain, and read again. */
export async function retain(context: ObjectContext, volume: ClusterObject): Promise<void> {
  await changeVolume(context, volume, ({ spec, metadata }) => {
    const policy = textAt(spec, 'persistentVolumeReclaimPolicy');
    if (policy === 'Retain') return undefined;
    const annotations = { [RECLAIM_POLICY]: metadata.annotations?.[RECLAIM_POLICY] ?? policy };
    return { metadata: { annotations }, spec: { persistentVolumeReclaimPolicy: 'Retain' } };
  });
  await assertRetained(context, volume);
}

/**
 * Lets a volume be bound to the claim of this name only, whoever makes it and whether it exists yet: the reference
 * gets no uid (https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/controller/volume/persistentvolume/pv_controller.go#L587).
 * Emptied altogether, any claim that waits could take the volume.
 *
 * @throws KnownError `failed` while the volume's present claim exists
 */
export async function reserve(context: ObjectContext, volume: ClusterObject, name: string): Promise<void> {
  const { namespace } = context;
  await changeVolume(context, volume, async ({ spec, metadata }) => {
    const reference = fieldsOf(valueAt(spec, 'claimRef'));
    const isFor = reference['name'] === name && reference['namespace'] === namespace;
    if (isFor && reference['uid'] === undefined) return undefined;
    if (await isAlive(context, reference)) {
      if (isFor) return undefined;
      throw new KnownError(
        'failed',
        `Volume ${metadata.name} is bound to claim ${textAt(reference, 'namespace')}/${textAt(reference, 'name')}, which exists: delete that claim, and go on`,
      );
    }
    const wanted = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
    return {
      metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': null } },
      spec: { claimRef: { ...wanted, uid: null, resourceVersion: null } },
    };
  });
}

async function isAlive(
  context: ObjectContext,
  reference: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const [name, namespace, uid] = ['name', 'namespace', 'uid'].map((key) => textAt(reference, key));
  if (!name || !namespace || !uid) return false;
  const claim = await context.objects.get({ ...claimRef(context, name), namespace });
  return claim?.metadata.uid === uid;
}

/** Gives a volume the policy back that it had, once it is bound to this claim, and takes the marks of a swap off. */
export async function restorePolicy(
  context: ObjectContext,
  volume: ClusterObject,
  name: string,
): Promise<void> {
  const policy = textAt(volume.spec, 'persistentVolumeReclaimPolicy');
  await changeVolume(context, volume, async ({ spec, status, metadata }) => {
    const claim = await claimNamed(context, name);
    const isBound = textAt(spec, 'claimRef', 'uid') === claim?.metadata.uid && claim !== undefined;
    // A volume that is Released would be deleted at once.
    if (!isBound || textAt(status, 'phase') !== 'Bound') {
      throw new KnownError(
        'failed',
        `Volume ${metadata.name} is not bound to ${name}: its policy stays Retain`,
      );
    }
    return {
      metadata: { annotations: { [RECLAIM_POLICY]: null }, labels: { [REPLACED]: null, [SWAP]: null } },
      spec: { persistentVolumeReclaimPolicy: policy },
    };
  });
}

/** Marks a volume that has no claim any more, so that it is found again. */
export async function markReplaced(
  context: ObjectContext,
  volume: ClusterObject,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<void> {
  const value = name.slice(0, LABEL_CHARACTERS_MAX).replace(/[-.]+$/u, '');
  await changeVolume(context, volume, () => ({ metadata: { labels: { [REPLACED]: value, [SWAP]: id } } }));
}

/** Changes a volume if nobody else has meanwhile; the binder often does. */
async function changeVolume(
  context: ObjectContext,
  volume: ClusterObject,
  change: (found: ClusterObject) => object | undefined | Promise<object | undefined>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await volumeNow(context, volume);
    const body = await change(found);
    if (body === undefined) return;
    const { resourceVersion } = found.metadata;
    const metadata = { ...fieldsOf(valueAt(body, 'metadata')), resourceVersion };
    try {
      await context.objects.patch(volumeRef(volume.metadata.name), { ...body, metadata }, 'merge');
      return;
    } catch (error) {
      if (!isStatus(error, 409) || attempt === CONFLICTS_MAX) throw error;
    }
  }
}
