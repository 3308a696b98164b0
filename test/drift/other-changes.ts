import type { KubernetesObject } from '../cluster/cluster.ts';
import { changed, clusterObject, object, of, PROJECT, type RealChange } from './real-change.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const USER = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io' };
const ANNA = { ...USER, name: 'anna' };
const BEN = { ...USER, name: 'ben' };
const READ = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const WRITE = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['update'] };

function withSpec(given: KubernetesObject, spec: object): KubernetesObject {
  return { ...given, spec: { ...(given['spec'] as object), ...spec } };
}

function withMetadata(given: KubernetesObject, metadata: object): KubernetesObject {
  return { ...given, metadata: { ...given.metadata, ...metadata } };
}

function configMap(name: string, data: Readonly<Record<string, string>>): KubernetesObject {
  return object('v1', 'ConfigMap', name, { data });
}

function binding(name: string, subjects: readonly object[]): KubernetesObject {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' };
  return object(RBAC, 'RoleBinding', name, { roleRef, subjects });
}

function role(name: string, rules: readonly object[]): KubernetesObject {
  return object(RBAC, 'Role', name, { rules });
}

function service(name: string, ports: readonly object[]): KubernetesObject {
  return object('v1', 'Service', name, { spec: { clusterIP: 'None', selector: { app: name }, ports } });
}

function policy(name: string, from: readonly object[]): KubernetesObject {
  return object('networking.k8s.io/v1', 'NetworkPolicy', name, {
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from }] },
  });
}

function ingress(name: string, hosts: readonly string[]): KubernetesObject {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const rules = hosts.map((host) => ({
    host,
    http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
  }));
  return object('networking.k8s.io/v1', 'Ingress', name, { spec: { rules } });
}

function route(name: string, spec: object): KubernetesObject {
  return object('route.openshift.io/v1', 'Route', name, {
    spec: { to: { kind: 'Service', name: 'web', weight: 100 }, ...spec },
  });
}

function responseHeaders(...headers: readonly (readonly [name: string, value: string])[]): object {
  const response = headers.map(([name, value]) => ({ name, action: { type: 'Set', set: { value } } }));
  return { httpHeaders: { actions: { response } } };
}

function secret(name: string, data: Readonly<Record<string, string>>): KubernetesObject {
  return object('v1', 'Secret', name, { type: 'Opaque', data });
}

function definition(columns: readonly object[], properties: object): KubernetesObject {
  const schema = { openAPIV3Schema: { type: 'object', properties } };
  return clusterObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'things.drift.example.com', {
    spec: {
      group: 'drift.example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', listKind: 'ThingList', plural: 'things', singular: 'thing' },
      versions: [{ name: 'v1', served: true, storage: true, additionalPrinterColumns: columns, schema }],
    },
  });
}

const DEFINITION = 'customresourcedefinitions.apiextensions.k8s.io things.drift.example.com';
const VERSION = 'spec.versions[name=v1]';
const BY_A = { podSelector: { matchLabels: { app: 'a' } } };
const BY_B = { podSelector: { matchLabels: { app: 'b' } } };
const HTTP = { name: 'http', port: 80, targetPort: 8080 };
const HTTPS = { name: 'https', port: 443, targetPort: 8443 };

