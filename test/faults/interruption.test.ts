import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import {
  archivesIn,
  assertSound,
  entriesOf,
  filesIn,
  manifestOf,
  namesIn,
  onlyArchive,
} from '../support/archive-folder.ts';
import { makeMessyFolder, OLD_ARCHIVES, SHORTEST } from '../support/messy-folder.ts';
import { type CliResult, messageLines, runCli, startCli } from '../support/run-cli.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { faultName } from './fault-table.ts';
import { inLists, lost } from './faults.ts';

const PROJECT = 'interruption';
const PAIRS = 5;

describe('runs into one folder', () => {
  let cluster: Cluster;
  let folder: string;
  let login: ServiceAccountLogin;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'interruption-test-'));
    const request = { namespace: PROJECT, name: 'reader', clusterRules: READ_EVERYTHING };
    login = await cluster.serviceAccount(request);
  });
  after(() => rm(folder, { recursive: true }));

  function argsFor(dir: string, kubeconfig = login.kubeconfig): string[] {
    return ['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', PROJECT];
  }

  test(`${PAIRS} times two at once give two valid archives each`, async () => {
    const dir = path.join(folder, 'pairs');
    await mkdir(dir);
    const results: CliResult[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      results.push(...(await Promise.all([runCli(argsFor(dir)), runCli(argsFor(dir))])));
    }
    assert.deepEqual(results.flatMap(messageLines), []);
    for (const { code } of results) assert.equal(code, 0);
    const archives = await archivesIn(dir);
    assert.deepEqual(results.map(({ stdout }) => path.basename(stdout.trimEnd())).toSorted(), archives);
    assert.equal(archives.length, 2 * PAIRS);
    const expected = archives.flatMap((archive) => [archive, `${archive}.sha256`]);
    assert.deepEqual(await namesIn(dir), expected);
    const contents = new Set<string>();
    for (const archive of archives) {
      await assertSound(path.join(dir, archive));
      contents.add(JSON.stringify(await entriesOf(path.join(dir, archive))));
    }
    assert.equal(contents.size, 1, 'the project has not changed');
  });

  test('two at once that rotate leave two valid archives', async () => {
    const dir = path.join(folder, 'rotating');
    const first = path.join(folder, 'first');
    assert.equal((await runCli(argsFor(first))).code, 0);
    const { cluster: identity, options } = await manifestOf(await onlyArchive(first));
    await makeMessyFolder(dir, { cluster: identity, options });
    for (let pair = 0; pair < 2; pair++) {
      const args = [...argsFor(dir), '--retain-days', '0', '--keep-last', '2'];
      const results = await Promise.all([runCli(args), runCli(args)]);
      assert.deepEqual(
        results.map(({ code }) => code),
        [0, 0],
      );
      for (const { stdout } of results) await assertSound(stdout.trimEnd());
    }
    // The original tool's has no cluster and no projects: it stays.
    const left = (await archivesIn(dir)).filter((name) => OLD_ARCHIVES.includes(name));
    assert.deepEqual(left, OLD_ARCHIVES.slice(-1));
  });

  for (const [signal, expected] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    test(`${signal} while the server is silent ends the run, with nothing left`, async () => {
      const proxy = await startFaultProxy(cluster, folder, login.token, [inLists('secrets', lost())]);
      try {
        const dir = path.join(folder, signal);
        await makeMessyFolder(dir);
        const files = await filesIn(dir);
        const { child, said, ended } = startCli([...argsFor(dir, proxy.kubeconfig), ...SHORTEST]);
        assert.ok(await said('"type":"configmaps"'), 'the run is on its way');
        child.kill(signal);
        const result = await ended;
        assert.deepEqual(messageLines(result), [`error: interrupted by ${signal}`]);
        assert.deepEqual([result.code, result.signal, result.stdout], [expected, null, '']);
        assert.deepEqual(await filesIn(dir), files);
      } finally {
        await proxy.stop();
      }
    });
  }

  test(faultName('verifying-interrupted'), async () => {
    const dir = path.join(folder, 'verifying');
    await makeMessyFolder(dir);
    const files = await filesIn(dir);
    const result = await runCli([...argsFor(dir), ...SHORTEST], {
      nodeOptions: [`--import=${path.join(import.meta.dirname, 'term-at-text.ts')}`],
      environment: { TERM_AT_TEXT: '"Verifying the archive"' },
    });
    assert.match(result.stderr, /"Verifying the archive"/u);
    assert.deepEqual(messageLines(result), ['error: interrupted by SIGTERM']);
    assert.deepEqual([result.code, result.signal, result.stdout], [143, null, '']);
    assert.deepEqual(await filesIn(dir), files, 'nothing published, nothing left, nothing rotated');
  });

  for (const text of ['Connected', 'Planned', '"type":"namespaces"', 'Verifying', 'Published']) {
    test(`SIGTERM after ${text}: either ended with nothing left, or complete`, async () => {
      const dir = await mkdtemp(path.join(folder, 'term-'));
      const { child, said, ended } = startCli(argsFor(dir));
      assert.ok(await said(text));
      child.kill('SIGTERM');
      const { code, signal, stdout } = await ended;
      const files = await namesIn(dir);
      assert.equal(signal, null);
      if (code === 143) assert.deepEqual([files, stdout], [[], '']);
      else {
        const archive = stdout.trimEnd();
        assert.deepEqual([code, files.length], [0, 2]);
        await assertSound(archive);
        assert.ok((await manifestOf(archive)).isComplete);
      }
    });
  }
});
