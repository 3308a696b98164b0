import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { existsSync } from 'node:fs';
import type { ClusterDescription } from '../control-plane.ts';
import { controlGroupFolders } from './control-groups.ts';

/** What is there of a cluster with a node. Without it all is empty, by `NOTHING_LEFT`. */
export interface Leftovers {
  readonly folder: readonly string[];
  /** Command lines of processes that name the folder, or are in the node's network. */
  readonly processes: readonly string[];
  /** Lines of this process's own mount table. */
  readonly mounts: readonly string[];
  readonly controlGroups: readonly string[];
  /** Files that loop devices make file systems of. */
  readonly loopDevices: readonly string[];
}

/** A cluster that is gone. */
export const NOTHING_LEFT: Leftovers = {
  folder: [],
  processes: [],
  mounts: [],
  controlGroups: [],
  loopDevices: [],
};

/** The network namespace of a running node, as /proc names it. */
export function networkOf({ pids }: ClusterDescription): string {
  return readlinkSync(`/proc/${pids.node}/ns/net`);
}

/** Looks for whatever a cluster with this folder and this network may have left on the machine. */
export async function leftovers(folder: string, network: string): Promise<Leftovers> {
  return {
    folder: existsSync(folder) ? readdirSync(folder) : [],
    processes: processesOf(folder, network),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(folder)),
    controlGroups: await controlGroupFolders(path.basename(folder)),
    loopDevices: loopFiles().filter((file) => file.startsWith(folder)),
  };
}

function processesOf(folder: string, network: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/u.test(name));
  return pids.flatMap((pid) => {
    const command = read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    const isInside = read(() => readlinkSync(`/proc/${pid}/ns/net`)) === network;
    return command.includes(folder) || isInside ? [`${pid} ${command}`] : [];
  });
}

function loopFiles(): string[] {
  const devices = readdirSync('/sys/block').filter((name) => name.startsWith('loop'));
  return devices
    .map((name) => read(() => readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim()))
    .filter(Boolean);
}

/** Empty where the process or the device is gone by now. */
function read(from: () => string): string {
  try {
    return from();
  } catch {
    return '';
  }
}
