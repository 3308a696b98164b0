import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { planTypes } from '../../src/export/plan-types.ts';
import { discover } from '../../src/kubernetes/discover.ts';
import { typeName } from '../../src/model/resource-type.ts';
import { clientOf } from './json-server.ts';

const FOLDER = new URL('../data/openshift/discovery/', import.meta.url);

async function document(name: string): Promise<Record<string, unknown>> {
  const text = await readFile(new URL(name, FOLDER), 'utf8');
  return { kind: 'APIGroupDiscoveryList', ...(parse(text) as object) };
}

const { client, stop } = await clientOf({
  '/api': await document('aggregated-discovery-api.yaml'),
  '/apis': await document('aggregated-discovery-apis.yaml'),
});
after(stop);
const discovery = await discover(client);
const { selected, settled } = planTypes(discovery);
const selectedNames = new Set(selected.map(typeName));
const ruleOf = new Map(
  settled.map(({ type, outcomes }) => [
    type,
    outcomes[0]?.result === 'skipped' ? outcomes[0].rule : outcomes[0]?.result,
  ]),
);

test('discover() reads a real OpenShift cluster: every type once, in its preferred version', () => {
  assert.deepEqual(discovery.unknown, []);
  const names = discovery.types.map(typeName);
  assert.equal(new Set(names).size, names.length);
  const versionOf = (name: string): string | undefined =>
    discovery.types.find((type) => typeName(type) === name)?.version;
  assert.deepEqual(
    [
      'configmaps',
      'deployments.apps',
      'horizontalpodautoscalers.autoscaling',
      'routes.route.openshift.io',
    ].map(versionOf),
    ['v1', 'v1', 'v2', 'v1'],
  );
  assert.equal(
    names.some((name) => name.includes('/')),
    false,
    'subresources are no types',
  );
});

test('discover() knows in which other versions a type can be listed', () => {
  const others = new Map(discovery.types.map((type) => [typeName(type), type.otherVersions]));
  assert.deepEqual(
    [
      'horizontalpodautoscalers.autoscaling',
      'performanceprofiles.performance.openshift.io',
      'configmaps',
    ].map((name) => others.get(name)),
    [['v1'], ['v1', 'v1alpha1'], undefined],
  );
});

const EXPORTED = [
  'namespaces',
  'secrets',
  'persistentvolumeclaims',
  'deploymentconfigs.apps.openshift.io',
  'imagestreams.image.openshift.io',
  'buildconfigs.build.openshift.io',
  'routes.route.openshift.io',
  'templates.template.openshift.io',
  'securitycontextconstraints.security.openshift.io',
  'rolebindingrestrictions.authorization.openshift.io',
  'clusterresourcequotas.quota.openshift.io',
  'rolebindings.rbac.authorization.k8s.io',
  'groups.user.openshift.io',
  'subscriptions.operators.coreos.com',
];
for (const name of EXPORTED)
  test(`${name} is exported from OpenShift`, () => assert.ok(selectedNames.has(name)));

const LEFT_OUT: readonly (readonly [type: string, rule: string])[] = [
  ['events', 'event'],
  ['events.events.k8s.io', 'event'],
  ['rolebindings.authorization.openshift.io', 'view'],
  ['imagestreamtags.image.openshift.io', 'view'],
  ['projects.project.openshift.io', 'view'],
  ['appliedclusterresourcequotas.quota.openshift.io', 'view'],
  ['oauthaccesstokens.oauth.openshift.io', 'live-credential'],
  ['imagestreamimports.image.openshift.io', 'virtual'],
  ['selfsubjectaccessreviews.authorization.k8s.io', 'virtual'],
  ['nodes.metrics.k8s.io', 'virtual'],
];
for (const [name, rule] of LEFT_OUT) {
  test(`${name} is left out by the rule ${rule}`, () => assert.equal(ruleOf.get(name), rule));
}
