import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import { BACKWARD, FORWARD } from '../../../src/volumes/swap/swap-steps.ts';
import { type SwapRecord, SwapStore } from '../../../src/volumes/swap/swap-record.ts';
import { cliCommand, cliEnvironment, type CliResult, type StartedCli } from '../../support/run-cli.ts';
import { missing, runProgram } from '../../support/run-program.ts';
import { until } from '../swap/shop.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import {
  countIn,
  counts,
  dropLocks,
  nameOf,
  replicasOf,
  saying,
  tally,
  type TallyKind,
  UID,
} from './tally.ts';

const NO_TERMINAL = missing('script');

/** What is tried with one kind of workload: at which steps the process is killed. */
export interface SwapCase {
  readonly kind: Exclude<TallyKind, 'Pod'>;
  readonly claim: string;
  readonly deaths: readonly string[];
  readonly deathsBack: readonly string[];
}

/** Swaps, and takes back, under an application that goes on counting in a file. */
export function swapCases(place: Place, { kind, claim, deaths, deathsBack }: SwapCase): void {
  describe(`the volume of a ${kind}`, { concurrency: 1 }, () => {
    const namespace = `swap-${kind.toLowerCase()}`;
    const copy = `${claim}-copy`;
    const old = `${namespace}-${claim}`;
    const next = `${namespace}-${copy}`;
    let project: Project;
    let source: string;
    let target: string;
    let connection: Connection;
    let store: SwapStore;
    /** An administrator's own: the backup may swap nothing. */
    let environment: Readonly<Record<string, string>>;

    before(async () => {
      const { cluster, image } = place();
      project = await makeProject(cluster, namespace, image);
      environment = { KUBECONFIG: cluster.adminKubeconfig };
      connection = await connect({ kubeconfig: cluster.adminKubeconfig, context: '' });
      const client = new ApiClient(connection, 'test', new AbortController().signal);
      store = new SwapStore(new ClusterObjects(client), namespace);
      source = await project.claim(claim, { uid: UID, gid: UID, mode: 0o755 });
      target = await project.claim(copy, { uid: UID, gid: UID, mode: 0o755 });
      await cluster.apply([tally(namespace, kind, claim)]);
      await counts(source);
    });
    after(() => connection.close());

    test('is copied while the application stands still, which then goes on', async () => {
      await succeeds(project.volumes(['copy', claim, copy, '--quiesce', 'scale']));
      await runsOn(source);
      assert.ok((await countIn(target)) > 0);
    });

    test('is not swapped by the backup, nor by whoever only asks what would happen', async () => {
      const forbidden = await project.volumes(['swap', claim, copy, '--yes']);
      assert.equal(forbidden.code, 5, forbidden.stderr);
      assert.match(forbidden.stderr, /takes rights that you don't have: patch persistentvolumes, create /u);
      assert.equal((await replicasOf(project, kind))[0], '1');
      const { stdout } = await succeeds(swap('--dry-run', '-o', 'json'));
      assert.partialDeepStrictEqual(JSON.parse(stdout), { kind: 'swap', claimVolume: old, copyVolume: next });
      assert.deepEqual(await store.list(), []);
      assert.deepEqual(await volumes(), { [claim]: old, [copy]: next });
    });

    test('is left alone when the answer is no', { skip: NO_TERMINAL }, async () => {
      const words = cliCommand(['volumes', 'swap', '-n', namespace, claim, copy]);
      const command = words.map((word) => `'${word}'`).join(' ');
      const script = `printf 'n\\n' | script -q -e -c "$COMMAND" /dev/null || echo "code $?"`;
      const env = { ...cliEnvironment(environment), COMMAND: command };
      const text = await runProgram('sh', ['-c', script], { env });
      assert.match(text, /Go on\? \[y\/N\]/u);
      assert.match(text, /error: Nothing has been changed\r?\ncode 5\n/u);
      assert.deepEqual(await store.list(), []);
    });

    test('is swapped, also by a process that is told to end, others that are killed, and a last one', async () => {
      const copied = await countIn(target);
      await interrupted();
      for (const step of deaths) await killedAt([], step);
      const { stdout } = await succeeds(swap());
      assert.match(stdout, new RegExp(`^Swapped: ${claim} and ${copy} `, 'u'));
      assert.match(stdout, /--rollback/u);
      assert.deepEqual(await volumes(), { [claim]: next });
      assert.deepEqual(await volumeState(old), ['Released', 'Retain']);
      await runsOn(target);
      assert.ok((await countIn(target)) > copied);
      const left = await countIn(source);
      await counts(target);
      assert.ok(left >= copied && left === (await countIn(source)), 'the old data is there, and stays');
      assert.equal(await project.kubectl('get', 'leases', '-o', 'name'), '');
    });

    test('is given back', async () => {
      const [left, right] = [await countIn(source), await countIn(target)];
      for (const step of deathsBack) await killedAt(['--rollback'], step);
      const { stdout } = await succeeds(swap('--rollback', '-o', 'json'));
      assert.partialDeepStrictEqual(JSON.parse(stdout), { kind: 'rolled-back', claimVolume: old });
      assert.deepEqual(await volumes(), { [claim]: old, [copy]: next });
      await runsOn(source);
      assert.ok((await countIn(source)) > left);
      assert.ok((await countIn(target)) >= right, 'what was counted meanwhile is kept');
      const again = await swap('--rollback');
      assert.equal(again.code, 2, again.stderr);
    });

    function swap(...args: readonly string[]): Promise<CliResult> {
      return project.volumes(['swap', claim, copy, ...args], { environment });
    }

    function start(args: readonly string[]): StartedCli {
      return project.startVolumes(['swap', claim, copy, ...args], { environment });
    }

    async function interrupted(): Promise<void> {
      const started = start([]);
      await saying(started, '1/9 quiet');
      started.child.kill('SIGINT');
      const { code, stderr } = await started.ended;
      assert.equal(code, 130, stderr);
      assert.match(stderr, /The swap was stopped at step quiet; no data is lost\. Go on with/u);
      assert.equal(await project.kubectl('get', 'leases', '-o', 'name'), '');
    }

    /** Kills a process as soon as the record says that it is at a step, or past it. */
    async function killedAt(args: readonly string[], step: string): Promise<void> {
      const earlier = (await store.list()).map(({ updatedAt }) => updatedAt);
      const started = start(args);
      await until(`step ${step}`, async () => {
        assert.equal(started.child.exitCode, null, 'it has ended before');
        const changed = (await store.list()).filter(({ updatedAt }) => !earlier.includes(updatedAt));
        return changed.some((record) => isAt(record, step));
      });
      started.child.kill('SIGKILL');
      assert.equal((await started.ended).signal, 'SIGKILL');
      await dropLocks(project);
    }

    async function volumes(): Promise<Record<string, string>> {
      const query = 'jsonpath={range .items[*]}{.metadata.name} {.spec.volumeName}{"\\n"}{end}';
      const text = await project.kubectl('get', 'pvc', '-o', query);
      return Object.fromEntries(text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ')])));
    }

    async function volumeState(name: string): Promise<string[]> {
      const query = 'jsonpath={.status.phase} {.spec.persistentVolumeReclaimPolicy}';
      return (await project.kubectl('get', 'pv', name, '-o', query)).split(' ');
    }

    async function runsOn(folder: string): Promise<void> {
      await counts(folder);
      await until(`${nameOf(kind)} is ready`, async () => {
        const [wanted, ready] = await replicasOf(project, kind);
        return wanted === '1' && ready === '1';
      });
    }
  });
}

function isAt({ direction, step }: SwapRecord, wanted: string): boolean {
  const names = (direction === 'forward' ? FORWARD : BACKWARD).map(({ name }) => name);
  return names.includes(wanted) && names.indexOf(step) >= names.indexOf(wanted);
}

async function succeeds(work: Promise<CliResult>): Promise<CliResult> {
  const result = await work;
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`);
  return result;
}
