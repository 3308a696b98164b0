import { USUAL_COPY } from '../../../src/volumes/copy.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect } from '../../../src/kubernetes/connect.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import type { LockTimes } from '../../../src/volumes/run/target-lease.ts';
import type { RunRecord } from '../../../src/volumes/run-record.ts';
import { type Cluster, type Rule, sharedCluster } from '../../cluster/cluster.ts';
import { type FaultProxy, startFaultProxy } from '../../faults/fault-proxy.ts';
import { HASTY } from '../../faults/in-process.ts';

const ROLES = path.join(import.meta.dirname, '..', '..', '..', 'openshift', 'volumes', 'kubernetes');

/** What the backup may do in a project that lets its volumes be copied, and nowhere else. */
export async function optedInRules(): Promise<readonly Rule[]> {
  const texts = await Promise.all(
    ['volumes-role.yml', 'quiesce-role.yml'].map((file) => readFile(path.join(ROLES, file), 'utf8')),
  );
  return texts.flatMap((text) => (parse(text) as { rules: Rule[] }).rules);
}

/** A project, and somebody with exactly the rights of the backup there, behind a proxy. */
export interface OptedIn {
  readonly project: string;
  readonly cluster: Cluster;
  readonly proxy: FaultProxy;
  readonly client: ApiClient;
  readonly objects: ClusterObjects;
  /** As the administrator, in the project. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Makes the project, and somebody. @param rules in the project; default: those of one that is opted in */
export async function optedInProject(
  project: string,
  rules?: readonly Rule[],
  { name = 'backup', clusterRules = [] }: { name?: string; clusterRules?: readonly Rule[] } = {},
): Promise<OptedIn> {
  const cluster = await sharedCluster();
  const folder = await mkdtemp(path.join(tmpdir(), 'volumes-store-test-'));
  const { token } = await cluster.serviceAccount({
    namespace: project,
    name,
    ...(clusterRules.length > 0 && { clusterRules }),
    namespaceRules: { [project]: rules ?? (await optedInRules()) },
  });
  const proxy = await startFaultProxy(cluster, folder, token, []);
  const connection = await connect({ kubeconfig: proxy.kubeconfig, context: '' });
  const client = new ApiClient(connection, 'test', new AbortController().signal, HASTY);
  return {
    project,
    cluster,
    proxy,
    client,
    objects: new ClusterObjects(client),
    kubectl: (...args) => cluster.kubectl(['-n', project, ...args]),
    close: async () => {
      connection.close();
      await proxy.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Locks that are given up, and taken over, within seconds. */
export const BRIEF: LockTimes = { durationMs: 3000, renewMs: 250, loseAfterMs: 2000, pollMs: 50 };

/** A record as a copy has it that has just begun. */
export function recordOf(project: string, id: string, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    format: 1,
    id,
    request: {
      namespace: project,
      source: 'data',
      target: 'data-backup',
      ...USUAL_COPY,
      deadlineSeconds: 3600,
    },
    startedAt: '2026-11-21T00:15:00.000Z',
    updatedAt: '2026-11-21T00:15:00.000Z',
    phase: 'planned',
    message: 'Begins',
    attempts: 1,
    ...changes,
  };
}
