import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NodeCluster } from '../cluster/node/start-node-cluster.ts';
import { makeWorkplace, type Workplace } from '../openshift/workplace.ts';

/** What is wrong on the cluster, by the namespace: what make is told, and what it says. */
const WRONG: Readonly<
  Record<
    string,
    { readonly settings?: Readonly<Record<string, string>>; readonly quota?: string; readonly says: RegExp }
  >
> = {
  'no-volume': {
    says: /PersistentVolumeClaim no-volume is Pending: it has no volume\.\n.*Storage classes: .*\n.*ReadWriteMany: set OPENSHIFT_BACKUP_STORAGE_CLASS/su,
  },
  'no-such-class': {
    settings: { OPENSHIFT_BACKUP_STORAGE_CLASS: 'fast' },
    says: /PersistentVolumeClaim no-such-class is Pending: it has no volume\.\n.*"fast" not found/su,
  },
  'no-image': {
    settings: { OPENSHIFT_BACKUP_IMAGE: 'registry.invalid/openshift-backup:1' },
    says: /the image registry\.invalid\/openshift-backup:1 can't be pulled\.[^\n]*\n +Build it with "make build-docker-image"/u,
  },
  'no-room': {
    quota: '0',
    says: /the spare pod can't be made: .*exceeded quota.*\n +The ResourceQuota has no room/u,
  },
};

/** Surroundings in which the backup can't run: everything is applied, and make says what to do. */
export function badInstallCases(clusterOf: () => NodeCluster): void {
  describe('make create says what is wrong with', { concurrency: true }, () => {
    let place: Workplace;

    before(async () => {
      place = await makeWorkplace(clusterOf());
    });
    after(() => place.remove());

    for (const [name, { settings = {}, quota, says }] of Object.entries(WRONG)) {
      test(name, async () => {
        const cluster = clusterOf();
        if (!name.startsWith('no-volume') && !name.startsWith('no-such'))
          await cluster.makeVolume({ name, capacity: '2Gi', claim: { namespace: name, name } });
        if (quota !== undefined)
          await cluster.apply([
            { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
            {
              apiVersion: 'v1',
              kind: 'ResourceQuota',
              metadata: { name: 'small', namespace: name },
              spec: { hard: { pods: quota } },
            },
          ]);
        const own = {
          OPENSHIFT_BACKUP_NAME: name,
          OPENSHIFT_BACKUP_NAMESPACE: name,
          OPENSHIFT_BACKUP_WAIT_SECONDS: '10',
          ...settings,
        };
        const created = await place.make(['create'], own);
        assert.equal(created.scriptCode, 3, created.stdout + created.stderr);
        assert.match(created.stderr, says);
        const cleaned = await place.make(['clean'], { ...own, REMOVE_ARCHIVES: 'yes' });
        assert.deepEqual([cleaned.code, cleaned.stderr], [0, '']);
      });
    }
  });
}
