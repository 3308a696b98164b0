import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { archivesIn } from '../support/archive-folder.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

const PROJECT = 'nightly-report';
const FAILED = 'Could not write the report';

describe('the report of a run', () => {
  let folder: string;
  let kubeconfig: string;
  let dir: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nightly-report-test-'));
    const cluster = await sharedCluster();
    const namespaceRules = { [PROJECT]: READ_EVERYTHING };
    ({ kubeconfig } = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', namespaceRules }));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    dir = await mkdtemp(path.join(folder, 'archives-'));
  });

  function run(environment: Record<string, string>, ...args: readonly string[]): Promise<CliResult> {
    return runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', PROJECT, ...args], { environment });
  }

  test('is written where it is asked for, and tells of that run', async () => {
    assert.equal((await run({})).code, 0);
    assert.equal((await readdir(dir)).includes('report.html'), false);
    const { code, stderr } = await run({ OPENSHIFT_BACKUP_REPORT: 'true' });
    assert.deepEqual([code, stderr.includes(FAILED)], [0, false], stderr);
    const page = await readFile(path.join(dir, 'report.html'), 'utf8');
    const archives = await archivesIn(dir);
    assert.equal(archives.length, 2);
    for (const archive of archives) assert.ok(page.includes(path.basename(archive)), archive);
    assert.equal((await run({}, '--report', 'yes')).code, 2);
  });

  test('is not written by a run that is incomplete', async () => {
    const { code } = await run({}, '--report', 'true', '--require', 'limitranges');
    assert.deepEqual([code, (await readdir(dir)).includes('report.html')], [3, false]);
  });

  test('that can not be written is a warning, and the night is complete', async () => {
    await mkdir(path.join(dir, 'report.html'));
    const { code, stderr } = await run({}, '--report', 'true');
    assert.deepEqual([code, (await archivesIn(dir)).length], [0, 1]);
    const [line] = stderr.split('\n').filter((text) => text.includes(FAILED));
    const { level, problem } = JSON.parse(line ?? '{}') as { level: string; problem: string };
    assert.deepEqual([level, problem.includes('is no file')], ['warn', true], line);
  });
});
