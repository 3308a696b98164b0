import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { archiveOf, configMap, manifestOf, SMALL, writeArchive } from '../archive/zip-fixtures.ts';
import { filesIn } from '../support/archive-folder.ts';
import { makeMessyFolder, OLD_ARCHIVES } from '../support/messy-folder.ts';
import { type CliResult, runCli, startCli } from '../support/run-cli.ts';
import { runProgram } from '../support/run-program.ts';

const NEWEST = 'openshift-backup-20261101T001500Z.zip';
const INCOMPLETE = 'openshift-backup-20261102T001500Z-incomplete.zip';
const DAMAGED = [3, 4, 5, 6, 7, 8].map((day) => `openshift-backup-2026110${day}T001500Z.zip`).toReversed();
/** Every archive in the messy folder, the newest first. */
const ALL = [...DAMAGED, INCOMPLETE, NEWEST, ...OLD_ARCHIVES.toReversed()];
const HOOK = path.join(import.meta.dirname, '..', 'support', 'loaded-modules.ts');

/** The newest ones in the folder are damaged. */
const PASSED_OVER =
  /^warning: \S+ and \d+ more were passed over: [^\n]+ \("openshift-backup list" says why of each\)\n/u;

describe('without a cluster', () => {
  let folder: string;
  let dir: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'without-cluster-test-'));
    dir = path.join(folder, 'archives');
    await makeMessyFolder(dir);
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs a command, which must leave every file as it is. */
  async function call(...args: readonly string[]): Promise<CliResult> {
    const files = await filesIn(dir);
    // Nothing of this is an option of these commands: it must not stop them.
    const environment = { OPENSHIFT_BACKUP_NAME: '/', KUBECONFIG: '/missing', OPENSHIFT_BACKUP_DIR: dir };
    const result = await runCli(args, { environment });
    assert.deepEqual(await filesIn(dir), files);
    return result;
  }

  test('list shows every archive, also those that cannot be read', async () => {
    const names = await call('list', '-o', 'name');
    assert.deepEqual([names.code, names.stderr], [0, '']);
    assert.deepEqual(names.stdout.trim().split('\n'), ALL);
    const { stdout } = await call('list', '-o', 'json');
    const rows = JSON.parse(stdout) as { file: string; state: string; objectCount: number | null }[];
    assert.deepEqual(
      rows.map(({ file }) => file),
      ALL,
    );
    for (const { file, state, objectCount } of rows) {
      if (DAMAGED.includes(file)) assert.match(state, /^unreadable: [^\n]+$/u, file);
      else if (file === INCOMPLETE) assert.equal(state, 'incomplete (1 gap)');
      else if (!file.includes('-2')) assert.equal(state, 'made by the original openshift-backup');
      else assert.deepEqual([state, objectCount], ['complete', 4], file);
    }
    const lines = (await call('list')).stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^ARCHIVE +AGE +SIZE +OBJECTS +STATE$/u);
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(' ', 1)[0]),
      ALL,
    );
  });

  test('list of an empty folder is no failure', async () => {
    const empty = await mkdtemp(path.join(folder, 'empty-'));
    const table = await call('list', '--dir', empty);
    assert.deepEqual([table.code, table.stdout], [0, '']);
    assert.equal(table.stderr, `No archives in ${empty}: "openshift-backup run" makes one\n`);
    assert.equal((await call('list', '--dir', empty, '-o', 'json')).stdout, '[]\n');
  });

  for (const command of ['list', 'show', 'verify', 'version']) {
    test(`${command} is content with a reader that has had enough`, async () => {
      const { child, ended } = startCli([command, ...(command === 'version' ? [] : ['--dir', dir])]);
      child.stdout.destroy();
      const { code, stderr } = await ended;
      // Of the newest archives verify has to say that they are damaged.
      assert.deepEqual([code, stderr.replace(PASSED_OVER, '')], [command === 'verify' ? 4 : 0, '']);
    });
  }

  test('show prints what an archive holds, a type, and an object', async () => {
    const shown = await mkdtemp(path.join(folder, 'show-'));
    const outcomes = [{ scope: '*', result: 'exported', objectCount: 2, resourceVersion: '1' }] as const;
    const type = { type: 'configmaps', apiVersion: 'v1', kind: 'ConfigMap', isNamespaced: true, outcomes };
    await writeArchive(shown, NEWEST, await archiveOf(SMALL, manifestOf(SMALL, { types: [type] })));
    const show = async (...args: readonly string[]): Promise<string> =>
      (await call('show', ...args, '--dir', shown)).stdout;
    assert.match(
      await show(),
      /^FILE +OBJECTS +SIZE\n_cluster\/clusterroles\.\S+ +1 .*\nshop\/configmaps.json +2 .*\nshop\/.*\n$/u,
    );
    const { items } = JSON.parse(await show('latest', 'configmaps')) as { items: unknown[] };
    assert.deepEqual(items, [configMap('a', { key: 'value' }), configMap('b')]);
    assert.deepEqual(JSON.parse(await show(NEWEST, 'configmap/a', '-n', 'shop')), items[0]);
    assert.deepEqual(JSON.parse(await show('latest', '-o', 'json')), manifestOf(SMALL, { types: [type] }));
  });

  test('verify tells sound, incomplete and damaged archives apart', async () => {
    // The newest ones are damaged: the one that `latest` takes for that is verified beside them.
    const latest = await call('verify');
    assert.deepEqual([latest.code, latest.stderr], [4, '']);
    assert.match(latest.stdout, /^\S+: DAMAGED\n/u);
    assert.match(latest.stdout, /\n\S+: OK \(complete; 4 objects in 3 files\)\n$/u);
    const incomplete = await call('verify', INCOMPLETE);
    assert.equal(incomplete.code, 3);
    assert.match(
      incomplete.stdout,
      /: OK \(incomplete, 1 gap; .*\)\n {2}gap: routes\.route\.openshift\.io: HTTP 503\n$/u,
    );
    const all = await call('verify', '--all', '-o', 'json');
    const rows = JSON.parse(all.stdout) as { file: string; result: string; problems: string[] }[];
    assert.equal(all.code, 4);
    const damaged = rows.filter(({ result, problems }) => result === 'damaged' && problems.length > 0);
    assert.deepEqual(
      damaged.map(({ file }) => file),
      DAMAGED,
    );
    assert.equal(rows.length - damaged.length, 4);
  });

  test('rotate --dry-run says what rotate does, and why', async () => {
    const args = ['--retain-days', '0', '--keep-last', '1', '--name', 'openshift-backup'];
    const { code, stdout } = await call('rotate', '--dry-run', '-o', 'json', ...args);
    const plan = JSON.parse(stdout) as { file: string; action: string; reason: string }[];
    assert.equal(code, 0);
    assert.deepEqual(
      plan.map(({ file }) => file),
      ALL,
    );
    const removed = plan.filter(({ action }) => action === 'remove').map(({ file }) => file);
    assert.deepEqual(removed, OLD_ARCHIVES.toReversed());
    for (const { file, reason } of plan) assert.match(reason, /^[A-Z0-9][^\n]+$/u, file);
    const table = (await call('rotate', '--dry-run', ...args)).stdout.trimEnd().split('\n');
    assert.deepEqual(
      table.slice(1).map((line) => line.split(/ +/u, 2)),
      plan.map(({ file, action }) => [file, action]),
    );
    const copy = path.join(folder, 'copy');
    await runProgram('cp', ['--archive', dir, copy]);
    const files = await filesIn(copy);
    assert.equal((await runCli(['rotate', '--dir', copy, ...args])).code, 0);
    const gone = removed.flatMap((file) => [file, `${file}.sha256`]);
    const rest = Object.fromEntries(Object.entries(files).filter(([file]) => !gone.includes(file)));
    assert.deepEqual(await filesIn(copy), rest);
  });

  const FAILURES: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [['list', '--dir', '/missing'], 2, /^The folder of archives \/missing does not exist: mount the volume/u],
    [['list', '--dir', '/dev/null'], 2, /^The folder of archives \/dev\/null is not a folder: /u],
    [
      ['fetch', 'tuesday'],
      2,
      /^There is no archive "tuesday": \S+ holds openshift-backup-.* and \d+ older ones$/u,
    ],
    [['fetch', '/missing/a.zip'], 2, /^\/missing\/a\.zip does not exist$/u],
    [['show', 'latest', 'nothings'], 2, /^The archive knows no type nothings: /u],
    [['show', DAMAGED[5] ?? ''], 4, /^\S+: .+$/u],
    [['verify', 'openshift-backup-20251101T001500Z'], 2, /^There is no archive /u],
    [['rotate', '--dry-run', '--retain-days', '-1'], 2, /^--retain-days is "-1": give a whole number/u],
  ];
  for (const [args, code, message] of FAILURES) {
    test(`${args.join(' ')} fails with one line`, async () => {
      const result = await call(...args, ...(args[0] === 'rotate' ? ['--name', 'x'] : []));
      const told = result.stderr.replace(PASSED_OVER, '');
      assert.match(told, /^error: [^\n]+\n$/u);
      assert.match(told.slice('error: '.length, -1), message);
      assert.deepEqual([result.code, result.stdout], [code, '']);
    });
  }

  test('no command that needs no cluster loads the client library', async (t) => {
    const commands = [
      ['version'],
      ['list'],
      ['show'],
      ['verify'],
      ['fetch'],
      ['report', '-o', 'html'],
      ['rotate', '--dry-run', '--name', 'x'],
      ['--help'],
    ];
    for (const args of commands) {
      const { urls, durationMs } = await loadedBy(args);
      assert.ok(
        urls.some((url) => url.endsWith('/src/cli/program.ts')),
        'modules are seen',
      );
      assert.deepEqual(
        urls.filter((url) => url.includes('client-node')),
        [],
        args.join(' '),
      );
      t.diagnostic(`${args.join(' ')}: ${urls.length} modules, median ${Math.round(durationMs)} ms`);
    }
    const { urls } = await loadedBy(['types']);
    assert.ok(
      urls.some((url) => url.includes('client-node')),
      'and those that need one do',
    );
  });

  async function loadedBy(args: readonly string[]): Promise<{ urls: string[]; durationMs: number }> {
    const file = path.join(folder, 'modules.txt');
    // As on a fresh machine: what users wait for is measured without compiled modules.
    const environment = { LOADED_MODULES: file, OPENSHIFT_BACKUP_DIR: dir, NODE_DISABLE_COMPILE_CACHE: '1' };
    await runCli(args, { environment, nodeOptions: [`--import=${HOOK}`] });
    const durations: number[] = [];
    for (let index = 0; index < 3; index++) {
      const startedMs = performance.now();
      await runCli(args, { environment });
      durations.push(performance.now() - startedMs);
    }
    const [, durationMs = 0] = durations.toSorted((a, b) => a - b);
    return { urls: (await readFile(file, 'utf8')).split('\n'), durationMs };
  }
});
