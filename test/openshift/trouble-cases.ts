import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { installedObjects, valueOf } from './installed.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const POLL_MS = 100;
const WAIT = { OPENSHIFT_BACKUP_WAIT_SECONDS: '2' };

/** The cases of `make create` where something is in the way. */
export function troubleCases(clusterOf: () => Cluster): void {
  describe('make create where something is in the way', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = await makeWorkplace(cluster);
    });
    after(() => place.remove());

    test('says what to do without oc and kubectl, and without a cluster', async () => {
      const [bare, lost] = [
        await makeWorkplace(cluster, '', 'none'),
        await makeWorkplace(cluster, '/nonexistent'),
      ];
      for (const target of ['create', 'clean', 'backupnow', 'update-configmap']) {
        const without = await bare.make([target]);
        assert.equal(without.scriptCode, 2);
        assert.match(
          without.stderr,
          /^error: there is no oc and no kubectl on the PATH: install one of them\n/u,
        );
        const unreachable = await lost.make([target]);
        assert.equal(unreachable.scriptCode, 4);
        assert.match(
          unreachable.stderr,
          /^error: the cluster can't be reached \(.*\): log in with "oc login", or set KUBECONFIG\n/u,
        );
      }
      await Promise.all([bare.remove(), lost.remove()]);
    });

    test("refuses somebody else's namespace, and takes an empty one", async () => {
      await cluster.kubectl(['create', 'namespace', 'occupied']);
      await cluster.kubectl(['create', 'service', 'clusterip', 'mine', '--tcp=80', '-n', 'occupied']);
      const refused = await place.make(['create'], settings('occupied'));
      assert.equal(refused.scriptCode, 5);
      assert.match(
        refused.stderr,
        /^error: the namespace occupied holds somebody else's objects: .* or set YES=1\n/u,
      );
      assert.equal(await valueOf(cluster, 'occupied', ['namespace', 'occupied', '.metadata.labels.app']), '');
      for (const args of [['create', 'YES=1'], ['create']]) {
        const result = await place.make(args, settings('occupied'));
        assert.equal(result.code, 0, result.stderr);
        assert.match(
          result.stdout,
          /^The namespace occupied holds other objects too: it gets no quota and no labels\.$/mu,
        );
      }
      const titles = [...(await installedObjects(cluster, 'occupied')).keys()];
      assert.deepEqual(
        titles.filter((title) => /^(?:Namespace|LimitRange|ResourceQuota) /u.test(title)),
        [],
      );
      assert.equal(titles.length, 9);
      await cluster.kubectl(['create', 'namespace', 'empty']);
      assert.equal((await place.make(['create'], settings('empty'))).code, 0);
    });

    test('says that there is no volume with ReadWriteMany, and what to do; which then works', async () => {
      const none = await place.make(['create'], { ...settings('volume'), ...WAIT });
      assert.equal(none.scriptCode, 3);
      assert.match(
        none.stderr,
        /^- PersistentVolumeClaim volume is Pending: it has no volume\.\n {2}no persistent volumes available .*\n {2}Storage classes: none that can be seen\n {2}It needs one with ReadWriteMany: set OPENSHIFT_BACKUP_STORAGE_CLASS\. Without one: OPENSHIFT_BACKUP_ACCESS_MODE=ReadWriteOnce\n/mu,
      );
      const once = {
        ...settings('volume'),
        OPENSHIFT_BACKUP_ACCESS_MODE: 'ReadWriteOnce',
        OPENSHIFT_BACKUP_STORAGE_CLASS: 'by-hand',
      };
      const again = await place.make(['create'], once);
      assert.deepEqual([again.code, again.stderr], [0, '']);
      assert.match(again.stdout, /^PersistentVolumeClaim volume never got a volume: it is made anew /mu);
      assert.equal(
        await valueOf(cluster, 'volume', ['pvc', 'volume', '.spec.accessModes[0]']),
        'ReadWriteOnce',
      );
      const affinity = '.spec.jobTemplate.spec.template.spec.affinity';
      assert.match(
        await valueOf(cluster, 'volume', ['cronjob', 'volume', affinity]),
        /"app.kubernetes.io\/instance":"volume"/u,
      );
    });

    test('keeps class and mode of a volume that holds archives', async () => {
      await cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: 'by-hand' },
          spec: {
            storageClassName: 'by-hand',
            capacity: { storage: '2Gi' },
            accessModes: ['ReadWriteOnce'],
            hostPath: { path: '/nonexistent' },
          },
        },
      ]);
      await cluster.kubectl([
        'wait',
        '-n',
        'volume',
        'pvc/volume',
        '--for=jsonpath={.status.phase}=Bound',
        '--timeout=60s',
      ]);
      const uid = await valueOf(cluster, 'volume', ['pvc', 'volume', '.metadata.uid']);
      const result = await place.make(['create'], settings('volume'));
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(
        result.stdout,
        /^The volume keeps its storage class by-hand and access mode ReadWriteOnce, because it holds archives\.$/mu,
      );
      assert.equal(await valueOf(cluster, 'volume', ['pvc', 'volume', '.metadata.uid']), uid);
    });

    test('says that the image cannot be pulled, and what to do', async () => {
      const pod = await sparePod('volume');
      const image = { image: 'openshift-backup:latest', imageID: '' };
      const waiting = {
        reason: 'ImagePullBackOff',
        message: 'Back-off pulling image "openshift-backup:latest"',
      };
      const status = {
        name: 'openshift-backup',
        ready: false,
        restartCount: 0,
        ...image,
        state: { waiting },
      };
      const patch = JSON.stringify({ status: { containerStatuses: [status] } });
      await cluster.kubectl([
        'patch',
        'pod',
        pod,
        '-n',
        'volume',
        '--subresource=status',
        '--type=merge',
        '-p',
        patch,
      ]);
      const result = await place.make(['create'], { ...settings('volume'), ...WAIT });
      assert.equal(result.scriptCode, 3);
      assert.match(
        result.stderr,
        /^- the image openshift-backup:latest can't be pulled\. ImagePullBackOff: Back-off .*\n.*"make build-docker-image", or set OPENSHIFT_BACKUP_IMAGE\.\n/mu,
      );
    });

    test('says that the quota has no room', async () => {
      await cluster.kubectl([
        'patch',
        'resourcequota',
        'volume',
        '-n',
        'volume',
        '--type=merge',
        '-p',
        '{"spec":{"hard":{"pods":"0"}}}',
      ]);
      await cluster.kubectl(['create', 'quota', 'smaller', '--hard=pods=0', '-n', 'volume']);
      await cluster.kubectl([
        'wait',
        '-n',
        'volume',
        'quota/smaller',
        '--for=jsonpath={.status.hard.pods}=0',
        '--timeout=60s',
      ]);
      await cluster.kubectl(['delete', 'pod', '-n', 'volume', await sparePod('volume')]);
      const failure = '{.status.conditions[?(@.type=="ReplicaFailure")].status}';
      await cluster.kubectl([
        'wait',
        '-n',
        'volume',
        'deployment/volume',
        `--for=jsonpath=${failure}=True`,
        '--timeout=60s',
      ]);
      const result = await place.make(['create'], { ...settings('volume'), ...WAIT });
      assert.equal(result.scriptCode, 3);
      assert.match(
        result.stderr,
        /^- the spare pod can't be made: .*exceeded quota: .*\n {2}The ResourceQuota has no room: /mu,
      );
    });

    test('tells when the spare pod is ready', async () => {
      await cluster.kubectl(['delete', 'quota', 'smaller', '-n', 'volume']);
      const running = place.make(['create'], { ...settings('volume'), OPENSHIFT_BACKUP_WAIT_SECONDS: '120' });
      const pod = await sparePod('volume');
      const conditions = ['Ready', 'ContainersReady', 'Initialized'].map((type) => ({
        type,
        status: 'True',
      }));
      const patch = JSON.stringify({ status: { phase: 'Running', conditions } });
      await cluster.kubectl([
        'patch',
        'pod',
        pod,
        '-n',
        'volume',
        '--subresource=status',
        '--type=merge',
        '-p',
        patch,
      ]);
      const result = await running;
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(result.stdout, /^The spare pod is ready\.\n\nNext:$/mu);
    });

    async function sparePod(name: string): Promise<string> {
      const selector = [
        '-n',
        name,
        '-l',
        'app.kubernetes.io/component=spare',
        '-o',
        'jsonpath={.items[*].metadata.name}',
      ];
      for (;;) {
        const [pod = ''] = (await cluster.kubectl(['get', 'pods', ...selector])).split(' ');
        if (pod !== '') return pod;
        await sleep(POLL_MS);
      }
    }
  });
}

function settings(name: string): Record<string, string> {
  return { OPENSHIFT_BACKUP_NAME: name, OPENSHIFT_BACKUP_NAMESPACE: name };
}
