import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { requestOk } from '../cluster/api-client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { removeProject } from '../cluster/remove-project.ts';
import { collectionPaths } from '../cluster/resources.ts';
import { archivesIn } from '../support/archive-folder.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { OTHER_CHANGES, PROJECTS } from './other-changes.ts';
import { type JsonDrift, linesByObject } from './json-drift.ts';
import { object, type RealChange } from './real-change.ts';
import { WORKLOAD_CHANGES } from './workload-changes.ts';

const CHANGES: readonly RealChange[] = [...WORKLOAD_CHANGES, ...OTHER_CHANGES];
const CONDEMNED = 'condemned';
/** What no output may ever hold. */
const SECRETS = ['hunter2', 'hunter3', 'KEY-BEFORE', 'KEY-AFTER', 'YmVmb3JlCg==', 'YWZ0ZXIK'];

/*
 * One cluster of its own, so that nothing else changes in it: what is found must be what was done, and no more.
 */
describe('what changes on a cluster between two nights', () => {
  let cluster: Cluster;
  let dir: string;
  let drift: JsonDrift;
  let lines: Map<string, string[]>;

  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'real-changes-test-'));
    cluster = await startCluster();
    await installOpenShiftTypes(cluster);
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: CONDEMNED } };
    await cluster.apply([...PROJECTS, settings]);
    await cluster.apply(CHANGES.flatMap((change) => [...(change.beside ?? []), ...present(change.before)]));
    await night();
    const gone = CHANGES.filter((change) => titleOf(change.before) !== titleOf(change.after));
    await remove([...gone.flatMap((change) => present(change.before)), settings]);
    await removeProject(cluster.api, CONDEMNED);
    await cluster.apply(CHANGES.flatMap((change) => present(change.after)));
    await night();
    const { code, stdout, stderr } = await diff('-o', 'json');
    assert.deepEqual([code, stderr], [1, '']);
    drift = JSON.parse(stdout) as JsonDrift;
    lines = linesByObject(drift);
  });
  after(async () => {
    await cluster.stop();
    await rm(dir, { recursive: true });
  });

  async function night(folder = dir, ...args: readonly string[]): Promise<void> {
    const { code, stderr } = await runCli([
      'run',
      '--dir',
      folder,
      '--kubeconfig',
      cluster.adminKubeconfig,
      ...args,
    ]);
    assert.equal(code, 0, stderr);
  }

  async function diff(...args: readonly string[]): Promise<CliResult> {
    return await runCli(['diff', '--dir', dir, ...args]);
  }

  async function remove(objects: readonly KubernetesObject[]): Promise<void> {
    const pathOf = await collectionPaths(cluster.api);
    for (const one of objects) await requestOk(cluster.api, 'DELETE', `${pathOf(one)}/${one.metadata.name}`);
  }

  for (const change of CHANGES) {
    test(change.what, () => {
      const names = [change.before, change.after].flatMap(present).map(({ metadata }) => metadata.name);
      const found = [...lines].flatMap(([name, own]) => (names.includes(name) ? own : []));
      assert.deepEqual(found.toSorted(), [...change.expected].toSorted());
    });
  }

  test('a project is deleted', async () => {
    assert.deepEqual(lines.get(CONDEMNED), ['namespaces condemned removed']);
    assert.deepEqual(lines.get('a'), ['configmaps a removed']);
    const { stdout } = await diff();
    assert.match(stdout, /^Project condemned was removed, with 1 object \(1 configmaps\)$/mu);
  });

  test('nothing else is found', () => {
    const known = new Set(
      CHANGES.flatMap((change) => [change.before, change.after].flatMap(present)).map(
        ({ metadata }) => metadata.name,
      ),
    );
    const others = [...lines.keys()].filter((name) => !known.has(name));
    assert.deepEqual(others.toSorted(), ['a', CONDEMNED]);
    assert.deepEqual(drift.notComparable, []);
    assert.deepEqual(drift.notes, []);
    assert.deepEqual(
      drift.suppressed.map(({ rule, count }) => [rule, count]),
      [['scaled-replicas', 1]],
    );
  });

  test('no output holds a secret value', async () => {
    for (const format of ['text', 'json', 'patch', 'name']) {
      const { stdout } = await diff('-o', format, '--no-renames', '--no-default-ignores');
      for (const secret of SECRETS) assert.ok(!stdout.includes(secret), `${format}: ${secret}`);
    }
  });

  test('who changed something is told', () => {
    const change = drift.changes.find(({ type, name }) => type === 'deployments.apps' && name === 'image');
    const [writer] = change?.attribution?.managers ?? [];
    assert.deepEqual([writer?.manager, writer?.operation], ['test-cluster', 'Apply']);
    assert.ok(Date.parse(writer?.time ?? '') > Date.now() - 600_000);
  });

  test('a type that may not be listed in the second night is not called removed', async () => {
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: 'shop',
      name: 'half-blind',
      clusterRules: [
        {
          apiGroups: ['', 'apps'],
          resources: ['namespaces', 'secrets', 'deployments'],
          verbs: ['get', 'list'],
        },
      ],
    });
    const { code } = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig]);
    assert.equal(code, 0);
    const { stdout } = await diff(
      '-o',
      'json',
      '--type',
      'configmaps',
      '--type',
      'secrets',
      '--type',
      'routes',
    );
    const found = JSON.parse(stdout) as JsonDrift;
    assert.deepEqual(
      found.changes.map(({ type, name, change }) => `${change} ${type} ${name}`),
      [],
    );
    assert.deepEqual(
      found.notComparable.map(({ type, scope, side }) => [type, scope, side]),
      [
        ['configmaps', '*', 'after'],
        ['routes.route.openshift.io', '*', 'after'],
      ],
    );
    const text = (await diff('--type', 'configmaps')).stdout;
    assert.match(text, /^No difference in 0 objects$/mu);
    assert.match(text, /^ {2}configmaps; the archive after: denied: /mu);
  });

  test('of redacted archives the same is told as of others', async () => {
    const folder = await mkdtemp(path.join(dir, 'redacted-'));
    await cluster.apply([redacted({ password: 'YmVmb3JlCg==', user: 'YW5uYQo=' })]);
    const args = ['--secrets', 'redact', '-n', 'shop', '--include', 'secrets,routes,configmaps'];
    await night(folder, ...args);
    await cluster.apply([redacted({ password: 'YWZ0ZXIK', user: 'YW5uYQo=' })]);
    await night(folder, ...args);
    const { code, stdout } = await runCli(['diff', '--dir', folder, '-o', 'json']);
    const found = JSON.parse(stdout) as JsonDrift;
    assert.deepEqual([code, found.notes], [1, []]);
    assert.deepEqual([...linesByObject(found).values()].flat(), [
      'secrets redacted data.password: secret changed',
    ]);
    // What was stored in another way can't be compared with it.
    const [first] = await archivesIn(dir);
    const { stdout: mixed } = await runCli([
      'diff',
      '-o',
      'json',
      '--type',
      'secrets',
      '-n',
      'shop',
      path.join(dir, first ?? ''),
      ...(await archivesIn(folder)).slice(-1).map((file) => path.join(folder, file)),
    ]);
    const other = JSON.parse(mixed) as JsonDrift;
    assert.match(other.notes.join(), /--secrets include and redact/u);
    assert.deepEqual(
      other.changes.flatMap(({ fields }) => fields.filter(({ op }) => op === 'changed')),
      [],
    );
  });
});

function present(one: KubernetesObject | undefined): KubernetesObject[] {
  return one ? [one] : [];
}

function titleOf(one: KubernetesObject | undefined): string {
  return one ? `${one.kind} ${one.metadata.name}` : '';
}

function redacted(data: object): KubernetesObject {
  return object('v1', 'Secret', 'redacted', { type: 'Opaque', data });
}
