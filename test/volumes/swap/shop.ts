import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterObjects, ObjectRef } from '../../../src/kubernetes/objects.ts';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import { textAt, valueAt } from '../../../src/volumes/fields.ts';
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts';

const SIZE = { storage: '1Mi' };
const UNTIL_MS = 30_000;

/** What uses the claim: a Deployment of two pods, or a StatefulSet of one, whose claim is its own. */
export type ShopKind = 'Deployment' | 'StatefulSet';

/**
 * A project with an application on the claim, a complete copy of it, and a volume under each that is a real folder.
 * Both have the reclaim policy Delete: once released without Retain, the controller deletes volume and folder.
 */
export interface Shop {
  readonly namespace: string;
  readonly kind: ShopKind;
  readonly claim: string;
  readonly copy: string;
  readonly oldVolume: string;
  readonly newVolume: string;
  readonly replicas: number;
}

/** Makes a project. `folder` must lie under /tmp: the controller deletes nothing elsewhere. */
export async function openShop(
  cluster: Cluster,
  objects: ClusterObjects,
  {
    namespace,
    folder,
    kind,
  }: { readonly namespace: string; readonly folder: string; readonly kind: ShopKind },
): Promise<Shop> {
  const claim = kind === 'Deployment' ? 'data' : 'files-db-0';
  const shop: Shop = {
    namespace,
    kind,
    claim,
    copy: `${claim}-backup`,
    oldVolume: `${namespace}-old`,
    newVolume: `${namespace}-new`,
    replicas: kind === 'Deployment' ? 2 : 1,
  };
  const volumes = await Promise.all(
    [shop.oldVolume, shop.newVolume].map(async (name) => {
      const hostPath = path.join(folder, name);
      await mkdir(hostPath, { recursive: true });
      await writeFile(path.join(hostPath, 'content'), name);
      return volume(name, hostPath);
    }),
  );
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...volumes,
    claimOn(shop, claim, { volume: shop.oldVolume, annotations: { 'example.com/kept': 'yes' } }),
    claimOn(shop, shop.copy, {
      volume: shop.newVolume,
      annotations: { 'openshift-backup.io/copy-state': 'complete', 'openshift-backup.io/copy-of': claim },
    }),
  ]);
  await until(`the claims of ${namespace} are bound`, async () => {
    const claims = await objects.list({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace });
    return claims.filter(({ status }) => status?.['phase'] === 'Bound').length === 2;
  });
  await cluster.apply([application(shop)]);
  await until(`the application of ${namespace} is ready`, async () => {
    const found = await objects.get(workloadRef(shop));
    return valueAt(found?.status, 'readyReplicas') === shop.replicas;
  });
  return shop;
}

/** Stops the application, so that the controllers have less to do. */
export async function closeShop(objects: ClusterObjects, shop: Shop): Promise<void> {
  await objects.remove(workloadRef(shop), { propagation: 'Background' });
}

/** Where the application's workload is. */
export function workloadRef({ namespace, kind }: Pick<Shop, 'namespace' | 'kind'>): ObjectRef {
  const isDeployment = kind === 'Deployment';
  const plural = isDeployment ? 'deployments' : 'statefulsets';
  return { apiVersion: 'apps/v1', plural, namespace, name: isDeployment ? 'web' : 'db' };
}

/** All that a swap changes, in words that are easily compared. */
export async function stateOf(
  objects: ClusterObjects,
  shop: Shop,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { namespace, claim, copy, oldVolume, newVolume } = shop;
  const claimAt = (name: string): Promise<ClusterObject | undefined> =>
    objects.get({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace, name });
  const [first, second, old, next, workload] = await Promise.all([
    claimAt(claim),
    claimAt(copy),
    objects.get({ apiVersion: 'v1', plural: 'persistentvolumes', name: oldVolume }),
    objects.get({ apiVersion: 'v1', plural: 'persistentvolumes', name: newVolume }),
    objects.get(workloadRef(shop)),
  ]);
  return {
    claim: claimText(first),
    copy: claimText(second),
    old: volumeText(old),
    new: volumeText(next),
    replicas: valueAt(workload?.spec, 'replicas'),
    ready: valueAt(workload?.status, 'readyReplicas'),
    note: workload?.metadata.annotations?.['openshift-backup.io/replicas'],
    files: await Promise.all(
      [oldVolume, newVolume].map((name) => readFile(path.join(folder, name, 'content'), 'utf8')),
    ),
  };
}

