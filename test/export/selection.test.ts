import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gapsOf, type Manifest } from '../../src/model/manifest.ts';
import { type Cluster, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import {
  archivesIn,
  entriesOf,
  manifestOf,
  namesIn,
  onlyArchive,
  outcomesOf,
} from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';

const PROJECTS = ['selection-a', 'selection-b', 'selection-c'] as const;
const [A, B, C] = PROJECTS;
/** More than a page of objects that a selector takes. */
const MANY = 'selection-many';
const MANY_COUNT = 620;
const OURS = ['-n', 'selection-?'];

interface Exported {
  readonly result: CliResult;
  readonly manifest: Manifest;
  /** Entries with the names of their objects, without facts. */
  readonly objects: Readonly<Record<string, readonly string[]>>;
}

describe('what is exported', { concurrency: 4 }, () => {
  let cluster: Cluster;
  let folder: string;
  let everything: string;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'selection-test-'));
    await cluster.apply([...PROJECTS.flatMap(objectsOf), project(MANY, { selection: 'many' })]);
    await cluster.create(manyObjects());
    ({ kubeconfig: everything } = await cluster.serviceAccount({
      namespace: MANY,
      name: 'reader',
      clusterRules: READ_EVERYTHING,
    }));
  });
  after(() => rm(folder, { recursive: true }));

  const TYPES: readonly (readonly [args: readonly string[], types: readonly string[]])[] = [
    [
      ['--include', 'deployments.apps,configmaps'],
      ['configmaps', 'deployments.apps'],
    ],
    [
      ['--include', 'deployments', '--include', 'routes'],
      ['deployments.apps', 'routes.route.openshift.io'],
    ],
    [['--include', '*.openshift.io'], ['routes.route.openshift.io']],
    [['--include', '*.openshift.io,*maps', '--exclude', 'routes.*'], ['configmaps']],
    [
      ['--include', 'events,namespaces'],
      ['events', 'namespaces'],
    ],
    [
      ['--exclude', '*.*', '--exclude', 'serviceaccounts'],
      ['configmaps', 'namespaces', 'secrets'],
    ],
  ];
  for (const [args, types] of TYPES) {
    test(`with ${args.join(' ')}`, async () => {
      const { objects, manifest } = await exported([...OURS, ...args], 0);
      const expected = PROJECTS.flatMap((name) => types.map((type) => `${name}/${type}.json`));
      assert.deepEqual(Object.keys(objects).toSorted(), expected.toSorted());
      assert.equal(manifest.options.include?.join(',') ?? '', listOf(args, '--include'));
      assert.equal(manifest.options.exclude?.join(',') ?? '', listOf(args, '--exclude'));
      // What is left out is not forgotten.
      const secrets = outcomesOf(manifest, 'secrets')['*'];
      if (types.includes('secrets')) assert.equal(secrets, undefined);
      else assert.ok(secrets?.result === 'skipped' && secrets.rule === 'selection');
    });
  }

  test('with --exclude-namespace, of the whole cluster', async () => {
    const include = ['--include', 'configmaps,namespaces,clusterroles.rbac.authorization.k8s.io'];
    const environment = { OPENSHIFT_BACKUP_EXCLUDE_NAMESPACES: `${B} kube-*` };
    const { objects, manifest } = await exported(include, 0, environment);
    const folders = new Set(Object.keys(objects).map((entry) => path.dirname(entry)));
    for (const name of ['_cluster', A, C, 'default']) assert.ok(folders.has(name), name);
    assert.deepEqual(
      [...folders].filter((name) => name === B || name.startsWith('kube-')),
      [],
    );
    assert.deepEqual(manifest.options.excludeNamespaces, [B, 'kube-*']);
    assertCounts(manifest);
  });

  test('with --exclude-namespace for every project: what lies in none', async () => {
    const include = ['--include', 'configmaps,namespaces,clusterroles'];
    const { objects, manifest } = await exported([...include, '--exclude-namespace', '*'], 0);
    assert.deepEqual(Object.keys(objects), ['_cluster/clusterroles.rbac.authorization.k8s.io.json']);
    assert.equal(outcomesOf(manifest, 'configmaps')['*']?.result, 'empty');
    assert.equal(outcomesOf(manifest, 'namespaces')['*']?.result, 'empty');
  });

  test('with --exclude-namespace beside a glob of --namespace', async () => {
    const args = [...OURS, '--include', 'configmaps', '--exclude-namespace', `${B},x*`];
    const { objects, manifest } = await exported(args, 0);
    assert.deepEqual(Object.keys(objects).toSorted(), [`${A}/configmaps.json`, `${C}/configmaps.json`]);
    assert.deepEqual(Object.keys(outcomesOf(manifest, 'configmaps')), [A, C]);
  });

  test('with --selector, in projects: each object by its own labels, the project too', async () => {
    const { objects, manifest } = await exported([...OURS, '-l', 'app=web, !draft'], 0);
    assert.deepEqual(objects, {
      [`${A}/namespaces.json`]: [A],
      ...Object.fromEntries(PROJECTS.map((name) => [`${name}/configmaps.json`, ['web']])),
      ...Object.fromEntries(PROJECTS.map((name) => [`${name}/deployments.apps.json`, ['web']])),
    });
    assert.equal(outcomesOf(manifest, 'namespaces')[B]?.result, 'empty');
    assert.equal(manifest.options.selector, 'app=web, !draft');
    assertCounts(manifest);
  });

  test('with --selector, in the whole cluster, over more than one page', async () => {
    const { objects, manifest } = await exported(['-l', 'selection in (many)'], 0);
    assert.deepEqual(Object.keys(objects).toSorted(), [`${MANY}/configmaps.json`, `${MANY}/namespaces.json`]);
    assert.equal(objects[`${MANY}/configmaps.json`]?.length, MANY_COUNT);
    assertCounts(manifest);
  });

  test('with a --selector that no object meets: nothing is published', async () => {
    const { result, dir } = await run([...OURS, '-l', 'app=nowhere']);
    assert.equal(result.code, 4);
    assert.match(messageLines(result).join('\n'), /^error: There is not a single object .*--selector/u);
    assert.deepEqual(await namesIn(dir), []);
  });

  const REQUIRED: readonly (readonly [types: string, gaps: readonly string[]])[] = [
    ['configmaps,deployments', []],
    ['cronjobs.batch', ['cronjobs.batch *: required, but there is not one object']],
    ['events,configmaps', ['events *: required, but left out: events are a log, gone after an hour']],
    [
      'cronjobs,jobs',
      [
        'cronjobs.batch *: required, but there is not one object',
        'jobs.batch *: required, but there is not one object',
      ],
    ],
  ];
  for (const [types, gaps] of REQUIRED) {
    test(`with --require ${types}`, async () => {
      const { manifest, result } = await exported([...OURS, '--require', types], gaps.length === 0 ? 0 : 3);
      assert.deepEqual(gapTexts(manifest), gaps);
      for (const { type, reason } of gapsOf(manifest.types)) {
        const line = result.stderr
          .split('\n')
          .find((text) => text.includes(`"type":"${type}","scope"`) && text.includes('"level":"error"'));
        assert.ok(line?.includes(JSON.stringify(reason)), 'the log names the gap');
      }
    });
  }

  test('with --require of a type that may be listed in one of two projects', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const more = [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['list'] }];
    const namespaceRules = { [A]: more, [B]: rules };
    const { kubeconfig } = await cluster.serviceAccount({ namespace: A, name: 'half', namespaceRules });
    const args = ['-n', A, '-n', B, '--require', 'secrets', '--kubeconfig', kubeconfig];
    const { manifest } = await exported(args, 3);
    assert.deepEqual(gapTexts(manifest), [`secrets ${B}: required, but the service account may not list it`]);
  });

  test('with --require of a type that may not be listed at all', async () => {
    const namespaceRules = { [A]: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] };
    const { kubeconfig } = await cluster.serviceAccount({ namespace: A, name: 'few', namespaceRules });
    const args = ['-n', A, '--require', 'secrets', '--kubeconfig', kubeconfig];
    const { manifest } = await exported(args, 3);
    assert.deepEqual(gapTexts(manifest), ['secrets *: required, but the service account may not list it']);
    // A requirement makes no archive of nothing.
    const none = await run(['-n', B, '--require', 'secrets', '--kubeconfig', kubeconfig]);
    assert.deepEqual([none.result.code, await namesIn(none.dir)], [4, []]);
  });

  const REFUSED: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['--include', 'deploymets'], /^--include names deploymets, and the cluster has no such resource type/u],
    [['--exclude', '*.example.org'], /^--exclude names \*.example.org, and the cluster has no such/u],
    [['--require', 'cronjobs.example.org'], /^--require names cronjobs.example.org, and the cluster has/u],
    [['--include', 'deployments', '--exclude', 'deployments.apps'], /^--include and --exclude both name/u],
    [['--exclude', 'secrets', '--require', 'secrets'], /^--require names secrets, which is left out/u],
    [['--include', 'tokenreviews'], /^--include names tokenreviews.authentication.k8s.io, which cannot be/u],
    [['-n', A, '--require', 'clusterroles'], /^--require names clusterroles.rbac/u],
    [['-n', A, '--exclude-namespace', A], /^--namespace and --exclude-namespace both name selection-a/u],
    [['-n', 'selection-?', '--exclude-namespace', 'selection*'], /^--exclude-namespace leaves no project/u],
    [['-l', 'app=web,'], /^--selector is "app=web,": give a label selector as kubectl takes it/u],
  ];
  for (const [args, message] of REFUSED) {
    test(`is nothing with ${args.join(' ')}`, async () => {
      const { result, dir } = await run(args);
      const [line = '', ...more] = messageLines(result);
      assert.match(line.replace(/^error: /u, ''), message);
      assert.deepEqual([result.code, more, result.stdout], [2, [], '']);
      assert.deepEqual(await namesIn(dir).catch(() => []), []);
    });
  }

  test('is what `types` shows', async () => {
    const args = [
      'types',
      '--kubeconfig',
      everything,
      '--include',
      'events,*.apps',
      '--exclude',
      'daemonsets',
    ];
    const names = await runCli([...args, '-o', 'name']);
    const types = ['deployments.apps', 'events', 'replicasets.apps', 'statefulsets.apps'];
    assert.deepEqual([names.code, names.stdout.trimEnd().split('\n')], [0, types]);
    const rows = JSON.parse((await runCli([...args, '-o', 'json'])).stdout) as {
      type: string;
      reason: string;
    }[];
    const reasonOf = (type: string): string | undefined => rows.find((row) => row.type === type)?.reason;
    assert.equal(reasonOf('daemonsets.apps'), '--exclude names it');
    assert.equal(reasonOf('secrets'), '--include does not name it');
    assert.match(reasonOf('controllerrevisions.apps') ?? '', /^made and kept up to date by a controller/u);
  });

  test('decides which archives stand for each other in the rotation', async () => {
    const dir = await mkdtemp(path.join(folder, 'rotation-'));
    const keep = ['--retain-days', '0', '--keep-last', '1', '--dir', dir];
    const args = ['run', '--kubeconfig', everything, '-n', A, ...keep];
    const all = await runCli(args);
    const few = [];
    for (const _ of [1, 2]) {
      const result = await runCli([...args, '--exclude', 'secrets', '--require', 'configmaps']);
      few.push(result);
      // An archive is as young as its file, which can be written after the next one's second has begun.
      await utimes(result.stdout.trim(), 0, 0);
    }
    assert.deepEqual(
      [all, ...few].map(({ code }) => code),
      [0, 0, 0],
    );
    const left = [all, few[1]].map((result) => path.basename(result?.stdout.trim() ?? ''));
    assert.deepEqual(await archivesIn(dir), left.toSorted());
    const plan = await runCli([
      'rotate',
      '--dry-run',
      '-n',
      A,
      '--exclude',
      'secrets',
      ...keep,
      '-o',
      'json',
    ]);
    const rows = JSON.parse(plan.stdout) as { file: string; reason: string }[];
    assert.match(
      rows.find(({ file }) => file === left[0])?.reason ?? '',
      new RegExp(`^Of another selection \\(${A}\\)$`, 'u'),
    );
    assert.match(rows.find(({ file }) => file === left[1])?.reason ?? '', /^One of the newest complete/u);
  });

  async function run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ result: CliResult; dir: string }> {
    const dir = path.join(await mkdtemp(path.join(folder, 'run-')), 'archives');
    const account = args.includes('--kubeconfig') ? [] : ['--kubeconfig', everything];
    return { result: await runCli(['run', '--dir', dir, ...account, ...args], { environment }), dir };
  }

  async function exported(
    args: readonly string[],
    code: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Exported> {
    const { result, dir } = await run(args, environment);
    assert.deepEqual({ code: result.code, lines: messageLines(result) }, { code, lines: [] });
    const archive = await onlyArchive(dir);
    const manifest = await manifestOf(archive);
    assert.equal(manifest.isComplete, code === 0);
    const entries = Object.entries(await entriesOf(archive)).filter(
      ([entry]) => !entry.startsWith('_facts/'),
    );
    const objects = entries.map(([entry, text]) => {
      const { items } = JSON.parse(text) as { items: { metadata: { name: string } }[] };
      return [entry, items.map(({ metadata }) => metadata.name)] as const;
    });
    return { result, manifest, objects: Object.fromEntries(objects) };
  }
});

