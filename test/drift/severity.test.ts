import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Segment, SEVERITIES, type Severity, type Value } from '../../src/drift/drift.ts';
import { OBJECT_SEVERITIES } from '../../src/drift/object-severities.ts';
import { pathText } from '../../src/drift/path-pattern.ts';
import { severityOf, severityOfObject } from '../../src/drift/severity.ts';
import { SEVERITY_RULES } from '../../src/drift/severity-rules.ts';
import { goldenCases } from '../prune/golden-cases.ts';
import { identityOf, pathOf, valueOf } from './json-value.ts';

const POD = ['spec', 'template', 'spec'];
const WEB = [...POD, 'containers', { name: 'web' }];

const FIELDS: readonly (readonly [
  severity: Severity,
  type: string,
  path: readonly Segment[],
  value?: unknown,
])[] = [
  ['critical', 'rolebindings.rbac.authorization.k8s.io', pathOf('subjects', { kind: 'User', name: 'eve' })],
  ['critical', 'rolebindings.rbac.authorization.k8s.io', pathOf('roleRef', 'name')],
  ['critical', 'clusterroles.rbac.authorization.k8s.io', pathOf('rules', 0, 'verbs', { '': 'create' })],
  ['critical', 'clusterroles.rbac.authorization.k8s.io', pathOf('aggregationRule')],
  [
    'critical',
    'clusterroles.rbac.authorization.k8s.io',
    pathOf('metadata', 'labels', 'rbac.authorization.k8s.io/aggregate-to-admin'),
  ],
  ['low', 'clusterroles.rbac.authorization.k8s.io', pathOf('metadata', 'labels', 'app')],
  ['critical', 'securitycontextconstraints.security.openshift.io', pathOf('allowPrivilegedContainer')],
  ['critical', 'securitycontextconstraints.security.openshift.io', pathOf('users', { '': 'eve' })],
  ['low', 'securitycontextconstraints.security.openshift.io', pathOf('metadata', 'annotations', 'a')],
  ['critical', 'rolebindingrestrictions.authorization.openshift.io', pathOf('spec', 'userrestriction')],
  ['critical', 'routes.route.openshift.io', pathOf('spec', 'host')],
  ['critical', 'routes.route.openshift.io', pathOf('spec', 'tls', 'termination')],
  ['critical', 'routes.route.openshift.io', pathOf('spec', 'tls')],
  ['medium', 'routes.route.openshift.io', pathOf('spec', 'wildcardPolicy')],
  ['critical', 'ingresses.networking.k8s.io', pathOf('spec', 'rules', { host: 'a' }, 'http')],
  ['critical', 'ingresses.networking.k8s.io', pathOf('spec', 'tls', { secretName: 'a' })],
  ['critical', 'networkpolicies.networking.k8s.io', pathOf('spec', 'ingress')],
  [
    'critical',
    'validatingwebhookconfigurations.admissionregistration.k8s.io',
    pathOf('webhooks', { name: 'a' }, 'failurePolicy'),
  ],
  ['critical', 'oauths.config.openshift.io', pathOf('spec', 'identityProviders', { name: 'a' })],
  ['critical', 'groups.user.openshift.io', pathOf('users', { '': 'eve' })],
  ['critical', 'namespaces', pathOf('metadata', 'labels', 'pod-security.kubernetes.io/enforce')],
  ['critical', 'namespaces', pathOf('metadata', 'annotations', 'openshift.io/sa.scc.uid-range')],
  ['low', 'namespaces', pathOf('metadata', 'annotations', 'openshift.io/description')],
  ['high', 'secrets', pathOf('data', 'password')],
  ['high', 'deployments.apps', pathOf(...WEB, 'image')],
  ['high', 'cronjobs.batch', pathOf('spec', 'jobTemplate', ...POD, 'initContainers', { name: 'a' }, 'image')],
  ['high', 'pods', pathOf('spec', 'containers', { name: 'a' }, 'image')],
  ['high', 'podtemplates', pathOf('template', 'spec', 'containers', { name: 'a' }, 'image')],
  ['high', 'rollouts.argoproj.io', pathOf(...WEB, 'image')],
  ['high', 'deployments.apps', pathOf(...WEB, 'env', { name: 'A' }, 'value')],
  ['high', 'deployments.apps', pathOf(...WEB, 'args', 0)],
  ['high', 'deployments.apps', pathOf(...WEB, 'securityContext', 'privileged')],
  ['high', 'deployments.apps', pathOf(...POD, 'hostNetwork')],
  ['high', 'deployments.apps', pathOf(...POD, 'serviceAccountName')],
  ['high', 'deployments.apps', pathOf(...WEB, 'resources', 'limits', 'cpu')],
  ['high', 'deployments.apps', pathOf(...POD, 'volumes', { name: 'a' }, 'hostPath')],
  // A whole container holds an image.
  ['high', 'deployments.apps', pathOf(...WEB)],
  ['high', 'persistentvolumeclaims', pathOf('spec', 'volumeName')],
  ['high', 'resourcequotas', pathOf('spec', 'hard', 'pods')],
  ['medium', 'deployments.apps', pathOf('spec', 'replicas')],
  ['medium', 'deployments.apps', pathOf(...WEB, 'livenessProbe')],
  ['medium', 'services', pathOf('spec', 'ports', { port: '80' })],
  ['medium', 'customresourcedefinitions.apiextensions.k8s.io', pathOf('spec', 'versions')],
  ['medium', 'configmaps', pathOf('data', 'a')],
  ['medium', 'widgets.example.com', pathOf('anything')],
  [
    'low',
    'deployments.apps',
    pathOf('spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'),
  ],
  ['low', 'widgets.example.com', pathOf('metadata', 'labels', 'a')],
  ['low', 'widgets.example.com', pathOf('metadata', 'finalizers')],
  // What is in it decides, where that is known; otherwise what could be.
  ['critical', 'namespaces', pathOf('metadata', 'labels')],
  ['low', 'namespaces', pathOf('metadata', 'labels'), { team: 'a' }],
  [
    'critical',
    'namespaces',
    pathOf('metadata', 'labels'),
    { team: 'a', 'pod-security.kubernetes.io/warn': 'x' },
  ],
  ['medium', 'deployments.apps', pathOf('spec'), { replicas: 1 }],
  ['high', 'deployments.apps', pathOf(...POD, 'containers'), [{ name: 'web', image: 'a' }]],
];

