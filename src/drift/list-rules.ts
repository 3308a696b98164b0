/** How the elements of a list are told apart. */
export interface ListRule {
  /** Fields of an element that name it together. */
  readonly keys?: readonly KeyPart[];
  /** No element is the same as another one, and their order says nothing. */
  readonly isSet?: true;
  /** The order says something, so a change in it is a change. */
  readonly isOrdered?: true;
}

/** A field that names an element, alone or with others. */
export interface KeyPart {
  /** The keys that lead to it, from the element. */
  readonly path: readonly string[];
  /** Whether an element without it has a name all the same. */
  readonly isOptional: boolean;
  /** What it is when it is missing. */
  readonly usual: string | undefined;
}

/** A list whose rule is known by where it stands. */
interface TableRule extends ListRule {
  /** The keys that lead to the list, the last ones; lists on the way are passed through. */
  readonly at: string;
  /** Types for which it holds; all without it. */
  readonly types?: readonly string[];
}

const SERVICES = ['services'];
const RBAC = ['roles', 'clusterroles'].map((plural) => `${plural}.rbac.authorization.k8s.io`);
const POLICIES = ['networkpolicies.networking.k8s.io', 'multi-networkpolicies.k8s.cni.cncf.io'];
const INGRESSES = ['ingresses.networking.k8s.io'];
const SCC = ['securitycontextconstraints.security.openshift.io'];
const CRDS = ['customresourcedefinitions.apiextensions.k8s.io'];
const TEMPLATES = ['templates.template.openshift.io'];
const SCALERS = ['horizontalpodautoscalers.autoscaling'];
const ENDPOINTS = ['endpoints', 'endpointslices.discovery.k8s.io'];
const IMAGE_CONFIGS = ['deploymentconfigs.apps.openshift.io', 'buildconfigs.build.openshift.io'];
const CONTAINER_PORT = ['containerPort', 'protocol=TCP'];
const FLOW_SCHEMAS = ['flowschemas.flowcontrol.apiserver.k8s.io'];
const ADMISSION = 'admissionregistration.k8s.io';
const WEBHOOKS = ['validating', 'mutating'].map((prefix) => `${prefix}webhookconfigurations.${ADMISSION}`);

const METRIC_KEYS = [
  'type',
  'resource.name?',
  'containerResource.container?',
  'containerResource.name?',
  'pods.metric.name?',
  'object.metric.name?',
  'object.describedObject.name?',
  'external.metric.name?',
];

/**
 * What the schema of the server's own types says (`x-kubernetes-list-map-keys`, `x-kubernetes-list-type`), which an
 * archive doesn't have: https://github.com/kubernetes/kubernetes/blob/v1.34.1/api/openapi-spec/swagger.json
 * And what it doesn't say and controllers do. The first one that fits counts: the same key can mean another list in
 * another type.
 */
