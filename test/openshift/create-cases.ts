import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import { titleOf } from '../cluster/objects.ts';
import { installedObjects, sentOf, valueOf } from './installed.ts';
import { kustomize, MANIFESTS } from './kustomize.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

/** Wrong values, by the setting; each ends with exit code 2 before the cluster is asked for anything. */
const WRONG: readonly (readonly [setting: string, value: string])[] = [
  ['OPENSHIFT_BACKUP_SCHEDULE', 'at night'],
  ['OPENSHIFT_BACKUP_SCHEDULE', '61 0 * * *'],
  ['OPENSHIFT_BACKUP_SCHEDULE', '15 0 * * *\n* * * * *'],
  ['OPENSHIFT_BACKUP_SCHEDULE', '15 0 * * *"; touch canary; "'],
  ['OPENSHIFT_BACKUP_TIME_ZONE', 'Mars/Olympus'],
  ['OPENSHIFT_BACKUP_TIME_ZONE', '../../etc/passwd'],
  ['OPENSHIFT_BACKUP_CAPACITY', '2 GB'],
  ['OPENSHIFT_BACKUP_CAPACITY', '0Gi'],
  ['OPENSHIFT_BACKUP_RETAIN_DAYS', 'seven'],
  ['OPENSHIFT_BACKUP_RETAIN_DAYS', '-1'],
  ['OPENSHIFT_BACKUP_NAME', 'Backup'],
  ['OPENSHIFT_BACKUP_NAME', '1st-backup'],
  ['OPENSHIFT_BACKUP_NAME', 'x'.repeat(41)],
  ['OPENSHIFT_BACKUP_NAME', '$(touch canary)'],
  ['OPENSHIFT_BACKUP_NAME', "x'; touch canary; '"],
  ['OPENSHIFT_BACKUP_NAMESPACE', 'kube-system'],
  ['OPENSHIFT_BACKUP_NAMESPACE', 'default'],
  ['OPENSHIFT_BACKUP_NAMESPACE', 'a b'],
  ['OPENSHIFT_BACKUP_IMAGE', 'registry/x; touch canary'],
  ['OPENSHIFT_BACKUP_IMAGE', 'a"b'],
  ['OPENSHIFT_BACKUP_STORAGE_CLASS', 'Fast Disk'],
  ['OPENSHIFT_BACKUP_ACCESS_MODE', 'ReadOnlyMany'],
  ['OPENSHIFT_BACKUP_PROJECTS', 'shop, *'],
  ['OPENSHIFT_BACKUP_PROJECTS', 'shop, `touch canary`'],
  ['OPENSHIFT_BACKUP_BUILD', 'kaniko'],
  ['OPENSHIFT_BACKUP_WAIT_SECONDS', 'long'],
  ['BACKUP_SECRETS', 'no'],
];

