import type { Segment, Value } from './drift.ts';
import { isMap, scalarText, valueAt } from './value.ts';

/**
 * How the elements of a list are told apart. Kubernetes writes it down in its schema
 * (`x-kubernetes-list-map-keys`, `x-kubernetes-list-type`), which an archive doesn't have:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.1/api/openapi-spec/swagger.json
 */
export interface ListRule {
  /** The keys that lead to the list, the last ones; lists on the way are passed through. */
  readonly at: string;
  /** Types for which it holds; all without it. */
  readonly types?: readonly string[];
  /**
   * Fields of an element that name it together: `name`; `metadata.name` for one deeper; `kind?` for one that
   * may be missing; `protocol=TCP` for one that is this when it is missing.
   */
  readonly keys?: readonly string[];
  /** No element is the same as another one, and their order says nothing. */
  readonly isSet?: true;
  /** The order says something, so a change in it is a change. */
  readonly isOrdered?: true;
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
const WEBHOOKS = ['validating', 'mutating'].map(
  (prefix) => `${prefix}webhookconfigurations.admissionregistration.k8s.io`,
);

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

/** The first one that fits counts: the same key can mean another list in another type. */
export const LIST_RULES: readonly ListRule[] = [
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
  set('matchLabelKeys'),
  set('capabilities.add'),
  set('capabilities.drop'),
  set('supplementalGroups'),
  set('metadata.finalizers'),
  set('spec.finalizers', ['namespaces']),
  keyed('metadata.ownerReferences', ['kind', 'name']),
  keyed('conditions', ['type']),
  set('accessModes'),
  set('spec.mountOptions', ['persistentvolumes']),
  set('externalIPs', SERVICES),
  set('loadBalancerSourceRanges', SERVICES),
  keyed('subsets.addresses', ['ip'], ENDPOINTS),
  keyed('subjects', ['kind', 'namespace?', 'name']),
  set('rules', RBAC),
  ...['verbs', 'resources', 'apiGroups', 'resourceNames', 'nonResourceURLs'].map((key) => set(key, RBAC)),
  set('clusterRoleSelectors', RBAC),
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
  set('webhooks.rules', WEBHOOKS),
  ...['operations', 'resources', 'apiGroups', 'apiVersions'].map((key) => set(key, WEBHOOKS)),
  keyed('spec.versions', ['name'], CRDS),
  keyed('additionalPrinterColumns', ['name'], CRDS),
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

/** The rule for a list, by the keys that lead to it; undefined when nobody knows. */
export function listRule(type: string, keys: readonly string[]): ListRule | undefined {
  const path = `.${keys.join('.')}`;
  return LIST_RULES.find(
    ({ at, types }) => path.endsWith(`.${at}`) && (types === undefined || types.includes(type)),
  );
}

/** What names an element by a rule; undefined when it lacks a field that it needs for that. */
export function elementKey(rule: ListRule, element: Value): Readonly<Record<string, string>> | undefined {
  if (!rule.keys || !isMap(element)) return undefined;
  const parts = new Map<string, string>();
  for (const { name, isOptional, usual } of rule.keys.map(keyPartOf)) {
    const text = scalarText(valueAt(element, ...name.split('.'))) ?? usual;
    if (text === undefined && !isOptional) return undefined;
    // What is as usual names nothing, unless nothing else does.
    if (text === undefined || (text === usual && rule.keys.length > 1)) continue;
    const last = name.slice(name.lastIndexOf('.') + 1);
    parts.set(parts.has(last) ? name : last, text);
  }
  return parts.size === 0 ? { '': '' } : Object.fromEntries(parts);
}

interface KeyPart {
  readonly name: string;
  readonly isOptional: boolean;
  /** What it is when it is missing. */
  readonly usual: string | undefined;
}

function keyPartOf(text: string): KeyPart {
  const [name = '', usual] = text.split('=');
  return { name: name.replace('?', ''), isOptional: name.endsWith('?'), usual };
}

/**
 * The path segment of each element of a list. Elements that nothing names, or that share a name, have their
 * place in it, so that no two segments are equal.
 *
 * @param rule undefined for a list that nobody knows: elements are then named by `name`, if they have one
 */
export function elementSegments(rule: ListRule | undefined, list: readonly Value[]): readonly Segment[] {
  // Asked for again and again of a long list in which much has changed.
  const known = SEGMENTS.get(list);
  if (known && known.rule === rule) return known.segments;
  const segments = segmentsOf(rule, list);
  SEGMENTS.set(list, { rule, segments });
  return segments;
}

const SEGMENTS = new WeakMap<readonly Value[], { rule: ListRule | undefined; segments: Segment[] }>();

function segmentsOf(rule: ListRule | undefined, list: readonly Value[]): Segment[] {
  const keys = list.map((element) => segmentKey(rule, element));
  const counts = new Map<string, number>();
  for (const key of keys) {
    const text = keyText(key);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return keys.map((key, index): Segment => {
    if (!key) return { index };
    return counts.get(keyText(key)) === 1 ? { match: key } : { match: { ...key, '#': String(index) } };
  });
}

/** A text for a key, another one for each other key. */
export function keyText(key: Readonly<Record<string, string>> | undefined): string {
  return key === undefined ? '' : JSON.stringify(Object.entries(key));
}

const BY_NAME: ListRule = { at: '', keys: ['name'], isOrdered: true };

/** The rule for a list that the table doesn't know: its elements have names, and their order may mean something. */
export function ruleOrNames(rule: ListRule | undefined): ListRule {
  return rule ?? BY_NAME;
}

function segmentKey(
  rule: ListRule | undefined,
  element: Value,
): Readonly<Record<string, string>> | undefined {
  if (rule?.isSet !== true) return elementKey(ruleOrNames(rule), element);
  const text = scalarText(element);
  return text === undefined ? undefined : { '': text };
}

function keyed(at: string, keys: readonly string[], types?: readonly string[]): ListRule {
  return { at, keys, ...(types && { types }) };
}

function set(at: string, types?: readonly string[]): ListRule {
  return { at, isSet: true, ...(types && { types }) };
}