describe('How much a change matters:', () => {
  for (const [severity, type, path, value] of FIELDS) {
    const given = value === undefined ? '' : ` ${JSON.stringify(value)}`;
    test(`${severity}: ${type} ${pathText(path)}${given}`, () => {
      const found = severityOf(identityOf(type), path, value === undefined ? undefined : valueOf(value));
      assert.equal(found, severity);
    });
  }

  const OBJECTS: readonly (readonly [Severity, string])[] = [
    ['critical', 'clusterrolebindings.rbac.authorization.k8s.io'],
    ['critical', 'networkpolicies.networking.k8s.io'],
    ['critical', 'routes.route.openshift.io'],
    ['high', 'namespaces'],
    ['high', 'secrets'],
    ['high', 'deployments.apps'],
    ['high', 'persistentvolumeclaims'],
    ['medium', 'services'],
    ['medium', 'widgets.example.com'],
  ];
  for (const [severity, type] of OBJECTS)
    test(`${severity}: an object of ${type}`, () =>
      assert.equal(severityOfObject(identityOf(type)), severity));
});

describe('The tables', () => {
  test('begin with the most severe, but for what is about metadata', () => {
    for (const rules of [SEVERITY_RULES.slice(0, -1), OBJECT_SEVERITIES]) {
      const order = rules.map(({ severity }) => SEVERITIES.indexOf(severity));
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
    }
  });

  test('have a reason in every row, and name no type of an object twice', () => {
    for (const { reason } of [...SEVERITY_RULES, ...OBJECT_SEVERITIES]) assert.ok(reason.length > 8, reason);
    const types = OBJECT_SEVERITIES.flatMap((rule) => (rule.types === '*' ? [] : rule.types));
    assert.equal(new Set(types).size, types.length);
  });

  test('a value never makes a field more severe than it could be without one', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...goldenCases().map(({ type }) => type)), (json, type) => {
        const identity = identityOf(
          type.group === '' ? type.plural : `${type.plural}.${type.group}`,
          type.kind,
        );
        for (const path of [['spec'], ['metadata'], ['data'], ['rules']].map((keys) => pathOf(...keys))) {
          const value: Value = valueOf(json);
          const [known, possible] = [severityOf(identity, path, value), severityOf(identity, path)];
          assert.ok(SEVERITIES.indexOf(known) >= SEVERITIES.indexOf(possible));
        }
      }),
    );
  });
});