/** The cases of `make create` on plain Kubernetes. */
export function createCases(clusterOf: () => Cluster): void {
  describe('make create', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = await makeWorkplace(cluster);
    });
    after(() => place.remove());

    test('is what make alone does; it sends the objects of the overlay, and a second time changes nothing', async () => {
      const first = await place.make([]);
      assert.deepEqual([first.code, first.stderr], [0, '']);
      assert.match(
        first.stdout,
        /^cluster: +context test, server https:\/\/127\.0\.0\.1:\d+\nnamespace: cluster-backup\n/u,
      );
      assert.match(
        first.stdout,
        /make backupnow .*exec deploy\/openshift-backup -- openshift-backup list\n.*status\n.*fetch latest > latest\.zip\n/su,
      );
      const installed = await installedObjects(cluster, 'openshift-backup');
      const sent = [...installed.values()].map(sentOf);
      const overlay = await kustomize('overlays/kubernetes');
      assert.deepEqual(byTitle(sent), byTitle(overlay));

      const second = await place.make(['create']);
      assert.deepEqual([second.code, second.stderr], [0, '']);
      assert.doesNotMatch(second.stdout, / (?:created|configured|deleted|restarted)$/mu);
      const again = await installedObjects(cluster, 'openshift-backup');
      assert.deepEqual(versions(again), versions(installed));
      const applied = await cluster.kubectl(['apply', '-k', path.join(MANIFESTS, 'overlays', 'kubernetes')]);
      assert.doesNotMatch(applied, / (?:created|configured)$/mu);
    });

    test('lets the file exports change everything, and the environment change that', async () => {
      await place.writeExports(
        [
          'export OPENSHIFT_BACKUP_NAME="from-exports" \\',
          '    OPENSHIFT_BACKUP_NAMESPACE="from-exports" OPENSHIFT_BACKUP_CAPACITY="3Gi" \\',
          '    OPENSHIFT_BACKUP_SCHEDULE="*/5 1-3 * * MON" BACKUP_SECRETS="redact"',
          'OPENSHIFT_BACKUP_TIME_ZONE=Europe/Berlin OPENSHIFT_BACKUP_RETAIN_DAYS=14 OPENSHIFT_BACKUP_STORAGE_CLASS=fast',
          'export OPENSHIFT_BACKUP_IMAGE=registry.example.com/backup:1',
        ].join('\n'),
      );
      const result = await place.make(['create'], { OPENSHIFT_BACKUP_RETAIN_DAYS: '30' });
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.deepEqual(
        JSON.parse(await valueOf(cluster, 'from-exports', ['configmap', 'from-exports', '.data'])),
        {
          BACKUP_SECRETS: 'redact',
          OPENSHIFT_BACKUP_NAME: 'from-exports',
          OPENSHIFT_BACKUP_REPORT: 'true',
          OPENSHIFT_BACKUP_RETAIN_DAYS: '30',
          OPENSHIFT_BACKUP_SCHEDULE: '*/5 1-3 * * MON',
          OPENSHIFT_BACKUP_TIME_ZONE: 'Europe/Berlin',
        },
      );
      const image = '.spec.template.spec.containers[0].image';
      const values: readonly (readonly [kind: string, path: string, value: string])[] = [
        ['cronjob', '.spec.schedule', '*/5 1-3 * * MON'],
        ['cronjob', '.spec.timeZone', 'Europe/Berlin'],
        ['cronjob', `.spec.jobTemplate${image}`, 'registry.example.com/backup:1'],
        ['deployment', image, 'registry.example.com/backup:1'],
        ['pvc', '.spec.storageClassName', 'fast'],
        ['pvc', '.spec.resources.requests.storage', '3Gi'],
      ];
      for (const [kind, field, value] of values)
        assert.equal(await valueOf(cluster, 'from-exports', [kind, 'from-exports', field]), value, field);
    });

    test('without Secrets takes the rights away that were there with them', async () => {
      const names = { OPENSHIFT_BACKUP_NAME: 'secretive', OPENSHIFT_BACKUP_NAMESPACE: 'secretive' };
      assert.equal((await place.make(['create'], names)).code, 0);
      const reads = [
        'auth',
        'can-i',
        'list',
        'secrets',
        '-A',
        '--as=system:serviceaccount:secretive:secretive',
      ];
      assert.equal((await cluster.kubectl(reads)).trim(), 'yes');
      const result = await place.make(['create'], { ...names, BACKUP_SECRETS: 'False' });
      assert.deepEqual([result.code, result.stderr], [0, '']);
      await assert.rejects(cluster.kubectl(reads));
      assert.equal(
        await valueOf(cluster, 'secretive', ['configmap', 'secretive', '.data.BACKUP_SECRETS']),
        'false',
      );
      const restarted = '.spec.template.metadata.annotations.openshift-backup\\.io/restarted-at';
      assert.match(await valueOf(cluster, 'secretive', ['deployment', 'secretive', restarted]), /^20/u);
    });

    for (const [setting, value] of WRONG) {
      test(`refuses ${setting}=${JSON.stringify(value)} before it changes anything`, async () => {
        const untouched = { OPENSHIFT_BACKUP_NAMESPACE: 'untouched' };
        // A name that there is not: nobody has been asked for it.
        const result = await place.make(['create'], {
          ...untouched,
          KUBECONFIG: '/nonexistent',
          [setting]: value,
        });
        assert.equal(result.scriptCode, 2, result.stderr);
        assert.ok(result.stderr.startsWith(`error: ${setting} is "`), result.stderr);
        assert.ok(!existsSync(path.join(place.folder, 'canary')));
      });
    }
  });
}

function byTitle(objects: readonly Parameters<typeof titleOf>[0][]): Record<string, unknown> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), object]));
}

function versions(objects: ReadonlyMap<string, Parameters<typeof titleOf>[0]>): string[] {
  // Controllers write the status of these.
  const still = [...objects].filter(
    ([title]) => !/^(?:Deployment|ResourceQuota|CronJob|PersistentVolumeClaim) /u.test(title),
  );
  return still.map(([title, { metadata }]) => `${title} ${String(metadata['resourceVersion'])}`);
}
