import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { statusText, type StatusView } from '../../src/cli/status-text.ts';
import { parseSchedule } from '../../src/config/schedule.ts';
import { type Facts, statusOf } from '../../src/status/backup-status.ts';
import type { RunRecord } from '../../src/status/run-record.ts';
import { archiveAt, runAt } from '../status/made-runs.ts';
import { type CliResult, cliCommand, cliEnvironment, runCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';

const SPACE = { freeBytes: 1_288_490_188, sizeBytes: 2 ** 31 };
const HOOK = path.join(import.meta.dirname, '..', 'support', 'loaded-modules.ts');
// oxlint-disable-next-line eslint/no-control-regex
const COLORS = /\u001b\[[0-9;]*m/gu;

/** Some weeks with everything in them. */
const NIGHTS: readonly RunRecord[] = [
  ...[1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((day) =>
    runAt(`2026-11-${String(day).padStart(2, '0')}T00:15:00Z`),
  ),
  runAt('2026-11-15T00:15:00Z', { ended: 'incomplete' }),
  runAt('2026-11-16T00:15:00Z'),
  runAt('2026-11-18T00:15:00Z'),
  runAt('2026-11-19T00:15:00Z', {
    ended: 'incomplete',
    gapCount: 22,
    deniedCount: 3,
    gaps: [
      { type: 'deployments.apps', scope: 'shop', reason: 'HTTP 500\u001b[2J' },
      { type: '*.metrics.k8s.io', scope: '*', reason: 'the API is not available' },
    ],
  }),
  runAt('2026-11-20T00:15:00Z', { ended: 'failed', backup: 'prod' }),
];
const ARCHIVES = [
  archiveAt('2026-11-19T00:15:00Z', 'prod', false),
  archiveAt('2026-11-18T00:15:00Z'),
  archiveAt('2026-11-05T00:15:00Z'),
];

interface Given extends Partial<Facts> {
  readonly now?: string;
  readonly timeZone?: string;
  readonly schedule?: string;
  readonly others?: readonly string[];
}

function viewOf({
  now = '2026-11-20T07:00:00Z',
  timeZone = 'Etc/UTC',
  schedule = '15 0 * * *',
  ...given
}: Given): StatusView {
  const dueAfter = schedule === '' ? undefined : parseSchedule(schedule, timeZone).nextAfter;
  const viewpoint = { now: new Date(now), timeZone, dueAfter };
  const facts = { runs: [], archives: [], space: SPACE, ...given };
  return {
    dir: '/openshift-backup',
    viewpoint,
    status: statusOf('prod', facts, viewpoint),
    space: facts.space,
    others: given.others ?? [],
    problem: undefined,
  };
}

function shown(given: Given, isUtf8 = true): string {
  return statusText(viewOf(given), { isUtf8, stream: new PassThrough() });
}

describe('The status for a person', () => {
  test('after a failed night', () => {
    const text = shown({ runs: NIGHTS, archives: ARCHIVES });
    assert.equal(
      text,
      `\
Backup:        prod, in /openshift-backup
Last run:      failed with exit code 4, 2026-11-20 00:15 (6h ago), took 42.0 s
               Cannot reach https://api: it is away
Last archive:  2026-11-19 00:15 (30h ago), 1,234 objects, prod-20261119T001500Z-incomplete.zip, 1.9 MiB
Last complete: 2026-11-18 00:15 (2d ago), 1,234 objects, prod-20261118T001500Z.zip, 1.9 MiB
Archives:      3, 2 of them complete, 2.9 KiB
Gaps:          22 gaps
               deployments.apps in shop: HTTP 500\\u{1b}[2J
               *.metrics.k8s.io: the API is not available
               and 20 more, which the archive names
Denied:        3 types of which something may not be listed
Volume:        1.2 GiB free of 2.0 GiB
Next due:      2026-11-21 00:15 (in 17h)

The last 30 nights (Etc/UTC), each by its last run:
  2026-10-22 ··········●●●●●●●●●●●●●●◐●○●◐✗ 2026-11-20
  ● complete   ◐ incomplete   ✗ failed   ○ missing   · none due
`,
    );
  });

  test('in ASCII, in another time zone, when the next run is overdue', () => {
    const given = { runs: [runAt('2026-11-19T00:15:00Z')], archives: [archiveAt('2026-11-19T00:15:00Z')] };
    const text = shown({ ...given, timeZone: 'Europe/Berlin', others: ['lab', 'test'] }, false);
    assert.equal(
      text,
      `\
Backup:        prod, in /openshift-backup
Last run:      complete, 2026-11-19 01:15 (30h ago), took 42.0 s
Last complete: 2026-11-19 01:15 (30h ago), 1,234 objects, prod-20261119T001500Z.zip, 1.9 MiB
Archives:      1, 1 of them complete, 1000 B
Gaps:          none
Denied:        no type of which something may not be listed
Volume:        1.2 GiB free of 2.0 GiB
Next due:      2026-11-20 00:15 OVERDUE: it should have begun 7h ago
Also here:     lab, test (--name shows another)

The last 30 nights (Europe/Berlin), each by its last run:
  2026-10-22 ............................#! 2026-11-20
  # complete   ~ incomplete   x failed   ! missing   . none due
`,
    );
  });

  test('from archives alone', () => {
    const text = shown({ archives: ARCHIVES, space: undefined, schedule: '' });
    assert.equal(
      text,
      `\
Backup:        prod, in /openshift-backup
Last run:      incomplete, 2026-11-19 00:15 (30h ago)
Last archive:  2026-11-19 00:15 (30h ago), prod-20261119T001500Z-incomplete.zip, 1000 B
Last complete: 2026-11-18 00:15 (2d ago), prod-20261118T001500Z.zip, 1000 B
Archives:      3, 2 of them complete, 2.9 KiB
Volume:        the file system does not say
Next due:      unknown, as no --schedule is given

The last 30 nights (Etc/UTC), each by its last run:
  2026-10-22 ··············●○○○○○○○○○○○○●◐· 2026-11-20
  ● complete   ◐ incomplete   ✗ failed   ○ missing   · none due
`,
    );
  });

  test('before the first run', () => {
    const text = shown({});
    assert.match(text, /^Last run: none yet: "openshift-backup run" makes an archive$/mu);
    assert.match(text, /^Next due: 2026-11-21 00:15 \(in 17h\)$/mu);
  });

  test('while a run may be running', () => {
    const text = shown({ runs: [runAt('2026-11-19T00:15:00Z')], now: '2026-11-20T00:30:00Z' });
    assert.match(text, /^Next due: +2026-11-20 00:15 \(15m ago: it may be running\)$/mu);
  });
});

describe('status', () => {
  let folder: string;
  let dir: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'status-cli-test-'));
    dir = path.join(folder, 'archives');
    await mkdir(dir);
    const runs = [runAt(new Date().toISOString()), runAt('2026-11-19T00:15:00Z', { backup: 'lab' })];
    await writeFile(path.join(dir, 'status.json'), JSON.stringify({ format: 1, runs }));
  });
  after(() => rm(folder, { recursive: true }));

  function call(args: readonly string[], environment: Record<string, string> = {}): Promise<CliResult> {
    return runCli(['status', '--dir', dir, '--name', 'prod', ...args], { environment });
  }

  test('is in JSON for scripts', async () => {
    const { code, stdout, stderr } = await call(['-o', 'json', '--schedule', '15 0 * * *']);
    assert.deepEqual([code, stderr], [0, '']);
    const found = JSON.parse(stdout) as Record<string, unknown>;
    const { lastRun, lastComplete, nights, volume, nextDueAt, ...rest } = found;
    assert.deepEqual(lastRun, lastComplete);
    assert.equal((lastRun as RunRecord).archiveBytes, 2_000_000);
    assert.equal((nights as unknown[]).length, 30);
    assert.deepEqual(Object.keys(volume as object), ['freeBytes', 'sizeBytes']);
    assert.match(String(nextDueAt), /T00:15:00\.000Z$/u);
    assert.deepEqual(rest, {
      backup: 'prod',
      dir,
      lastSuccess: lastRun,
      isOverdue: false,
      archives: { count: 0, completeCount: 0, sizeBytes: 0 },
      timeZone: 'Etc/UTC',
      otherBackups: ['lab'],
      problem: null,
    });
  });

  for (const [environment, sign] of [
    [{ LANG: 'C.UTF-8' }, '●'],
    [{ LANG: 'de_DE.utf8' }, '●'],
    [{ LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, '#'],
    [{ LANG: 'C.UTF-8', LC_CTYPE: 'C' }, '#'],
    [{}, '#'],
  ] as const) {
    test(`has ${sign} for a complete night with ${JSON.stringify(environment)}`, async () => {
      const { stdout } = await call([], environment);
      assert.ok(stdout.includes(`${sign} complete`), stdout);
      assert.doesNotMatch(stdout, COLORS);
    });
  }

  test('has colours on a terminal that wants them', { skip: missing('script') }, async () => {
    const colored = await onTerminal(dir, {});
    assert.match(colored, COLORS);
    const plain = await onTerminal(dir, { NO_COLOR: '1' });
    assert.doesNotMatch(plain, COLORS);
    assert.ok(plain.includes('Last run:'));
  });

  test('warns of a history that cannot be read, and shows what there is', async () => {
    for (const [text, warning] of [
      ['{', 'status.json holds no history of runs'],
      ['{"format":9}', 'status.json is of format 9, and this version of the tool knows 1: use a newer one'],
    ] as const) {
      const own = await mkdtemp(path.join(folder, 'damaged-'));
      await writeFile(path.join(own, 'status.json'), text);
      await writeFile(path.join(own, 'prod-20261119T001500Z.zip'), 'unopened');
      const { code, stdout, stderr } = await runCli(['status', '--dir', own, '--name', 'prod']);
      assert.deepEqual([code, stderr], [0, `warning: ${warning}\n`]);
      assert.match(stdout, /^Last complete: 2026-11-19 00:15 .*, prod-20261119T001500Z\.zip, 8 B$/mu);
      assert.equal(await readFile(path.join(own, 'status.json'), 'utf8'), text, 'a reader changes nothing');
    }
  });

  for (const [name, args, message] of [
    [
      'a folder that is not there',
      ['--dir', '/missing'],
      /^error: The folder of archives \/missing does not exist/u,
    ],
    [
      'a file for a folder',
      ['--dir', '/dev/null'],
      /^error: The folder of archives \/dev\/null does not exist/u,
    ],
    ['a wrong schedule', ['--schedule', 'daily'], /^error: --schedule is "daily": give five fields/u],
    ['a wrong time zone', ['--time-zone', '+01:00'], /^error: --time-zone is "\+01:00": give the name/u],
  ] as const) {
    test(`fails with one line for ${name}`, async () => {
      const { code, stdout, stderr } = await call(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    });
  }

  test('loads nothing that it does not need', async (t) => {
    const file = path.join(folder, 'modules.txt');
    await symlink(dir, path.join(folder, 'link'));
    const { code } = await runCli(['status', '--dir', path.join(folder, 'link')], {
      environment: { LOADED_MODULES: file },
      nodeOptions: [`--import=${HOOK}`],
    });
    assert.equal(code, 0);
    const urls = (await readFile(file, 'utf8')).split('\n');
    assert.ok(urls.some((url) => url.endsWith('/src/cli/status.ts')));
    const heavy = urls.filter((url) => /client-node|archiver|prom-client|yauzl|pino/u.test(url));
    assert.deepEqual(heavy, []);
    const durations: number[] = [];
    for (let index = 0; index < 3; index++) {
      const startedMs = performance.now();
      await call([]);
      durations.push(performance.now() - startedMs);
    }
    t.diagnostic(`${urls.length} modules; fastest of three: ${Math.round(Math.min(...durations))} ms`);
  });
});

async function onTerminal(dir: string, environment: Record<string, string>): Promise<string> {
  const command = cliCommand(['status', '--dir', dir, '--name', 'prod']).join(' ');
  const env = { ...cliEnvironment({ TERM: 'xterm-256color' }), ...environment };
  return await runProgram('script', ['-q', '-e', '-c', command, '/dev/null'], { env });
}
