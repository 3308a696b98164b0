import { annotation, EACH, type FieldRule, type RuleGroup } from './rule.ts';
import { urlSecret } from './secret-url.ts';
import { SOURCE } from './sources.ts';

const ROUTES = ['routes.route.openshift.io'];
const OAUTH_CLIENTS = ['oauthclients.oauth.openshift.io'];
const IMAGE_REGISTRIES = ['configs.imageregistry.operator.openshift.io'];
const MACHINE_CONFIGS = ['machineconfigs.machineconfiguration.openshift.io'];

/** Types that have OperatorSpec in their spec. */
const OPERATORS = [
  ...[
    'authentications',
    'cloudcredentials',
    'clustercsidrivers',
    'configs',
    'consoles',
    'csisnapshotcontrollers',
    'etcds',
    'insightsoperators',
    'kubeapiservers',
    'kubecontrollermanagers',
    'kubeschedulers',
    'kubestorageversionmigrators',
    'machineconfigurations',
    'networks',
    'olms',
    'openshiftapiservers',
    'openshiftcontrollermanagers',
    'servicecas',
    'storages',
  ].map((plural) => `${plural}.operator.openshift.io`),
  ...IMAGE_REGISTRIES,
];
/** Types that cluster operators apply, and remember by a hash what they applied. */
const OPERANDS = [
  'deployments.apps',
  'daemonsets.apps',
  'storageclasses.storage.k8s.io',
  'csidrivers.storage.k8s.io',
  'poddisruptionbudgets.policy',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
];

const HOST_GENERATED = annotation('openshift.io/host.generated');
const HOST_ASSIGNMENT = `${SOURCE.libraryGo}/pkg/route/hostassignment/assignment.go#L19`;
const MACHINE_CONFIG = `${SOURCE.openshiftApi}/machineconfiguration/v1/types.go#L339`;
const PROXY_FIELDS = ['httpProxy', 'httpsProxy'];

