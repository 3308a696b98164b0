import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import { missing } from '../support/run-program.ts';
import { installedObjects, valueOf } from './installed.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const NEIGHBOUR = 'neighbour';

/** The cases of `make clean`, of `make update-configmap`, and of questions on a terminal. */
export function cleanCases(clusterOf: () => Cluster): void {
  describe('make clean', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = await makeWorkplace(cluster);
    });
    after(() => place.remove());

    test('removes everything but the volume and its namespace, and a second time changes nothing', async () => {
      await Promise.all([install('clean'), install(NEIGHBOUR)]);
      for (const round of [1, 2]) {
        const result = await place.make(['clean'], settings('clean'));
        assert.deepEqual([result.code, result.stderr], [0, ''], `round ${round}`);
        assert.match(
          result.stdout,
          /The archives stay in PersistentVolumeClaim clean, namespace clean\. .*REMOVE_ARCHIVES=yes\nDone\.\n$/u,
        );
        const left = [...(await installedObjects(cluster, 'clean')).keys()];
        assert.deepEqual(left.toSorted(), ['Namespace clean', 'PersistentVolumeClaim clean/clean']);
      }
      assert.equal((await installedObjects(cluster, NEIGHBOUR)).size, 12);
    });

    test('removes the archives when it is told to, but no namespace that holds something else', async () => {
      await install('clean');
      const refused = await place.make(['clean'], { ...settings('clean'), REMOVE_ARCHIVES: 'true' });
      assert.equal(refused.scriptCode, 2);
      assert.match(refused.stderr, /^error: REMOVE_ARCHIVES is "true": give yes or no\n/u);
      await cluster.kubectl(['create', 'service', 'clusterip', 'mine', '--tcp=80', '-n', 'clean']);
      const result = await place.make(['clean'], { ...settings('clean'), REMOVE_ARCHIVES: 'yes' });
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(result.stdout, /^The namespace clean stays: /mu);
      assert.deepEqual([...(await installedObjects(cluster, 'clean')).keys()], ['Namespace clean']);
      assert.equal(await valueOf(cluster, 'clean', ['service', 'mine', '.metadata.name']), 'mine');
    });

    test('removes the namespace that was made for the backup alone', async () => {
      await cluster.kubectl(['delete', 'service', 'mine', '-n', 'clean']);
      const result = await place.make(['clean', 'REMOVE_ARCHIVES=yes'], settings('clean'));
      assert.deepEqual([result.code, result.stderr], [0, '']);
      await assert.rejects(cluster.kubectl(['get', 'namespace', 'clean']), /not found/u);
    });

    test('make update-configmap changes the settings and restarts the spare pod, and nothing else', async () => {
      await install(NEIGHBOUR);
      const changed = {
        ...settings(NEIGHBOUR),
        OPENSHIFT_BACKUP_RETAIN_DAYS: '3',
        OPENSHIFT_BACKUP_SCHEDULE: '@hourly',
        BACKUP_SECRETS: 'redact',
      };
      const result = await place.make(['update-configmap'], changed);
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(result.stdout, /^The settings have changed: the spare pod starts anew\.$/mu);
      assert.equal(
        await valueOf(cluster, NEIGHBOUR, ['configmap', NEIGHBOUR, '.data.OPENSHIFT_BACKUP_RETAIN_DAYS']),
        '3',
      );
      assert.equal(
        await valueOf(cluster, NEIGHBOUR, ['configmap', NEIGHBOUR, '.data.BACKUP_SECRETS']),
        'redact',
      );
      assert.equal(await valueOf(cluster, NEIGHBOUR, ['cronjob', NEIGHBOUR, '.spec.schedule']), '@hourly');
      const again = await place.make(['update-configmap'], changed);
      assert.doesNotMatch(again.stdout, /starts anew| patched$/mu);
      const wrong = await place.make(['update-configmap'], {
        ...changed,
        OPENSHIFT_BACKUP_NAME: 'not-there',
      });
      assert.match(
        wrong.stderr,
        /^error: there is no ConfigMap not-there in the namespace neighbour, .*"make create" first\n/u,
      );
    });

    const skip = missing('script');
    test('on a terminal, make asks, and goes on with "yes" only', { skip }, async () => {
      const no = await place.makeOnTerminal(['create'], 'n\n', settings('asked'));
      assert.match(no.stdout, /Install the backup there\? \[y\/N\] .*error: nothing has been changed\r\n/su);
      assert.equal(no.scriptCode, 5);
      await assert.rejects(cluster.kubectl(['get', 'namespace', 'asked']), /not found/u);
      assert.equal((await place.makeOnTerminal(['create'], 'yes\n', settings('asked'))).code, 0);
      const kept = await place.makeOnTerminal(['clean', 'REMOVE_ARCHIVES=yes'], '\n', settings('asked'));
      assert.match(kept.stdout, /and ALL ITS ARCHIVES\? \[y\/N\]/u);
      assert.equal((await installedObjects(cluster, 'asked')).size, 12);
      const done = await place.makeOnTerminal(
        ['clean', 'REMOVE_ARCHIVES=yes', 'YES=1'],
        '',
        settings('asked'),
      );
      assert.equal(done.code, 0);
      assert.doesNotMatch(done.stdout, /\[y\/N\]/u);
      assert.equal((await installedObjects(cluster, 'asked')).size, 0);
    });

    async function install(name: string): Promise<void> {
      const result = await place.make(['create'], settings(name));
      assert.deepEqual([result.code, result.stderr], [0, '']);
    }
  });
}

function settings(name: string): Record<string, string> {
  return { OPENSHIFT_BACKUP_NAME: name, OPENSHIFT_BACKUP_NAMESPACE: name };
}
