import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import { valueOf } from './installed.ts';
import {
  assertDone,
  assertFailed,
  backuperPod,
  backupOf,
  namespaceOf,
  projectOf,
  recordOf,
  settings,
  volumeTitles,
} from './volumes-cases.ts';
import type { Workplace } from './workplace.ts';

const LABEL = '.metadata.labels.openshift-backup\\.io/volumes';
const FIRST = settings('first');
const SECOND = settings('second');
const LEFT_WITH_NAMES = 'pods,persistentvolumeclaims,configmaps,serviceaccounts,networkpolicies';

/** The cases of `make volumes-forbid`, and of `make clean` where volumes are copied. */
export function volumesForbidCases(clusterOf: () => Cluster, placeOf: () => Workplace): void {
  describe('make volumes-forbid', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = placeOf();
      await cluster.apply([
        ...['first', 'second'].flatMap(backupOf),
        ...['till', 'depot'].flatMap(projectOf),
      ]);
    });

    test('refuses while a copy runs, and changes nothing', async () => {
      await allow(FIRST, 'till', 'QUIESCE=yes');
      const allowed = await volumeTitles(cluster, 'first', 'till');
      assert.equal(allowed.length, 4);
      await cluster.apply([backuperPod('till', 'backuper-copy-1')]);
      const result = await forbid(FIRST, 'till');
      assertFailed(
        result,
        5,
        /^error: copies have not ended in the project till \(backuper-copy-1\): wait for them .*, or set FORCE=yes; nothing has been changed\n/u,
      );
      assert.deepEqual(await volumeTitles(cluster, 'first', 'till'), allowed);
      const status = '{"status":{"phase":"Succeeded"}}';
      const pod = ['pod', 'backuper-copy-1', '-n', 'till', '--subresource=status'];
      await cluster.kubectl(['patch', ...pod, '--type=merge', '-p', status]);
    });

    test('refuses while a record says that something is still to be undone', async () => {
      await cluster.apply([
        recordOf('till', '1', { endedAt: '2026-11-20T00:15:00.000Z' }),
        recordOf('till', '2', {}),
      ]);
      assertFailed(await forbid(FIRST, 'till'), 5, /\(backuper-run-2\): wait for them/u);
    });

    test('FORCE=yes takes all back, and says what to look at; claims and records stay', async () => {
      const claims = await claimsOf('till');
      const result = await forbid(FIRST, 'till', 'FORCE=yes');
      assertDone(result);
      assert.match(
        result.stdout,
        /^till: a copy did not end; see what it has stopped: kubectl -n till get configmap backuper-run-2 --output=yaml\n/mu,
      );
      assert.match(result.stdout, /^The records of copies stay\. .*\nDone\.\n$/mu);
      assert.deepEqual(await volumeTitles(cluster, 'first', 'till'), []);
      assert.equal(await valueOf(cluster, 'till', ['namespace', 'till', LABEL]), '');
      const left = await cluster.kubectl(['get', LEFT_WITH_NAMES, '-n', 'till', '-o', 'name']);
      assert.deepEqual(left.trim().split('\n').toSorted(), [
        'configmap/backuper-run-1',
        'configmap/backuper-run-2',
        'configmap/kube-root-ca.crt',
        'persistentvolumeclaim/data',
        'persistentvolumeclaim/data-backup',
        'serviceaccount/default',
      ]);
      assert.deepEqual(await claimsOf('till'), claims);
    });

    test('a second time changes nothing, and so it does where nothing was allowed', async () => {
      await cluster.apply([namespaceOf('untouched')]);
      for (const project of ['till', 'untouched']) {
        const result = await forbid(FIRST, project, 'FORCE=yes');
        assertDone(result);
        assert.doesNotMatch(result.stdout, / deleted$|labeled$/mu);
        assert.match(result.stdout, /^Done\.\n$/mu);
      }
    });

    test('leaves another backup what it has in the same project', async () => {
      await allow(FIRST, 'depot');
      await allow(SECOND, 'depot');
      const result = await forbid(FIRST, 'depot');
      assertDone(result);
      assert.match(result.stdout, /^depot: another backup may copy volumes there: /mu);
      assert.deepEqual(await volumeTitles(cluster, 'first', 'depot'), []);
      assert.deepEqual(await volumeTitles(cluster, 'second', 'depot'), [
        'NetworkPolicy depot/backuper',
        'RoleBinding depot/second-volumes',
        'ServiceAccount depot/backuper',
      ]);
      assert.equal(await valueOf(cluster, 'depot', ['namespace', 'depot', LABEL]), 'allowed');
    });

    test('make clean takes everything back, in every project, and not while a copy runs', async () => {
      await allow(SECOND, 'till', 'QUIESCE=yes');
      await cluster.apply([backuperPod('depot', 'backuper-copy-3')]);
      // The record in the other project has not ended either.
      const refused = await place.make(['clean'], SECOND);
      assertFailed(refused, 5, /^error: copies have not ended in the project depot \(backuper-copy-3\)/u);
      assert.equal((await volumeTitles(cluster, 'second', 'till')).length, 4);
      const result = await place.make(['clean', 'FORCE=yes'], SECOND);
      assertDone(result);
      assert.match(result.stdout, /^projects: +depot till \(copies of volumes\)$/mu);
      for (const project of ['depot', 'till', undefined])
        assert.deepEqual(await volumeTitles(cluster, 'second', project), []);
      assert.deepEqual(await volumeTitles(cluster, 'first'), [
        'ClusterRole first-volumes',
        'ClusterRole first-volumes-quiesce',
      ]);
      const pods = await cluster.kubectl(['get', 'pods', '-n', 'depot', '-o', 'name']);
      assert.equal(pods, '');
    });

    async function allow(names: Record<string, string>, project: string, ...more: string[]): Promise<void> {
      assertDone(await place.make(['volumes-allow', `PROJECT=${project}`, ...more], names));
    }

    function forbid(
      names: Record<string, string>,
      project: string,
      ...more: string[]
    ): ReturnType<Workplace['make']> {
      return place.make(['volumes-forbid', `PROJECT=${project}`, ...more], names);
    }

    /** The claims with their notes. */
    function claimsOf(project: string): Promise<string> {
      const columns = 'custom-columns=U:.metadata.uid,A:.metadata.annotations';
      return cluster.kubectl(['get', 'pvc', '-n', project, '-o', columns]);
    }
  });
}
