import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import type { RunRecord } from '../../../src/volumes/run-record.ts';
import { until } from '../../install/installation.ts';
import type { CliResult, StartedCli } from '../../support/run-cli.ts';
import { fill, own } from './fill.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import { listingOf } from './tree.ts';

const UID = 2000;
const MIB = 1024 * 1024;
/** At this rate the large file takes half a minute: enough to come between. */
const SLOW = ['copy', 'data', 'copy', '-o', 'json', '--bandwidth', '600K'];
/** It works on when the lease of a process that is gone has run out. */
const SLOWER = [...SLOW, '--bandwidth', '350K'];
const LARGE_BYTES = 18 * MIB;

/** `COPY_CRASHES=all` takes all of them, as `.ci/run` does: each waits for what is given up, a minute or so. */
const TAKES_ALL = process.env['COPY_CRASHES'] === 'all';

/** A test that is taken where all are. */
function further(name: string, work: () => Promise<void>): void {
  if (TAKES_ALL) void test(name, work);
}

/** What happens to copies that something comes between. */
export function crashCases(place: Place): void {
  describe('a copy', () => {
    let project: Project;
    let source: string;
    let target: string;
    const running: StartedCli[] = [];

    before(async () => {
      const { cluster, image } = place();
      project = await makeProject(cluster, 'crash', image);
      source = await project.claim('data', { uid: UID, gid: UID, mode: 0o755 });
      target = await project.claim('copy', { uid: UID, gid: UID, mode: 0o755 });
      await fill(source, UID);
    });
    // Other content each time, so that there is something to copy.
    beforeEach(async () => {
      await writeFile(path.join(source, 'large'), randomBytes(LARGE_BYTES));
      await own(source, 'large', UID, UID);
    });

    // One that a failed test has left would stand in the way of all others.
    afterEach(async () => {
      for (const { child, ended } of running.splice(0)) {
        child.kill('SIGTERM');
        await ended;
      }
    });

    test('whose process is killed works on, and is taken up by the next', async () => {
      const first = await begun(SLOWER);
      const [pod] = await project.movers();
      first.child.kill('SIGKILL');
      await first.ended;
      const record = await completed(project.volumes(SLOW));
      assert.equal(pod, `pod/backuper-copy-${record.id}`);
      await equalAndClean(record);
    });

    further('whose process and pod are killed is made anew by the next', async () => {
      const first = await begun();
      const [pod = ''] = await project.movers();
      first.child.kill('SIGKILL');
      await first.ended;
      await place().cluster.killContainers(project.name, pod.replace('pod/', ''));
      const record = await completed(project.volumes(SLOW));
      assert.notEqual(pod, `pod/backuper-copy-${record.id}`);
      await equalAndClean(record);
      const [, earlier] = await project.runs();
      assert.partialDeepStrictEqual(earlier, { phase: 'ended', result: 'failed' });
    });

    further('whose container is killed is begun again', async () => {
      const first = await begun();
      const [pod = ''] = await project.movers();
      const killed = await place().cluster.killContainers(project.name, pod.replace('pod/', ''));
      assert.ok(killed > 0);
      const record = await completed(first.ended);
      assert.equal(record.attempts, 2);
      await equalAndClean(record);
    });

    further('whose node can tell nothing for a while goes on', async () => {
      const first = await begun();
      await place().cluster.killKubelet();
      await first.said('copying: Works');
      await place().cluster.restartKubelet();
      const record = await completed(first.ended);
      assert.equal(record.attempts, 1);
      await equalAndClean(record);
    });

    further('that is told to end does so at once, and says on the target that it is incomplete', async () => {
      const first = await begun();
      const startedMs = performance.now();
      first.child.kill('SIGTERM');
      const { code, stdout } = await first.ended;
      assert.equal(code, 143, stdout);
      assert.ok(performance.now() - startedMs < 50_000, 'its pod had to be killed');
      const [run] = await project.runs();
      assert.partialDeepStrictEqual(run, { phase: 'ended', result: 'cancelled' });
      assert.deepEqual(await project.movers(), []);
      assert.equal(await project.kubectl('get', 'leases', '-o', 'name'), '');
      assert.equal(await project.copyState('copy'), 'incomplete');
      await equalAndClean(await completed(project.volumes(['copy', 'data', 'copy', '-o', 'json'])));
    });

    test('beside another one into the same claim is the only one', async () => {
      const first = await begun();
      const second = await project.volumes(['copy', 'data', 'copy']);
      assert.equal(second.code, 5, second.stdout);
      assert.match(second.stderr, /Another process copies to the claim crash\/copy already/u);
      await equalAndClean(await completed(first.ended));
    });

    further('whose pod somebody deletes is cancelled', async () => {
      const first = await begun();
      const [pod = ''] = await project.movers();
      await project.kubectl('delete', pod, '--wait=false');
      const { code, stdout } = await first.ended;
      assert.equal(code, 4, stdout);
      assert.partialDeepStrictEqual(JSON.parse(stdout), { phase: 'ended', result: 'cancelled' });
      assert.deepEqual(await project.movers(), []);
    });

    further('yields to a pod that begins to use the target', async () => {
      const { cluster } = place();
      const first = await begun();
      await cluster.apply([user(project.name, 'copy')]);
      const { code, stdout } = await first.ended;
      assert.equal(code, 4, stdout);
      const record = JSON.parse(stdout) as RunRecord;
      assert.equal(record.result, 'cancelled');
      assert.match(record.message, /^Yielded to the application: the pod newcomer has begun to use copy/u);
      assert.deepEqual(await project.movers(), []);
      await project.kubectl('delete', 'pod', 'newcomer', '--grace-period=1');
    });

    /** A copy whose pod is copying. */
    async function begun(args: readonly string[] = SLOW): Promise<StartedCli> {
      const started = project.startVolumes(args);
      running.push(started);
      if (!(await started.said('copying: Works'))) assert.fail((await started.ended).stderr);
      await until('the first bytes', async () => {
        const lines = await listingOf(target).catch(() => []);
        return lines.some((line) => /^(?:large|\.[^|]*large)/u.test(line)) ? true : undefined;
      });
      return started;
    }

    async function equalAndClean(record: RunRecord): Promise<void> {
      assert.equal(record.result, 'complete');
      assert.deepEqual(await listingOf(target), await listingOf(source));
      assert.deepEqual(await project.movers(), []);
      assert.equal(await project.kubectl('get', 'leases', '-o', 'name'), '');
      assert.equal(await project.copyState('copy'), 'complete');
      const open = (await project.runs()).filter(({ phase }) => phase !== 'ended');
      assert.deepEqual(open, []);
    }
  });

  test('a target that is full is said to be, and stays incomplete', async () => {
    const { cluster, image } = place();
    const project = await makeProject(cluster, 'full', image);
    const source = await project.claim('data', { mode: 0o777, capacity: '16Mi' });
    const small = { type: 'ext4', bytes: 16 * MIB } as const;
    const target = await project.claim('copy', { mode: 0o777, capacity: '16Mi', fileSystem: small });
    await writeFile(path.join(source, 'big'), randomBytes(20 * MIB));
    const larger = await project.volumes(['copy', 'data', 'copy']);
    assert.equal(larger.code, 5, larger.stdout);
    assert.match(larger.stdout, /^Declined: .*name a larger target/u);
    assert.equal(await project.copyState('copy'), undefined);

    await writeFile(path.join(source, 'big'), randomBytes(8 * MIB));
    const started = project.startVolumes(SLOW);
    assert.ok(await started.said('copying: Works'));
    await assert.rejects(writeFile(path.join(target, 'other'), randomBytes(16 * MIB)), { code: 'ENOSPC' });
    const full = await started.ended;
    assert.equal(full.code, 4, full.stdout);
    assert.partialDeepStrictEqual(JSON.parse(full.stdout), { report: { outcome: 'target-full' } });
    assert.equal(await project.copyState('copy'), 'incomplete');
    await rm(path.join(target, 'other'));
    await completed(project.volumes(['copy', 'data', 'copy', '-o', 'json']));
    assert.deepEqual(await listingOf(target, ['lost+found']), await listingOf(source));
  });
}

async function completed(work: Promise<CliResult>): Promise<RunRecord> {
  const { code, stdout, stderr } = await work;
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout) as RunRecord;
}

/** A pod that mounts a claim; it is the application's. */
function user(namespace: string, claimName: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'newcomer' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'app',
          image: 'docker.io/openshift-backup-test/tiny:1',
          imagePullPolicy: 'Never',
          command: ['/tiny', 'pause'],
          volumeMounts: [{ name: 'kept', mountPath: '/kept' }],
        },
      ],
      volumes: [{ name: 'kept', persistentVolumeClaim: { claimName } }],
    },
  };
}
