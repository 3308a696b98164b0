import fc from 'fast-check';
import { FIELD_CHANGES } from './field-changes.ts';
import { PROJECT, type Who } from './guard-cluster.ts';
import { IMAGE_BEFORE, type Json, type MutablePod, ownPod, ownPods } from './pods.ts';

/** A pod that somebody makes. */
export interface MadePod {
  readonly who: Who;
  readonly pod: MutablePod;
}

const OWN = ownPods(PROJECT).map(({ pod }) => pod);
const SCCS = [
  'restricted-v2',
  'nonroot-v2',
  'backuper-root',
  'backuper-',
  'anyuid',
  'privileged',
  '',
] as const;
const NAMES = ['web', 'backuper', 'backuper-x', 'my-backuper-1', 'backup-er', 'backuperx'] as const;

/** Pods around the border between what is allowed and what isn't: the own ones with some changes, and ordinary ones. */
const POD: fc.Arbitrary<MadePod> = fc
  .record({
    who: fc.oneof(
      { weight: 8, arbitrary: fc.constant<Who>('backup') },
      { weight: 4, arbitrary: fc.constantFrom<Who>('masters', 'edit', 'admin', 'identity') },
    ),
    own: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...OWN) },
      { weight: 2, arbitrary: fc.constant(undefined) },
    ),
    changes: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(fc.constantFrom(...FIELD_CHANGES), { minLength: 1, maxLength: 2 }) },
    ),
    isBefore: fc.boolean(),
    scc: rarely(fc.constantFrom(...SCCS)),
    name: rarely(fc.constantFrom(...NAMES)),
    account: rarely(fc.constantFrom('backuper', 'backuper2', 'default')),
  })
  .map(({ who, own, changes, isBefore, scc, name, account }) => {
    const pod = own === undefined ? ordinaryPod() : structuredClone(own);
    if (own !== undefined) pod.metadata.name = ownPod(PROJECT).metadata.name;
    if (isBefore && own !== undefined) pod.spec.containers[0].image = IMAGE_BEFORE;
    if (scc !== null) pod.metadata.annotations['openshift.io/scc'] = scc;
    if (name !== null) pod.metadata.name = name;
    if (account !== null) pod.spec['serviceAccountName'] = account;
    for (const { change } of changes) change(pod);
    return { who, pod };
  });

/** So many of them; the same ones for the same seed. */
export function madePods(count: number, seed: number): MadePod[] {
  return fc.sample(POD, { numRuns: count, seed });
}

function ordinaryPod(): MutablePod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: PROJECT, annotations: {} },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'nginx',
          args: [],
          volumeMounts: [{}, {}].map((_, index) => ({ name: `v${index}`, mountPath: `/v${index}` })),
          securityContext: { capabilities: {} },
        },
      ],
      volumes: [0, 1].map((index) => ({ name: `v${index}`, emptyDir: {} })),
      securityContext: {},
    },
  };
}

function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

