import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../src/model/manifest.ts';
import { archiveOf, manifestOf as manifestOfNight, SMALL, writeArchive } from '../archive/zip-fixtures.ts';
import { type KubernetesObject, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { archivesIn, assertSound, filesIn, manifestOf, namesIn } from '../support/archive-folder.ts';
import { type CliResult, runCli, startCli } from '../support/run-cli.ts';

/** `KILL_RUNS=100` makes more of them, as `.ci/run` does. */
const KILLS = Number(process.env['KILL_RUNS'] ?? 40);
/** So many runs at a time, all into one folder: the machine has at least two cores. */
const LANES = 2;
const PROJECT = 'kill-test';
/** Projects whose deflated entries are together more than is held in memory. */
const NOISE = Array.from({ length: 7 }, (_, index) => `kill-noise-${index}`);
const WITH_NOISE = ['-n', 'kill-noise-*'];
const OLD_ARCHIVES = 3;
const CONNECTED = '"Connected to the cluster"';
const VERIFYING = '"Verifying the archive"';
const HOOK = path.join(import.meta.dirname, 'die-at-call.ts');
/** `KILL_SEED=… ` repeats the moments of an earlier test. */
const SEED = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('a run that is killed', () => {
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kill-test-'));
    const cluster = await sharedCluster();
    const request = { namespace: PROJECT, name: 'reader', clusterRules: READ_EVERYTHING };
    ({ kubeconfig } = await cluster.serviceAccount(request));
    // More than is held of a project, so that there is a spool file; and small when it is packed.
    const text = 'a line like any other\n'.repeat(5000);
    await cluster.apply([
      ...NOISE.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      ...Array.from({ length: 60 }, (_, index) => map(PROJECT, index, text)),
      ...NOISE.map((name) => map(name, 0, randomBytes(680_000).toString('base64'))),
    ]);
  });
  after(() => rm(folder, { recursive: true }));

  function argsFor(dir: string, ...more: readonly string[]): string[] {
    return ['run', '--dir', dir, '--kubeconfig', kubeconfig, '-n', PROJECT, ...more];
  }

  async function completeRun(dir: string, ...more: readonly string[]): Promise<CliResult> {
    const result = await runCli(argsFor(dir, ...more));
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  test(`at ${KILLS} random moments (seed ${SEED}) leaves no invalid archive, and the next run clears up`, async (t) => {
    const dir = path.join(folder, 'random');
    await mkdir(dir);
    await completeRun(dir);
    const normal = await measure(dir);
    const random = randomNumbers(SEED);
    const counts: Record<string, number> = {};
    const published = await filesIn(dir);
    const lane = async (moments: readonly Moment[]): Promise<void> => {
      for (const moment of moments) {
        const outcome = await killAt(dir, moment);
        counts[outcome] = (counts[outcome] ?? 0) + 1;
        await assertSafe(dir, published);
      }
    };
    const moments = Array.from({ length: KILLS }, (_, index) => momentOf(index, normal, random));
    await Promise.all(
      Array.from({ length: LANES }, (_, first) =>
        lane(moments.filter((_m, index) => index % LANES === first)),
      ),
    );
    t.diagnostic(`a run takes, in ms: ${JSON.stringify(normal)}`);
    t.diagnostic(
      `ended: ${JSON.stringify(counts)}; left behind: ${(await namesIn(dir)).filter((name) => name.startsWith('.')).length} hidden files`,
    );
    for (const part of ['reading', 'publishing']) {
      assert.ok((counts[part] ?? 0) >= KILLS / 10, `the moments are spread over the run: ${part}`);
    }
    await completeRun(dir);
    await assertClean(dir);
  });

  test('before any of its calls that change the folder is as safe', async (t) => {
    const dir = path.join(folder, 'calls');
    await mkdir(dir);
    const { stderr } = await runWithHook(dir, dieAt(0), WITH_NOISE);
    const left = new Set<string>();
    const callCount = Number(/calls: (\d+)/u.exec(stderr)?.[1]);
    assert.ok(callCount > 15, `${callCount} calls`);
    const published = await filesIn(dir);
    const rest = Array.from({ length: callCount }, (_, index) => index + 1).values();
    const lane = async (): Promise<void> => {
      for (const call of rest) {
        const { signal } = await runWithHook(dir, dieAt(call), WITH_NOISE);
        // Runs that clear up after others make more calls: none ends before it is killed.
        assert.equal(signal, 'SIGKILL', `call ${call}`);
        for (const kind of await hiddenKinds(dir)) left.add(kind);
        await assertSafe(dir, published);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    t.diagnostic(`${callCount} calls`);
    for (const kind of ['draft', 'held', 'spool']) assert.ok(left.has(kind), `left: ${[...left].join()}`);
    await completeRun(dir);
    await assertClean(dir);
  });

  test('before any write of its second thread is as safe', async (t) => {
    const dir = path.join(folder, 'writes');
    await mkdir(dir);
    await completeRun(dir);
    const published = await filesIn(dir);
    const left: boolean[] = [];
    // Until there is no such write any more.
    while (
      (await runWithHook(dir, { DIE_AT_WRITE: String(left.length + 1) }, WITH_NOISE)).signal === 'SIGKILL'
    ) {
      left.push((await hiddenKinds(dir)).has('held'));
      await assertSafe(dir, published);
    }
    t.diagnostic(`${left.length} writes`);
    assert.ok(left.length > 2, 'the second thread writes the archive, and what it holds before');
    assert.deepEqual(new Set(left), new Set([true]), 'what it holds is there until it ends');
    await assertClean(dir);
  });

  test('before any of its calls that rotate keeps what is to be kept', async () => {
    const dir = path.join(folder, 'rotation');
    await mkdir(dir);
    await completeRun(dir);
    const [first = ''] = await archivesIn(dir);
    const { cluster, options } = await manifestOf(path.join(dir, first));
    const args = ['--retain-days', '0', '--keep-last', '2'];
    await addOldArchives(dir, { cluster, options });
    const { stderr } = await runWithHook(dir, dieAt(0), args);
    const callCount = Number(/before the record: (\d+)/u.exec(stderr)?.[1]);
    assert.deepEqual(await oldArchives(dir), []);
    for (let call = callCount - OLD_ARCHIVES * 2 + 1; call <= callCount; call++) {
      await addOldArchives(dir, { cluster, options });
      const { signal } = await runWithHook(dir, dieAt(call), args);
      assert.equal(signal, 'SIGKILL');
      const archives = await archivesIn(dir);
      assert.ok(archives.length > 2, 'it died while it rotated');
      for (const archive of archives.slice(-2)) await assertSound(path.join(dir, archive));
    }
    await completeRun(dir, ...args);
    // Of two runs in one second one takes the next, which lies in the future: that archive stays as well.
    assert.deepEqual(await oldArchives(dir), []);
    await assertClean(dir);
  });

  function runWithHook(
    dir: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): Promise<CliResult> {
    return runCli(argsFor(dir, ...args), { environment, nodeOptions: [`--import=${HOOK}`] });
  }

  async function measure(dir: string): Promise<Normal> {
    const startedMs = performance.now();
    const { said, ended } = startCli(argsFor(dir));
    assert.ok(await said(CONNECTED));
    const connectedMs = performance.now();
    assert.ok(await said(VERIFYING));
    const verifyingMs = performance.now();
    assert.equal((await ended).code, 0);
    const endedMs = performance.now();
    return {
      wholeMs: endedMs - startedMs,
      readingMs: verifyingMs - connectedMs,
      publishingMs: endedMs - verifyingMs,
    };
  }

  async function killAt(dir: string, { afterText, delayMs }: Moment): Promise<string> {
    const { child, said, ended } = startCli(argsFor(dir));
    if (afterText !== undefined) await said(afterText);
    await sleep(delayMs);
    child.kill('SIGKILL');
    const { signal, stderr } = await ended;
    if (signal !== 'SIGKILL') return 'over';
    if (stderr.includes(VERIFYING)) return 'publishing';
    return stderr.includes(CONNECTED) ? 'reading' : 'starting';
  }
});

/** What hidden files of runs there are. */
async function hiddenKinds(dir: string): Promise<Set<string>> {
  const names = (await namesIn(dir)).filter((name) => name.startsWith('.'));
  return new Set(
    names
      .map((name) => path.extname(name))
      .map((role) => (role === '.spool0' ? 'held' : role.replaceAll(/[^a-z]/gu, ''))),
  );
}

function map(namespace: string, index: number, text: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `map-${index}`, namespace },
    data: { text },
  };
}

