import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../../../src/model/known-error.ts';
import { requestOk } from '../api-client.ts';
import type { Cluster } from '../cluster.ts';
import { controlGroupFolders } from './control-groups.ts';

interface ContainerStatus {
  readonly containerID?: string;
}

interface PodStatus {
  readonly status?: {
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** Kills every process of a pod's containers with SIGKILL. @returns how many there were */
export async function killContainers(cluster: Cluster, namespace: string, pod: string): Promise<number> {
  const text = await requestOk(cluster.api, 'GET', `/api/v1/namespaces/${namespace}/pods/${pod}`);
  const { status = {} } = JSON.parse(text) as PodStatus;
  const containers = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const ids = new Set(containers.map(({ containerID = '' }) => containerID.replace('containerd://', '')));
  const [group = ''] = await controlGroupFolders(path.basename(cluster.description.folder));
  const pids = readdirSync(group, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory() && ids.has(entry.name))
    .flatMap((entry) => processesIn(path.join(entry.parentPath, entry.name)));
  for (const pid of pids) killIfThere(pid);
  return pids.length;
}

/** With the first process of a container all others of it go. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

/** The processes in a control group, by their ids outside of any container. */
function processesIn(group: string): number[] {
  const text = readFileSync(path.join(group, 'cgroup.procs'), 'utf8');
  return text.split('\n').filter(Boolean).map(Number);
}

/** The processes that a process has started and that run. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/u.test(name));
  return pids.filter((pid) => parentOf(pid) === parent).map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    // The name in parentheses may hold anything; behind it are the state and the parent.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(parent);
  } catch {
    return undefined;
  }
}
