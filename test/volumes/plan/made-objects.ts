import type { SideFacts, BackuperReport } from '../../../src/model/backuper.ts';
import {
  type ClusterObject,
  type CopyFacts,
  type CopyPlan,
  type CopyRequest,
  type Declined,
  USUAL_COPY,
} from '../../../src/volumes/copy.ts';
import { planCopy } from '../../../src/volumes/plan/plan-copy.ts';

/** Objects as a server sends them, of a project `shop` with a database on the node `worker-1`. */
export const REQUEST: CopyRequest = {
  namespace: 'shop',
  source: 'data',
  target: 'data-backup',
  ...USUAL_COPY,
};

export function namespace(
  labels: Record<string, string> = {},
  annotations: Record<string, string> = {},
): ClusterObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop',
      uid: 'b6a8f7d2-0000-4000-8000-000000000001',
      labels: { 'kubernetes.io/metadata.name': 'shop', ...labels },
      annotations,
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

export interface ClaimOptions {
  readonly modes?: readonly string[];
  readonly size?: string;
  readonly storageClass?: string | undefined;
  readonly volumeMode?: string;
  readonly phase?: string;
  readonly deleted?: boolean;
}

export function claim(name: string, options: ClaimOptions = {}): ClusterObject {
  const { modes = ['ReadWriteOnce'], size = '10Gi', storageClass = 'fast', phase = 'Bound' } = options;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-of-${name}`,
      annotations: { 'volume.kubernetes.io/storage-provisioner': 'ebs.csi.aws.com' },
      ...(options.deleted === true ? { deletionTimestamp: '2026-11-21T00:00:00Z' } : {}),
    },
    spec: {
      accessModes: [...modes],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      volumeMode: options.volumeMode ?? 'Filesystem',
      ...(phase === 'Pending' ? {} : { volumeName: `pv-of-${name}` }),
    },
    status: phase === 'Pending' ? { phase } : { phase, accessModes: [...modes], capacity: { storage: size } },
  };
}

export function volume(name: string, spec: Record<string, unknown> = {}): ClusterObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      uid: `uid-of-${name}`,
      annotations: { 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' },
    },
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: `${name}.csi.example.com`, volumeHandle: `vol-${name}` },
      ...spec,
    },
    status: { phase: 'Bound' },
  };
}

export function zoned(...zones: string[]): Record<string, unknown> {
  return {
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression(ZONE, zones)] }] } },
  };
}

export const ZONE = 'topology.kubernetes.io/zone';
export const HOSTNAME = 'kubernetes.io/hostname';

export function onHost(name: string): Record<string, unknown> {
  const matchExpressions = [expression(HOSTNAME, [name])];
  return {
    local: { path: '/mnt/disk' },
    csi: undefined,
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
}

function expression(key: string, values: string[]): Record<string, unknown> {
  return { key, operator: 'In', values };
}

export function node(
  name: string,
  zone: string,
  spec: Record<string, unknown> = {},
  isReady = true,
): ClusterObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `uid-of-${name}`,
      labels: { [ZONE]: zone, [HOSTNAME]: name, 'kubernetes.io/os': 'linux' },
    },
    spec,
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }] },
  };
}

export interface PodOptions {
  readonly claim?: string;
  readonly node?: string;
  readonly phase?: string;
  readonly isClaimReadOnly?: boolean;
  readonly isMountReadOnly?: boolean;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid?: string };
  readonly tolerations?: readonly unknown[];
  readonly podSecurity?: Record<string, unknown>;
  readonly containerSecurity?: Record<string, unknown>;
}

export function pod(name: string, options: PodOptions = {}): ClusterObject {
  const { node: nodeName = 'worker-1', phase = 'Running', owner } = options;
  const claimName = options.claim ?? 'data';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-of-${name}`,
      labels: { app: 'db', ...options.labels },
      annotations: { ...options.annotations },
      ...(owner && {
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: owner.kind,
            name: owner.name,
            uid: owner.uid ?? `uid-of-${owner.name}`,
            controller: true,
          },
        ],
      }),
    },
    spec: {
      ...(nodeName === '' ? {} : { nodeName }),
      securityContext: { ...options.podSecurity },
      tolerations: [
        {
          key: 'node.kubernetes.io/not-ready',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        },
        ...(options.tolerations ?? []),
      ],
      containers: [
        {
          name: 'db',
          image: 'postgres:17',
          securityContext: { ...options.containerSecurity },
          volumeMounts: [
            {
              name: 'storage',
              mountPath: '/var/lib/postgresql',
              ...(options.isMountReadOnly === true ? { readOnly: true } : {}),
            },
          ],
        },
      ],
      volumes: [
        {
          name: 'storage',
          persistentVolumeClaim: {
            claimName,
            ...(options.isClaimReadOnly === true ? { readOnly: true } : {}),
          },
        },
        { name: 'settings', configMap: { name: 'settings' } },
      ],
    },
    status: { phase, conditions: [] },
  };
}

