import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareArchives } from '../../src/drift/compare-archives.ts';
import type { Drift } from '../../src/drift/drift.ts';
import type { Manifest, Outcome } from '../../src/model/manifest.ts';
import { temporaryFolder } from '../archive/zip-fixtures.ts';
import { type Night, type Stored, stored, writeNightOf } from './nights.ts';

const ROUTES = 'routes.route.openshift.io';
const ROUTE = stored('Route', 'r', { spec: { host: 'a' } });
const SETTINGS = stored('ConfigMap', 'c', { data: { a: '1' } });
const OTHER = stored('ConfigMap', 'c', { data: { a: '1' } }, 'blog');
const SHOP = stored('Namespace', 'shop');
const BLOG = stored('Namespace', 'blog');
const ROLE = stored('ClusterRole', 'reader', { rules: [] });
const ALL = [ROUTE, SETTINGS, OTHER, SHOP, BLOG, ROLE];

const DENIED: Outcome = { scope: '*', result: 'denied' };
const FAILED: Outcome = { scope: '*', result: 'failed', reason: '503 ServiceUnavailable' };
const SKIPPED: Outcome = { scope: '*', result: 'skipped', rule: 'selection', reason: '--exclude names it' };

function read(scope: string): Outcome {
  return { scope, result: 'exported', objectCount: 1, resourceVersion: '1' };
}

function options(given: Partial<Manifest['options']>): Pick<Night, 'manifest'> {
  return { manifest: { options: { namespaces: [], ...given } } };
}

interface Case {
  readonly what: string;
  readonly before?: Night;
  readonly after?: Night;
  /** `added type project/name`. */
  readonly changes?: readonly string[];
  /** `side type scope: reason`. */
  readonly missing?: readonly string[];
  readonly notes?: readonly RegExp[];
}

const without = (...gone: readonly object[]): Pick<Night, 'objects'> => ({
  objects: ALL.filter((one) => !gone.includes(one)),
});
const DENIED_TEXT = 'denied: the service account could not list it';
const ONLY_SHOP = 'the archive is of the project shop only';
const UNSEEN = 'the project was not there, or the service account could not see it';