/** Asserts that the outcomes count the objects that are in the files. */
function assertCounts({ types, files }: Manifest): void {
  for (const { type, outcomes } of types) {
    const counted = outcomes.reduce(
      (sum, outcome) => sum + (outcome.result === 'exported' ? outcome.objectCount : 0),
      0,
    );
    const own = files.filter(
      (file) => !file.path.startsWith('_facts/') && file.path.endsWith(`/${type}.json`),
    );
    assert.equal(
      counted,
      own.reduce((sum, { objectCount }) => sum + objectCount, 0),
      type,
    );
  }
}

function gapTexts({ types }: Manifest): string[] {
  return gapsOf(types).map(({ type, scope, reason }) => `${type} ${scope}: ${reason}`);
}

function listOf(args: readonly string[], flag: string): string {
  return args.filter((_, index) => args[index - 1] === flag).join(',');
}

function project(name: string, labels: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** The project, and objects with labels and without; what a controller would add to a project is added here. */
function objectsOf(name: string): KubernetesObject[] {
  const web = { name: 'web', namespace: name, labels: { app: 'web' } };
  const draft = { name: 'draft', namespace: name, labels: { app: 'web', draft: '' } };
  const labels = { app: 'selection' };
  const spec = { containers: [{ name: 'main', image: 'example.com/image:1' }] };
  return [
    project(name, name === A ? { app: 'web' } : {}),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: web, data: {} },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: draft, data: {} },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'plain', namespace: name },
      stringData: { a: 'b' },
    },
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'event', namespace: name },
      involvedObject: { kind: 'ConfigMap', namespace: name, name: 'web' },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: web,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'route.openshift.io/v1',
      kind: 'Route',
      metadata: { name: 'plain', namespace: name },
      spec: { to: { kind: 'Service', name: 'web', weight: 100 } },
    },
  ];
}

function manyObjects(): KubernetesObject[] {
  return Array.from({ length: MANY_COUNT + 100 }, (_, index) => {
    const labels: Record<string, string> = index % 7 === 0 && index < 700 ? {} : { selection: 'many' };
    const name = `map-${String(index).padStart(4, '0')}`;
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: MANY, labels }, data: {} };
  });
}
