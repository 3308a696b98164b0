import type { Severity } from './drift.ts';

/** Rights, and who has them. */
export const RBAC = of(
  'rbac.authorization.k8s.io',
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
);
/** Who may speak to whom. */
export const NETWORK = [
  ...of('networking.k8s.io', 'networkpolicies'),
  ...of('policy.networking.k8s.io', 'adminnetworkpolicies', 'baselineadminnetworkpolicies'),
  ...of('k8s.ovn.org', 'egressfirewalls', 'egressips', 'adminpolicybasedexternalroutes'),
  ...of('k8s.cni.cncf.io', 'multi-networkpolicies'),
];
/** What sees, changes and refuses requests. */
export const ADMISSION = of(
  'admissionregistration.k8s.io',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
);
/** Who is let in. */
export const IDENTITIES = [
  ...of('config.openshift.io', 'oauths', 'authentications'),
  ...of('oauth.openshift.io', 'oauthclients', 'oauthclientauthorizations'),
  ...of('user.openshift.io', 'users', 'groups', 'identities', 'useridentitymappings'),
];
/** What pods may do on their nodes. */
export const SCC = of('security.openshift.io', 'securitycontextconstraints');
/** To whom rights may be given. */
export const RESTRICTIONS = of('authorization.openshift.io', 'rolebindingrestrictions');
/** The nodes' own configuration. */
export const NODE_CONFIGS = of(
  'machineconfiguration.openshift.io',
  'machineconfigs',
  'kubeletconfigs',
  'containerruntimeconfigs',
);
/** What a project may take. */
export const QUOTAS = ['resourcequotas', 'limitranges', 'clusterresourcequotas.quota.openshift.io'];
/** What leads into the cluster. */
export const ENTRANCES = ['routes.route.openshift.io', 'ingresses.networking.k8s.io'];

/** How much it matters that an object of a type comes or goes, and why. */
export interface ObjectSeverity {
  readonly severity: Severity;
  /** As `oc api-resources -o name` writes them, or every type. */
  readonly types: '*' | readonly string[];
  readonly reason: string;
}

/** The most severe first; the first one that is for a type counts. */
export const OBJECT_SEVERITIES: readonly ObjectSeverity[] = [
  {
    severity: 'critical',
    types: [...RBAC, ...SCC, ...RESTRICTIONS, ...NETWORK, ...ADMISSION, ...IDENTITIES],
    reason: 'who may do what, who is let in, and who may speak to whom',
  },
  {
    severity: 'critical',
    types: ENTRANCES,
    reason: 'what the world reaches',
  },
  { severity: 'high', types: ['namespaces'], reason: 'a whole project' },
  {
    severity: 'high',
    types: ['customresourcedefinitions.apiextensions.k8s.io', 'apiservices.apiregistration.k8s.io'],
    reason: 'all objects of the types come or go with it',
  },
  {
    severity: 'high',
    types: [
      'pods',
      'replicationcontrollers',
      ...of('apps', 'deployments', 'statefulsets', 'daemonsets', 'replicasets'),
      ...of('batch', 'jobs', 'cronjobs'),
      'deploymentconfigs.apps.openshift.io',
    ],
    reason: 'something runs or runs no more',
  },
  {
    severity: 'high',
    types: ['secrets', 'serviceaccounts', 'persistentvolumeclaims', 'persistentvolumes'],
    reason: 'credentials and data',
  },
  {
    severity: 'high',
    types: [...QUOTAS, ...NODE_CONFIGS],
    reason: 'what projects may take, and what runs on the nodes',
  },
  { severity: 'medium', types: '*', reason: 'configuration' },
];

function of(group: string, ...plurals: readonly string[]): string[] {
  return plurals.map((plural) => `${plural}.${group}`);
}