export function backuperPodOn(claimName: string): ClusterObject {
  const labels = { 'app.kubernetes.io/name': 'backuper', 'app.kubernetes.io/managed-by': 'openshift-backup' };
  return pod('backuper-copy-20261121t001500-abcde', { claim: claimName, node: 'worker-2', labels });
}

/** A storage class that binds when the first pod comes. */
export function waitingClass(spec: Record<string, unknown> = {}): ClusterObject {
  const own = {
    provisioner: 'ebs.csi.aws.com',
    volumeBindingMode: 'WaitForFirstConsumer',
    reclaimPolicy: 'Retain',
  };
  const about = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast' } };
  return { ...about, ...own, ...spec };
}

export const FACTS: CopyFacts = {
  namespace: namespace(),
  source: claim('data'),
  target: claim('data-backup', { storageClass: 'slow' }),
  sourceVolume: volume('pv-of-data'),
  targetVolume: volume('pv-of-data-backup'),
  targetClass: waitingClass(),
  pods: [],
  nodes: [node('worker-1', 'a'), node('worker-2', 'a'), node('worker-3', 'b')],
  attachments: [],
  isOptedIn: true,
  isOpenShift: false,
};

/** A plan that must be one. */
export function planned(facts: Partial<CopyFacts> = {}, request: Partial<CopyRequest> = {}): CopyPlan {
  const plan = planCopy({ ...REQUEST, ...request }, { ...FACTS, ...facts });
  if (plan.kind !== 'copy') throw new Error(`${plan.reason}: ${plan.message}`);
  return plan;
}

/** A plan that must not be one. */
export function refused(facts: Partial<CopyFacts>, request: Partial<CopyRequest> = {}): Declined {
  const plan = planCopy({ ...REQUEST, ...request }, { ...FACTS, ...facts });
  if (plan.kind !== 'declined') throw new Error(`is planned: ${JSON.stringify(plan.notes)}`);
  return plan;
}

const GIB = 1024 ** 3;

export function side(facts: Partial<SideFacts> = {}): SideFacts {
  return {
    entryCount: 100,
    fileCount: 80,
    folderCount: 20,
    linkCount: 0,
    specialCount: 0,
    deviceCount: 0,
    sizeBytes: GIB,
    allocatedBytes: GIB,
    hardLinkCount: 0,
    setIdCount: 0,
    aclCount: 0,
    xattrCount: 0,
    unreadableCount: 0,
    unreadable: [],
    owners: [{ uid: 999, gid: 999, entryCount: 100 }],
    ownerCount: facts.owners?.length ?? 1,
    root: { uid: 999, gid: 999, mode: 0o755 },
    fileSystem: 'ext4',
    totalBytes: 10 * GIB,
    freeBytes: 9 * GIB,
    freeInodes: 600_000,
    ...facts,
  };
}

export function emptySide(facts: Partial<SideFacts> = {}): SideFacts {
  const root = { uid: 0, gid: 0, mode: 0o755 };
  return side({
    entryCount: 0,
    fileCount: 0,
    folderCount: 0,
    sizeBytes: 0,
    allocatedBytes: 0,
    owners: [],
    ownerCount: 0,
    root,
    ...facts,
  });
}

export function probed(uid: number, source: SideFacts, target = emptySide()): BackuperReport {
  return {
    task: 'probe',
    outcome: 'done',
    message: 'Counted both sides',
    durationMs: 1200,
    warnings: [],
    errors: [],
    identity: { uid, gid: uid, capEff: '0000000000000000', rsync: '3.5.0' },
    source,
    target,
  };
}
