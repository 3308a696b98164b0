import assert from 'node:assert/strict';
import { readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NodeCluster } from '../cluster/node/start-node-cluster.ts';
import { archivesIn } from '../support/archive-folder.ts';
import { endOf, install, type Installation, podsOf, startJob, until } from './installation.ts';

/** A container has two fifths of a core: a run of so many takes some seconds. */
const OBJECT_COUNT = 6000;
/** For so long leftovers of another host are left alone. */
const FOREIGN_LEFTOVER_MS = 6 * 3600 * 1000;
const GRACE_PERIOD_MS = 30_000;

/** What happens to runs that something comes between. */
export function crashCases(clusterOf: () => NodeCluster): void {
  describe('a run', () => {
    let backup: Installation;

    before(async () => {
      const cluster = clusterOf();
      await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'many' } }]);
      await cluster.create(
        Array.from({ length: OBJECT_COUNT }, (_, index) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `settings-${index}`, namespace: 'many' },
          data: { text: `${index} `.repeat(100) },
        })),
      );
      backup = await install(cluster, 'backup-crash');
    });
    after(async () => {
      await backup.make(['clean']);
      await backup.leave();
    });

    test('beside another one: two valid archives', async () => {
      const earlier = await archivesIn(backup.archives);
      await Promise.all(['one', 'two'].map((job) => startJob(backup, job)));
      assert.deepEqual(await Promise.all(['one', 'two'].map((job) => endOf(backup, job))), [
        ['Complete'],
        ['Complete'],
      ]);
      const archives = await archivesIn(backup.archives);
      assert.equal(archives.length, earlier.length + 2);
      await backup.exec('openshift-backup', 'verify', '--all');
      const { runs } = JSON.parse(await backup.exec('cat', '/openshift-backup/status.json')) as {
        runs: { archive?: string }[];
      };
      const recorded = runs.flatMap(({ archive }) => (archive === undefined ? [] : [archive]));
      assert.deepEqual(recorded.toSorted(), archives);
    });

    test('that dies with its node is begun anew, and leaves no debris', async () => {
      const cluster = clusterOf();
      const earlier = await archivesIn(backup.archives);
      await startJob(backup, 'crashing');
      const pod = await middleOf('crashing');
      await cluster.killKubelet();
      const killed = await cluster.killContainers(backup.namespace, pod);
      const debris = await hiddenFiles();
      await cluster.restartKubelet();
      assert.ok(killed > 0);
      assert.notDeepEqual(debris, []);
      assert.deepEqual(await endOf(backup, 'crashing'), ['Complete']);
      const archives = await archivesIn(backup.archives);
      assert.equal(archives.length, earlier.length + 1);
      await backup.exec('openshift-backup', 'verify', '--all');

      // Whether another host's run still writes shows in time only; the next night is later than that.
      const longAgo = new Date(Date.now() - FOREIGN_LEFTOVER_MS - 60_000);
      for (const file of await hiddenFiles())
        await utimes(path.join(backup.archives, file), longAgo, longAgo);
      await startJob(backup, 'next-night');
      assert.deepEqual(await endOf(backup, 'next-night'), ['Complete']);
      assert.deepEqual(await hiddenFiles(), []);
      await backup.exec('openshift-backup', 'verify', '--all');
    });

    test('that is told to end does so within its grace period, and leaves nothing', async () => {
      const earlier = await archivesIn(backup.archives);
      await startJob(backup, 'ended');
      const pod = await middleOf('ended');
      const startedMs = performance.now();
      await backup.kubectl('delete', 'job', 'ended', '--wait=false', '--cascade=foreground');
      await until('the end of the pod', async () => {
        const names = await backup.kubectl('get', 'pods', '-o', 'name');
        return names.includes(pod) ? undefined : true;
      });
      assert.ok(performance.now() - startedMs < GRACE_PERIOD_MS, 'it had to be killed');
      assert.deepEqual(await hiddenFiles(), []);
      assert.deepEqual(await archivesIn(backup.archives), earlier);
      const { runs } = JSON.parse(await backup.exec('cat', '/openshift-backup/status.json')) as {
        runs: { exitCode: number }[];
      };
      assert.equal(runs[0]?.exitCode, 143);
    });

    test('that is evicted is begun anew, and does not count as a failure', async () => {
      const earlier = await archivesIn(backup.archives);
      await startJob(backup, 'evicted');
      const pod = await middleOf('evicted');
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod, namespace: backup.namespace },
      };
      await clusterOf().kubectl(
        ['create', '--raw', `/api/v1/namespaces/${backup.namespace}/pods/${pod}/eviction`, '-f', '-'],
        { input: JSON.stringify(eviction) },
      );
      assert.deepEqual(await endOf(backup, 'evicted'), ['Complete']);
      assert.deepEqual(await hiddenFiles(), []);
      assert.equal((await archivesIn(backup.archives)).length, earlier.length + 1);
    });

    /** Waits until a job's pod is writing its archive. @returns the pod's name */
    async function middleOf(job: string): Promise<string> {
      const known = await hiddenFiles();
      await until('a run in its middle', async () => {
        const files = await hiddenFiles();
        return files.some((file) => file.endsWith('.draft') && !known.includes(file)) ? true : undefined;
      });
      return until('its pod', async () => {
        const pods = await podsOf(backup, job);
        return pods.find(({ status }) => status?.phase === 'Running')?.metadata.name;
      });
    }

    /** All but those with which the spare pod tries whether it can write, which come and go. */
    async function hiddenFiles(): Promise<string[]> {
      return (await readdir(backup.archives)).filter(
        (name) => name.startsWith('.') && !name.startsWith('.ready.'),
      );
    }
  });
}
