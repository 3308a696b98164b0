import type { ClusterObject } from '../../../src/volumes/copy.ts';

/** A pod that runs and mounts the claim `data`, as the server would show it. */
export interface PodShape {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly phase?: string;
  readonly owner?: Owner | null;
  readonly isGoing?: boolean;
  readonly claim?: string;
}

/** Who makes an object anew. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** The uid of an object that these functions make. */
export function uidOf({ kind, name }: Owner): string {
  return `uid-${kind}-${name}`;
}

export function pod(shape: PodShape = {}): ClusterObject {
  const { name = 'web-1', annotations = {}, labels = {}, phase = 'Running', claim = 'data' } = shape;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      annotations,
      labels,
      uid: `uid-${name}`,
      ...(shape.isGoing === true && { deletionTimestamp: '2026-11-21T00:00:00Z' }),
      ...ownedBy(shape.owner ?? null),
    },
    spec: {
      volumes: [
        { name: 'cache', emptyDir: {} },
        { name: 'files', persistentVolumeClaim: { claimName: claim } },
        { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
      ],
      initContainers: [
        { name: 'prepare', volumeMounts: [{ name: 'files', mountPath: '/data' }] },
        { name: 'sidecar', restartPolicy: 'Always' },
      ],
      containers: [
        { name: 'proxy', volumeMounts: [{ name: 'cache', mountPath: '/cache' }] },
        { name: 'app', volumeMounts: [{ name: 'files', mountPath: '/data' }] },
      ],
    },
    status: { phase },
  };
}

/** A workload of `replicas` (default 1) whose template mounts `claim`, if one is named. */
export function workload(
  kind: string,
  name: string,
  shape: {
    readonly replicas?: number;
    readonly claim?: string;
    readonly owner?: Owner | null;
    readonly spec?: object;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): ClusterObject {
  const volumes =
    shape.claim === undefined ? [] : [{ name: 'v', persistentVolumeClaim: { claimName: shape.claim } }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: {
      name,
      uid: uidOf({ kind, name }),
      annotations: shape.annotations ?? {},
      ...ownedBy(shape.owner ?? null),
    },
    spec: { replicas: shape.replicas ?? 1, template: { spec: { volumes } }, ...shape.spec },
  };
}

function ownedBy(owner: Owner | null): object {
  if (owner === null) return {};
  return { ownerReferences: [{ apiVersion: 'any/v1', ...owner, uid: uidOf(owner), controller: true }] };
}
