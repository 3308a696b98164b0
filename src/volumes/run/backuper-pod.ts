import { argumentsOf } from '../../model/backuper-arguments.ts';
import { BACKUPER_COMMAND, type BackuperRequest, SOURCE_PATH, TARGET_PATH } from '../../model/backuper.ts';
import type { ChosenIdentity, ClusterObject, CopyPlan, Tier } from '../copy.ts';

/** What a BackupEr pod is made from. */
export interface BackuperPodInput {
  readonly plan: CopyPlan;
  readonly request: BackuperRequest;
  readonly identity: ChosenIdentity;
  readonly runId: string;
  /** Of the ConfigMap `backuper-run-<id>`, with which the pod goes. */
  readonly recordUid: string;
  readonly image: string;
  readonly isOpenShift: boolean;
  readonly memoryMiB: number;
}

/** For the program to tell how far it has come. */
const GRACE_SECONDS = 60;

/** One that must be there, so that no other admits the pod with more than it needs. */
const REQUIRED_SCC: Readonly<Record<Tier, string>> = {
  project: 'restricted-v2',
  owner: 'nonroot-v2',
  root: 'backuper-root',
};

/**
 * The pod that does one task. It has no rights, no network names, no writable file system but `/tmp` and, for a
 * copy, the target; the source is read-only for the kubelet too, so that it changes no owners and labels there
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/volume/csi/csi_mounter.go).
 *
 * @throws Error for a request that the arguments can't say
 */
export function backuperPod(input: BackuperPodInput): ClusterObject {
  const { plan, request, identity, runId, recordUid, isOpenShift } = input;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `backuper-${request.task}-${runId}`,
      namespace: plan.request.namespace,
      labels: {
        'app.kubernetes.io/name': 'backuper',
        'app.kubernetes.io/managed-by': 'openshift-backup',
        'openshift-backup.io/run': runId,
      },
      annotations: {
        'sidecar.istio.io/inject': 'false',
        ...(isOpenShift ? { 'openshift.io/required-scc': REQUIRED_SCC[identity.tier] } : {}),
      },
      // Without blockOwnerDeletion, which on OpenShift needs a right more.
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: `backuper-run-${runId}`, uid: recordUid },
      ],
    },
    spec: podSpec(input),
  };
}

function podSpec(input: BackuperPodInput): Readonly<Record<string, unknown>> {
  const { plan, request, identity } = input;
  const { source, target, node, tolerations } = plan;
  return {
    restartPolicy: 'Never',
    serviceAccountName: 'backuper',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    activeDeadlineSeconds: Math.max(1, Math.floor(plan.request.deadlineSeconds)),
    securityContext: podSecurity(identity),
    ...(node === undefined ? {} : { affinity: { nodeAffinity: onNode(node) } }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    containers: [container(input)],
    volumes: [
      { name: 'source', persistentVolumeClaim: { claimName: source.name, readOnly: true } },
      {
        name: 'target',
        persistentVolumeClaim: { claimName: target.name, readOnly: isReader(request) },
      },
      { name: 'tmp', emptyDir: {} },
    ],
  };
}

function container({ request, identity, image, memoryMiB }: BackuperPodInput): object {
  const memory = `${memoryMiB}Mi`;
  return {
    name: 'backuper',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [BACKUPER_COMMAND],
    args: argumentsOf(request),
    // No limit of CPU: a copy that is held back only takes longer.
    resources: { requests: { cpu: '50m', memory }, limits: { memory } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: {
        drop: ['ALL'],
        ...(identity.tier === 'root' ? { add: [...identity.capabilities] } : {}),
      },
    },
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: 'source', mountPath: SOURCE_PATH, readOnly: true },
      { name: 'target', mountPath: TARGET_PATH, readOnly: isReader(request) },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** Without a user where the project's SCC chooses one; root belongs to no group that would change the volumes. */
function podSecurity({ tier, uid, gid, groups = [], fsGroup }: ChosenIdentity): object {
  const users = {
    ...(uid === undefined ? {} : { runAsUser: uid }),
    ...(gid === undefined ? {} : { runAsGroup: gid }),
    runAsNonRoot: tier !== 'root',
    seccompProfile: { type: 'RuntimeDefault' },
  };
  if (tier === 'root') return users;
  return {
    ...users,
    ...(groups.length === 0 ? {} : { supplementalGroups: [...groups] }),
    ...(fsGroup === undefined ? {} : { fsGroup }),
    // An SCC may give the pod a group; all entries are only looked at when the root has another one.
    fsGroupChangePolicy: 'OnRootMismatch',
  };
}

/** By the name of the node, which its label `kubernetes.io/hostname` need not be; `nodeName` would pass the scheduler by, and no claim would be bound. */
function onNode(node: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } };
}

function isReader({ task }: BackuperRequest): boolean {
  return task !== 'copy';
}
