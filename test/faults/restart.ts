import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import {
  endProcesses,
  isRunning,
  lastLines,
  type Reaper,
  startLogged,
  startReaper,
} from '../cluster/processes.ts';

const READY_TIMEOUT_MS = 60_000;
/** It watches Secrets itself: with one that it can't read it never says that it is ready. */
const READY = '/readyz?exclude=informer-sync';
const POLL_MS = 25;

/** The API server of a test's own cluster, to be killed and started again. It needs Linux. */
export interface ServerProcess {
  /** As when its machine fails: no connection is closed in an orderly way. */
  readonly kill: () => Promise<void>;
  /** Starts it with the flags it had and these; waits until it is ready, unless it is not to. */
  readonly start: (flags?: readonly string[], isAwaited?: boolean) => Promise<void>;
  /** Ends what was started here. Call it before `cluster.stop`. */
  readonly stop: () => Promise<void>;
}

/** Takes over the API server of a cluster. */
export async function serverProcessOf(cluster: Cluster): Promise<ServerProcess> {
  const { folder, pids } = cluster.description;
  const commandLine = await readFile(`/proc/${pids.kubeApiserver}/cmdline`, 'utf8');
  const argv = commandLine.split('\0').slice(0, -1);
  const reaper: Reaper = startReaper(folder);
  let pid = pids.kubeApiserver;
  const kill = (): Promise<void> => endProcesses([pid], folder);
  const log = path.join(folder, 'kube-apiserver.log');
  const launch = (flags: readonly string[]): void => {
    const child = startLogged([...argv, ...flags], log);
    if (child.pid === undefined) throw new Error(`${argv[0]} can't be started`);
    ({ pid } = child);
    reaper.watch(pid);
  };
  return {
    kill,
    start: async (flags = [], isAwaited = true) => {
      launch(flags);
      if (!isAwaited) return;
      const deadlineMs = Date.now() + READY_TIMEOUT_MS;
      while (!(await isReady(cluster))) {
        if (Date.now() > deadlineMs)
          throw new Error(`the API server does not get ready:\n${lastLines(log, 20)}`);
        await sleep(POLL_MS);
        // Somebody's outgoing connection may have had its port at that moment.
        if (!isRunning(pid, folder)) launch(flags);
      }
    },
    stop: async () => {
      await kill();
      reaper.release();
    },
  };
}

async function isReady(cluster: Cluster): Promise<boolean> {
  try {
    return (await cluster.api.request('GET', READY)).status === 200;
  } catch {
    return false;
  }
}
