import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { recordName, RecordStore } from '../../../src/volumes/run/record-store.ts';
import { sweep, type Swept } from '../../../src/volumes/run/sweep.ts';
import { leaseRef } from '../../../src/volumes/run/target-lease.ts';
import { withTargetLock } from '../../../src/volumes/run/target-lock.ts';
import type { KubernetesObject } from '../../cluster/objects.ts';
import { BRIEF, optedInProject, recordOf } from './opted-in.ts';

const PROJECT = 'sweep';
const place = await optedInProject(PROJECT);
const store = new RecordStore(place.objects, PROJECT);
const { signal } = new AbortController();
const OURS = { 'app.kubernetes.io/name': 'backuper', 'app.kubernetes.io/managed-by': 'openshift-backup' };
after(() => place.close());

describe('sweep', () => {
  test('finds nothing where nothing was left', async () => {
    assert.deepEqual(await swept(), { unfinished: [], running: [], removedPods: [], junk: [] });
  });

  test('tells what is to be taken up, and removes the pods of runs that do not go on', async () => {
    const runs = {
      left: recordOf(PROJECT, 'left', { phase: 'copying', request: target('left') }),
      crashed: recordOf(PROJECT, 'crashed', { phase: 'quiescing', request: target('crashed') }),
      living: recordOf(PROJECT, 'living', { phase: 'copying', request: target('living') }),
      ended: recordOf(PROJECT, 'ended', { phase: 'ended', result: 'complete', request: target('living') }),
      failed: recordOf(PROJECT, 'failed', { phase: 'ended', result: 'failed', request: target('left') }),
    };
    for (const record of Object.values(runs)) await store.create(record);
    const { namespace = '', name = '' } = leaseRef({ namespace: PROJECT, target: 'crashed', signal });
    const metadata = { name, namespace };
    const spec = { holderIdentity: 'vanished', leaseDurationSeconds: 1 };
    const labels = { 'openshift-backup.io/record': 'true' };
    await place.cluster.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: PROJECT } },
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: recordName('odd'), namespace: PROJECT, labels },
      },
    ]);
    await place.cluster.apply([
      ...['left', 'crashed', 'living', 'ended', 'failed', 'odd', 'unknown'].map((id) => pod(id, id)),
      pod('failed-and-kept', 'failed'),
      pod('failed-of-complete', 'ended'),
      { ...pod('nobody', ''), metadata: { name: 'nobody', namespace: PROJECT, labels: OURS } },
      {
        ...pod('foreign', ''),
        metadata: { name: 'foreign', namespace: PROJECT, labels: { 'app.kubernetes.io/name': 'backuper' } },
      },
      { ...pod('application', ''), metadata: { name: 'application', namespace: PROJECT } },
    ]);
    for (const one of ['failed-and-kept', 'failed-of-complete'])
      await place.kubectl('patch', 'pod', one, '--subresource=status', '-p', '{"status":{"phase":"Failed"}}');
    const lock = { namespace: PROJECT, target: 'living', holder: 'test', signal, times: BRIEF };
    const found = await withTargetLock(place.objects, lock, swept);
    assert.deepEqual(
      found.unfinished.map(({ record }) => record.id),
      ['crashed', 'left'],
    );
    assert.deepEqual(
      found.running.map(({ record }) => record.id),
      ['living'],
    );
    assert.deepEqual(found.junk, [{ name: recordName('odd'), reason: 'it holds no record' }]);
    assert.deepEqual(found.removedPods.toSorted(), [
      'ended',
      'failed',
      'failed-of-complete',
      'nobody',
      'unknown',
    ]);
    assert.deepEqual(await pods(), [
      'application',
      'crashed',
      'failed-and-kept',
      'foreign',
      'left',
      'living',
      'odd',
    ]);
    assert.deepEqual((await swept()).removedPods, []);
    assert.equal((await store.list()).records.length, 5, 'no record is touched');
  });
});

async function swept(): Promise<Swept> {
  return await sweep(place.objects, PROJECT, { signal, times: BRIEF });
}

async function pods(): Promise<string[]> {
  const text = await place.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}');
  return text.split(' ').toSorted();
}

function target(name: string): ReturnType<typeof recordOf>['request'] {
  return { ...recordOf(PROJECT, '').request, target: name };
}

function pod(name: string, run: string): KubernetesObject {
  const labels = { ...OURS, 'openshift-backup.io/run': run };
  const containers = [{ name: 'backuper', image: 'none.invalid/backuper' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: PROJECT, labels },
    spec: { containers },
  };
}
