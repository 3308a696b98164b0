import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestOk } from '../cluster/api-client.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { LEADER_LEASE } from '../cluster/controllers.ts';
import { servedResources } from '../cluster/resources.ts';

const TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** What controllers write that says what they have done, of any kind. */
export interface LiveObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly kind: string }[];
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
  };
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const WORKLOADS = '/apis/apps/v1/';

/** By list: when a controller has done with an object what it will do on its own. */
const SETTLED: Readonly<Record<string, (object: LiveObject) => boolean>> = {
  [`${WORKLOADS}deployments`]: isObserved,
  [`${WORKLOADS}replicasets`]: isObserved,
  [`${WORKLOADS}statefulsets`]: isObserved,
  [`${WORKLOADS}daemonsets`]: isObserved,
  '/api/v1/replicationcontrollers': isObserved,
  '/apis/policy/v1/poddisruptionbudgets': isObserved,
  '/apis/autoscaling/v2/horizontalpodautoscalers': ({ spec, status }) =>
    Number(status?.['currentReplicas']) >= Number(field(spec, 'minReplicas')),
  '/api/v1/resourcequotas': ({ status }) => status?.['used'] !== undefined,
  '/apis/batch/v1/jobs': ({ status = {} }) => Object.keys(status).length > 0,
  // Of the samples' classes it is the one that needs no provisioner.
  '/api/v1/persistentvolumeclaims': ({ spec, status }) =>
    field(spec, 'storageClassName') !== 'manual' || status?.['phase'] === 'Bound',
  '/api/v1/persistentvolumes': ({ spec, status }) =>
    status?.['phase'] === (field(spec, 'claimRef') === undefined ? 'Available' : 'Bound'),
  '/api/v1/secrets': ({ type, data }) =>
    type !== 'kubernetes.io/service-account-token' || Object.hasOwn(data as object, 'ca.crt'),
  '/apis/rbac.authorization.k8s.io/v1/clusterroles': ({ aggregationRule, rules }) =>
    aggregationRule === undefined || ((rules ?? []) as unknown[]).length > 0,
};

/** Waits until the answer of `ask` is true. @throws with what was waited for */
export async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  while (!(await ask())) {
    assert.ok(Date.now() < deadlineMs, `${what}: not after ${TIMEOUT_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** The objects of a list, by its path. */
export async function listOf(cluster: Cluster, target: string): Promise<LiveObject[]> {
  const list = JSON.parse(await requestOk(cluster.api, 'GET', target)) as { items: LiveObject[] };
  return list.items;
}

/**
 * Waits until the controllers have done what there was to do: every workload observed, every account and
 * authority made, every dead owner's objects gone, and nothing written while the leader renewed its Lease.
 */
export async function untilQuiet(cluster: Cluster): Promise<void> {
  for (const [target, isSettled] of Object.entries(SETTLED)) {
    let waiting: LiveObject[] = [];
    const settle = async (): Promise<boolean> => {
      waiting = (await listOf(cluster, target)).filter((object) => !isSettled(object));
      return waiting.length === 0;
    };
    await until(`${target} is settled`, settle).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${waiting.map(({ metadata }) => metadata.name).join(', ')}`);
    });
  }
  for (const made of ['serviceaccounts/default', 'configmaps/kube-root-ca.crt']) {
    await until(`${made} is there`, async () => {
      const projects = await listOf(cluster, '/api/v1/namespaces');
      const answers = projects.map(({ metadata }) =>
        cluster.api.request('GET', `/api/v1/namespaces/${metadata.name}/${made}`),
      );
      return (await Promise.all(answers)).every(({ status }) => status === 200);
    });
  }
  let before = '';
  await until('nothing is written any more', async () => {
    await untilRenewed(cluster);
    const objects = await everyObject(cluster);
    const uids = new Set(objects.map(({ metadata }) => metadata.uid));
    const now = objects.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).join('\n');
    const isQuiet = now === before && !objects.some((object) => isOrphan(object, uids));
    before = now;
    return isQuiet;
  });
}

/** Waits until the controllers' leader renews its Lease, which it does every second. */
export async function untilRenewed(cluster: Cluster): Promise<void> {
  const lease = await requestOk(cluster.api, 'GET', LEADER_LEASE);
  await until('the leader renews its Lease', async () => {
    return (await requestOk(cluster.api, 'GET', LEADER_LEASE)) !== lease;
  });
}

/** All objects but those that are written all the time. */
async function everyObject(cluster: Cluster): Promise<LiveObject[]> {
  const types = (await servedResources(cluster.api)).filter(
    ({ plural, verbs }) => verbs.includes('list') && !['events', 'leases'].includes(plural),
  );
  const lists = await Promise.all(
    types.map(({ group, version, plural }) =>
      listOf(cluster, `${group === '' ? '/api' : `/apis/${group}`}/${version}/${plural}`),
    ),
  );
  return lists.flat();
}

function field(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | undefined)?.[name];
}

function isObserved({ metadata, status }: LiveObject): boolean {
  return status?.['observedGeneration'] === metadata.generation;
}

/** Whether the garbage collector is still to remove it: its owner, of a kind that exists, does not. */
function isOrphan({ metadata }: LiveObject, uids: ReadonlySet<string>): boolean {
  const { ownerReferences = [], deletionTimestamp } = metadata;
  if (deletionTimestamp !== undefined) return false;
  return ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => uids.has(uid));
}
