import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planTypes, type TypeSelection } from '../../src/export/plan-types.ts';
import type { Discovery } from '../../src/kubernetes/discover.ts';
import { KnownError } from '../../src/model/known-error.ts';
import { gapsOf } from '../../src/model/manifest.ts';
import { type ResourceType, typeName } from '../../src/model/resource-type.ts';

const TYPE = { group: 'shop.example.com', version: 'v1', plural: 'carts', kind: 'Cart', isNamespaced: true };

test('planTypes() takes what can be listed, got and created, and says why of the rest', () => {
  const whole = { ...TYPE, verbs: ['get', 'list', 'create'] };
  const view = { ...TYPE, plural: 'totals', verbs: ['get', 'list'] };
  const { selected, settled } = planTypes({ types: [whole, view], unknown: [] });
  assert.deepEqual(selected, [whole]);
  assert.deepEqual(
    settled.map(({ type, outcomes }) => [type, outcomes]),
    [
      [
        'totals.shop.example.com',
        [{ scope: '*', result: 'skipped', rule: 'virtual', reason: 'the server offers no create for it' }],
      ],
    ],
  );
});

test('planTypes() makes a gap of a group that does not answer, unless it holds nothing but views', () => {
  const reason = 'no answer';
  const unknown = [
    { group: 'route.openshift.io', version: 'v1', reason },
    { group: 'metrics.k8s.io', version: 'v1beta1', reason },
  ];
  const { settled } = planTypes({ types: [], unknown });
  assert.deepEqual(gapsOf(settled), [{ type: '*.route.openshift.io', scope: '*', reason }]);
  assert.equal(settled.length, 2);
});

const VERBS = ['get', 'list', 'create'];
const CLUSTER_SCOPED = new Set(['namespaces', 'nodes', 'componentstatuses', 'clusterroles', 'images']);
/** A small OpenShift. */
const TYPES = [
  ...['configmaps', 'secrets', 'namespaces', 'events', 'nodes'].map((plural) => typeOf(plural, '')),
  typeOf('componentstatuses', '', ['get', 'list']),
  typeOf('deployments', 'apps'),
  typeOf('controllerrevisions', 'apps'),
  typeOf('events', 'events.k8s.io'),
  typeOf('nodes', 'metrics.k8s.io', ['get', 'list']),
  typeOf('clusterroles', 'rbac.authorization.k8s.io'),
  typeOf('clusterroles', 'authorization.openshift.io'),
  typeOf('routes', 'route.openshift.io'),
  typeOf('images', 'image.openshift.io'),
  typeOf('projectrequests', 'project.openshift.io', ['create']),
  typeOf('imports', 'image.openshift.io', ['create']),
  typeOf('things', 'a.example.com'),
  typeOf('things', 'b.example.com'),
];
const KNOWN: Discovery = { types: TYPES, unknown: [] };
const SILENT: Discovery = {
  types: TYPES.filter(({ group }) => group !== 'route.openshift.io'),
  unknown: ['route.openshift.io', 'metrics.k8s.io'].map((group) => ({
    group,
    version: 'v1',
    reason: 'down',
  })),
};
const EXPORTED = [
  'configmaps',
  'secrets',
  'namespaces',
  'deployments.apps',
  'clusterroles.rbac.authorization.k8s.io',
  'routes.route.openshift.io',
  'things.a.example.com',
  'things.b.example.com',
];

function typeOf(plural: string, group: string, verbs = VERBS): ResourceType {
  const isNamespaced = !CLUSTER_SCOPED.has(plural);
  return { group, version: 'v1', plural, kind: plural, isNamespaced, verbs };
}

function selection(changes: Partial<TypeSelection>): TypeSelection {
  return { namespaces: [], ...changes };
}

type Chosen = readonly (readonly [
  name: string,
  changes: Partial<TypeSelection>,
  selected: readonly string[],
])[];
const CHOSEN: Chosen = [
  ['nothing', {}, EXPORTED],
  ['a name', { include: ['deployments.apps'] }, ['deployments.apps']],
  ['a plain plural', { include: ['deployments', 'configmaps'] }, ['configmaps', 'deployments.apps']],
  [
    'a plural of two types, one of which is left out otherwise',
    { include: ['clusterroles'] },
    ['clusterroles.rbac.authorization.k8s.io'],
  ],
  ['a glob, which brings nothing back', { include: ['*.openshift.io'] }, ['routes.route.openshift.io']],
  ['a glob of core types', { include: ['?o*s'] }, ['configmaps']],
  ['a name that is left out otherwise', { include: ['events'] }, ['events']],
  ['one that cannot be made', { include: ['componentstatuses'] }, ['componentstatuses']],
  ['a plural that is left out otherwise', { include: ['controllerrevisions'] }, ['controllerrevisions.apps']],
  ['an excluded name', { exclude: ['secrets'] }, EXPORTED.filter((name) => name !== 'secrets')],
  ['an excluded glob', { exclude: ['*.*'] }, ['configmaps', 'secrets', 'namespaces']],
  ['an excluded type that is left out anyway', { exclude: ['events'] }, EXPORTED],
  [
    'a glob without one of its names',
    { include: ['*.example.com'], exclude: ['things.a.example.com'] },
    ['things.b.example.com'],
  ],
  [
    'a name that an excluded glob matches',
    { include: ['configmaps', 'deployments.apps'], exclude: ['*.apps'] },
    ['configmaps'],
  ],
  [
    'projects: nothing that lies in none',
    { namespaces: ['a'], include: ['configmaps', 'namespaces', 'clusterroles'] },
    ['configmaps', 'namespaces'],
  ],
];
for (const [name, changes, expected] of CHOSEN) {
  test(`planTypes() with ${name}`, () => {
    const { selected, settled } = planTypes(KNOWN, selection(changes));
    assert.deepEqual(selected.map(typeName), expected);
    assert.deepEqual(gapsOf(settled), []);
    // Nothing goes without a word, but what lies in no project.
    const named = [...selected.map(typeName), ...settled.map((record) => record.type)].toSorted();
    if (changes.namespaces === undefined) assert.deepEqual(named, TYPES.map(typeName).toSorted());
  });
}

