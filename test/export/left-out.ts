import type { ExactObject } from './cluster-content.ts';

type Texts = Readonly<Record<string, string>>;

/** What of an object decides whether it is left out. */
interface Seen {
  readonly name: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  /** The kind of its controller. */
  readonly owner: string | undefined;
  readonly object: ExactObject;
}

const RBAC = 'rbac.authorization.k8s.io';
const FLOW_CONTROL = 'flowcontrol.apiserver.k8s.io';

/**
 * What of a type no archive holds, in other words than the tool's own rules: what a controller or the API
 * server made and would make again.
 */
const LEFT_OUT: Readonly<Record<string, (seen: Seen) => boolean>> = {
  'apiservices.apiregistration.k8s.io': ({ labels }) => 'kube-aggregator.kubernetes.io/automanaged' in labels,
  'clusterserviceversions.operators.coreos.com': ({ labels }) => 'olm.copiedFrom' in labels,
  configmaps: ({ name }) =>
    ['kube-root-ca.crt', 'openshift-service-ca.crt', 'extension-apiserver-authentication'].includes(name),
  [`flowschemas.${FLOW_CONTROL}`]: isAutoUpdated,
  [`prioritylevelconfigurations.${FLOW_CONTROL}`]: isAutoUpdated,
  pods: ({ owner }) => owner !== undefined,
  'replicasets.apps': ({ owner }) => owner === 'Deployment',
  'jobs.batch': ({ owner }) => owner === 'CronJob',
  [`clusterroles.${RBAC}`]: isBootstrapped,
  [`clusterrolebindings.${RBAC}`]: isBootstrapped,
  [`roles.${RBAC}`]: isBootstrapped,
  [`rolebindings.${RBAC}`]: (seen) =>
    isBootstrapped(seen) || /^system:(?:deployers|image-builders|image-pullers)$/u.test(seen.name),
  secrets: ({ name, object, annotations }) =>
    (object['type'] === 'kubernetes.io/service-account-token' && /-token-[a-z0-9]{5}$/u.test(name)) ||
    (object['type'] === 'kubernetes.io/dockercfg' && 'openshift.io/token-secret.name' in annotations) ||
    'openshift.io/internal-registry-auth-token.service-account' in annotations ||
    'service.beta.openshift.io/originating-service-name' in annotations,
  serviceaccounts: ({ name }) => ['default', 'builder', 'deployer'].includes(name),
  endpoints: ({ name, annotations }) =>
    name === 'kubernetes' || 'endpoints.kubernetes.io/last-change-trigger-time' in annotations,
  'endpointslices.discovery.k8s.io': ({ name, owner }) => name === 'kubernetes' || owner === 'Service',
};

/** Whether an object, as the server gives it, is in no archive. */
export function isLeftOut(type: string, object: ExactObject): boolean {
  const { metadata } = object;
  const owners = (metadata['ownerReferences'] ?? []) as { kind: string; controller?: boolean }[];
  return (
    LEFT_OUT[type]?.({
      name: String(metadata['name']),
      labels: (metadata['labels'] ?? {}) as Texts,
      annotations: (metadata['annotations'] ?? {}) as Texts,
      owner: owners.find(({ controller }) => controller === true)?.kind,
      object,
    }) ?? false
  );
}

function isAutoUpdated({ annotations }: Seen): boolean {
  return annotations['apf.kubernetes.io/autoupdate-spec'] === 'true';
}

function isBootstrapped({ labels }: Seen): boolean {
  return labels['kubernetes.io/bootstrapping'] === 'rbac-defaults';
}

type Fields = Record<string, unknown>;

/** What no archive holds of the objects of one type. */
const OWN_FIELDS: Readonly<Record<string, (object: ExactObject) => unknown>> = {
  namespaces: (object) => ({
    ...withoutKey(object, 'spec'),
    metadata: withoutLabel(object.metadata, 'kubernetes.io/metadata.name'),
  }),
  'buildconfigs.build.openshift.io': (object) => withoutDeep(object, 'lastTriggeredImageID'),
  'statefulsets.apps': (object) => withoutDeep(object, 'status'),
  'imagestreams.image.openshift.io': (object) => withoutDeep(object, 'generation'),
};

/** An object without what its own type's rules take out of it. */
export function withoutOwn(type: string, object: ExactObject): ExactObject {
  return (OWN_FIELDS[type]?.(object) ?? object) as ExactObject;
}

function withoutLabel(metadata: Fields, name: string): Fields {
  const labels = withoutKey((metadata['labels'] ?? {}) as Fields, name);
  const rest = withoutKey(metadata, 'labels');
  return Object.keys(labels).length === 0 ? rest : { ...rest, labels };
}

function withoutKey(object: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

/** Without a key, wherever it stands: in these types it has one meaning. */
function withoutDeep(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((element) => withoutDeep(element, key));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== key);
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutDeep(member, key)]));
}
