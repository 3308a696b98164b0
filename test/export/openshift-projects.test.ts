import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, type KubernetesObject, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import { entriesOf, manifestOf, namesIn, onlyArchive, outcomesOf } from '../support/archive-folder.ts';
import { messageLines, runCli } from '../support/run-cli.ts';

/** There is a third project, which the user of the tests can't see. */
const [A, B, HIDDEN] = ['seen-a', 'seen-b', 'seen-not'];
const PROJECTS = 'project.openshift.io';

describe("OpenShift's list of the projects that one can see", () => {
  let cluster: Cluster;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'openshift-projects-test-'));
    // In a cluster of its own: the type would stand in every other test's manifests.
    cluster = await startCluster();
    await cluster.apply([projectDefinition()]);
    await cluster.apply([A, B, HIDDEN].flatMap(objectsOf));
    // OpenShift's server computes this list from what the caller may do; here it lies ready.
    await cluster.apply(
      [A, B].map((name) => ({ apiVersion: `${PROJECTS}/v1`, kind: 'Project', metadata: { name } })),
    );
    ({ kubeconfig } = await cluster.serviceAccount({
      namespace: A,
      name: 'owner',
      // Every user of OpenShift may list projects, and gets to see his own.
      clusterRules: [{ apiGroups: [PROJECTS], resources: ['projects'], verbs: ['list', 'get'] }],
      namespaceRules: { [A]: READ_EVERYTHING, [B]: READ_EVERYTHING },
    }));
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  for (const args of [[], ['-n', 'seen-*'], ['-n', B, '-n', A]]) {
    test(`is what is exported with ${args.join(' ') || 'no names'}`, async () => {
      const dir = await mkdtemp(path.join(folder, 'run-'));
      const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, ...args]);
      assert.deepEqual([result.code, messageLines(result)], [0, []]);
      const archive = await onlyArchive(dir);
      const entries = Object.keys(await entriesOf(archive));
      for (const name of [A, B]) assert.ok(entries.includes(`${name}/configmaps.json`), name);
      assert.ok(!entries.some((entry) => entry.includes(HIDDEN)));
      const manifest = await manifestOf(archive);
      assert.equal(manifest.options.contextProject, undefined);
      assert.deepEqual(Object.keys(outcomesOf(manifest, 'configmaps')), [A, B]);
      assert.doesNotMatch(result.stderr, /Only the project of the context/u);
    });
  }

  for (const name of [HIDDEN, 'typo', 'other-*']) {
    test(`does not have ${name}, which is said before anything is written`, async () => {
      const dir = await mkdtemp(path.join(folder, 'missing-'));
      const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', A, '-n', name]);
      const line = `error: There is no project ${name}, or it is not visible: check --namespace`;
      assert.deepEqual([result.code, messageLines(result)], [2, [line]]);
      assert.deepEqual(await namesIn(dir), []);
    });
  }

  test('is left out of the archive, and comes back by its name', async () => {
    const dir = await mkdtemp(path.join(folder, 'back-'));
    const args = [
      'run',
      '--dir',
      dir,
      '--kubeconfig',
      cluster.adminKubeconfig,
      '--include',
      'projects,configmaps',
    ];
    assert.equal((await runCli(args)).code, 0);
    const entries = await entriesOf(await onlyArchive(dir));
    assert.match(entries[`_cluster/projects.${PROJECTS}.json`] ?? '', /"kind": "Project"/u);
    assert.ok(entries[`${HIDDEN}/configmaps.json`]);
  });
});

function objectsOf(name: string): KubernetesObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map', namespace: name } },
  ];
}

function projectDefinition(): KubernetesObject {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `projects.${PROJECTS}` },
    spec: {
      group: PROJECTS,
      names: { kind: 'Project', listKind: 'ProjectList', plural: 'projects', singular: 'project' },
      scope: 'Cluster',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}