/** How everything is before a swap, and after its rollback. */
export function unswapped(shop: Shop): Readonly<Record<string, unknown>> {
  return {
    ...alike(shop),
    claim: `Bound to ${shop.oldVolume}`,
    copy: `Bound to ${shop.newVolume}`,
    old: `Bound to ${shop.claim}, Delete`,
    new: `Bound to ${shop.copy}, Delete`,
  };
}

/** How everything is after a swap. */
export function swapped(shop: Shop): Readonly<Record<string, unknown>> {
  return {
    ...alike(shop),
    claim: `Bound to ${shop.newVolume}`,
    copy: 'none',
    old: `Released to ${shop.claim}, Retain, replaced ${shop.claim}`,
    new: `Bound to ${shop.claim}, Delete`,
  };
}

function alike({ replicas, oldVolume, newVolume }: Shop): Readonly<Record<string, unknown>> {
  return { replicas, ready: replicas, note: undefined, files: [oldVolume, newVolume] };
}

function claimText(claim: ClusterObject | undefined): string {
  if (!claim) return 'none';
  return `${textAt(claim.status, 'phase')} to ${textAt(claim.spec, 'volumeName')}`;
}

function volumeText(found: ClusterObject | undefined): string {
  if (!found) return 'none';
  const { status, spec, metadata } = found;
  const replaced = metadata.labels?.['openshift-backup.io/replaced'];
  const mark = replaced === undefined ? '' : `, replaced ${replaced}`;
  const policy = textAt(spec, 'persistentVolumeReclaimPolicy');
  return `${textAt(status, 'phase')} to ${textAt(spec, 'claimRef', 'name')}, ${policy}${mark}`;
}

function volume(name: string, hostPath: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: SIZE,
      accessModes: ['ReadWriteOnce', 'ReadWriteMany'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'by-hand',
      hostPath: { path: hostPath, type: 'Directory' },
    },
  };
}

/** A claim on a volume; on whatever the binder finds, when none is named. */
export function claimOn(
  { namespace }: Pick<Shop, 'namespace'>,
  name: string,
  {
    volume: volumeName,
    annotations = {},
  }: { readonly volume?: string; readonly annotations?: Record<string, string> },
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, annotations, labels: { app: 'shop' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: SIZE },
      storageClassName: 'by-hand',
      ...(volumeName !== undefined && { volumeName }),
    },
  };
}

function application({ namespace, kind, replicas, claim }: Shop): KubernetesObject {
  const labels = { app: kind === 'Deployment' ? 'web' : 'db' };
  const isDeployment = kind === 'Deployment';
  const mounts = [{ name: 'files', mountPath: '/data' }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: labels.app, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'app', image: 'example/app:1', volumeMounts: mounts }],
          ...(isDeployment && { volumes: [{ name: 'files', persistentVolumeClaim: { claimName: claim } }] }),
        },
      },
      ...(!isDeployment && {
        serviceName: 'db',
        volumeClaimTemplates: [
          {
            metadata: { name: 'files' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: SIZE } },
          },
        ],
      }),
    },
  };
}

/**
 * Stands in for the nodes, of which there are none: every pod is said to run and to be ready, until `signal`.
 *
 * @param isReady whether a pod is to become ready
 */
export async function sayReady(
  objects: ClusterObjects,
  signal: AbortSignal,
  isReady: (pod: ClusterObject) => boolean,
): Promise<void> {
  const pods: ObjectRef = { apiVersion: 'v1', plural: 'pods' };
  while (!signal.aborted) {
    const waiting = (await objects.list(pods, { fieldSelector: 'status.phase=Pending' })).filter(isReady);
    await Promise.all(
      waiting.map(async ({ metadata: { namespace = '', name } }) => {
        const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
        const ref = { ...pods, namespace, name, subresource: 'status' };
        // It may be gone by now.
        await objects.patch(ref, { status }, 'merge').catch(() => undefined);
      }),
    );
    await sleep(50);
  }
}

/** Waits for something that the controllers do. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const endsAtMs = performance.now() + UNTIL_MS;
  while (!(await isTrue())) {
    if (performance.now() > endsAtMs) throw new Error(`not so after ${UNTIL_MS} ms: ${what}`);
    await sleep(25);
  }
}
