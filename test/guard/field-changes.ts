import type { MutablePod } from './pods.ts';

/** One change of the allowed pod, and the rule that it breaks. */
export interface FieldChange {
  readonly name: string;
  readonly rule: string;
  readonly change: (pod: MutablePod) => void;
}

const EVIL = `registry.example.com/openshift-backup@sha256:${'e'.repeat(64)}`;
const PROBE = { exec: { command: ['sh', '-c', 'id'] } };

/** Every field that matters, changed alone. Those who may make the pods at all make them. */
export const FIELD_CHANGES: readonly FieldChange[] = [
  row('a name outside the prefix', 'name', ({ metadata }) => (metadata.name = 'web-1')),
  row('a name that names no run', 'name', ({ metadata }) => (metadata.name = 'backuper-copy')),
  row('a name left to the server', 'name', ({ metadata }) => {
    metadata['generateName'] = 'backuper-copy-';
    metadata.name = '';
  }),
  row('another ServiceAccount', 'service-account', ({ spec }) => (spec['serviceAccountName'] = 'default')),
  row('no ServiceAccount', 'service-account', ({ spec }) => delete spec['serviceAccountName']),
  row(
    'another SCC',
    'scc',
    ({ metadata }) => (metadata.annotations['openshift.io/required-scc'] = 'privileged'),
  ),
  row(
    'an SCC with the prefix',
    'scc',
    ({ metadata }) => (metadata.annotations['openshift.io/scc'] = 'backuper-all'),
  ),
  row('a second container', 'one-container', ({ spec }) =>
    spec.containers.push({ ...spec.containers[0], name: 'two' }),
  ),
  row('a second container of its own', 'one-container', ({ spec }) =>
    spec.containers.push({ ...spec.containers[0], name: 'sh', image: EVIL, command: ['sh'] }),
  ),
  row(
    'an init container',
    'one-container',
    ({ spec }) => (spec['initContainers'] = [{ ...spec.containers[0], name: 'init', image: EVIL }]),
  ),
  row(
    'a sidecar',
    'one-container',
    ({ spec }) =>
      (spec['initContainers'] = [{ ...spec.containers[0], name: 'side', restartPolicy: 'Always' }]),
  ),
  row('another name of the container', 'one-container', ({ spec }) => (spec.containers[0].name = 'main')),
  row('another digest', 'image', ({ spec }) => (spec.containers[0].image = EVIL)),
  row(
    'the same image by a tag',
    'image',
    ({ spec }) => (spec.containers[0].image = 'registry.example.com/openshift-backup:latest'),
  ),
  row('an image that only begins alike', 'image', ({ spec }) => (spec.containers[0].image += '0')),
  row('a short name of an image', 'image', ({ spec }) => (spec.containers[0].image = 'dev/backup-evil')),
  row('a shell', 'command', ({ spec }) => (spec.containers[0]['command'] = ['sh', '-c'])),
  row('no command', 'command', ({ spec }) => delete spec.containers[0]['command']),
  row(
    'a word behind the command',
    'command',
    ({ spec }) => (spec.containers[0]['command'] = ['/usr/libexec/backuper', '-x']),
  ),
  row('another folder to begin in', 'command', ({ spec }) => (spec.containers[0]['workingDir'] = '/source')),
  row(
    'a message file over the program',
    'command',
    ({ spec }) => (spec.containers[0]['terminationMessagePath'] = '/usr/libexec/backuper'),
  ),
  row('another task', 'arguments', ({ spec }) => (spec.containers[0].args[0] = 'shell')),
  row('no arguments', 'arguments', ({ spec }) => (spec.containers[0].args = [])),
  row('a way out of the folder', 'arguments', ({ spec }) => spec.containers[0].args.push('sub=../etc')),
  row('an option', 'arguments', ({ spec }) => spec.containers[0].args.push('--rsh=sh')),
  row('a space and a semicolon', 'arguments', ({ spec }) => spec.containers[0].args.push('sub=a; id')),
  row('a line break', 'arguments', ({ spec }) => spec.containers[0].args.push('sub=a\nid')),
  row('a line break at the end', 'arguments', ({ spec }) => spec.containers[0].args.push('sub=a\n')),
  row('an argument of 1025 characters', 'arguments', ({ spec }) =>
    spec.containers[0].args.push('a'.repeat(1025)),
  ),
  row('an empty argument', 'arguments', ({ spec }) => spec.containers[0].args.push('')),
  row(
    'LD_PRELOAD',
    'environment',
    ({ spec }) => (spec.containers[0]['env'] = [{ name: 'LD_PRELOAD', value: '/source/x.so' }]),
  ),
  row(
    'NODE_OPTIONS',
    'environment',
    ({ spec }) => (spec.containers[0]['env'] = [{ name: 'NODE_OPTIONS', value: '--import=/source/x.mjs' }]),
  ),
  row(
    'a Secret in a variable',
    'environment',
    ({ spec }) =>
      (spec.containers[0]['env'] = [
        { name: 'A', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
      ]),
  ),
  row(
    'Secrets as variables',
    'environment',
    ({ spec }) => (spec.containers[0]['envFrom'] = [{ secretRef: { name: 'db' } }]),
  ),
  row('variables of Services', 'environment', ({ spec }) => (spec['enableServiceLinks'] = true)),
  row(
    'a hook after the start',
    'hooks',
    ({ spec }) => (spec.containers[0]['lifecycle'] = { postStart: PROBE }),
  ),
  row('a hook before the end', 'hooks', ({ spec }) => (spec.containers[0]['lifecycle'] = { preStop: PROBE })),
  row('a liveness probe', 'hooks', ({ spec }) => (spec.containers[0]['livenessProbe'] = PROBE)),
  row('a readiness probe', 'hooks', ({ spec }) => (spec.containers[0]['readinessProbe'] = PROBE)),
  row('a startup probe', 'hooks', ({ spec }) => (spec.containers[0]['startupProbe'] = PROBE)),
  row('an open input', 'hooks', ({ spec }) => (spec.containers[0]['stdin'] = true)),
  row('a terminal', 'hooks', ({ spec }) => (spec.containers[0]['tty'] = true)),
  row('a restart after the end', 'lifetime', ({ spec }) => (spec['restartPolicy'] = 'Always')),
  row('no deadline', 'lifetime', ({ spec }) => delete spec['activeDeadlineSeconds']),
  row("the node's files", 'volumes', ({ spec }) =>
    spec.volumes.push({ name: 'host', hostPath: { path: '/' } }),
  ),
  row('a Secret', 'volumes', ({ spec }) => spec.volumes.push({ name: 's', secret: { secretName: 'db' } })),
  row('a token', 'volumes', ({ spec }) =>
    spec.volumes.push({ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
  ),
  row('an NFS server', 'volumes', ({ spec }) =>
    spec.volumes.push({ name: 'n', nfs: { server: 'a', path: '/' } }),
  ),
  row(
    'the source as the target',
    'volumes',
    ({ spec }) => (spec.volumes[1] = { name: 'target', persistentVolumeClaim: { claimName: 'data' } }),
  ),
  row('a block device', 'volumes', ({ spec }) => {
    spec.volumes.push({ name: 'block', persistentVolumeClaim: { claimName: 'block' } });
    spec.containers[0]['volumeDevices'] = [{ name: 'block', devicePath: '/dev/xvda' }];
  }),
  row('a volume over the program', 'mounts', ({ spec }) =>
    spec.containers[0].volumeMounts.push({ name: 'tmp', mountPath: '/usr/libexec' }),
  ),
  row('a volume over /etc', 'mounts', ({ spec }) =>
    spec.containers[0].volumeMounts.push({ name: 'target', mountPath: '/etc' }),
  ),
  row('the source a second time', 'mounts', ({ spec }) =>
    spec.containers[0].volumeMounts.push({ name: 'source', mountPath: '/again' }),
  ),
  row('a folder that the kubelet makes', 'mounts', ({ spec }) => mount(spec, 1, { subPath: 'a' })),
  row('a folder by a variable', 'mounts', ({ spec }) => mount(spec, 1, { subPathExpr: 'a' })),
  row('mounts that come from the node', 'mounts', ({ spec }) =>
    mount(spec, 1, { mountPropagation: 'HostToContainer' }),
  ),
  row('a source that is written to', 'source', ({ spec }) => mount(spec, 0, { readOnly: false })),
  row(
    'a source that the kubelet writes to',
    'source',
    ({ spec }) => (spec.volumes[0] = { name: 'source', persistentVolumeClaim: { claimName: 'data' } }),
  ),
  row('a token by default', 'token', ({ spec }) => delete spec['automountServiceAccountToken']),
  row('a token', 'token', ({ spec }) => (spec['automountServiceAccountToken'] = true)),
  row("the node's network", 'host', ({ spec }) => (spec['hostNetwork'] = true)),
  row("the node's processes", 'host', ({ spec }) => (spec['hostPID'] = true)),
  row("the node's IPC", 'host', ({ spec }) => (spec['hostIPC'] = true)),
  row(
    'a port of the node',
    'host',
    ({ spec }) => (spec.containers[0]['ports'] = [{ containerPort: 80, hostPort: 80 }]),
  ),
  row('a node by its name', 'node', ({ spec }) => (spec['nodeName'] = 'worker-1')),
  row('privileged', 'privileges', ({ spec }) => {
    security(spec, { privileged: true });
    security(spec, { allowPrivilegeEscalation: undefined });
  }),
  row('escalation', 'privileges', ({ spec }) => security(spec, { allowPrivilegeEscalation: true })),
  row('escalation by default', 'privileges', ({ spec }) =>
    security(spec, { allowPrivilegeEscalation: undefined }),
  ),
  row('a root that is written to', 'privileges', ({ spec }) =>
    security(spec, { readOnlyRootFilesystem: false }),
  ),
  row('an unmasked /proc', 'privileges', ({ spec }) => {
    security(spec, { procMount: 'Unmasked' });
    spec['hostUsers'] = false;
  }),
  row('SYS_ADMIN', 'capabilities', ({ spec }) => capability(spec, { add: ['SYS_ADMIN'] })),
  row('DAC_READ_SEARCH', 'capabilities', ({ spec }) =>
    capability(spec, { add: ['CHOWN', 'DAC_READ_SEARCH'] }),
  ),
  row('the usual capabilities', 'capabilities', ({ spec }) => capability(spec, { drop: [] })),
  row('some capabilities dropped', 'capabilities', ({ spec }) =>
    capability(spec, { drop: ['MKNOD', 'KILL'] }),
  ),
  row(
    'no security context',
    'privileges',
    ({ spec }) => delete (spec.containers[0] as { securityContext?: unknown }).securityContext,
  ),
  row(
    'every system call',
    'profiles',
    ({ spec }) => (spec.securityContext['seccompProfile'] = { type: 'Unconfined' }),
  ),
  row('no profile', 'profiles', ({ spec }) => delete spec.securityContext['seccompProfile']),
  row('every system call, for the container', 'profiles', ({ spec }) =>
    security(spec, { seccompProfile: { type: 'Unconfined' } }),
  ),
  row('a profile of the node', 'profiles', ({ spec }) =>
    security(spec, { seccompProfile: { type: 'Localhost', localhostProfile: 'x.json' } }),
  ),
  row('an SELinux type', 'profiles', ({ spec }) => security(spec, { seLinuxOptions: { type: 'spc_t' } })),
  row('no AppArmor', 'profiles', ({ spec }) => security(spec, { appArmorProfile: { type: 'Unconfined' } })),
  row(
    'sysctls',
    'profiles',
    ({ spec }) => (spec.securityContext['sysctls'] = [{ name: 'kernel.shm_rmid_forced', value: '1' }]),
  ),
];

function row(name: string, rule: string, change: (pod: MutablePod) => unknown): FieldChange {
  return { name, rule, change: (pod) => void change(pod) };
}

function mount({ containers }: MutablePod['spec'], index: number, fields: Record<string, unknown>): void {
  Object.assign(containers[0].volumeMounts[index] ?? {}, fields);
}

function security({ containers }: MutablePod['spec'], fields: Record<string, unknown>): void {
  containers[0].securityContext = { ...containers[0].securityContext, ...fields };
}

function capability(spec: MutablePod['spec'], fields: Record<string, unknown>): void {
  const [{ securityContext }] = spec.containers;
  // Another change may have taken it away.
  security(spec, {
    capabilities: { ...(securityContext as typeof securityContext | undefined)?.capabilities, ...fields },
  });
}