/** Both archives hold all objects, and all was read, but for what is said. */
const CASES: readonly Case[] = [
  { what: 'nothing is missing' },
  { what: 'an object is gone', after: without(ROUTE), changes: [`removed ${ROUTES} shop/r`] },
  { what: 'an object is new', before: without(ROUTE), changes: [`added ${ROUTES} shop/r`] },
  {
    what: 'a type is denied after',
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [DENIED] } },
    missing: [`after ${ROUTES} *: ${DENIED_TEXT}`],
  },
  {
    what: 'a type is denied before',
    before: { ...without(ROUTE), outcomes: { [ROUTES]: [DENIED] } },
    missing: [`before ${ROUTES} *: ${DENIED_TEXT}`],
  },
  {
    what: 'a type is denied in both',
    before: { ...without(ROUTE), outcomes: { [ROUTES]: [DENIED] } },
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [DENIED] } },
    missing: [`both ${ROUTES} *: ${DENIED_TEXT}`],
  },
  {
    what: 'a type failed after',
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [FAILED] } },
    missing: [`after ${ROUTES} *: failed: 503 ServiceUnavailable`],
    notes: [/^The archive after is incomplete: 1 part is missing, and not compared$/u],
  },
  {
    what: 'a type failed before, and was denied after',
    before: { ...without(ROUTE), outcomes: { [ROUTES]: [FAILED] } },
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [DENIED] } },
    missing: [`both ${ROUTES} *: before failed: 503 ServiceUnavailable; after ${DENIED_TEXT}`],
    notes: [/^The archive before is incomplete/u],
  },
  {
    what: 'a type was not selected after',
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [SKIPPED] } },
    missing: [`after ${ROUTES} *: left out: --exclude names it`],
  },
  {
    what: 'a type was selected in neither: no news',
    before: { ...without(ROUTE), outcomes: { [ROUTES]: [SKIPPED] } },
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [SKIPPED] } },
  },
  {
    what: 'a type is gone from a cluster that was read whole',
    after: { ...without(ROUTE), without: [ROUTES] },
    changes: [`removed ${ROUTES} shop/r`],
  },
  {
    what: 'a type is not known to an incomplete archive',
    after: { ...without(ROUTE), without: [ROUTES], outcomes: { 'pods.metrics.k8s.io': [FAILED] } },
    missing: [
      'after pods.metrics.k8s.io *: failed: 503 ServiceUnavailable',
      `after ${ROUTES} *: the archive is incomplete, and does not know the type`,
    ],
    notes: [/^The archive after is incomplete/u],
  },
  {
    what: 'the group of a type did not answer',
    after: { ...without(ROUTE), without: [ROUTES], outcomes: { '*.route.openshift.io': [FAILED] } },
    missing: ['after *.route.openshift.io *: failed: 503 ServiceUnavailable'],
    notes: [/^The archive after is incomplete/u],
  },
  {
    what: 'a type is denied in one project',
    after: { ...without(ROUTE), outcomes: { [ROUTES]: [{ scope: 'shop', result: 'denied' }, read('blog')] } },
    missing: [`after ${ROUTES} shop: ${DENIED_TEXT}`],
  },
  {
    what: 'one project failed, and in another an object is gone',
    after: {
      ...without(SETTINGS, OTHER),
      outcomes: {
        configmaps: [
          { ...FAILED, scope: 'shop' },
          { scope: 'blog', result: 'empty', resourceVersion: '1' },
        ],
      },
    },
    changes: ['removed configmaps blog/c'],
    missing: ['after configmaps shop: failed: 503 ServiceUnavailable'],
    notes: [/^The archive after is incomplete/u],
  },
  {
    what: 'a project is gone, for somebody who sees all projects',
    after: { ...without(OTHER, BLOG), outcomes: { configmaps: [read('shop')] } },
    changes: ['removed configmaps blog/c', 'removed namespaces blog/blog'],
  },
  {
    what: 'a project is gone, or hidden, for somebody who sees some projects',
    after: { ...without(OTHER, BLOG), outcomes: { configmaps: [read('shop')], namespaces: [read('shop')] } },
    missing: [`after * blog: ${UNSEEN}`],
  },
  {
    what: 'only one project was exported after',
    after: {
      objects: [ROUTE, SETTINGS, SHOP],
      ...options({ namespaces: ['shop'] }),
      without: ['clusterroles.rbac.authorization.k8s.io'],
      outcomes: { configmaps: [read('shop')], namespaces: [read('shop')], [ROUTES]: [read('shop')] },
    },
    missing: [`after * *: ${ONLY_SHOP}`],
  },
  {
    what: 'only the project of the context was exported before',
    before: { ...without(OTHER, BLOG), ...options({ contextProject: 'shop' }) },
    missing: [`before * *: ${ONLY_SHOP}`],
  },
  {
    what: 'a project was excluded after',
    after: { ...without(OTHER, BLOG), ...options({ excludeNamespaces: ['b*'] }) },
    missing: ['after * blog: left out by --exclude-namespace'],
  },
  {
    what: 'a project that was named gave nothing',
    after: {
      ...without(OTHER, BLOG),
      ...options({ namespaces: ['shop', 'blog'] }),
      outcomes: {
        '*': [{ ...FAILED, scope: 'blog', reason: 'nothing may be listed there' }],
        configmaps: [read('shop')],
        namespaces: [read('shop')],
      },
    },
    missing: ['after * blog: failed: nothing may be listed there'],
    notes: [/^The archive after is incomplete/u],
  },
  {
    what: 'the labels differ',
    after: { ...without(ROUTE, OTHER), ...options({ selector: 'app=web' }) },
    missing: [
      'both * *: objects that only one of the archives holds: one is of all labels, the other of -l app=web',
    ],
  },
  {
    what: 'the labels are the same',
    before: options({ selector: 'app=web' }),
    after: { ...without(ROUTE), ...options({ selector: 'app=web' }) },
    changes: [`removed ${ROUTES} shop/r`],
    notes: [/^Both archives are of the labels app=web/u],
  },
  {
    what: 'the rules differ',
    after: { manifest: { ruleSet: 'other' } },
    notes: [/^The archives were made under different rules/u],
  },
  {
    what: 'a cluster is not known',
    after: { manifest: { cluster: { id: null, serverVersion: '1' } } },
    notes: [/^Whether the archives are of one cluster is not known/u],
  },
];

