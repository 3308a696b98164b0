import type { BackuperRequest } from '../../src/model/backuper.ts';
import { backuperPod } from '../../src/volumes/run/backuper-pod.ts';
import type { ChosenIdentity } from '../../src/volumes/copy.ts';
import { planned } from '../volumes/plan/made-objects.ts';

/** The image that the guard knows in these tests. */
export const IMAGE = `registry.example.com/openshift-backup@sha256:${'a'.repeat(64)}`;
/** That of the version before. */
export const IMAGE_BEFORE = `registry.example.com/openshift-backup@sha256:${'b'.repeat(64)}`;

const IDENTITIES: readonly ChosenIdentity[] = [
  { tier: 'project', uid: undefined, gid: undefined, capabilities: [], reason: '' },
  { tier: 'project', uid: 1000, gid: 1000, fsGroup: 1000, groups: [1001], capabilities: [], reason: '' },
  { tier: 'owner', uid: 26, gid: 26, groups: [27], capabilities: [], reason: '' },
  { tier: 'root', uid: 0, gid: 0, capabilities: ['DAC_OVERRIDE'], reason: '' },
  { tier: 'root', uid: 0, gid: 0, capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'], reason: '' },
  {
    tier: 'root',
    uid: 0,
    gid: 0,
    capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP'],
    reason: '',
  },
];

const REQUEST: BackuperRequest = {
  task: 'copy',
  identity: 'owner',
  sub: 'uploads/2026 – Fotos',
  into: '',
  mode: 'mirror',
  generation: '',
  expired: [],
  isLive: true,
  mayShrink: false,
  checksum: true,
  bandwidthKiB: 20_480,
};

/** JSON that a test changes as it likes. */
export type Json = Record<string, unknown>;
/** A pod whose parts a test reaches without asking what they are. */
export interface MutablePod {
  apiVersion: string;
  kind: string;
  metadata: Json & { name: string; annotations: Record<string, string> };
  spec: Json & { containers: [Container, ...Container[]]; volumes: Json[]; securityContext: Json };
}
export interface Container extends Json {
  name: string;
  image: string;
  args: string[];
  volumeMounts: Json[];
  securityContext: Json & { capabilities: Json };
}

let count = 0;

/** A run's id that no other pod of this process has. */
export function runId(): string {
  count += 1;
  return `20261121t001500-${count.toString(36).padStart(5, '0')}`;
}

/** The project's own pods, as it makes them: every tier, task and kind of cluster. */
export function ownPods(namespace: string): { readonly name: string; readonly pod: MutablePod }[] {
  return IDENTITIES.flatMap((identity) =>
    (['probe', 'copy', 'verify'] as const).flatMap((task) =>
      [false, true].map((isOpenShift) => ({
        name: `${identity.tier} (${[identity.uid, ...identity.capabilities].join(' ')}), ${task}, ${isOpenShift ? 'OpenShift' : 'Kubernetes'}`,
        pod: ownPod(namespace, { identity, task, isOpenShift }),
      })),
    ),
  );
}

/** One of them. */
export function ownPod(
  namespace: string,
  options: {
    readonly identity?: ChosenIdentity;
    readonly task?: BackuperRequest['task'];
    readonly isOpenShift?: boolean;
    readonly image?: string;
  } = {},
): MutablePod {
  const { identity = IDENTITIES[2], task = 'copy', isOpenShift = false, image = IMAGE } = options;
  if (!identity) throw new Error('there is such an identity');
  const pod = backuperPod({
    plan: planned({}, { namespace: 'shop' }),
    request: { ...REQUEST, task, identity: identity.tier === 'root' ? 'root' : 'owner' },
    identity,
    runId: runId(),
    recordUid: 'b6a8f7d2-0000-4000-8000-00000000000a',
    image,
    isOpenShift,
    memoryMiB: 64,
  });
  const own = {
    ...structuredClone(pod),
    metadata: { ...structuredClone(pod.metadata), namespace },
  } as unknown as MutablePod;
  return isOpenShift ? admitted(own) : own;
}

/** What OpenShift makes of it before anybody validates it. */
function admitted(pod: MutablePod): MutablePod {
  const { metadata, spec } = pod;
  metadata.annotations['openshift.io/scc'] = metadata.annotations['openshift.io/required-scc'] ?? '';
  spec.securityContext['seLinuxOptions'] = { level: 's0:c26,c5' };
  spec.securityContext['fsGroup'] ??= 1_000_690_000;
  spec.containers[0].securityContext['runAsUser'] = spec.securityContext['runAsUser'] ?? 1_000_690_000;
  spec['imagePullSecrets'] = [{ name: 'backuper-dockercfg-x7x2v' }];
  spec['nodeSelector'] = { 'node-role.kubernetes.io/worker': '' };
  return pod;
}
