import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Cluster,
  type KubernetesObject,
  READ_EVERYTHING,
  type Rule,
  sharedCluster,
} from '../cluster/cluster.ts';
import { removeProject } from '../cluster/remove-project.ts';
import { archivesIn } from '../support/archive-folder.ts';
import { messageLines, runCli } from '../support/run-cli.ts';
import type { JsonDrift } from './json-drift.ts';

const ACCOUNTS = 'gone-projects';
/** May read everything in two projects, and look at any project. */
const LOOK: readonly Rule[] = [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }];

interface Case {
  readonly what: string;
  /** The first part of the names of its two projects. */
  readonly prefix: string;
  readonly args: (stays: string, goes: string) => readonly string[];
  readonly clusterRules?: readonly Rule[];
  readonly hasNamespaceRules?: true;
  readonly isRemoved: boolean;
  /** Whether nothing is left. */
  readonly areBothGone?: true;
}

const CASES: readonly Case[] = [
  {
    what: 'that was named exactly is removed, with all that was in it',
    prefix: 'gone-named',
    args: (stays, goes) => ['-n', stays, '-n', goes],
    clusterRules: READ_EVERYTHING,
    isRemoved: true,
  },
  {
    what: 'that was the only one is removed',
    prefix: 'gone-alone',
    args: (_stays, goes) => ['-n', goes],
    clusterRules: READ_EVERYTHING,
    isRemoved: true,
  },
  {
    what: 'that a glob stands for is removed',
    prefix: 'gone-glob',
    args: () => ['-n', 'gone-glob-*'],
    clusterRules: READ_EVERYTHING,
    isRemoved: true,
  },
  {
    what: 'that was the last one of a glob is removed',
    prefix: 'gone-last',
    args: () => ['-n', 'gone-last-*'],
    clusterRules: READ_EVERYTHING,
    isRemoved: true,
    areBothGone: true,
  },
  {
    what: 'of which a 404 says so is removed, though projects may not be listed',
    prefix: 'gone-404',
    args: (stays, goes) => ['-n', stays, '-n', goes],
    clusterRules: LOOK,
    hasNamespaceRules: true,
    isRemoved: true,
  },
  {
    what: 'of which a 403 says nothing is not comparable',
    prefix: 'gone-403',
    args: (stays, goes) => ['-n', stays, '-n', goes],
    hasNamespaceRules: true,
    isRemoved: false,
  },
];

describe('a project that has gone since the archive, compared with the cluster', () => {
  let cluster: Cluster;
  let folder: string;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'gone-projects-test-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const one of CASES) {
    test(one.what, async () => {
      const { prefix, clusterRules, isRemoved, areBothGone } = one;
      const [stays, goes] = [`${prefix}-a`, `${prefix}-b`];
      const dir = path.join(folder, prefix);
      const rules = one.hasNamespaceRules && { [stays]: READ_EVERYTHING, [goes]: READ_EVERYTHING };
      await cluster.apply([stays, goes].flatMap(projectOf));
      const { kubeconfig } = await cluster.serviceAccount({
        namespace: ACCOUNTS,
        name: prefix,
        ...(clusterRules && { clusterRules }),
        ...(rules && { namespaceRules: rules }),
      });
      const own = ['--dir', dir, '--kubeconfig', kubeconfig];
      const night = await runCli(['run', ...own, ...one.args(stays, goes)]);
      assert.equal(night.code, 0, night.stderr);
      await removeProject(cluster.api, goes);
      if (areBothGone) await removeProject(cluster.api, stays);
      await rightsAreGone(kubeconfig, goes, !one.hasNamespaceRules);
      const { code, stdout, stderr } = await runCli(['diff', 'latest', 'live', ...own, '-o', 'json']);
      assert.equal(stdout === '', false, stderr);
      const { changes, notComparable } = JSON.parse(stdout) as JsonDrift;
      assert.deepEqual(
        [code, new Set(changes.map(({ change }) => change))],
        [isRemoved ? 1 : 0, new Set(isRemoved ? ['removed'] : [])],
      );
      const removed = changes.map(({ type, project, name }) => `${project}/${type}/${name}`);
      const expected = [...(areBothGone ? [stays] : []), goes].flatMap((project) => [
        `${project}/configmaps/settings`,
        `${project}/namespaces/${project}`,
      ]);
      if (isRemoved) for (const name of expected) assert.ok(removed.includes(name), removed.join());
      const projects = new Set(changes.map(({ project }) => project));
      assert.equal(projects.has(stays), areBothGone === true);
      const scopes = new Set(notComparable.map(({ scope, side }) => `${scope} ${side}`));
      assert.deepEqual([...scopes], isRemoved ? [] : [`${goes} after`]);
    });
  }

  test('is an error of a run all the same', async () => {
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: ACCOUNTS,
      name: 'run',
      clusterRules: READ_EVERYTHING,
    });
    const dir = path.join(folder, 'run');
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', 'gone-never']);
    assert.deepEqual(
      [result.code, messageLines(result)],
      [2, ['error: There is no project gone-never, or it is not visible: check --namespace']],
    );
    assert.deepEqual(await archivesIn(dir).catch(() => []), []);
  });

  /** Until the server has heard that a binding is gone; those of the whole cluster stay. */
  async function rightsAreGone(kubeconfig: string, project: string, doStay: boolean): Promise<void> {
    if (doStay) return;
    const ask = ['auth', 'can-i', 'list', 'configmaps', '-n', project];
    while ((await cluster.kubectl(ask, { kubeconfig }).catch(() => 'no')).trim() === 'yes') await sleep(20);
  }
});

function projectOf(name: string): KubernetesObject[] {
  const metadata = { namespace: name, name: 'settings' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '1' } },
  ];
}
