import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatArchiveName, parseArchiveName } from '../../src/model/archive-name.ts';
import { type Cluster, type KubernetesObject, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { archivesIn, manifestOf } from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';
import { archiveOf, SMALL, manifestOf as manifestOfSmall, writeArchive } from '../archive/zip-fixtures.ts';

const PROJECT = 'nightly-drift';
const CANARY = 'canary-of-the-night';
const COMPARED = 'Compared with the archive before';
const FAILED = 'Could not compare with the archive before';

describe('what a run says of the night before', () => {
  let cluster: Cluster;
  let folder: string;
  let kubeconfig: string;
  let dir: string;
  let version = 0;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'nightly-drift-test-'));
    const request = { namespace: PROJECT, name: 'reader', clusterRules: READ_EVERYTHING };
    ({ kubeconfig } = await cluster.serviceAccount(request));
    await cluster.apply([configMap('settings', '0'), secret('0')]);
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    dir = await mkdtemp(path.join(folder, 'archives-'));
  });

  async function run(args: readonly string[] = [], { code = 0, environment = {} } = {}): Promise<CliResult> {
    const own = ['--dir', dir, '--kubeconfig', kubeconfig];
    const result = await runCli(['run', ...own, '-n', PROJECT, ...args], { environment });
    assert.equal(result.code, code, result.stderr);
    assert.equal(`${result.stdout}${result.stderr}`.includes(CANARY), false);
    assert.deepEqual(messageLines(result), []);
    return result;
  }

  async function change(): Promise<void> {
    version++;
    await cluster.apply([configMap('settings', String(version)), secret(String(version))]);
  }

  test('is nothing the first time, and then what has changed', async () => {
    assert.deepEqual(logged(await run()), []);
    const [first = ''] = await archivesIn(dir);
    const [quiet] = logged(await run());
    assert.deepEqual([quiet?.since, quiet?.changedCount, quiet?.level], [first, 0, 'info']);
    assert.match(quiet?.changes ?? '', /^No object changed since \d{4}-\d\d-\d\d \d\d:\d\d$/u);
    await change();
    const result = await run(['-o', 'json']);
    const [line, ...more] = logged(result);
    assert.deepEqual([line?.changedCount, more], [2, []]);
    assert.match(
      line?.changes ?? '',
      /^2 objects changed in 1 project since [-\d]+ [:\d]+: secrets nightly-drift\/database, configmaps nightly-drift\/settings$/u,
    );
    const { changes } = JSON.parse(result.stdout) as { changes: unknown };
    const { since, changedCount, changes: summary } = line ?? {};
    assert.deepEqual(changes, { since, changedCount, summary });
    const { runs } = JSON.parse(await readFile(path.join(dir, 'status.json'), 'utf8')) as {
      runs: { changedCount?: number }[];
    };
    assert.deepEqual(new Set(runs.map((record) => record.changedCount)), new Set([0, 2, undefined]));
    const table = await run(['-o', 'table']);
    assert.match(table.stdout, /\nArchive: [^\n]+\nNo object changed since [^\n]+\n$/u);
  });

  test('is told also when the archive before goes', async () => {
    const shortest = ['--retain-days', '0', '--keep-last', '1'];
    await run(shortest);
    await change();
    const [line] = logged(await run(shortest));
    assert.deepEqual([line?.changedCount, (await archivesIn(dir)).length], [2, 1]);
  });

  test('obeys the ignore files of the settings, and outlives wrong ones', async () => {
    const file = path.join(folder, 'ignore.yaml');
    const rule = '- {group: "", kind: ConfigMap, paths: [data], reason: a test}\n';
    const config = path.join(folder, 'config.yaml');
    await writeFile(config, `ignoreFiles: [${file}]\n`);
    await run();
    await change();
    await writeFile(file, rule);
    const [line] = logged(await run(['--config', config]));
    assert.match(line?.changes ?? '', /^1 object changed in 1 project since [^:]+:\d\d: secrets [^ ]+$/u);
    await writeFile(file, `${rule}- 7\n`);
    const environment = { OPENSHIFT_BACKUP_IGNORE: file };
    const wrong = await run([], { environment });
    assert.deepEqual(logged(wrong), []);
    const [warning] = logged(wrong, FAILED);
    assert.deepEqual([warning?.level, warning?.problem.startsWith(`${file}: `)], ['warn', true]);
  });

  test('is nothing of another selection, name, cluster or of an incomplete archive', async () => {
    await run();
    assert.deepEqual(logged(await run(['--include', 'configmaps'])), []);
    assert.deepEqual(logged(await run(['--name', 'other'])), []);
    assert.deepEqual(logged(await run(['--require', 'limitranges'], { code: 3 })), []);
    const [first = ''] = await archivesIn(dir);
    const { options } = await manifestOf(path.join(dir, first));
    // One of another cluster, and one that is damaged, alone with the new one.
    dir = await mkdtemp(path.join(folder, 'others-'));
    const archive = await archiveOf(SMALL, manifestOfSmall(SMALL, { options }));
    await writeArchive(dir, nameOf(1), archive);
    await writeArchive(dir, nameOf(2), archive.subarray(500));
    const result = await run();
    assert.deepEqual([logged(result), logged(result, FAILED)], [[], []]);
  });

  test('passes over an archive of a newer format, and says so', async () => {
    await run();
    const [first = ''] = await archivesIn(dir);
    const { options } = await manifestOf(path.join(dir, first));
    const newer = await archiveOf(SMALL, { ...manifestOfSmall(SMALL, { options }), format: 2 });
    // It was begun after the first one, and so it would be the one before.
    const started = parseArchiveName(first)?.startedAt.getTime() ?? 0;
    const name = formatArchiveName('openshift-backup', new Date(started + 1000), true);
    await writeArchive(dir, name, newer);
    while (Date.now() < started + 2000) await sleep(100);
    const result = await run();
    assert.deepEqual(
      logged(result).map(({ since }) => since),
      [first],
    );
    const [warning, ...more] = logged(result, 'An archive was passed over');
    assert.deepEqual([warning?.level, warning?.archive, more], ['warn', name, []]);
    assert.match(
      warning?.problem ?? '',
      /^manifest\.json has format 2, made by a newer openshift-backup: update to read it$/u,
    );
  });

  test('is a warning when the archive before is damaged', async () => {
    await run();
    await change();
    const [first = ''] = await archivesIn(dir);
    const file = path.join(dir, first);
    const bytes = await readFile(file);
    // All that is in it but the manifest at its end.
    bytes.fill(0xff, 40, Math.floor(bytes.length / 3));
    await truncate(file, 0);
    await writeFile(file, bytes);
    const result = await run();
    assert.deepEqual(logged(result), []);
    const [warning] = logged(result, FAILED);
    assert.deepEqual([warning?.level, warning?.problem.startsWith(`${file}: `)], ['warn', true]);
  });
});

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly since: string;
  readonly changedCount: number;
  readonly changes: string;
  readonly problem: string;
  readonly archive?: string;
}

function logged({ stderr }: CliResult, message = COMPARED): LogLine[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ msg }) => msg === message);
}

/** A name of so many hours ago. */
function nameOf(hours: number): string {
  return formatArchiveName('openshift-backup', new Date(Date.now() - hours * 3_600_000), true);
}

function configMap(name: string, value: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: PROJECT, name }, data: { value } };
}

function secret(value: string): KubernetesObject {
  const stringData = { password: `${CANARY}-${value}` };
  const metadata = { namespace: PROJECT, name: 'database' };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData };
}
