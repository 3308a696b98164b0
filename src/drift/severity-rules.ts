import type { Severity } from './drift.ts';
import {
  ADMISSION,
  IDENTITIES,
  NETWORK,
  NODE_CONFIGS,
  QUOTAS,
  RBAC,
  RESTRICTIONS,
  SCC,
} from './object-severities.ts';
import { type PathPattern, patternOf } from './path-pattern.ts';

/** How much a change in some fields matters, and why. */
export interface SeverityRule {
  readonly severity: Severity;
  /** As `oc api-resources -o name` writes them, or every type. */
  readonly types: '*' | readonly string[];
  /** Every field but `metadata` without them. */
  readonly paths?: readonly PathPattern[];
  readonly reason: string;
}

const CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'];
/** Where specifications of pods stand: in pods, workloads, CronJobs and PodTemplates. */
const POD_SPECS = ['spec', 'spec.template.spec', 'spec.jobTemplate.spec.template.spec', 'template.spec'];
const METADATA = ['metadata', 'spec.template.metadata', 'spec.jobTemplate.metadata'];

/** The most severe first; the first one that is for a field counts. */
export const SEVERITY_RULES: readonly SeverityRule[] = [
  {
    severity: 'critical',
    types: RBAC,
    paths: patterns('subjects', 'roleRef', 'rules', 'aggregationRule'),
    reason: 'who may do what',
  },
  {
    severity: 'critical',
    types: RBAC,
    paths: patterns('metadata.labels[rbac.authorization.k8s.io/aggregate-to-*]'),
    reason: 'adds the rules to another ClusterRole',
  },
  { severity: 'critical', types: SCC, reason: 'what pods may do on their node' },
  {
    severity: 'critical',
    types: RESTRICTIONS,

    reason: 'to whom rights may be given in a project',
  },
  {
    severity: 'critical',
    types: ['routes.route.openshift.io'],
    paths: patterns(
      'spec.host',
      'spec.subdomain',
      'spec.path',
      'spec.tls',
      'spec.to',
      'spec.alternateBackends',
    ),
    reason: 'what the world reaches, under which name, and how it is encrypted',
  },
  {
    severity: 'critical',
    types: ['ingresses.networking.k8s.io'],
    paths: patterns('spec.rules', 'spec.tls', 'spec.defaultBackend'),
    reason: 'what the world reaches, under which name, and how it is encrypted',
  },
  { severity: 'critical', types: NETWORK, reason: 'who may speak to whom' },
  {
    severity: 'critical',
    types: ADMISSION,

    reason: 'who sees, changes and refuses every request',
  },
  { severity: 'critical', types: IDENTITIES, reason: 'who is let in, and as whom' },
  {
    severity: 'critical',
    types: ['namespaces'],
    paths: patterns(
      'metadata.labels[pod-security.kubernetes.io/*]',
      'metadata.labels[security.openshift.io/*]',
      'metadata.annotations[openshift.io/sa.scc.*]',
      'metadata.annotations[openshift.io/node-selector]',
    ),
    reason: 'what pods of the project may do, as which users, and where',
  },
  {
    severity: 'high',
    types: ['secrets'],
    paths: patterns('data', 'stringData', 'type'),
    reason: 'a password, key or token is another one',
  },
  { severity: 'high', types: '*', paths: inContainers('image'), reason: 'other software runs' },
  {
    severity: 'high',
    types: '*',
    paths: inContainers('env', 'envFrom'),
    reason: 'the software is set up in another way',
  },
  {
    severity: 'high',
    types: '*',
    paths: inContainers('command', 'args', 'lifecycle'),
    reason: 'something else is run',
  },
  {
    severity: 'high',
    types: '*',
    paths: [
      ...inContainers('securityContext'),
      ...inPods('securityContext', 'hostNetwork', 'hostPID', 'hostIPC', 'hostUsers'),
    ],
    reason: 'what the processes may do on their node',
  },
  {
    severity: 'high',
    types: '*',
    paths: inPods('serviceAccountName', 'serviceAccount', 'automountServiceAccountToken'),
    reason: 'with whose rights the pods run',
  },
  {
    severity: 'high',
    types: '*',
    paths: [...inContainers('resources'), ...inPods('resources')],
    reason: 'how much the pods get and may take',
  },
  {
    severity: 'high',
    types: ['persistentvolumeclaims', 'persistentvolumes'],
    paths: patterns(
      'spec.volumeName',
      'spec.claimRef',
      'spec.csi',
      'spec.nfs',
      'spec.persistentVolumeReclaimPolicy',
    ),
    reason: 'which data it is, and whether it is kept',
  },
  {
    severity: 'high',
    types: '*',
    paths: [...inPods('volumes'), ...inContainers('volumeMounts', 'volumeDevices')],
    reason: 'which data, settings and secrets the pods see',
  },
  {
    severity: 'high',
    types: QUOTAS,
    paths: patterns('spec'),
    reason: 'how much a project may take',
  },
  {
    severity: 'high',
    types: NODE_CONFIGS,
    paths: patterns('spec'),
    reason: 'what runs on the nodes themselves',
  },
  { severity: 'medium', types: '*', paths: patterns('spec.replicas'), reason: 'how many pods there are' },
  {
    severity: 'medium',
    types: ['services'],
    paths: patterns('spec.ports', 'spec.selector', 'spec.type', 'spec.externalName', 'spec.externalIPs'),
    reason: 'what is reached in the cluster, and from where',
  },
  {
    severity: 'medium',
    types: ['customresourcedefinitions.apiextensions.k8s.io'],
    paths: patterns('spec'),
    reason: 'how other objects may look',
  },
  {
    severity: 'low',
    types: '*',
    paths: METADATA.flatMap((at) => patterns(`${at}.labels`, `${at}.annotations`)),
    reason: 'labels and annotations, of which few do anything by themselves',
  },
  {
    severity: 'low',
    types: '*',
    paths: patterns('metadata'),
    reason: 'says nothing of what the object does',
  },
  { severity: 'medium', types: '*', reason: 'configuration' },
];

function patterns(...texts: readonly string[]): PathPattern[] {
  return texts.map(patternOf);
}

function inPods(...fields: readonly string[]): PathPattern[] {
  return POD_SPECS.flatMap((spec) => patterns(...fields.map((field) => `${spec}.${field}`)));
}

function inContainers(...fields: readonly string[]): PathPattern[] {
  return CONTAINERS.flatMap((list) => inPods(...fields.map((field) => `${list}[*].${field}`)));
}
