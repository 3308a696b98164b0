import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunRecord } from '../../src/status/run-record.ts';
import { type Cluster, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import { startFaultProxy } from '../faults/fault-proxy.ts';
import { inLists, lost, status } from '../faults/faults.ts';
import { manifestOf } from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli, startCli } from '../support/run-cli.ts';
import { leaveFreeInodes, mountProblem, mountTmpfs } from '../support/tmpfs.ts';
import { parseMetrics } from './metrics-parser.ts';

const PROJECT = 'recorded-runs';
const MOUNT_PROBLEM = await mountProblem();
const SCHEDULE = ['--schedule', '15 0 * * *'];

describe('A run writes down how it has ended', () => {
  let cluster: Cluster;
  let folder: string;
  let login: ServiceAccountLogin;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'recorded-runs-test-'));
    login = await cluster.serviceAccount({
      namespace: PROJECT,
      name: 'reader',
      clusterRules: READ_EVERYTHING,
    });
  });
  after(() => rm(folder, { recursive: true }));

  async function newDir(): Promise<string> {
    return await mkdtemp(path.join(folder, 'archives-'));
  }

  function argsFor(dir: string, more: readonly string[] = [], kubeconfig = login.kubeconfig): string[] {
    const args = ['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', PROJECT];
    return [...args, '--termination-log', `${dir}.log`, ...more];
  }

  test('when it is complete', async () => {
    const dir = await newDir();
    const startedMs = Date.now();
    const result = await runCli(argsFor(dir, SCHEDULE));
    assert.equal(result.code, 0, result.stderr);
    const archive = result.stdout.trim();
    const { files, types } = await manifestOf(archive);
    const [run, ...more] = await recordsIn(dir);
    assert.ok(run);
    assert.deepEqual(more, []);
    const { id, startedAt, endedAt, sha256, ...rest } = run;
    assert.ok(id !== undefined && Date.parse(startedAt) >= startedMs && startedAt < endedAt);
    assert.equal(`${sha256}  ${path.basename(archive)}\n`, await readFile(`${archive}.sha256`, 'utf8'));
    const objectCount = files.reduce(
      (sum, file) => sum + (file.path.startsWith('_') ? 0 : file.objectCount),
      0,
    );
    assert.deepEqual(rest, {
      exitCode: 0,
      backup: 'openshift-backup',
      archive: path.basename(archive),
      archiveBytes: (await stat(archive)).size,
      isComplete: true,
      selection: PROJECT,
      objectCount,
      leftOutCount: types
        .flatMap(({ leftOut = [] }) => leftOut)
        .reduce((sum, one) => sum + one.objectCount, 0),
      fileCount: files.filter((file) => !file.path.startsWith('_')).length,
      deniedCount: 0,
      gapCount: 0,
      gaps: [],
    });
    const metrics = parseMetrics(await readFile(path.join(dir, 'openshift-backup.prom'), 'utf8'));
    const value = (name: string): number | undefined =>
      metrics[`openshift_backup_${name}`]?.['openshift-backup'];
    assert.equal(value('last_complete_timestamp_seconds'), Date.parse(endedAt) / 1000);
    assert.equal(value('objects'), objectCount);
    assert.equal(value('archives'), 1);
    const due = new Date((value('next_due_timestamp_seconds') ?? 0) * 1000);
    assert.match(due.toISOString(), /T00:15:00\.000Z$/u);
    assert.match(
      await readFile(`${dir}.log`, 'utf8'),
      new RegExp(
        `^Complete: ${objectCount} objects?, 0 gaps, ${path.basename(archive)}, \\d[^,]* KiB, \\d+\\.\\d s\n$`,
        'u',
      ),
    );
    for (const file of ['status.json', 'openshift-backup.prom'])
      assert.equal((await stat(path.join(dir, file))).mode & 0o777, 0o640 & ~process.umask(), file);
    const shown = await runCli(['status', '--dir', dir, ...SCHEDULE]);
    assert.match(shown.stdout, /^Last run: +complete, /mu);
  });

  test('when it is incomplete', async () => {
    const dir = await newDir();
    const faults = [inLists(`${PROJECT}/secrets`, status(403, 'Forbidden'))];
    const proxy = await startFaultProxy(cluster, folder, login.token, faults);
    try {
      const result = await runCli(argsFor(dir, [], proxy.kubeconfig));
      assert.equal(result.code, 3, result.stderr);
      const [run] = await recordsIn(dir);
      const { exitCode, isComplete, gapCount, gaps = [] } = run ?? {};
      assert.deepEqual([exitCode, isComplete, gapCount], [3, false, 1]);
      assert.deepEqual(
        gaps.map(({ type, scope }) => [type, scope]),
        [['secrets', PROJECT]],
      );
      assert.match(
        await readFile(`${dir}.log`, 'utf8'),
        /^Incomplete: .*, 1 gap, .*; not in it: secrets in recorded-runs\n$/u,
      );
      const shown = await runCli(['status', '--dir', dir]);
      assert.match(shown.stdout, /^Gaps: +1 gap\n +secrets in recorded-runs: .*403/mu);
    } finally {
      await proxy.stop();
    }
  });

  test('when it has failed, beside those that have not', async () => {
    const dir = await newDir();
    assert.equal((await runCli(argsFor(dir))).code, 0);
    const result = await runCli(argsFor(dir, ['-l', 'app=nowhere']));
    assert.equal(result.code, 4);
    assert.equal((await runCli(argsFor(dir, ['--name', 'lab']))).code, 0);
    const records = await recordsIn(dir);
    assert.deepEqual(
      records.map(({ backup, exitCode }) => [backup, exitCode]),
      [
        ['lab', 0],
        ['openshift-backup', 4],
        ['openshift-backup', 0],
      ],
    );
    const [, failed] = records;
    assert.deepEqual([`error: ${failed?.error}`], messageLines(result));
    assert.equal(failed?.archive, undefined);
    const metrics = parseMetrics(await readFile(path.join(dir, 'openshift-backup.prom'), 'utf8'));
    assert.deepEqual(metrics['openshift_backup_last_run_exit_code'], { lab: 0, 'openshift-backup': 4 });
    assert.match((await runCli(['status', '--dir', dir])).stdout, /^Last run: +failed with exit code 4, /mu);
  });

  test('when its settings are wrong', async () => {
    const dir = await newDir();
    const result = await runCli(argsFor(dir, [], '/missing'));
    assert.equal(result.code, 2);
    const [run] = await recordsIn(dir);
    assert.deepEqual([run?.exitCode, `error: ${run?.error}`], [2, messageLines(result)[0]]);
    assert.equal(await readFile(`${dir}.log`, 'utf8'), `Failed (exit code 2): ${run?.error}\n`);
  });

  test('when it is terminated', async () => {
    const dir = await newDir();
    const proxy = await startFaultProxy(cluster, folder, login.token, [inLists('secrets', lost())]);
    try {
      const { child, said, ended } = startCli(argsFor(dir, [], proxy.kubeconfig));
      assert.ok(await said('"type":"configmaps"'));
      child.kill('SIGTERM');
      assert.equal((await ended).code, 143);
      const [run] = await recordsIn(dir);
      assert.deepEqual([run?.exitCode, run?.error], [143, 'interrupted by SIGTERM']);
      assert.equal(
        await readFile(`${dir}.log`, 'utf8'),
        'Interrupted (exit code 143): interrupted by SIGTERM\n',
      );
    } finally {
      await proxy.stop();
    }
  });

  test('also when several end at once', async () => {
    const dir = await newDir();
    const results = await Promise.all(Array.from({ length: 4 }, () => runCli(argsFor(dir))));
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0, 0, 0],
    );
    const archives = results.map(({ stdout }) => path.basename(stdout.trim()));
    const records = await recordsIn(dir);
    assert.deepEqual(records.map(({ archive = '' }) => archive).toSorted(), archives.toSorted());
    // The last to write the metrics has read all four.
    const metrics = parseMetrics(await readFile(path.join(dir, 'openshift-backup.prom'), 'utf8'));
    assert.deepEqual(metrics['openshift_backup_archives'], { 'openshift-backup': 4 });
    const last = Math.max(...records.map(({ startedAt }) => Date.parse(startedAt)));
    const [newest] = records;
    assert.equal(Date.parse(newest?.startedAt ?? ''), last);
    assert.deepEqual(metrics['openshift_backup_last_run_timestamp_seconds'], {
      'openshift-backup': Date.parse(newest?.endedAt ?? '') / 1000,
    });
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith('.')),
      [],
    );
  });

  test('and says so when it cannot, and ends as it would have', async () => {
    for (const make of [
      (file: string) => writeFile(file, '{"format":7}'),
      // A folder with something in it can't be replaced by a file.
      async (file: string) => {
        await mkdir(path.join(`${file}.damaged`, 'full'), { recursive: true });
        await writeFile(file, 'no history');
      },
    ]) {
      const dir = await newDir();
      await make(path.join(dir, 'status.json'));
      const result = await runCli([
        ...argsFor(dir),
        '--termination-log',
        path.join(folder, 'missing', 'log'),
      ]);
      assert.equal(result.code, 0, result.stderr);
      const warnings = logOf(result).filter(({ level }) => level === 'warn');
      assert.deepEqual(
        warnings.map(({ msg }) => msg).toSorted(),
        [
          'Could not write the termination message',
          (await readFile(path.join(dir, 'status.json'), 'utf8')) === 'no history'
            ? 'Could not write the history of runs'
            : 'The history of runs is not as it should be',
        ].toSorted(),
      );
      assert.equal(logOf(result).at(-1)?.msg, 'Complete');
    }
  });

  test('and says so when there is no room for it', { skip: MOUNT_PROBLEM }, async () => {
    const tmpfs = await mountTmpfs('size=16m,nr_inodes=60');
    try {
      await leaveFreeInodes(tmpfs.dir, 0);
      const result = await runCli(argsFor(tmpfs.dir));
      assert.equal(result.code, 4);
      assert.equal(messageLines(result).length, 1);
      const warning = logOf(result).find(({ level }) => level === 'warn');
      assert.equal(warning?.msg, 'Could not write the history of runs');
      assert.match(warning?.problem ?? '', /^Cannot write to \S+ \(ENOSPC\): the volume is full/u);
      assert.match(await readFile(`${tmpfs.dir}.log`, 'utf8'), /^Failed \(exit code 4\): Cannot write to /u);
    } finally {
      await tmpfs.unmount();
      await rm(`${tmpfs.dir}.log`, { force: true });
    }
  });

  test('and is silent about a folder that is not there', async () => {
    const dir = path.join(folder, 'nowhere', 'archives');
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', login.kubeconfig]);
    assert.equal(result.code, 2);
    assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
  });

  test('in one line of at most 4096 bytes, whatever the gaps are', async () => {
    const dir = await newDir();
    const faults = [inLists('', status(403, 'Forbidden'))].map((fault) => ({
      ...fault,
      matches: ({ path: asked, query }: Parameters<typeof fault.matches>[0]) =>
        asked.includes('/namespaces/') && query.has('limit') && !asked.endsWith('/configmaps'),
    }));
    const proxy = await startFaultProxy(cluster, folder, login.token, faults);
    try {
      const result = await runCli(argsFor(dir, [], proxy.kubeconfig));
      assert.equal(result.code, 3, result.stderr);
      const [run] = await recordsIn(dir);
      assert.ok((run?.gapCount ?? 0) > 20, `${run?.gapCount} gaps`);
      assert.equal(run?.gaps?.length, 20);
      const message = await readFile(`${dir}.log`);
      assert.ok(message.length <= 4096);
      assert.match(message.toString(), /^Incomplete: [^\n]*, and \d+ more\n$/u);
    } finally {
      await proxy.stop();
    }
  });

  test(
    'where the kubelet has made the file, as any user',
    { skip: process.getuid?.() !== 0 && 'this needs root' },
    async () => {
      const own = await mkdtemp(path.join(tmpdir(), 'recorded-runs-user-'));
      try {
        const dir = path.join(own, 'archives');
        const log = path.join(own, 'termination-log');
        const kubeconfig = path.join(own, 'kubeconfig');
        await mkdir(dir);
        await copyFile(login.kubeconfig, kubeconfig);
        await writeFile(
          log,
          'left by an earlier attempt, and much longer than what comes after it'.repeat(100),
        );
        for (const [file, mode] of [
          [own, 0o755],
          [dir, 0o770],
          [kubeconfig, 0o644],
          [log, 0o666],
        ] as const)
          await chmod(file, mode);
        const args = [
          'run',
          '--dir',
          dir,
          '--kubeconfig',
          kubeconfig,
          '-n',
          PROJECT,
          '--termination-log',
          log,
        ];
        const wrapper = ['setpriv', '--reuid=1000650000', '--regid=0', '--clear-groups'];
        const result = await runCli(args, { wrapper });
        assert.equal(result.code, 0, result.stderr);
        assert.match(await readFile(log, 'utf8'), /^Complete: [^\n]+\n$/u);
        assert.deepEqual(
          logOf(result).filter(({ level }) => level === 'warn'),
          [],
        );
        assert.equal((await stat(path.join(dir, 'status.json'))).mode & 0o777, 0o640);
      } finally {
        await rm(own, { recursive: true });
      }
    },
  );
});

async function recordsIn(dir: string): Promise<RunRecord[]> {
  const { format, runs } = JSON.parse(await readFile(path.join(dir, 'status.json'), 'utf8')) as {
    format: number;
    runs: RunRecord[];
  };
  assert.equal(format, 1);
  return runs;
}

function logOf({ stderr }: CliResult): { level: string; msg: string; problem?: string }[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string; msg: string; problem?: string });
}
