import type { KubernetesObject } from '../cluster/objects.ts';

const GROUP = 'nasty.example.com';
const RBAC = 'rbac.authorization.k8s.io/v1';

/** The project in which nearly all of them lie. Its name is that of a member of every JavaScript object. */
export const NASTY_PROJECT = 'constructor';

/** Objects that an API server takes and that some exporter has lost, changed or stumbled over. */
export function nastyObjects(): KubernetesObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NASTY_PROJECT } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '0' } },
    definition('oddities', 'Oddity', 'Namespaced'),
    definition('wholes', 'Whole', 'Cluster'),
    // The same plural as a built-in type.
    definition('configmaps', 'ConfigMap', 'Namespaced'),
    ...roles(),
    ...configMaps(),
    ...customResources(),
  ];
}

/** Names of RBAC objects may hold anything but `/` and `%`. */
function roles(): KubernetesObject[] {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  return [
    { apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'nasty:with:colons' }, rules },
    { apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'C:\\con\\aux' }, rules: [] },
    { apiVersion: RBAC, kind: 'Role', metadata: nasty('Größe "10" & mehr?#*'), rules },
    { apiVersion: RBAC, kind: 'Role', metadata: nasty('...'), rules },
    { apiVersion: RBAC, kind: 'Role', metadata: nasty('__proto__'), rules },
    { apiVersion: RBAC, kind: 'Role', metadata: nasty('\u{1f512}'), rules },
    { apiVersion: RBAC, kind: 'Role', metadata: nasty('\uff5e'), rules },
  ];
}

function configMaps(): KubernetesObject[] {
  const map = (name: string, data: Record<string, string>, project = NASTY_PROJECT): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: project },
    data,
  });
  // A ConfigMap may hold 1 MiB: https://github.com/kubernetes/api/blob/v0.34.4/core/v1/types.go#L7397
  const largeBytes = 1024 * 1024 - 'text'.length;
  return [
    map('large', { text: 'Ab1 \n'.repeat(largeBytes).slice(0, largeBytes) }),
    map('keys', { ['__proto__']: 'a', '10': 'b', '9': 'c', toString: 'd', '-': 'e', '.a': 'f' }),
    map('text', {
      tricky: '{"items":[{"a":1}]},\n    {"b": "\\" ]}',
      separators: '\u2028 \u2029 \u0085 \ufeff \u0000 \u001f \u007f \ufffe \r\n',
      letters: 'æøå 東京 🧪 e\u0301 \u00e9 \u{10ffff} \ufffd',
      number: '9007199254740993',
      empty: '',
    }),
    map('text', { other: 'project' }, '0'),
    map('a', {}),
    {
      ...map('annotated', { a: 'b' }),
      metadata: {
        name: 'annotated',
        namespace: NASTY_PROJECT,
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}\n' },
        finalizers: ['nasty.example.com/keep'],
        generateName: 'annot',
        labels: { empty: '' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: '1-2-3' }],
      },
    },
  ];
}

function customResources(): KubernetesObject[] {
  return [
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Oddity',
      metadata: nasty('numbers'),
      spec: {
        // 2^53 + 1, the ends of 64 bits, and floats in all the ways in which they are written.
        integers: [9007199254740993n, -9007199254740993n, 9223372036854775807n, -9223372036854775808n, 0, -1],
        floats: [0.1, 0.7250000000000001, 1.5e300, 5e-324, 2.5e-7, 1e21, 123456789012345680000, -1.25],
      },
    },
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Oddity',
      metadata: nasty('structure'),
      spec: {
        object: {},
        list: [],
        nested: [[], {}, [[]], [{}], [null], { a: null, b: [] }],
        ['__proto__']: { polluted: true },
        constructor: { prototype: { polluted: true } },
        '10': 1,
        '9': 2,
        '': 'empty key',
        status: { stays: true },
        metadata: { uid: 'stays', managedFields: [1] },
        // jq 1.6 ends at 256.
        deep: deep(40),
      },
      uid: 'stays',
      ['__proto__']: 'at the top',
    },
    { apiVersion: `${GROUP}/v1`, kind: 'Whole', metadata: { name: 'no-spec' } },
    { apiVersion: `${GROUP}/v1`, kind: 'ConfigMap', metadata: nasty('large'), data: { not: 'built in' } },
  ];
}

function deep(depth: number): unknown {
  return depth === 0 ? 'bottom' : { a: [deep(depth - 1)] };
}

function nasty(name: string): KubernetesObject['metadata'] {
  return { name, namespace: NASTY_PROJECT };
}

/** A type of two versions, of which the newer one is preferred, that keeps every field. */
function definition(plural: string, kind: string, scope: string): KubernetesObject {
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = (name: string, storage: boolean): object => ({
    name,
    storage,
    served: true,
    schema: { openAPIV3Schema },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [version('v1beta1', true), version('v1', false)],
    },
  };
}
