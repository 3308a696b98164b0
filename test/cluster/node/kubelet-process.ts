import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../../src/model/known-error.ts';
import { answersOk, requestOk } from '../api-client.ts';
import type { Cluster } from '../cluster.ts';
import { logTails } from '../control-plane.ts';
import { endProcesses, isRunning, type ProcessGroup } from '../processes.ts';
import { childrenOf } from './containers.ts';
import { NODE_NAME } from './kubelet.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const NODE = `/api/v1/nodes/${NODE_NAME}`;

/** A kubelet that runs, or doesn't for a while. */
export interface Kubelet {
  /** Kills it, if it runs; containers run on. */
  readonly kill: () => Promise<void>;
  /** Kills it if it runs, starts another, and waits until it is ready. */
  readonly restart: () => Promise<void>;
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface PodList {
  readonly items: readonly { readonly metadata: { readonly uid: string } }[];
}

/** Of the kubelet: `items` is null while it knows of none. */
interface KnownPods {
  readonly items: PodList['items'] | null;
}

/**
 * Starts the kubelet by this command, and waits until it is ready for pods.
 *
 * @throws {KnownError} with the last lines of the logs when it isn't
 */
export async function startKubelet(
  cluster: Cluster,
  processes: ProcessGroup,
  argv: readonly string[],
): Promise<Kubelet> {
  const { folder } = cluster.description;
  let pid = processes.start('kubelet', argv);
  const kill = async (): Promise<void> => {
    // What was started waits for the kubelet itself, which is its child in another namespace of processes.
    await endProcesses([...childrenOf(pid), pid], folder);
  };
  await ready(cluster, pid);
  return {
    kill,
    restart: async () => {
      await kill();
      pid = processes.start('kubelet', argv);
      await ready(cluster, pid);
    },
  };
}

async function ready(cluster: Cluster, pid: number): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  const { folder } = cluster.description;
  while (!(await isReady(cluster))) {
    const isAlive = isRunning(pid, folder);
    if (!isAlive || Date.now() > deadlineMs) {
      const reason = isAlive ? `is not ready after ${READY_TIMEOUT_MS / 1000} s` : 'has ended';
      const lines = logTails(folder, 10, ['containerd', 'kubelet']);
      throw new KnownError('failed', `the kubelet ${reason}; the last lines:\n${lines}`);
    }
    await sleep(POLL_MS);
  }
}

/** Whether it answers, pods may be placed on its node, and it knows of those that run there already. */
async function isReady({ api }: Cluster): Promise<boolean> {
  for (const target of [NODE, `${NODE}/proxy/healthz`]) if (!(await answersOk(api, target))) return false;
  const read = async <T>(target: string): Promise<T> => JSON.parse(await requestOk(api, 'GET', target)) as T;
  const { spec, status } = await read<NodeObject>(NODE);
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.status !== 'True' || (spec.taints ?? []).length > 0) return false;
  const selector = `fieldSelector=spec.nodeName=${NODE_NAME},status.phase=Running`;
  const running = await read<PodList>(`/api/v1/pods?${selector}`);
  if (running.items.length === 0) return true;
  const { items } = await read<KnownPods>(`${NODE}/proxy/pods`);
  const known = new Set(items?.map(({ metadata }) => metadata.uid));
  return running.items.every(({ metadata }) => known.has(metadata.uid));
}
