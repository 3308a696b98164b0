import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const NAME = 'now';
const SETTINGS = {
  OPENSHIFT_BACKUP_NAME: NAME,
  OPENSHIFT_BACKUP_NAMESPACE: NAME,
  OPENSHIFT_BACKUP_WAIT_SECONDS: '60',
};
const POLL_MS = 100;

/** The cases of `make backupnow`. There is no node: the tests say how the containers end, and there is no log. */
export function backupnowCases(clusterOf: () => Cluster): void {
  describe('make backupnow', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = await makeWorkplace(cluster);
    });
    after(() => place.remove());

    test('says what to do where nothing is installed', async () => {
      const result = await place.make(['backupnow'], SETTINGS);
      assert.equal(result.scriptCode, 4);
      assert.match(
        result.stderr,
        /^error: there is no CronJob now in the namespace now, .*"make create" first\n/u,
      );
      assert.equal(
        (await place.make(['create'], { ...SETTINGS, OPENSHIFT_BACKUP_WAIT_SECONDS: '0' })).code,
        0,
      );
    });

    for (const code of [0, 2, 5]) {
      test(`ends with the exit code of the run: ${code}`, async () => {
        const running = place.make(['backupnow'], SETTINGS);
        await endPod(code);
        const result = await running;
        assert.equal(result.scriptCode, code);
        const job = /^job\.batch\/(?<job>now-manual-\d{14}) created$/mu.exec(result.stdout)?.groups?.['job'];
        assert.ok(job, result.stdout);
        const told = code === 0 ? result.stdout : result.stderr;
        assert.ok(
          told.includes(
            code === 0 ? `Job ${job} is complete.` : `Job ${job} has failed (exit code ${code}): `,
          ),
          told,
        );
      });
    }

    test('tries an incomplete run twice, and ends with its exit code', async () => {
      const running = place.make(['backupnow'], SETTINGS);
      await endPod(3);
      await endPod(3);
      const result = await running;
      assert.equal(result.scriptCode, 3);
      assert.match(result.stderr, /has failed \(exit code 3\): Job has reached the specified backoff limit/u);
    });

    test('says that a run does not start, and how to find out why', async () => {
      const result = await place.make(['backupnow'], { ...SETTINGS, OPENSHIFT_BACKUP_WAIT_SECONDS: '1' });
      assert.equal(result.scriptCode, 4);
      assert.match(
        result.stderr,
        /^error: Job now-manual-\d+ does not start, and goes on trying: kubectl -n now describe job\/now-manual-\d+ pods\n/u,
      );
    });

    test('says so where one may not create Jobs', async () => {
      const namespaceRules = { [NAME]: [{ apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['get'] }] };
      const account = { namespace: 'people', name: 'reader', namespaceRules };
      const other = await makeWorkplace(cluster, (await cluster.serviceAccount(account)).kubeconfig);
      try {
        const result = await other.make(['backupnow'], SETTINGS);
        assert.equal(result.scriptCode, 4);
        assert.match(result.stderr, /^error: you may not create Jobs in the namespace now: /u);
      } finally {
        await other.remove();
      }
    });

    /** Waits for a pod of a run, and ends it as a kubelet would. */
    async function endPod(exitCode: number): Promise<void> {
      const selector = [
        '-n',
        NAME,
        '-l',
        'app.kubernetes.io/component=nightly',
        '--field-selector=status.phase=Pending',
      ];
      let pod = '';
      while (pod === '') {
        const names = await cluster.kubectl([
          'get',
          'pods',
          ...selector,
          '-o',
          'jsonpath={.items[*].metadata.name}',
        ]);
        pod = names.split(' ', 1)[0] ?? '';
        if (pod === '') await sleep(POLL_MS);
      }
      const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
      const terminated = { exitCode, reason: phase, startedAt: now(), finishedAt: now() };
      const image = { image: 'openshift-backup:latest', imageID: '' };
      const status = {
        name: 'openshift-backup',
        ready: false,
        restartCount: 0,
        ...image,
        state: { terminated },
      };
      const patch = JSON.stringify({ status: { phase, containerStatuses: [status] } });
      await cluster.kubectl([
        'patch',
        'pod',
        pod,
        '-n',
        NAME,
        '--subresource=status',
        '--type=merge',
        '-p',
        patch,
      ]);
    }
  });
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
