import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NodeCluster } from '../cluster/node/start-node-cluster.ts';
import { endOf, install, type Installation, podsOf, startJob, terminationOf } from './installation.ts';

/** A group that nobody serves, as when the pods of its API server are gone. */
const DEAD_GROUP = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.route.example.com' },
  spec: {
    group: 'route.example.com',
    version: 'v1',
    groupPriorityMinimum: 1000,
    versionPriority: 15,
    insecureSkipTLSVerify: true,
    service: { name: 'gone', namespace: 'default' },
  },
};

interface Night {
  /** Exit codes of the job's pods. */
  readonly exitCodes: readonly (number | undefined)[];
  readonly job: readonly [string, string?];
  readonly message: string;
  /** The last night in the strip of `status`. */
  readonly night: unknown;
  readonly metrics: string;
}

/** An incomplete and a failed night look different from a good one wherever somebody looks. */
export function badNightCases(clusterOf: () => NodeCluster): void {
  describe('nights that were not good', () => {
    let backup: Installation;

    before(async () => {
      backup = await install(clusterOf(), 'backup-bad');
    });
    after(async () => {
      await backup.make(['clean']);
      await backup.leave();
    });

    async function nightOf(job: string): Promise<Night> {
      await startJob(backup, job);
      const end = await endOf(backup, job);
      const terminations = (await podsOf(backup, job)).map(terminationOf);
      const { nights } = JSON.parse(await backup.exec('openshift-backup', 'status', '-o', 'json')) as {
        nights: unknown[];
      };
      const proxy = `/api/v1/namespaces/${backup.namespace}/services/${backup.namespace}:metrics/proxy/metrics`;
      return {
        exitCodes: terminations.map((termination) => termination?.exitCode),
        job: end,
        message: terminations.at(-1)?.message ?? '',
        night: nights.at(-1),
        metrics: await backup.kubectl('get', '--raw', proxy),
      };
    }

    function metric(night: Night, name: string): number {
      const line = night.metrics
        .split('\n')
        .find((text) => text.startsWith(`openshift_backup_${name}{backup="${backup.namespace}"`));
      return Number(line?.split(' ').at(-1));
    }

    test('differ in the job, the message, the status and the metrics', async () => {
      const good = await nightOf('good');
      assert.deepEqual([good.job, good.exitCodes], [['Complete'], [0]]);
      assert.match(good.message, /^Complete: /u);

      await clusterOf().apply([DEAD_GROUP]);
      const incomplete = await nightOf('incomplete');
      await clusterOf().kubectl(['delete', 'apiservice', DEAD_GROUP.metadata.name]);
      assert.deepEqual(
        [incomplete.job, incomplete.exitCodes],
        [
          ['Failed', 'BackoffLimitExceeded'],
          [3, 3],
        ],
      );
      assert.match(incomplete.message, /^Incomplete: .*1 gap/u);

      // Nobody may read anything any more.
      await clusterOf().kubectl(['delete', 'clusterrolebindings', '-l', `app=${backup.namespace}`]);
      const failed = await nightOf('failed');
      assert.deepEqual(
        [failed.job, failed.exitCodes],
        [
          ['Failed', 'BackoffLimitExceeded'],
          [4, 4],
        ],
      );
      assert.match(failed.message, /^Failed \(exit code 4\): /u);

      await backup.kubectl('set', 'env', `cronjob/${backup.namespace}`, 'OPENSHIFT_BACKUP_RETAIN_DAYS=seven');
      const wrong = await nightOf('wrong');
      // A second try would end the same.
      assert.deepEqual([wrong.job, wrong.exitCodes], [['Failed', 'PodFailurePolicy'], [2]]);
      assert.match(wrong.message, /seven/u);

      const nights = [good, incomplete, failed];
      assert.deepEqual(
        nights.map((night) => metric(night, 'last_run_exit_code')),
        [0, 3, 4],
      );
      assert.deepEqual(
        nights.map((night) => metric(night, 'failed_parts')),
        [0, 1, 1],
      );
      assert.ok(
        metric(failed, 'last_success_timestamp_seconds') > metric(good, 'last_success_timestamp_seconds'),
      );
      assert.equal(
        metric(failed, 'last_complete_timestamp_seconds'),
        metric(good, 'last_complete_timestamp_seconds'),
      );
      assert.equal(new Set(nights.map(({ night }) => JSON.stringify(night))).size, 3);
      const jobs = await backup.kubectl('get', 'jobs');
      assert.match(jobs, /^good +Complete +1\/1 /mu);
      assert.match(jobs, /^incomplete +Failed +0\/1 /mu);
    });
  });
}