const NAME = fc.constantFrom(
  'web',
  'db-0',
  'my-backuper-1',
  'backuped-x',
  'b',
  'backup-copy',
  'openshift-backup-x',
);
const VOLUME = fc.constantFrom<Json>(
  { emptyDir: {} },
  { hostPath: { path: '/var/log' } },
  { secret: { secretName: 'backuper-secret' } },
  { configMap: { name: 'backuper' } },
  { persistentVolumeClaim: { claimName: 'data' } },
  { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
  { nfs: { server: 'nas', path: '/' } },
  { csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true } },
);
const CONTAINER = fc.record(
  {
    image: fc.constantFrom('nginx', 'registry.example.com/openshift-backup:latest', 'quay.io/a/b:c'),
    command: fc.constantFrom(['sh', '-c', 'id'], ['/usr/libexec/backuper']),
    env: fc.constantFrom<Json[]>([{ name: 'LD_PRELOAD', value: '/x' }], []),
    ports: fc.constantFrom([{ containerPort: 8080 }]),
    lifecycle: fc.constantFrom({ preStop: { exec: { command: ['true'] } } }),
    readinessProbe: fc.constantFrom({ httpGet: { path: '/', port: 80 } }),
    securityContext: fc.constantFrom<Json>(
      {},
      { privileged: true },
      { capabilities: { add: ['SYS_ADMIN'] } },
      { runAsUser: 0 },
      { seLinuxOptions: { type: 'spc_t' } },
    ),
    stdin: fc.boolean(),
  },
  { requiredKeys: ['image'] },
);
const SPEC = fc
  .record(
    {
      containers: fc.array(CONTAINER, { minLength: 1, maxLength: 4 }),
      initContainers: fc.array(
        CONTAINER.map(({ image }) => ({ image })),
        { maxLength: 2 },
      ),
      volumes: fc.array(VOLUME, { maxLength: 3 }),
      serviceAccountName: fc.constantFrom('default', 'backuper2', 'my-backuper', 'builder'),
      hostNetwork: fc.boolean(),
      hostPID: fc.boolean(),
      nodeName: fc.constantFrom('worker-1'),
      automountServiceAccountToken: fc.boolean(),
      tolerations: fc.constantFrom([{ operator: 'Exists' }]),
      priority: fc.constant(undefined),
      securityContext: fc.constantFrom<Json>({}, { runAsUser: 0 }, { fsGroup: 1 }),
    },
    { requiredKeys: ['containers'] },
  )
  .map((spec) => ({
    ...spec,
    containers: named(spec.containers, 'c', spec.hostNetwork === true),
    ...(spec.initContainers && { initContainers: named(spec.initContainers, 'i', false) }),
    ...(spec.volumes && { volumes: named(spec.volumes, 'v', false) }),
  }));
const METADATA = fc.record(
  {
    name: NAME,
    labels: fc.constantFrom<Json>({}, { 'app.kubernetes.io/name': 'backuper' }),
    annotations: fc.constantFrom<Json>(
      {},
      { 'openshift.io/scc': 'restricted-v2' },
      { 'openshift.io/required-scc': 'anyuid' },
      { 'openshift-backup.io/run': 'backuper-x' },
    ),
  },
  { requiredKeys: ['name'] },
);
const ORDINARY = fc
  .record({
    kind: fc.constantFrom(
      'Pod',
      'Pod',
      'Deployment',
      'StatefulSet',
      'DaemonSet',
      'ReplicaSet',
      'Job',
      'CronJob',
    ),
    metadata: METADATA,
    spec: SPEC,
    template: METADATA,
  })
  .map(({ kind, metadata, spec, template }) => ({
    path: `${kind === 'Pod' ? '/api/v1' : `/apis/${apiOf(kind)}`}/namespaces/${PROJECT}/${kind.toLowerCase()}s`,
    body: {
      apiVersion: apiOf(kind),
      kind,
      metadata,
      spec: kind === 'Pod' ? spec : workloadSpec(kind, spec, template),
    },
  }));

/** Objects that are none of the guard's business, however much they look like it; the path and the object. */
export function ordinaryObjects(
  count: number,
  seed: number,
): { readonly path: string; readonly body: Json }[] {
  return fc.sample(ORDINARY, { numRuns: count, seed });
}

function apiOf(kind: string): string {
  if (kind === 'Pod') return 'v1';
  return kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1';
}

function workloadSpec(kind: string, spec: Json, metadata: Json): Json {
  const labels = { app: 'ordinary' };
  const isJob = kind === 'Job' || kind === 'CronJob';
  const { annotations } = metadata;
  const template = {
    metadata: { labels, annotations },
    spec: { ...spec, ...(isJob && { restartPolicy: 'Never' }) },
  };
  if (kind === 'CronJob') return { schedule: '0 0 * * *', jobTemplate: { spec: { template } } };
  if (kind === 'Job') return { template };
  return {
    selector: { matchLabels: labels },
    template,
    ...(kind === 'StatefulSet' && { serviceName: 'ordinary' }),
  };
}

function named(list: readonly object[], prefix: string, isOnHost: boolean): object[] {
  return list.map((one, index) => ({
    ...one,
    name: `${prefix}${index}`,
    // On the host's network two containers can't have one port.
    ...(isOnHost && { ports: [] }),
  }));
}