const LIST_RULES: readonly TableRule[] = [
  keyed('containers.ports', CONTAINER_PORT),
  keyed('initContainers.ports', CONTAINER_PORT),
  keyed('ephemeralContainers.ports', CONTAINER_PORT),
  keyed('spec.ports', ['port', 'protocol=TCP'], SERVICES),
  keyed('ports', ['port', 'protocol=TCP'], ENDPOINTS),
  set('ports', POLICIES),
  keyed('containers', ['name']),
  { ...keyed('initContainers', ['name']), isOrdered: true },
  keyed('ephemeralContainers', ['name']),
  set('spec.template.spec.volumes.projected.sources'),
  set('volumes.projected.sources'),
  keyed('volumes.configMap.items', ['key']),
  keyed('volumes.secret.items', ['key']),
  set('volumes', SCC),
  keyed('volumes', ['name']),
  keyed('env', ['name']),
  keyed('imagePullSecrets', ['name']),
  keyed('source.secrets', ['secret.name']),
  keyed('secrets', ['name']),
  keyed('volumeMounts', ['mountPath']),
  keyed('volumeDevices', ['devicePath']),
  keyed('hostAliases', ['ip']),
  keyed('topologySpreadConstraints', ['topologyKey', 'whenUnsatisfiable']),
  keyed('volumeClaimTemplates', ['metadata.name']),
  keyed('tolerations', ['key?', 'operator?', 'effect?']),
  keyed('matchExpressions', ['key', 'operator']),
  keyed('matchFields', ['key', 'operator']),
  set('matchExpressions.values'),
  set('matchFields.values'),
  set('nodeSelectorTerms'),
  set('preferredDuringSchedulingIgnoredDuringExecution'),
  set('requiredDuringSchedulingIgnoredDuringExecution'),
  set('readinessGates'),
  keyed('schedulingGates', ['name']),
  keyed('resourceClaims', ['name']),
  keyed('resources.claims', ['name']),
  set('exitCodes.values'),
  set('onExitCodes.values'),
  set('matchLabelKeys'),
  set('capabilities.add'),
  set('capabilities.drop'),
  set('supplementalGroups'),
  set('metadata.finalizers'),
  set('spec.finalizers', ['namespaces']),
  keyed('metadata.ownerReferences', ['kind', 'name']),
  keyed('conditions', ['type']),
  set('accessModes'),
  set('spec.volumeLifecycleModes', ['csidrivers.storage.k8s.io']),
  keyed('spec.drivers', ['name'], ['csinodes.storage.k8s.io']),
  set('spec.podCIDRs', ['nodes']),
  set('spec.mountOptions', ['persistentvolumes']),
  set('externalIPs', SERVICES),
  set('loadBalancerSourceRanges', SERVICES),
  keyed('subsets.addresses', ['ip'], ENDPOINTS),
  set('endpoints.addresses', ENDPOINTS),
  keyed('subjects', ['kind', 'namespace?', 'name']),
  set('rules', RBAC),
  ...['verbs', 'resources', 'apiGroups', 'resourceNames', 'nonResourceURLs'].map((key) => set(key, RBAC)),
  set('clusterRoleSelectors', RBAC),
  ...['resourceRules.', 'nonResourceRules.'].flatMap((list) =>
    ['verbs', 'apiGroups', 'resources', 'namespaces', 'nonResourceURLs'].map((key) =>
      set(`${list}${key}`, FLOW_SCHEMAS),
    ),
  ),
  ...['ingress', 'egress', 'from', 'to', 'policyTypes', 'except'].map((key) => set(key, POLICIES)),
  keyed('spec.rules', ['host=*'], INGRESSES),
  keyed('http.paths', ['path?', 'pathType?'], INGRESSES),
  keyed('spec.tls', ['secretName?'], INGRESSES),
  set('tls.hosts', INGRESSES),
  keyed('spec.alternateBackends', ['kind?', 'name'], ['routes.route.openshift.io']),
  keyed('spec.metrics', METRIC_KEYS, SCALERS),
  keyed('policies', ['type'], SCALERS),
  keyed('spec.limits', ['type'], ['limitranges']),
  set('spec.scopes', ['resourcequotas']),
  keyed('webhooks', ['name'], WEBHOOKS),
  keyed('webhooks.matchConditions', ['name'], WEBHOOKS),
  keyed('spec.matchConditions', ['name'], [`validatingadmissionpolicies.${ADMISSION}`]),
  // An expression can use the variables before it.
  { ...keyed('spec.variables', ['name'], [`validatingadmissionpolicies.${ADMISSION}`]), isOrdered: true },
  set('spec.validationActions', [`validatingadmissionpolicybindings.${ADMISSION}`]),
  set('webhooks.rules', WEBHOOKS),
  ...['operations', 'resources', 'apiGroups', 'apiVersions'].map((key) => set(key, WEBHOOKS)),
  keyed('spec.versions', ['name'], CRDS),
  keyed('additionalPrinterColumns', ['name'], CRDS),
  keyed('x-kubernetes-validations', ['rule'], CRDS),
  ...['required', 'enum', 'shortNames', 'categories', 'x-kubernetes-list-map-keys'].map((key) =>
    set(key, CRDS),
  ),
  keyed(
    'spec.triggers',
    [
      'type',
      'imageChangeParams.from.namespace?',
      'imageChangeParams.from.name?',
      'imageChange.from.name?',
      'github.secretReference.name?',
      'generic.secretReference.name?',
    ],
    IMAGE_CONFIGS,
  ),
  set('containerNames', IMAGE_CONFIGS),
  keyed('spec.tags', ['name'], ['imagestreams.image.openshift.io']),
  keyed('parameters', ['name'], TEMPLATES),
  keyed('objects', ['apiVersion?', 'kind', 'metadata.name'], TEMPLATES),
  ...[
    'users',
    'groups',
    'defaultAddCapabilities',
    'requiredDropCapabilities',
    'allowedCapabilities',
    'allowedUnsafeSysctls',
    'forbiddenSysctls',
    'seccompProfiles',
  ].map((key) => set(key, SCC)),
  set('users', ['groups.user.openshift.io']),
  set('identities', ['users.user.openshift.io']),
  set('groups', ['users.user.openshift.io']),
  set('redirectURIs', ['oauthclients.oauth.openshift.io']),
  keyed('spec.identityProviders', ['name'], ['oauths.config.openshift.io']),
  keyed('storage.files', ['path'], ['machineconfigs.machineconfiguration.openshift.io']),
  keyed('systemd.units', ['name'], ['machineconfigs.machineconfiguration.openshift.io']),
  keyed('spec.groups', ['name'], ['prometheusrules.monitoring.coreos.com']),
];

/** The rule for a list, by its type and the keys that lead to it; undefined when the table doesn't know it. */
export function tableRule(type: string, keys: readonly string[]): ListRule | undefined {
  const path = `.${keys.join('.')}`;
  return LIST_RULES.find(
    ({ at, types }) => path.endsWith(`.${at}`) && (types === undefined || types.includes(type)),
  );
}

/**
 * @param keys `name`; `metadata.name` for one deeper; `kind?` for one that may be missing; `protocol=TCP` for one
 *   that is this when it is missing
 */
function keyed(at: string, keys: readonly string[], types?: readonly string[]): TableRule {
  return { at, keys: keys.map(keyPartOf), ...(types && { types }) };
}

function keyPartOf(text: string): KeyPart {
  const [name = '', usual] = text.split('=');
  return { path: name.replace('?', '').split('.'), isOptional: name.endsWith('?'), usual };
}

function set(at: string, types?: readonly string[]): TableRule {
  return { at, isSet: true, ...(types && { types }) };
}
