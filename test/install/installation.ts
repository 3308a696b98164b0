import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../cluster/cluster.ts';
import type { NodeCluster } from '../cluster/node/start-node-cluster.ts';
import { type MakeResult, makeWorkplace } from '../openshift/workplace.ts';

/** As OpenShift's ranges of user ids are; no image has an entry for such a one. */
const FIRST_UID = 1_000_660_000;
const POLL_MS = 200;
const TIMEOUT_MS = 180_000;

/** The backup, installed by make on a cluster whose pods run. */
export interface Installation {
  readonly namespace: string;
  /** Where this process sees what pods see at `/openshift-backup`. */
  readonly archives: string;
  /** Of both pods: one at random. */
  readonly uid: number;
  /** Runs make, with the settings of this installation. */
  readonly make: (
    args: readonly string[],
    settings?: Readonly<Record<string, string>>,
  ) => Promise<MakeResult>;
  /** Runs a command in the spare pod. @returns its standard output */
  readonly exec: (...argv: readonly string[]) => Promise<string>;
  /** Runs kubectl in the installation's namespace. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Removes the files of the machine from which it was installed. */
  readonly leave: () => Promise<void>;
}

/** What `kubectl get -o json` gives of a Job or a Pod, as far as the tests look at it. */
export interface RunningObject extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly state?: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
    }[];
  };
}

/**
 * Makes a volume that any pod of group 0 may write to, installs with `make create` into a namespace, and waits
 * until the spare pod is ready.
 */
export async function install(
  cluster: NodeCluster,
  namespace: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  const uid = FIRST_UID + Math.floor(Math.random() * 10_000);
  const claim = { namespace, name: namespace };
  const { folder } = await cluster.makeVolume({ name: namespace, capacity: '2Gi', mode: 0o770, claim });
  const place = await makeWorkplace(cluster);
  await useUid(place.folder, uid);
  const own = {
    OPENSHIFT_BACKUP_NAME: namespace,
    OPENSHIFT_BACKUP_NAMESPACE: namespace,
    OPENSHIFT_BACKUP_WAIT_SECONDS: '120',
    ...settings,
  };
  const kubectl: Installation['kubectl'] = (...args) => cluster.kubectl(['-n', namespace, ...args]);
  const installation: Installation = {
    namespace,
    archives: folder,
    uid,
    make: (args, more = {}) => place.make(args, { ...own, ...more }),
    exec: (...argv) => kubectl('exec', `deploy/${namespace}`, '--', ...argv),
    kubectl,
    leave: place.remove,
  };
  const created = await installation.make(['create']);
  assert.deepEqual([created.code, created.stderr], [0, ''], created.stdout);
  return installation;
}

/** OpenShift chooses the user id of a namespace's pods; here the templates name one. */
async function useUid(folder: string, uid: number): Promise<void> {
  for (const name of [
    'template-kubernetes',
    'template-kubernetes-no-secret',
    'template-kubernetes-non-admin-job',
  ]) {
    const file = path.join(folder, 'openshift', `${name}.yml`);
    const text = await readFile(file, 'utf8');
    const changed = text.replaceAll(/\b(?<key>runAsUser|fsGroup): 1001\b/gu, `$<key>: ${uid}`);
    assert.notEqual(changed, text, `${name} names no user id`);
    await writeFile(file, changed);
  }
}

/** Makes a Job of the nightly one, as `make backupnow` does, and doesn't wait for it. */
export async function startJob({ kubectl, namespace }: Installation, job: string): Promise<void> {
  await kubectl('create', 'job', job, `--from=cronjob/${namespace}`);
}

/** The pods of a job, the oldest first. */
export async function podsOf({ kubectl }: Installation, job: string): Promise<RunningObject[]> {
  const text = await kubectl(
    'get',
    'pods',
    '-l',
    `job-name=${job}`,
    '--sort-by=.metadata.creationTimestamp',
    '-o',
    'json',
  );
  return (JSON.parse(text) as { items: RunningObject[] }).items;
}

/** Waits until a job has ended. @returns the type of the condition that says how, and its reason */
export async function endOf({ kubectl }: Installation, job: string): Promise<readonly [string, string?]> {
  return until(`the end of job ${job}`, async () => {
    const { status } = JSON.parse(await kubectl('get', 'job', job, '-o', 'json')) as RunningObject;
    const end = (status?.conditions ?? []).find(
      ({ type, status: holds }) => holds === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    return end && (end.type === 'Failed' ? [end.type, end.reason ?? ''] : [end.type]);
  });
}

/** How the containers of a pod ended: exit code and termination message. */
export function terminationOf({
  status,
}: RunningObject): { readonly exitCode: number; readonly message?: string } | undefined {
  return status?.containerStatuses?.[0]?.state?.terminated;
}

/** Asks again and again until there is an answer. @throws when there is none after three minutes */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadlineMs) throw new Error(`waited ${TIMEOUT_MS / 1000} s for ${what}`);
    await sleep(POLL_MS);
  }
}