async function oldArchives(dir: string): Promise<string[]> {
  return (await archivesIn(dir)).filter((file) => file.startsWith('openshift-backup-2020'));
}

/** Archives of the same cluster and projects, which rotation removes. */
async function addOldArchives(dir: string, changes: Partial<Manifest>): Promise<void> {
  const bytes = await archiveOf(SMALL, manifestOfNight(SMALL, changes));
  for (let day = 1; day <= OLD_ARCHIVES; day++) {
    const file = await writeArchive(dir, `openshift-backup-2020010${day}T000000Z.zip`, bytes);
    await utimes(file, day, day);
  }
}

/** How long a run takes that nobody disturbs. */
interface Normal {
  readonly wholeMs: number;
  /** From the first answer of the server to the verification. */
  readonly readingMs: number;
  /** From the verification to the end of the process. */
  readonly publishingMs: number;
}

interface Moment {
  /** The moment is counted from this text on standard error, else from the start. */
  readonly afterText?: string;
  readonly delayMs: number;
}

/** One in ten is anywhere in the run, half of the others in the reading, and half in the publishing. */
function momentOf(index: number, normal: Normal, random: () => number): Moment {
  if (index % 10 === 0) return { delayMs: random() * normal.wholeMs };
  return index % 2 === 0
    ? { afterText: CONNECTED, delayMs: random() * normal.readingMs }
    : { afterText: VERIFYING, delayMs: random() * normal.publishingMs };
}

/** Nothing under a final name is invalid, and what was there before is there as it was. */
async function assertSafe(dir: string, published: Record<string, string>): Promise<void> {
  const files = await filesIn(dir);
  for (const [file, digest] of Object.entries(published))
    assert.equal(files[file], digest, `${file} is as it was`);
  for (const archive of await archivesIn(dir)) {
    if (archive in published) continue;
    await assertSound(path.join(dir, archive));
    Object.assign(published, { [archive]: files[archive] ?? (await filesIn(dir))[archive] });
  }
}

/** Archives and their checksum files, and nothing else. */
async function assertClean(dir: string): Promise<void> {
  const archives = await archivesIn(dir);
  const expected = archives.flatMap((archive) => [archive, `${archive}.sha256`]);
  assert.deepEqual(await namesIn(dir), expected);
  for (const archive of archives) await assertSound(path.join(dir, archive));
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function dieAt(call: number): Readonly<Record<string, string>> {
  return { DIE_AT_CALL: String(call) };
}
