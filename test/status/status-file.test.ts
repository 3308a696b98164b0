import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { replaceFile } from '../../src/status/hidden-files.ts';
import { RUNS_MAX } from '../../src/status/history.ts';
import type { RunRecord } from '../../src/status/run-record.ts';
import { addRun, readHistory, STATUS_FILE } from '../../src/status/status-file.ts';
import { runProgram } from '../support/run-program.ts';
import { leaveFree, mountProblem, mountTmpfs } from '../support/tmpfs.ts';
import { runAt } from './made-runs.ts';

const ADD_RUNS = path.join(import.meta.dirname, 'add-runs.ts');
const HOOK = path.join(import.meta.dirname, '..', 'faults', 'die-at-call.ts');
const PROCESSES = 12;
const RUNS_EACH = 2;
const MOUNT_PROBLEM = await mountProblem();

describe('A history', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'status-test-'));
  });
  after(() => rm(folder, { recursive: true }));

  function newDir(): Promise<string> {
    return mkdtemp(path.join(folder, 'archives-'));
  }

  test('holds the runs that were added, the newest first, in a file for the group alone', async () => {
    const dir = await newDir();
    assert.deepEqual(await readHistory(dir), { kind: 'none', runs: [] });
    const runs = [runAt('2026-11-20T00:15:00Z'), runAt('2026-11-19T00:15:00Z', { ended: 'failed' })];
    for (const run of runs) assert.deepEqual(await added(dir, run), []);
    assert.deepEqual(await readHistory(dir), { kind: 'read', runs });
    assert.deepEqual(await readdir(dir), [STATUS_FILE]);
    assert.equal((await stat(path.join(dir, STATUS_FILE))).mode & 0o777, 0o640 & ~process.umask());
    const text = await readFile(path.join(dir, STATUS_FILE), 'utf8');
    assert.deepEqual(JSON.parse(text), { format: 1, runs });
  });

  test('keeps what a later version of the same format has added', async () => {
    const dir = await newDir();
    const later = {
      ...runAt('2026-11-19T00:15:00Z'),
      mood: 'good',
      gaps: [{ type: 'a', scope: '*', reason: 'b', since: 1 }],
    };
    await writeFile(path.join(dir, STATUS_FILE), JSON.stringify({ format: 1, runs: [later] }));
    await added(dir, runAt('2026-11-20T00:15:00Z'));
    const { runs } = JSON.parse(await readFile(path.join(dir, STATUS_FILE), 'utf8')) as { runs: unknown[] };
    assert.deepEqual(runs[1], later);
  });

  test('of a newer format is left alone', async () => {
    const dir = await newDir();
    const text = '{"format":2,"nights":{}}';
    await writeFile(path.join(dir, STATUS_FILE), text);
    const warnings = await added(dir, runAt('2026-11-20T00:15:00Z'));
    assert.deepEqual(warnings, [
      'status.json is of format 2, and this version of the tool knows 1: use a newer one',
    ]);
    assert.equal(await readFile(path.join(dir, STATUS_FILE), 'utf8'), text);
    assert.deepEqual(await readdir(dir), [STATUS_FILE]);
  });

  const good = JSON.stringify({ format: 1, runs: [runAt('2026-11-19T00:15:00Z')] });
  const FOREIGN: readonly (readonly [name: string, make: (file: string) => Promise<unknown>])[] = [
    ['nothing', (file) => writeFile(file, '')],
    ['half a history', (file) => writeFile(file, good.slice(0, -20))],
    ['zeros, as after a power failure', (file) => writeFile(file, Buffer.alloc(good.length))],
    ['JSON of somebody else', (file) => writeFile(file, '{"status":"ok"}')],
    ['a list', (file) => writeFile(file, '[]')],
    ['a run without a start', (file) => writeFile(file, good.replace('startedAt', 'begunAt'))],
    [
      'a start that is no time',
      (file) => writeFile(file, good.replace('"startedAt":"2026-11-19', '"startedAt":"yesterday')),
    ],
    ['an older format than the first', (file) => writeFile(file, '{"format":0,"runs":[]}')],
    [
      'far too much',
      async (file) => {
        await writeFile(file, good);
        await runProgram('truncate', ['--size=1G', file]);
      },
    ],
    ['a folder', (file) => mkdir(file)],
    ['a pipe that nobody writes to', (file) => runProgram('mkfifo', [file])],
    ['a link to itself', (file) => symlink(file, file)],
    ['a device without an end', (file) => symlink('/dev/zero', file)],
  ];
  for (const [name, make] of FOREIGN) {
    test(`is set aside when it is ${name}`, async () => {
      const dir = await newDir();
      await make(path.join(dir, STATUS_FILE));
      assert.equal((await readHistory(dir)).kind, 'damaged');
      const run = runAt('2026-11-20T00:15:00Z');
      const [warning = '', ...more] = await added(dir, run);
      assert.match(warning, /^status\.json holds no history of runs: it is status\.json\.damaged now/u);
      assert.deepEqual(more, []);
      assert.deepEqual((await readdir(dir)).toSorted(), [STATUS_FILE, `${STATUS_FILE}.damaged`]);
      assert.deepEqual(await readHistory(dir), { kind: 'read', runs: [run] });
    });
  }

  test(
    'that may not be read is not replaced',
    { skip: process.getuid?.() !== 0 && 'this needs root' },
    async () => {
      const dir = await newDir();
      await writeFile(path.join(dir, STATUS_FILE), good, { mode: 0o600 });
      await chmod(dir, 0o777);
      const child = spawn('setpriv', [
        '--reuid=1234',
        '--regid=1234',
        '--clear-groups',
        process.execPath,
        ADD_RUNS,
        dir,
        'x',
      ]);
      const stderr = textOf(child);
      const [code] = await once(child, 'close');
      assert.equal(code, 1);
      assert.match(await stderr, /EACCES/u);
      assert.equal(await readFile(path.join(dir, STATUS_FILE), 'utf8'), good);
      assert.deepEqual(await readdir(dir), [STATUS_FILE]);
    },
  );

  test(`takes the runs of ${PROCESSES} processes at once, all of them`, async () => {
    const dir = await newDir();
    const children = Array.from({ length: PROCESSES }, (_, index) =>
      spawn(process.execPath, [ADD_RUNS, dir, `p${index}`, String(RUNS_EACH)], {
        env: { ...process.env, WAIT: '1' },
      }),
    );
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    const codes = children.map(async (child) => (await once(child, 'close')) as unknown[]);
    const errors = children.map(textOf);
    for (const child of children) child.stdin.write('go\n');
    assert.deepEqual(
      (await Promise.all(codes)).map(([code]) => code),
      children.map(() => 0),
      (await Promise.all(errors)).join(''),
    );
    const { runs } = await readHistory(dir);
    const expected = children.flatMap((_, index) =>
      Array.from({ length: RUNS_EACH }, (_run, number) => `p${index}-${number}`),
    );
    assert.deepEqual(runs.map(({ id = '' }) => id).toSorted(), expected.toSorted());
    assert.deepEqual(await readdir(dir), [STATUS_FILE], 'no claim is left');
  });

  test('is the old one or the new one when a process is killed at any of its calls', async (t) => {
    const dir = await newDir();
    const old = runAt('2026-11-19T00:15:00Z');
    const addWithHook = async (call: number): Promise<{ signal: unknown; stderr: string }> => {
      const env = { ...process.env, DIE_AT_CALL: String(call) };
      const child = spawn(process.execPath, [`--import=${HOOK}`, ADD_RUNS, dir, 'new'], { env });
      const stderr = textOf(child);
      const [, signal] = (await once(child, 'close')) as unknown[];
      return { signal, stderr: await stderr };
    };
    await added(dir, old);
    const callCount = Number(/calls: (\d+)/u.exec((await addWithHook(0)).stderr)?.[1]);
    assert.ok(callCount >= 6, `${callCount} calls`);
    const found: Record<string, number> = {};
    for (let call = 1; call <= callCount; call++) {
      await replaceFile(dir, STATUS_FILE, JSON.stringify({ format: 1, runs: [old] }));
      const { signal } = await addWithHook(call);
      if (signal !== 'SIGKILL') continue;
      const history = await readHistory(dir);
      assert.equal(history.kind, 'read', `call ${call}`);
      assert.deepEqual(history.runs.at(-1), old);
      found[history.runs.length] = (found[history.runs.length] ?? 0) + 1;
    }
    t.diagnostic(`${callCount} calls; runs in the history after the kill: ${JSON.stringify(found)}`);
    assert.ok((found['1'] ?? 0) > 0 && (found['2'] ?? 0) > 0, JSON.stringify(found));
    assert.deepEqual(await added(dir, runAt('2026-11-20T00:20:00Z')), []);
    assert.deepEqual(await readdir(dir), [STATUS_FILE], 'what the dead have left is cleared');
  });

  test('is not held up by the claim of a host that is gone, nor by leftovers of long ago', async () => {
    const dir = await newDir();
    const elsewhere = '7-7-0123456789ab';
    const old = [
      `.status.json.${elsewhere}.claim0`,
      `.status.json.${elsewhere}.temp1`,
      `.ready.${elsewhere}.probe2`,
      `.openshift-backup.prom.${elsewhere}.temp3`,
    ];
    const longAgo = new Date(Date.now() - 7 * 60 * 60 * 1000);
    const anHourAgo = new Date(Date.now() - 60 * 60 * 1000);
    for (const name of old) {
      await writeFile(path.join(dir, name), '');
      await utimes(path.join(dir, name), longAgo, longAgo);
    }
    const recent = `.status.json.${elsewhere}.claim4`;
    await writeFile(path.join(dir, recent), '');
    await utimes(path.join(dir, recent), anHourAgo, anHourAgo);
    const foreign = '.status.json.swp';
    await writeFile(path.join(dir, foreign), 'an editor');
    const startedMs = performance.now();
    assert.deepEqual(await added(dir, runAt('2026-11-20T00:15:00Z')), []);
    assert.ok(performance.now() - startedMs < 5000, 'nobody was waited for');
    assert.deepEqual((await readdir(dir)).toSorted(), [recent, foreign, STATUS_FILE].toSorted());
  });

  test('that is full forgets the oldest', async () => {
    const dir = await newDir();
    const runs = Array.from({ length: RUNS_MAX }, (_, index) =>
      runAt(new Date(Date.parse('2026-11-20T00:15:00Z') - index * 60_000).toISOString(), { ended: 'failed' }),
    );
    await writeFile(path.join(dir, STATUS_FILE), JSON.stringify({ format: 1, runs }));
    const run = runAt('2026-11-21T00:15:00Z');
    assert.deepEqual(await added(dir, run), []);
    assert.deepEqual((await readHistory(dir)).runs, [run, ...runs.slice(0, -1)]);
    // A clock that is years behind: its run has no place, and that is no failure.
    assert.deepEqual(await added(dir, runAt('2001-01-01T00:15:00Z', { ended: 'failed' })), []);
    assert.deepEqual((await readHistory(dir)).runs, [run, ...runs.slice(0, -1)]);
  });

  test('stays as it was on a full volume', { skip: MOUNT_PROBLEM }, async () => {
    const tmpfs = await mountTmpfs('size=1m');
    try {
      await added(tmpfs.dir, runAt('2026-11-19T00:15:00Z'));
      const files = await readdir(tmpfs.dir);
      const text = await readFile(path.join(tmpfs.dir, STATUS_FILE), 'utf8');
      await leaveFree(tmpfs.dir, 0);
      await assert.rejects(added(tmpfs.dir, runAt('2026-11-20T00:15:00Z')), { code: 'ENOSPC' });
      assert.equal(await readFile(path.join(tmpfs.dir, STATUS_FILE), 'utf8'), text);
      assert.deepEqual(
        (await readdir(tmpfs.dir)).filter((name) => name !== 'ballast'),
        files,
      );
    } finally {
      await tmpfs.unmount();
    }
  });
});

/** Adds a run and gives what was warned of. */
async function added(dir: string, run: RunRecord): Promise<string[]> {
  const warnings: string[] = [];
  await addRun(dir, run, (problem) => warnings.push(problem));
  return warnings;
}

async function textOf({ stderr }: Pick<ChildProcess, 'stderr'>): Promise<string> {
  let text = '';
  for await (const chunk of stderr ?? []) text += String(chunk);
  return text;
}