/** Changes in who may do what, in the network, in settings and in the cluster. */
export const OTHER_CHANGES: readonly RealChange[] = [
  changed(
    'somebody becomes an admin',
    binding('subjects', [ANNA]),
    (given) => ({ ...given, subjects: [BEN, ANNA] }),
    of(
      'rolebindings.rbac.authorization.k8s.io subjects',
      'subjects[kind=User,name=ben]: + {"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"ben"}',
    ),
  ),
  changed(
    'subjects come in another order: nothing',
    binding('subject-order', [ANNA, BEN]),
    (given) => ({ ...given, subjects: [BEN, ANNA] }),
    [],
  ),
  changed(
    'a Role may do more',
    role('verbs', [READ]),
    (given) => ({ ...given, rules: [{ ...READ, verbs: ['get', 'list', 'delete'] }] }),
    of('roles.rbac.authorization.k8s.io verbs', 'rules[0].verbs[delete]: + "delete"'),
  ),
  changed(
    'a Role gets another rule',
    role('rules', [READ]),
    (given) => ({ ...given, rules: [WRITE, READ] }),
    of(
      'roles.rbac.authorization.k8s.io rules',
      'rules[0]: + {"apiGroups":["apps"],"resources":["deployments"],"verbs":["update"]}',
    ),
  ),
  changed(
    'rules and verbs come in another order: nothing',
    role('rule-order', [READ, WRITE]),
    (given) => ({ ...given, rules: [WRITE, { ...READ, verbs: ['list', 'get'] }] }),
    [],
  ),
  changed(
    'a ClusterRole may do more',
    clusterObject(RBAC, 'ClusterRole', 'drift-role', { rules: [READ] }),
    (given) => ({ ...given, rules: [{ ...READ, resources: ['pods', 'secrets'] }] }),
    of('clusterroles.rbac.authorization.k8s.io drift-role', 'rules[0].resources[secrets]: + "secrets"'),
  ),
  changed(
    'a ClusterRoleBinding is for somebody else',
    clusterObject(RBAC, 'ClusterRoleBinding', 'drift-binding', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [ANNA],
    }),
    (given) => ({ ...given, subjects: [BEN] }),
    of(
      'clusterrolebindings.rbac.authorization.k8s.io drift-binding',
      'subjects[kind=User,name=anna]: - {"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"anna"}',
      'subjects[kind=User,name=ben]: + {"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"ben"}',
    ),
  ),
  changed(
    'a Route gets another host',
    route('host', { host: 'a.example.com' }),
    (given) => withSpec(given, { host: 'b.example.com' }),
    of('routes.route.openshift.io host', 'spec.host: "a.example.com" → "b.example.com"'),
  ),
  changed(
    'a Route loses its encryption',
    route('tls', {
      host: 't.example.com',
      tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' },
    }),
    (given) => ({
      ...given,
      spec: { host: 't.example.com', to: { kind: 'Service', name: 'web', weight: 100 } },
    }),
    of(
      'routes.route.openshift.io tls',
      'spec.tls: - {"insecureEdgeTerminationPolicy":"Redirect","termination":"edge"}',
    ),
  ),
  changed(
    "a Route's key is renewed: it is not shown",
    route('key', { host: 'k.example.com', tls: { termination: 'edge', key: 'KEY-BEFORE' } }),
    (given) => withSpec(given, { tls: { termination: 'edge', key: 'KEY-AFTER' } }),
    of('routes.route.openshift.io key', 'spec.tls.key: secret changed'),
  ),
  changed(
    'headers that a Route sets come in another order, and one has changed',
    route('headers', { host: 'h.example.com', ...responseHeaders(['X-A', '1'], ['X-B', '1']) }),
    (given) => withSpec(given, responseHeaders(['X-B', '2'], ['X-A', '1'])),
    of(
      'routes.route.openshift.io headers',
      'spec.httpHeaders.actions.response[name=X-B].action.set.value: "1" → "2"',
    ),
  ),
  changed(
    'an Ingress gets another host before its own',
    ingress('hosts', ['a.example.com']),
    (given) =>
      withSpec(given, {
        rules: (ingress('x', ['b.example.com', 'a.example.com'])['spec'] as { rules: object }).rules,
      }),
    of(
      'ingresses.networking.k8s.io hosts',
      'spec.rules[host=b.example.com]: + {"host":"b.example.com","http":{"paths":[{"backend":{"service":{"name":"web","port":{"number":80}}},"path":"/","pathType":"Prefix"}]}}',
    ),
  ),
  changed(
    'hosts of an Ingress come in another order: nothing',
    ingress('host-order', ['a.example.com', 'b.example.com']),
    (given) => ({ ...given, spec: ingress('x', ['b.example.com', 'a.example.com'])['spec'] }),
    [],
  ),
  changed(
    'a Service leads to another port',
    service('port', [HTTP]),
    (given) => withSpec(given, { ports: [{ ...HTTP, targetPort: 9090 }] }),
    of('services port', 'spec.ports[port=80].targetPort: 8080 → 9090'),
  ),
  changed(
    'ports of a Service come in another order: nothing',
    service('port-order', [HTTP, HTTPS]),
    (given) => withSpec(given, { ports: [HTTPS, HTTP] }),
    [],
  ),
  changed(
    'a Service selects other pods',
    service('selector', [HTTP]),
    (given) => withSpec(given, { selector: { app: 'other' } }),
    of('services selector', 'spec.selector.app: "selector" → "other"'),
  ),
  changed(
    'a NetworkPolicy lets others in',
    policy('from', [BY_A]),
    (given) => withSpec(given, { ingress: [{ from: [BY_B, BY_A] }] }),
    of(
      'networkpolicies.networking.k8s.io from',
      'spec.ingress[0].from[0]: + {"podSelector":{"matchLabels":{"app":"b"}}}',
    ),
  ),
  changed(
    'peers of a NetworkPolicy come in another order: nothing',
    policy('from-order', [BY_A, BY_B]),
    (given) => withSpec(given, { ingress: [{ from: [BY_B, BY_A] }] }),
    [],
  ),
  {
    what: 'a NetworkPolicy is deleted',
    before: policy('policy-gone', [BY_A]),
    expected: ['networkpolicies.networking.k8s.io policy-gone removed'],
  },
  changed(
    'a quota is raised',
    object('v1', 'ResourceQuota', 'quota', { spec: { hard: { pods: '10', 'requests.cpu': '4' } } }),
    (given) => withSpec(given, { hard: { pods: '20', 'requests.cpu': '4000m' } }),
    of('resourcequotas quota', 'spec.hard.pods: "10" → "20"'),
  ),
  changed(
    'a limit of a LimitRange changes',
    object('v1', 'LimitRange', 'limits', {
      spec: { limits: [{ type: 'Container', max: { cpu: '2', memory: '1Gi' } }] },
    }),
    (given) => withSpec(given, { limits: [{ type: 'Container', max: { cpu: '2000m', memory: '2Gi' } }] }),
    of(
      'limitranges limits',
      'spec.limits[type=Container].default.memory: "1Gi" → "2Gi"',
      'spec.limits[type=Container].defaultRequest.memory: "1Gi" → "2Gi"',
      'spec.limits[type=Container].max.memory: "1Gi" → "2Gi"',
    ),
  ),
  changed(
    'a line of a setting changes',
    configMap('lines', { 'app.conf': 'a=1\nb=2\nc=3\n' }),
    () => configMap('lines', { 'app.conf': 'a=1\nb=3\nc=3\n' }),
    of('configmaps lines', String.raw`data["app.conf"]: "a=1\nb=2\nc=3\n" → "a=1\nb=3\nc=3\n"`),
  ),
  changed(
    'a setting is added and one removed',
    configMap('keys', { OLD: '1', SAME: '2' }),
    () => configMap('keys', { NEW: '1', SAME: '2' }),
    of('configmaps keys', 'data.NEW: + "1"', 'data.OLD: - "1"'),
  ),
  changed(
    'a Secret is rotated: only its key is shown',
    secret('rotated', { password: 'YmVmb3JlCg==', user: 'YW5uYQo=' }),
    () => secret('rotated', { password: 'YWZ0ZXIK', user: 'YW5uYQo=' }),
    of('secrets rotated', 'data.password: secret changed'),
  ),
  changed(
    'a Secret gets another key',
    secret('grown', { a: 'YQ==' }),
    () => secret('grown', { a: 'YQ==', b: 'Yg==' }),
    of('secrets grown', 'data.b: secret added'),
  ),
  {
    what: 'a Secret is made',
    after: secret('secret-made', { a: 'YQ==' }),
    expected: ['secrets secret-made added'],
  },
  changed(
    'an annotation is added',
    configMap('annotated', { a: '1' }),
    (given) => withMetadata(given, { annotations: { 'example.com/owner': 'anna' } }),
    of('configmaps annotated', 'metadata.annotations: + {"example.com/owner":"anna"}'),
  ),
  changed(
    'a label changes',
    withMetadata(configMap('labelled', { a: '1' }), { labels: { tier: 'a', app: 'x' } }),
    (given) => withMetadata(given, { labels: { tier: 'b', app: 'x' } }),
    of('configmaps labelled', 'metadata.labels.tier: "a" → "b"'),
  ),
  changed(
    'nothing changes but the version of the object: nothing',
    configMap('touched', { a: '1' }),
    (given) => given,
    [],
  ),
  changed(
    'a ServiceAccount may pull with another Secret',
    object('v1', 'ServiceAccount', 'puller', { imagePullSecrets: [{ name: 'a' }] }),
    (given) => ({ ...given, imagePullSecrets: [{ name: 'b' }, { name: 'a' }] }),
    of('serviceaccounts puller', 'imagePullSecrets[name=b]: + {"name":"b"}'),
  ),
  changed(
    'a CustomResourceDefinition gets a field',
    definition([], { spec: { type: 'object', properties: { a: { type: 'string' } } } }),
    () =>
      definition([], {
        spec: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } } },
      }),
    of(DEFINITION, `${VERSION}.schema.openAPIV3Schema.properties.spec.properties.b: + {"type":"integer"}`),
  ),
  changed(
    'a PodDisruptionBudget is loosened',
    object('policy/v1', 'PodDisruptionBudget', 'budget', {
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'a' } } },
    }),
    (given) => withSpec(given, { minAvailable: 1 }),
    of('poddisruptionbudgets.policy budget', 'spec.minAvailable: 2 → 1'),
  ),
  changed(
    'a PriorityClass gets a description',
    clusterObject('scheduling.k8s.io/v1', 'PriorityClass', 'drift-priority', { value: 1000 }),
    (given) => ({ ...given, description: 'for tests' }),
    of('priorityclasses.scheduling.k8s.io drift-priority', 'description: + "for tests"'),
  ),
  changed(
    'a StorageClass lets volumes grow',
    clusterObject('storage.k8s.io/v1', 'StorageClass', 'drift-storage', { provisioner: 'example.com/disk' }),
    (given) => ({ ...given, allowVolumeExpansion: true }),
    of('storageclasses.storage.k8s.io drift-storage', 'allowVolumeExpansion: + true'),
  ),
  changed(
    'a project gets a label',
    clusterObject('v1', 'Namespace', 'labelled-project', {}),
    (given) => withMetadata(given, { labels: { team: 'a' } }),
    of('namespaces labelled-project', 'metadata.labels: + {"team":"a"}'),
  ),
  changed(
    'an ImageStream follows another tag',
    object('image.openshift.io/v1', 'ImageStream', 'stream', {
      spec: { tags: [{ name: 'latest', from: { kind: 'DockerImage', name: 'a:1' } }] },
    }),
    (given) =>
      withSpec(given, {
        tags: [
          { name: 'stable', from: { kind: 'DockerImage', name: 'a:1' } },
          { name: 'latest', from: { kind: 'DockerImage', name: 'a:2' } },
        ],
      }),
    of(
      'imagestreams.image.openshift.io stream',
      'spec.tags[name=latest].from.name: "a:1" → "a:2"',
      'spec.tags[name=stable]: + {"from":{"kind":"DockerImage","name":"a:1"},"name":"stable"}',
    ),
  ),
  changed(
    'a group gets a member',
    clusterObject('user.openshift.io/v1', 'Group', 'drift-group', { users: ['anna'] }),
    (given) => ({ ...given, users: ['ben', 'anna'] }),
    of('groups.user.openshift.io drift-group', 'users[ben]: + "ben"'),
  ),
  changed(
    'a StatefulSet keeps more',
    object('apps/v1', 'StatefulSet', 'stateful', {
      spec: {
        serviceName: 'stateful',
        replicas: 1,
        selector: { matchLabels: { app: 's' } },
        template: {
          metadata: { labels: { app: 's' } },
          spec: { containers: [{ name: 'db', image: 'db:1' }] },
        },
      },
    }),
    (given) => withSpec(given, { replicas: 3 }),
    of('statefulsets.apps stateful', 'spec.replicas: 1 → 3'),
  ),
];

/** The project that all of them are in, with one that is deleted between the two nights. */
export const PROJECTS: readonly KubernetesObject[] = [PROJECT, 'condemned'].map((name) =>
  clusterObject('v1', 'Namespace', name, {}),
);