const REFUSED: readonly (readonly [changes: Partial<TypeSelection>, message: RegExp])[] = [
  [{ include: ['deploymets'] }, /^--include names deploymets, and the cluster has no such resource type: /u],
  [{ include: ['deployments.extensions'] }, /^--include names deployments.extensions, and/u],
  [{ include: ['configmaps', 'x*'] }, /^--include names x\*, and the cluster has no such/u],
  [{ exclude: ['*.example.org'] }, /^--exclude names \*.example.org, and/u],
  [{ require: ['cronjobs.batch'] }, /^--require names cronjobs.batch, and the cluster has no/u],
  [
    { include: ['things'] },
    /^--include things can mean several resource types, write the whole name: things.a.example.com, things.b/u,
  ],
  [{ require: ['things'] }, /^--require things can mean several/u],
  [
    { include: ['deployments'], exclude: ['deployments.apps'] },
    /^--include and --exclude both name deployments.apps: leave out one of them$/u,
  ],
  [
    { include: ['imports.image.openshift.io'] },
    /^--include names imports.image.openshift.io, which cannot be exported: the server does not list it$/u,
  ],
  [
    { include: ['projectrequests'] },
    /^--include names projectrequests.project.openshift.io, which cannot .*: the server does not list it$/u,
  ],
  [
    { include: ['nodes.metrics.k8s.io'] },
    /^--include names nodes.metrics.k8s.io, .* offers no create for it$/u,
  ],
  [
    { exclude: ['secrets'], require: ['secrets'] },
    /^--require names secrets, which is left out by --include or/u,
  ],
  [
    { exclude: ['*.apps'], require: ['deployments'] },
    /^--require names deployments.apps, which is left out/u,
  ],
  [{ include: ['configmaps'], require: ['secrets'] }, /^--require names secrets, which is left out/u],
  [
    { namespaces: ['a'], require: ['clusterroles'] },
    /^--require names clusterroles.rbac.*, or by --namespace, because it belongs to no project$/u,
  ],
  [{ exclude: ['*'] }, /^--include and --exclude leave no resource type to export: /u],
  [{ include: ['*.metrics.k8s.io'] }, /^--include and --exclude leave no/u],
  [{ namespaces: ['a'], include: ['clusterroles'] }, /^--include and --exclude leave no .* from projects: /u],
];
for (const [changes, message] of REFUSED) {
  test(`planTypes() refuses ${JSON.stringify(changes)}`, () => {
    assert.throws(
      () => planTypes(KNOWN, selection(changes)),
      (error) => error instanceof KnownError && error.kind === 'usage' && message.test(error.message),
    );
  });
}

/** Whether the group of routes, which does not answer, is a gap; undefined for a selection that is refused. */
const WITH_SILENT: readonly (readonly [changes: Partial<TypeSelection>, isGap: boolean | undefined])[] = [
  [{}, true],
  [{ include: ['configmaps'] }, false],
  [{ include: ['deployments'] }, false],
  [{ include: ['deployments.apps', '*.apps'] }, false],
  [{ include: ['routes.route.openshift.io'] }, true],
  [{ include: ['routes'] }, true],
  [{ include: ['*.openshift.io'] }, true],
  [{ include: ['r*'] }, true],
  [{ include: ['pods.metrics.k8s.io'] }, undefined],
  [{ include: ['routes.route.example.com'] }, undefined],
  [{ exclude: ['*.openshift.io'] }, false],
  [{ exclude: ['routes.route.openshift.io'] }, true],
  [{ exclude: ['?*s.route.openshift.io'] }, true],
  [{ exclude: ['configmaps'] }, true],
  [{ require: ['routes'] }, true],
  [{ require: ['routes.route.openshift.io'] }, true],
  [{ require: ['routes'], include: ['configmaps'] }, undefined],
  [{ require: ['routes'], exclude: ['*.openshift.io'] }, undefined],
  [{ require: ['secrets'], include: ['routes'] }, undefined],
];
for (const [changes, isGap] of WITH_SILENT) {
  test(`planTypes() with a group that does not answer and ${JSON.stringify(changes)}`, () => {
    if (isGap === undefined) assert.throws(() => planTypes(SILENT, selection(changes)), KnownError);
    else assert.equal(gapsOf(planTypes(SILENT, selection(changes)).settled).length, isGap ? 1 : 0);
  });
}

test('planTypes() requires full names', () => {
  const { required } = planTypes(KNOWN, selection({ require: ['deployments', 'secrets', 'events'] }));
  assert.deepEqual([...required], ['deployments.apps', 'secrets', 'events']);
});
