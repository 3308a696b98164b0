import assert from 'node:assert/strict';
import type { Cluster } from '../cluster/cluster.ts';
import { type KubernetesObject, titleOf } from '../cluster/objects.ts';
import { installedObjects } from './installed.ts';
import type { MakeResult } from './workplace.ts';

const LABELS = { 'app.kubernetes.io/name': 'backuper', 'app.kubernetes.io/managed-by': 'openshift-backup' };

/** Settings of an installation whose namespace has its name. */
export function settings(name: string): Record<string, string> {
  return { OPENSHIFT_BACKUP_NAME: name, OPENSHIFT_BACKUP_NAMESPACE: name };
}

/** A project. */
export function namespaceOf(name: string, labels: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** A project with a claim that is opted into the nightly copies, and the claim that gets the copy. */
export function projectOf(name: string): KubernetesObject[] {
  const claim = (claimName: string, annotations: Record<string, string>): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: claimName, namespace: name, annotations },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      resources: { requests: { storage: '1Mi' } },
    },
  });
  return [
    namespaceOf(name),
    claim('data', { 'openshift-backup.io/copy-to': 'data-backup' }),
    claim('data-backup', {
      'openshift-backup.io/copy-state': 'complete',
      'openshift-backup.io/copy-of': 'data',
    }),
  ];
}

/** As much of an installation as it takes to let it copy volumes: its namespace and its account. */
export function backupOf(name: string): KubernetesObject[] {
  const labels = {
    app: name,
    'app.kubernetes.io/name': 'openshift-backup',
    'app.kubernetes.io/instance': name,
  };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: name, labels } };
  return [namespaceOf(name, labels), account];
}

/** A BackupEr pod that no node has taken yet: nothing but its name and labels matter here. */
export function backuperPod(namespace: string, name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: LABELS },
    spec: {
      serviceAccountName: 'backuper',
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      containers: [{ name: 'backuper', image: 'openshift-backup:latest' }],
    },
  };
}

/** What is known of a copy. @param end what stands in it of its end, if it has ended */
export function recordOf(namespace: string, id: string, end: Record<string, string>): KubernetesObject {
  // Printed as people would, and with a text that looks like the end of one.
  const record = JSON.stringify({ format: 1, id, message: 'no "endedAt": 1 yet', ...end }, undefined, 2);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `backuper-run-${id}`, namespace, labels: { 'openshift-backup.io/record': 'true' } },
    data: { 'record.json': record },
  };
}

/** The titles of what lets the backup of this name copy volumes, in a project or in the cluster, sorted. */
export async function volumeTitles(cluster: Cluster, name: string, namespace?: string): Promise<string[]> {
  const objects = [...(await installedObjects(cluster, name, namespace)).values()];
  return objects
    .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'volumes')
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map(titleOf)
    .toSorted();
}

/** Asserts that make has succeeded without a word on standard error. */
export function assertDone(result: MakeResult): void {
  assert.deepEqual([result.code, result.stderr], [0, '']);
}

/** Asserts how a target has failed. */
export function assertFailed(result: MakeResult, code: number, says: RegExp): void {
  assert.equal(result.scriptCode, code, result.stdout + result.stderr);
  assert.match(result.stderr, says);
}
