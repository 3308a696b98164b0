import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { CANARY_PROJECT, canaryObjects, readableForms } from '../export/canaries.ts';
import { entriesOf } from '../support/archive-folder.ts';
import { runCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';

const KEY = '.openshift-backup-redaction.key';
/** Another one than what other tests put into a project of this name at the same time. */
const PROJECT = `${CANARY_PROJECT}-of-history`;

describe('the history of a real cluster', { skip: missing('git') }, () => {
  let folder: string;
  let kubeconfig: string;
  const { canaries, objects } = canaryObjects();

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'real-history-test-'));
    const cluster = await sharedCluster();
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: PROJECT } }]);
    const own = objects.filter(({ metadata }) => metadata.namespace === CANARY_PROJECT);
    await cluster.apply(
      own.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: PROJECT } })),
    );
    const request = { namespace: PROJECT, name: 'reader', clusterRules: READ_EVERYTHING };
    ({ kubeconfig } = await cluster.serviceAccount(request));
  });
  after(() => rm(folder, { recursive: true }));

  async function treeOf(secrets: 'include' | 'redact'): Promise<{ repository: string; tree: string }> {
    const dir = path.join(folder, secrets);
    const key = path.join(folder, 'redact', KEY);
    if (secrets === 'include') {
      await mkdir(dir);
      await cp(key, path.join(dir, KEY));
    }
    const args = ['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', PROJECT, '--secrets', secrets];
    const { code, stderr, stdout } = await runCli(args);
    assert.equal(code, 0, stderr);
    const repository = path.join(folder, `${secrets}.git`);
    const written = await runCli(['history', '--dir', dir, '--git', repository]);
    assert.equal(written.code, 0, written.stderr);
    if (secrets === 'include') {
      const text = JSON.stringify(await entriesOf(stdout.trimEnd()));
      const found = canaries.filter(({ value }) => readableForms(value).some((form) => text.includes(form)));
      assert.ok(found.length >= 10, `${found.length} of ${canaries.length} are in the archive`);
    }
    return { repository, tree: await git(repository, 'rev-parse', 'HEAD^{tree}') };
  }

  test('grows with each complete run that names the repository, and never fails one', async () => {
    const dir = path.join(folder, 'nightly');
    const args = ['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', PROJECT];
    const repository = path.join(folder, 'nightly.git');
    for (const commits of ['1', '2']) {
      const { code, stderr } = await runCli([...args, '--git', repository]);
      assert.equal(code, 0, stderr);
      assert.equal(await git(repository, 'rev-list', '--count', 'HEAD'), `${commits}\n`);
    }
    const foreign = path.join(folder, 'foreign');
    await mkdir(foreign);
    await writeFile(path.join(foreign, 'letter'), 'dear');
    const { code, stderr } = await runCli([...args, '--git', foreign]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /"problem":"[^"]+","msg":"Could not write the history"/u);
    assert.deepEqual(await readdir(foreign), ['letter']);
  });

  test('has no secret value in any object, and the files that an export without them has', async () => {
    const redacted = await treeOf('redact');
    const included = await treeOf('include');
    assert.equal(included.tree, redacted.tree);
    const everything = await git(included.repository, 'cat-file', '--batch-all-objects', '--batch');
    const seen = canaries.filter(({ value }) =>
      readableForms(value).some((form) => everything.includes(form)),
    );
    assert.deepEqual(
      seen.map(({ place }) => place),
      [],
    );
    assert.ok(everything.includes('redacted:'));
  });
});

async function git(repository: string, ...args: readonly string[]): Promise<string> {
  return await runProgram('git', ['-C', repository, ...args]);
}