describe('what one of two archives does not know', () => {
  for (const { what, before = {}, after = {}, changes = [], missing = [], notes = [] } of CASES) {
    test(`is neither added nor removed: ${what}`, async (context) => {
      const dir = await temporaryFolder(context);
      const drift = await driftOf(dir, { objects: ALL, ...before }, { objects: ALL, ...after });
      assert.deepEqual(changesOf(drift), [...changes].toSorted());
      assert.deepEqual(
        drift.notComparable
          .map(({ side, type, scope, reason }) => `${side} ${type} ${scope}: ${reason}`)
          .toSorted(),
        [...missing].toSorted(),
      );
      assert.equal(drift.notes.length, notes.length, drift.notes.join('\n'));
      for (const [index, note] of notes.entries()) assert.match(drift.notes[index] ?? '', note);
    });
  }
});

type Options = Partial<Manifest['options']>;

const SECRETS: readonly (readonly [
  what: string,
  before: Options,
  after: Options,
  isTold: boolean,
  note?: RegExp,
])[] = [
  ['included in both', {}, { secrets: 'include' }, true],
  [
    'redacted with one key',
    { secrets: 'redact', redactionKeyId: 'a' },
    { secrets: 'redact', redactionKeyId: 'a' },
    true,
  ],
  [
    'redacted with two keys',
    { secrets: 'redact', redactionKeyId: 'a' },
    { secrets: 'redact', redactionKeyId: 'b' },
    false,
    /redacted with different keys/u,
  ],
  ['redacted in one', {}, { secrets: 'redact', redactionKeyId: 'b' }, false, /--secrets include and redact/u],
  ['in neither', { secrets: 'exclude' }, { secrets: 'exclude' }, true, /in neither archive/u],
];

function secret(value: string, more: object = {}): Stored {
  return stored('Secret', 's', { data: { a: value, ...more } });
}

describe('secret values', () => {
  for (const [what, before, after, isTold, note] of SECRETS) {
    test(what, async (context) => {
      const dir = await temporaryFolder(context);
      const drift = await driftOf(
        dir,
        { objects: [secret('eA==')], ...options(before) },
        { objects: [secret('eQ==', { b: 'eg==' })], ...options(after) },
      );
      const fields = drift.changes.flatMap((change) => change.fields.map(({ op, hidden }) => [op, hidden]));
      // That a key came or went can be seen whatever stands behind it.
      assert.deepEqual(fields, [...(isTold ? [['changed', 'secret']] : []), ['added', 'secret']]);
      assert.match(drift.notes.join('\n'), note ?? /^$/u);
    });
  }
});

test('archives of two clusters are refused, and compared when that is wanted', async (context) => {
  const dir = await temporaryFolder(context);
  const night: Night = { objects: ALL };
  const other: Night = { objects: ALL, manifest: { cluster: { id: 'cluster-b', serverVersion: '1' } } };
  await assert.rejects(driftOf(dir, night, other), { kind: 'refused' });
  const drift = await driftOf(dir, night, other, true);
  assert.deepEqual([drift.changes, drift.notes], [[], ['The archives are of two clusters']]);
});

test('another version of the API is no change of an object', async (context) => {
  const dir = await temporaryFolder(context);
  const scaler = stored('HorizontalPodAutoscaler', 'h', { spec: { maxReplicas: 3 } });
  const drift = await driftOf(
    dir,
    { objects: [{ ...scaler, apiVersion: 'autoscaling/v1' }] },
    { objects: [scaler] },
  );
  assert.deepEqual([drift.changes, drift.comparedCount], [[], 1]);
  assert.match(
    drift.notes.join('\n'),
    /^horizontalpodautoscalers\.autoscaling: read as autoscaling\/v1 before and as autoscaling\/v2 after/u,
  );
});

async function driftOf(dir: string, before: Night, after: Night, isForced = false): Promise<Drift> {
  return await compareArchives({
    before: await writeNightOf(dir, 19, before),
    after: await writeNightOf(dir, 20, after),
    projects: [],
    types: [],
    rules: [],
    findsRenames: true,
    isForced,
  });
}

function changesOf({ changes }: Drift): string[] {
  return changes
    .map(
      ({ change, type, project, name }) =>
        `${change} ${type} ${project === undefined ? '' : `${project}/`}${name}`,
    )
    .toSorted();
}
