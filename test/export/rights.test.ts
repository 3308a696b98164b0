import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, READ_EVERYTHING, type Rule, sharedCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { gapsOf, type Manifest } from '../../src/model/manifest.ts';
import {
  entriesOf,
  gapNames,
  manifestOf,
  namesIn,
  onlyArchive,
  outcomesOf,
} from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';

/** Three projects with the same objects; the ServiceAccounts of the tests lie in the first. */
const PROJECTS = ['rights-a', 'rights-b', 'rights-c'] as const;
const [A, B, C] = PROJECTS;
const EMPTY = 'rights-empty-one';
const LIST_PROJECTS: Rule = { apiGroups: [''], resources: ['namespaces'], verbs: ['list'] };

interface Exported {
  readonly result: CliResult;
  readonly manifest: Manifest;
  readonly entries: Readonly<Record<string, string>>;
}

describe('a service account', () => {
  let cluster: Cluster;
  let folder: string;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'rights-test-'));
    await cluster.apply([...PROJECTS.flatMap(objectsOf), namespaceOf(EMPTY)]);
  });
  after(() => rm(folder, { recursive: true }));

  test('that may list some types only exports these, and the manifest says denied for all others', async () => {
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: A,
      name: 'some-types',
      clusterRules: [
        { apiGroups: ['', 'apps'], resources: ['configmaps', 'deployments'], verbs: ['list'] },
        { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['list', 'get'] },
        // To get is not to list.
        { apiGroups: [''], resources: ['services'], verbs: ['get'] },
        LIST_PROJECTS,
      ],
    });
    const { manifest, entries, result } = await exported('some-types', kubeconfig);
    const types = new Set(Object.keys(entries).map((entry) => path.basename(entry, '.json')));
    const readable = [
      'clusterroles.rbac.authorization.k8s.io',
      'configmaps',
      'deployments.apps',
      'namespaces',
    ];
    assert.deepEqual([...types].toSorted(), readable);
    for (const project of PROJECTS) assert.ok(entries[`${project}/configmaps.json`], project);
    for (const { type, outcomes } of manifest.types) {
      const results = outcomes.map((outcome) => `${outcome.scope} ${outcome.result}`);
      if (outcomes.some((outcome) => outcome.result === 'skipped')) continue;
      assert.deepEqual(results, readable.includes(type) ? ['* exported'] : ['* denied'], type);
    }
    assert.match(result.stderr, /"type":"services","scope":"\*","msg":"Skipped: not allowed to list"/u);
    // It may not read the Namespace kube-system, by which clusters are told apart.
    assert.equal(manifest.cluster.id, null);
  });

  describe('that may read everything in two projects only', () => {
    let kubeconfig: string;
    const everything = { [A]: READ_EVERYTHING, [B]: READ_EVERYTHING };

    before(async () => {
      ({ kubeconfig } = await cluster.serviceAccount({
        namespace: A,
        name: 'two',
        namespaceRules: everything,
      }));
    });

    test('exports both when they are named', async () => {
      const { manifest, entries } = await exported('named', kubeconfig, ['-n', A, '-n', B]);
      assertProjects(entries, [A, B]);
      assert.deepEqual(manifest.options.namespaces, [A, B]);
      assert.deepEqual(Object.keys(outcomesOf(manifest, 'configmaps')), [A, B]);
      assert.equal(outcomesOf(manifest, 'namespaces')[B]?.result, 'exported');
    });

    test('exports both when the environment names them, in any order and twice', async () => {
      const environment = { OPENSHIFT_BACKUP_NAMESPACES: `${B}, ${A} ${B}` };
      const { entries } = await exported('environment', kubeconfig, [], { environment });
      assertProjects(entries, [A, B]);
    });

    for (const [name, what] of [
      [C, 'a third one that it may not read'],
      ['rights-typo', 'one that there is not'],
    ] as const) {
      test(`exports one beside ${what}, which is a gap and is denied`, async () => {
        const { manifest, entries, result } = await exported('third', kubeconfig, ['-n', name, '-n', B], {
          code: 3,
        });
        assertProjects(entries, [B]);
        for (const type of ['configmaps', 'namespaces', 'deployments.apps', 'secrets']) {
          assert.equal(outcomesOf(manifest, type)[name]?.result, 'denied', type);
        }
        const reason =
          "the service account may not list anything there: check the project's name and its rights";
        assert.deepEqual(gapsOf(manifest.types), [{ type: '*', scope: name, reason }]);
        const [line = ''] = result.stderr.split('\n').filter((text) => text.includes('"level":"error"'));
        const { level, time: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
        const msg = 'Failed: not in the archive';
        assert.deepEqual([level, fields], ['error', { type: '*', scope: name, reason, msg }]);
      });
    }

    test('exports the project of its context when none is named and it may not list projects', async () => {
      const { manifest, entries, result } = await exported('own', kubeconfig);
      assertProjects(entries, [A]);
      assert.equal(manifest.options.contextProject, A);
      assert.deepEqual(manifest.options.namespaces, []);
      const lines = result.stderr.split('\n').filter((line) => line.includes('"level":"warn"'));
      assert.equal(lines.length, 1);
      assert.match(
        lines[0] ?? '',
        /"project":"rights-a","msg":"Only the project of the context is exported: /u,
      );
    });

    test('can rotate what it has exported from the project of its context', async () => {
      const dir = path.join(folder, 'own-rotation');
      const keep = ['--dir', dir, '--retain-days', '0', '--keep-last', '1'];
      const runs = [];
      for (const _ of [1, 2]) runs.push(await runCli(['run', '--kubeconfig', kubeconfig, '--dir', dir]));
      assert.deepEqual(
        runs.map(({ code }) => code),
        [0, 0],
      );
      const rotated = await runCli(['rotate', ...keep]);
      assert.deepEqual([rotated.code, rotated.stderr], [0, '']);
      assert.equal(`${await onlyArchive(dir)}\n`, runs[1]?.stdout);
    });

    test('is told when its own project is excluded', async () => {
      const args = ['run', '--dir', path.join(folder, 'none'), '--kubeconfig', kubeconfig];
      const result = await runCli([...args, '--exclude-namespace', A]);
      assert.equal(result.code, 2);
      assert.match(messageLines(result).join('\n'), /^error: --exclude-namespace leaves no project [^\n]+$/u);
    });

    test('is told to name projects when it gives a glob and may not list projects', async () => {
      const dir = path.join(folder, 'glob-denied');
      const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', 'rights-*']);
      assert.equal(result.code, 2);
      assert.match(
        messageLines(result).join('\n'),
        /^error: The service account may not list projects: [^\n]+$/u,
      );
      assert.deepEqual(await namesIn(dir), []);
    });
  });

  describe('that may list projects, and read everything in two of them', () => {
    let kubeconfig: string;

    before(async () => {
      ({ kubeconfig } = await cluster.serviceAccount({
        namespace: A,
        name: 'lists-projects',
        clusterRules: [LIST_PROJECTS],
        namespaceRules: { [A]: READ_EVERYTHING, [B]: READ_EVERYTHING },
      }));
    });

    test('exports them by a glob', async () => {
      const { manifest, entries } = await exported('glob', kubeconfig, ['-n', 'rights-?']);
      assertProjects(entries, [A, B]);
      assert.deepEqual(manifest.options.namespaces, ['rights-?']);
      for (const type of ['configmaps', 'namespaces']) {
        assert.deepEqual(
          Object.values(outcomesOf(manifest, type)).map(({ scope, result }) => `${scope} ${result}`),
          [`${A} exported`, `${B} exported`, `${C} denied`],
        );
      }
      // Cluster-scoped types are no part of a project.
      assert.ok(!manifest.types.some(({ type }) => type === 'clusterroles.rbac.authorization.k8s.io'));
    });

    test('exports them and all Namespace objects when no project is named', async () => {
      const { manifest, entries } = await exported('no-name', kubeconfig);
      const namespaces = Object.keys(entries).filter((entry) => entry.endsWith('/namespaces.json'));
      assert.ok(
        namespaces.includes(`${C}/namespaces.json`) && namespaces.includes('kube-system/namespaces.json'),
      );
      const others = Object.entries(entries).filter(
        ([entry]) => !namespaces.includes(entry) || /^rights-[ab]/u.test(entry),
      );
      assertProjects(Object.fromEntries(others), [A, B]);
      assert.equal(outcomesOf(manifest, 'configmaps')[C]?.result, 'denied');
      assert.equal(outcomesOf(manifest, 'clusterroles.rbac.authorization.k8s.io')['*']?.result, 'denied');
    });

    test('is told when a project or glob matches nothing', async () => {
      for (const name of ['rights-missing', 'none-*']) {
        const dir = path.join(folder, 'missing');
        const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', A, '-n', name]);
        assert.equal(result.code, 2);
        const [line = '', ...more] = messageLines(result);
        assert.ok(line.startsWith('error: ') && line.includes(name), line);
        assert.deepEqual([more, await namesIn(dir)], [[], []]);
      }
    });
  });

  test('that may get projects and not list them is told that there is none of that name', async () => {
    const get = { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] };
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: A,
      name: 'gets-projects',
      clusterRules: [get, { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
    });
    const dir = path.join(folder, 'gets-projects');
    const args = ['run', '--dir', dir, '--kubeconfig', kubeconfig, '--include', 'configmaps,secrets'];
    const result = await runCli([...args, '-n', A, '-n', 'rights-typo']);
    assert.deepEqual(
      [result.code, messageLines(result)],
      [2, ['error: There is no project rights-typo: check --namespace, or the context']],
    );
    assert.deepEqual(await namesIn(dir), []);
    // A project that exists may be empty.
    const both = await runCli([...args, '-n', A, '-n', EMPTY]);
    assert.deepEqual([both.code, messageLines(both)], [0, []]);
    const manifest = await manifestOf(await onlyArchive(dir));
    assert.equal(outcomesOf(manifest, 'configmaps')[EMPTY]?.result, 'empty');
  });

  test('that may list types everywhere, and ask for no project, notices one that gives nothing', async () => {
    const clusterRules = [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['list'] }];
    const { kubeconfig } = await cluster.serviceAccount({ namespace: A, name: 'asks-none', clusterRules });
    const args = ['-n', A, '-n', 'rights-typo'];
    const { manifest, entries } = await exported('asks-none', kubeconfig, args, { code: 3 });
    assert.deepEqual(Object.keys(entries), [`${A}/configmaps.json`]);
    const reason =
      "there is not one object in what may be listed, and whether the project exists may not be asked: check the project's name";
    assert.deepEqual(gapsOf(manifest.types), [{ type: '*', scope: 'rights-typo', reason }]);
  });

  test('that may list types, in a project with none of them, fails and publishes nothing', async () => {
    const clusterRules = [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['list'] }];
    const { kubeconfig } = await cluster.serviceAccount({ namespace: A, name: 'guesses', clusterRules });
    const dir = path.join(folder, 'guesses');
    // Without the right to list projects nobody says that there is none of this name.
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', 'rights-typo']);
    assert.equal(result.code, 4);
    assert.match(
      messageLines(result).join('\n'),
      /^error: There is not a single object in [^\n]+--namespace/u,
    );
    assert.deepEqual(await namesIn(dir), []);
  });

  for (const args of [[], ['-n', B]]) {
    test(`that may list nothing fails with ${args.join(' ') || 'no options'}, and publishes nothing`, async () => {
      const { kubeconfig } = await cluster.serviceAccount({ namespace: A, name: 'nothing' });
      const dir = path.join(folder, 'nothing');
      const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, ...args]);
      assert.equal(result.code, 4);
      assert.match(
        messageLines(result).join('\n'),
        /^error: The service account may not list a single [^\n]+$/u,
      );
      assert.equal(result.stdout, '');
      assert.deepEqual(await namesIn(dir), []);
    });
  }

  async function exported(
    name: string,
    kubeconfig: string,
    args: readonly string[] = [],
    { environment = {}, code = 0 }: { environment?: Record<string, string>; code?: number } = {},
  ): Promise<Exported> {
    const dir = await mkdtemp(path.join(folder, `${name}-`));
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, ...args], { environment });
    assert.deepEqual({ code: result.code, lines: messageLines(result) }, { code, lines: [] });
    const archive = await onlyArchive(dir);
    const manifest = await manifestOf(archive);
    assert.equal(manifest.isComplete, code === 0);
    assert.equal(gapNames(manifest).length === 0, code === 0);
    return { result, manifest, entries: await entriesOf(archive) };
  }
});

/** Asserts that nothing but these projects is in the archive, and they as a whole. */
function assertProjects(entries: Readonly<Record<string, string>>, projects: readonly string[]): void {
  const folders = new Set(Object.keys(entries).map((entry) => path.dirname(entry)));
  assert.deepEqual([...folders].toSorted(), projects);
  for (const project of projects) {
    assert.match(entries[`${project}/configmaps.json`] ?? '', new RegExp(`"of": "${project}"`, 'u'));
    assert.ok(entries[`${project}/namespaces.json`], `the Namespace ${project}`);
    assert.ok(entries[`${project}/deployments.apps.json`], `the Deployment of ${project}`);
  }
}

function namespaceOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function objectsOf(name: string): KubernetesObject[] {
  const metadata = { name: 'right', namespace: name };
  const labels = { app: 'right' };
  const spec = { containers: [{ name: 'main', image: 'example.com/image:1' }] };
  return [
    namespaceOf(name),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { of: name } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  ];
}