/** Routes, users and their clients, the cluster's configuration, its operators and its machines. */
export const OPENSHIFT_RULES: RuleGroup = {
  prune: [
    {
      id: 'group-sync-time',
      types: ['groups.user.openshift.io'],
      path: annotation('openshift.io/ldap.sync-time'),
      reason: 'when the group was last compared with the directory',
      source: `${SOURCE.oc}/pkg/helpers/groupsync/consts.go#L15`,
    },
    {
      id: 'observed-config',
      types: OPERATORS,
      path: ['spec', 'observedConfig'],
      isParentKept: true,
      reason: 'what the operator read elsewhere in the cluster, though it stands in the spec',
      source: `${SOURCE.openshiftApi}/operator/v1/types.go#L85`,
    },
    {
      id: 'operand-spec-hash',
      types: OPERANDS,
      path: annotation('operator.openshift.io/spec-hash'),
      reason: 'the hash of what an operator applied',
      source: `${SOURCE.libraryGo}/pkg/operator/resource/resourceapply/apps.go#L54`,
    },
    {
      id: 'operand-dependencies',
      types: ['deployments.apps', 'daemonsets.apps'],
      path: ['metadata', 'annotations', { keys: /^operator\.openshift\.io\/dep-/u }],
      reason: 'hashes of the Secrets and ConfigMaps that an operator mounts',
      source: `${SOURCE.libraryGo}/pkg/operator/csi/csidrivercontrollerservicecontroller/helpers.go#L318`,
    },
    {
      id: 'application-operation',
      types: ['applications.argoproj.io'],
      path: ['operation'],
      reason: 'a synchronization that is under way',
      source: `${SOURCE.argoCd}/pkg/apis/application/v1alpha1/types.go`,
    },
    {
      id: 'application-refresh',
      types: ['applications.argoproj.io'],
      path: annotation('argocd.argoproj.io/refresh'),
      reason: 'asks for a refresh, and is taken away by it',
      source: `${SOURCE.argoCd}/pkg/apis/application/v1alpha1/types.go`,
    },
  ],
  apply: [
    {
      id: 'route-host',
      types: ROUTES,
      path: ['spec', 'host'],
      when: { field: HOST_GENERATED, is: 'true' },
      reason: "made from the cluster's own domain",
      source: HOST_ASSIGNMENT,
    },
    {
      id: 'route-host-generated',
      types: ROUTES,
      path: HOST_GENERATED,
      reason: 'says that the server made the host',
      source: HOST_ASSIGNMENT,
    },
    {
      id: 'identity-user-uid',
      types: ['identities.user.openshift.io'],
      path: ['user', 'uid'],
      reason: 'names the user by uid, which is another one on every cluster',
      source: `${SOURCE.openshiftApi}/user/v1/types.go#L86`,
    },
    {
      id: 'cluster-id',
      types: ['clusterversions.config.openshift.io'],
      path: ['spec', 'clusterID'],
      isParentKept: true,
      reason: 'by it the cluster is known, and another one has its own',
      source: `${SOURCE.openshiftApi}/config/v1/types_cluster_version.go#L51`,
    },
    {
      id: 'registry-http-secret',
      types: IMAGE_REGISTRIES,
      path: ['spec', 'httpSecret'],
      reason: 'made by the operator where there is none',
      source: `${SOURCE.openshiftApi}/imageregistry/v1/types.go#L65`,
    },
    {
      id: 'pool-configuration',
      types: ['machineconfigpools.machineconfiguration.openshift.io'],
      path: ['spec', 'configuration'],
      reason: 'names the MachineConfig that was rendered for the pool',
      source: `${SOURCE.openshiftApi}/machineconfiguration/v1/types.go#L443`,
    },
  ],
  skip: [
    {
      id: 'generated-machineconfig',
      types: MACHINE_CONFIGS,
      when: {
        any: [
          { ownedBy: ['MachineConfigPool'] },
          { has: annotation('machineconfiguration.openshift.io/generated-by-controller-version') },
        ],
      },
      reason: 'rendered from other MachineConfigs and settings, which are stored',
      source: `${SOURCE.machineConfigOperator}/pkg/controller/common/constants.go#L25`,
    },
    {
      id: 'owned-machine',
      types: ['machines.machine.openshift.io'],
      when: { ownedBy: ['MachineSet', 'ControlPlaneMachineSet'] },
      reason: 'made again by its MachineSet',
      source: `${SOURCE.openshiftApi}/machine/v1beta1/types_machineset.go`,
    },
  ],
  secret: [
    {
      id: 'route-key',
      types: ROUTES,
      path: ['spec', 'tls', 'key'],
      reason: 'the private key; the certificates are public',
      source: `${SOURCE.openshiftApi}/route/v1/types.go#L444`,
    },
    {
      id: 'oauthclient-secret',
      types: OAUTH_CLIENTS,
      path: ['secret'],
      reason: 'by it the client proves who it is',
      source: `${SOURCE.openshiftApi}/oauth/v1/types.go#L117`,
    },
    {
      id: 'oauthclient-additional-secrets',
      types: OAUTH_CLIENTS,
      path: ['additionalSecrets', EACH],
      reason: 'by them the client proves who it is, while its secret is being changed',
      source: `${SOURCE.openshiftApi}/oauth/v1/types.go#L121`,
    },
    {
      id: 'registry-http-secret-value',
      types: IMAGE_REGISTRIES,
      path: ['spec', 'httpSecret'],
      reason: 'shared by the pods of the registry',
      source: `${SOURCE.openshiftApi}/imageregistry/v1/types.go#L65`,
    },
    machineSecret('machineconfig-files', ['storage', 'files', EACH, 'contents', 'source'], 'may hold a key'),
    machineSecret('machineconfig-passwords', ['passwd', 'users', EACH, 'passwordHash'], "a user's password"),
    ...PROXY_FIELDS.map((field) =>
      urlSecret(`cluster-${field.toLowerCase()}`, ['proxies.config.openshift.io'], ['spec', field]),
    ),
    ...['defaultProxy', 'gitProxy'].flatMap((proxy) =>
      PROXY_FIELDS.map((field) =>
        urlSecret(
          `builds-${proxy.toLowerCase()}-${field.toLowerCase()}`,
          ['builds.config.openshift.io'],
          ['spec', 'buildDefaults', proxy, field],
        ),
      ),
    ),
    ...['http', 'https'].map((field) =>
      urlSecret(`registry-proxy-${field}`, IMAGE_REGISTRIES, ['spec', 'proxy', field]),
    ),
  ],
};

function machineSecret(id: string, path: FieldRule['path'], reason: string): FieldRule {
  return { id, types: MACHINE_CONFIGS, path: ['spec', 'config', ...path], reason, source: MACHINE_CONFIG };
}
