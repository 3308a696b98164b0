import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, type KubernetesObject, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { startFaultProxy } from '../faults/fault-proxy.ts';
import { inLists, lost } from '../faults/faults.ts';
import { archivesIn, filesIn, namesIn } from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli, startCli } from '../support/run-cli.ts';
import { missing } from '../support/run-program.ts';
import type { JsonDrift } from './json-drift.ts';

const PROJECT = 'live-drift';
const BARE = 'live-drift-bare';
const CANARY = 'canary-of-the-live-side';
/** As OpenShift starts a pod: any user, group 0. */
const POD = ['setpriv', '--reuid=1000650000', '--regid=0', '--clear-groups'];
const SWITCH_PROBLEM = missing('setpriv') || (process.getuid?.() === 0 ? false : 'this needs root');

describe('diff with the cluster as it is now', () => {
  let cluster: Cluster;
  let folder: string;
  /** The system's folder for temporary files, as the tool sees it. */
  let temporary: string;
  let kubeconfig: string;
  let token: string;
  let dir: string;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'live-drift-test-'));
    temporary = path.join(folder, 'tmp');
    dir = path.join(folder, 'archives');
    await mkdir(temporary);
    await chmod(folder, 0o755);
    const login = await cluster.serviceAccount({
      namespace: PROJECT,
      name: 'reader',
      clusterRules: READ_EVERYTHING,
    });
    token = login.token;
    kubeconfig = path.join(folder, 'kubeconfig');
    await copyFile(login.kubeconfig, kubeconfig);
    await chmod(kubeconfig, 0o644);
    await cluster.apply([configMap('stays', '1'), configMap('changes', '1'), secret('old')]);
    await run(dir);
  });
  after(() => rm(folder, { recursive: true }));

  async function run(into: string, ...args: readonly string[]): Promise<void> {
    const { code, stderr } = await runCli([
      'run',
      '--dir',
      into,
      '--kubeconfig',
      kubeconfig,
      '-n',
      PROJECT,
      ...args,
    ]);
    assert.equal(code, 0, stderr);
  }

  function argsFor(from: string, args: readonly string[], as = kubeconfig): string[] {
    return ['diff', '--dir', from, '--kubeconfig', as, ...args];
  }

  /** Nothing is left behind, on the volume or elsewhere, however it ends. */
  async function call(
    args: readonly string[],
    { from = dir, as = kubeconfig, wrapper = [] as readonly string[], tmp = temporary } = {},
  ): Promise<CliResult> {
    const [files, others] = [await filesIn(from), await readdir(temporary)];
    const result = await runCli(argsFor(from, args, as), { wrapper, environment: { TMPDIR: tmp } });
    assert.deepEqual(await filesIn(from), files);
    assert.deepEqual(await readdir(temporary), others);
    assert.equal(result.stdout.includes(CANARY) || result.stderr.includes(CANARY), false);
    return result;
  }

  test('finds no difference while nothing has changed', async () => {
    const result = await call(['live', '-o', 'json']);
    assert.deepEqual([result.code, namesOf(driftOf(result)), messageLines(result)], [0, [], []]);
    assert.match(result.stderr, /"msg":"Connected to the cluster"/u);
  });

  describe('after a change', () => {
    const CHANGES = ['added configmaps/comes', 'changed configmaps/changes', 'changed secrets/database'];
    before(() => cluster.apply([configMap('changes', '2'), configMap('comes', '1'), secret('new')]));

    for (const args of [['live'], ['latest', 'live']]) {
      test(`${args.join(' ')} shows it, and no secret`, async () => {
        const result = await call([...args, '-o', 'json']);
        const drift = driftOf(result);
        const [archive = ''] = await archivesIn(dir);
        assert.deepEqual([result.code, namesOf(drift), drift.notComparable], [1, CHANGES, []]);
        assert.deepEqual([drift.before.name, drift.after.name, drift.notes], [archive, 'live', []]);
        assert.match((await call(args)).stdout, /^ {2}after {3}live {2}20\d\d-/mu);
      });
    }

    test('live as the first of the two turns it round', async () => {
      const result = await call(['live', 'latest', '-o', 'json']);
      const drift = driftOf(result);
      assert.deepEqual(namesOf(drift), [
        'changed configmaps/changes',
        'changed secrets/database',
        'removed configmaps/comes',
      ]);
      assert.deepEqual([result.code, drift.before.name], [1, 'live']);
    });

    test('with --since, --exit-zero, of one project and type', async () => {
      const own = path.join(folder, 'old');
      await mkdir(own);
      for (const name of await archivesIn(dir))
        await copyFile(path.join(dir, name), path.join(own, 'openshift-backup-20251120T001500Z.zip'));
      const result = await call(
        ['live', '--since', '1d', '--exit-zero', '-n', PROJECT, '--type', 'secrets', '-o', 'name'],
        { from: own },
      );
      assert.deepEqual([result.code, result.stdout], [0, `${PROJECT}/secrets/database\n`]);
    });

    test('in a volume of another user goes by the system folder', { skip: SWITCH_PROBLEM }, async () => {
      await chmod(temporary, 0o777);
      await chmod(dir, 0o755);
      for (const name of await archivesIn(dir)) await chmod(path.join(dir, name), 0o644);
      const { code, stderr, stdout } = await call(['live', '-o', 'json'], { wrapper: POD });
      assert.deepEqual([code, namesOf(JSON.parse(stdout) as JsonDrift)], [1, CHANGES], stderr);
    });

    test('needs nothing but the volume', { skip: SWITCH_PROBLEM }, async () => {
      await chmod(dir, 0o777);
      const result = await call(['live', '-o', 'json'], { wrapper: POD, tmp: '/nowhere' });
      assert.deepEqual([result.code, namesOf(driftOf(result))], [1, CHANGES], result.stderr);
    });
  });

  test('compares redacted secrets by the key of the volume, and makes none', async () => {
    const own = path.join(folder, 'redacted');
    await cluster.apply([secret('redacted')]);
    await run(own, '--secrets', 'redact');
    assert.deepEqual(namesOf(driftOf(await call(['live', '-o', 'json'], { from: own }))), []);
    await cluster.apply([secret('other')]);
    const drift = driftOf(await call(['live', '-o', 'json'], { from: own }));
    assert.deepEqual(namesOf(drift), ['changed secrets/database']);
    const key = path.join(own, '.openshift-backup-redaction.key');
    await rename(key, path.join(folder, 'key'));
    const blind = driftOf(await call(['live', '-o', 'json'], { from: own }));
    assert.match(blind.notes.join('\n'), /redacted with different keys: whether secret values changed/u);
    assert.deepEqual(namesOf(blind), []);
    const given = await call(['live', '-o', 'name', '--redaction-key', path.join(folder, 'key')], {
      from: own,
    });
    assert.equal(given.stdout, `${PROJECT}/secrets/database\n`, given.stderr);
  });

  test('with fewer rights says what could not be compared, and calls nothing removed', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const login = await cluster.serviceAccount({
      namespace: PROJECT,
      name: 'few-rights',
      namespaceRules: { [PROJECT]: rules },
    });
    const drift = driftOf(await call(['latest', 'live', '-o', 'json'], { as: login.kubeconfig }));
    assert.deepEqual(
      drift.changes.filter(({ change }) => change === 'removed'),
      [],
    );
    const unread = drift.notComparable.filter(({ type }) => type === 'secrets');
    assert.deepEqual(
      unread.map(({ scope, side }) => [scope, side]),
      [['*', 'after']],
    );
  });

  const FAILURES: readonly (readonly [
    what: string,
    args: readonly string[],
    code: number,
    message: RegExp,
  ])[] = [
    ['live against itself', ['live', 'live'], 2, /cannot be compared with itself/u],
    ['no such archive', ['nowhere', 'live'], 2, /There is no archive "nowhere"/u],
    ['a wrong kubeconfig', ['live', '--kubeconfig', '/nowhere'], 2, /\/nowhere/u],
    ['a wrong context', ['live', '--context', 'nowhere'], 2, /nowhere/u],
    ['three names', ['latest', 'live', 'latest'], 2, /too many arguments/u],
  ];
  for (const [what, args, code, message] of FAILURES) {
    test(`${what} ends with ${code}`, async () => {
      const result = await call(args);
      assert.deepEqual([result.code, result.stdout], [code, '']);
      assert.match(messageLines(result)[0] ?? '', message);
    });
  }

  test('without any rights ends with 4, and a dead server too', async () => {
    const login = await cluster.serviceAccount({ namespace: BARE, name: 'nobody' });
    const denied = await call(['live'], { as: login.kubeconfig });
    assert.deepEqual([denied.code, denied.stdout], [4, '']);
    assert.match(messageLines(denied).join('\n'), /^error: [^\n]*may not list [^\n]+$/u);
    const proxy = await startFaultProxy(cluster, folder, token, []);
    await proxy.stop();
    const dead = await call(['live'], { as: proxy.kubeconfig });
    assert.deepEqual([dead.code, dead.stdout], [4, '']);
    assert.match(messageLines(dead).join('\n'), /^error: Cannot reach [^\n]+$/u);
  });

  for (const [signal, expected] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const) {
    test(`${signal} in the middle leaves nothing for long`, async () => {
      const proxy = await startFaultProxy(cluster, folder, token, [inLists('secrets', lost())]);
      try {
        const names = await namesIn(dir);
        const { child, said, ended } = startCli(argsFor(dir, ['live'], proxy.kubeconfig));
        assert.ok(await said('"type":"configmaps"'), 'it is on its way');
        const hidden = (await namesIn(dir)).filter((name) => !names.includes(name));
        assert.match(hidden.join(), /^\.live-\d{8}T\d{6}Z\.zip\.[^,]+\.draft/u);
        child.kill(signal);
        const result = await ended;
        assert.deepEqual([result.code, result.stdout], [expected, '']);
        if (signal === 'SIGKILL') await run(dir);
        const left = (await namesIn(dir)).filter((name) => name.startsWith('.live-'));
        assert.deepEqual(left, []);
      } finally {
        await proxy.stop();
      }
    });
  }
});

interface Named {
  readonly name: string;
}

function configMap(name: string, value: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: PROJECT, name }, data: { value } };
}

function secret(value: string): KubernetesObject {
  const stringData = { password: `${CANARY}-${value}` };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: PROJECT, name: 'database' },
    type: 'Opaque',
    stringData,
  };
}

function driftOf({ stdout, stderr }: CliResult): JsonDrift & { before: Named; after: Named } {
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as JsonDrift & { before: Named; after: Named };
}

function namesOf({ changes }: JsonDrift): string[] {
  return changes.map(({ change, type, name }) => `${change} ${type}/${name}`).toSorted();
}
