import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../../src/model/known-error.ts';
import { lastLines, type ProcessGroup } from '../processes.ts';
import { BRIDGE, enterNode, nodeFolder, POD_RANGE } from './place.ts';
import { runCommand } from '../run-command.ts';
import { SANDBOX_IMAGE } from './tiny-image.ts';

/** Where packages put the plugins that make pods' networks: Debian's folder, and the one that others use. */
export const NETWORK_PLUGIN_FOLDERS: readonly string[] = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 25;

/** containerd, as it runs in one node. */
export interface Containerd {
  /** The socket that it listens on, for the kubelet. */
  readonly socket: string;
  /** Runs its command-line tool, `ctr`. @returns its standard output @throws with its standard error */
  readonly ctr: (...args: readonly string[]) => Promise<string>;
}

/**
 * Starts containerd in the node whose holder this is, and waits until it answers.
 *
 * @throws {KnownError} with the last lines of its log when it doesn't
 */
export async function startContainerd(
  folder: string,
  node: number,
  processes: ProcessGroup,
): Promise<Containerd> {
  const own = path.join(nodeFolder(folder), 'containerd');
  const networks = path.join(own, 'networks');
  await mkdir(networks, { recursive: true });
  const config = path.join(own, 'config.toml');
  await writeFile(config, configFor(own, networks, await snapshotterFor(own, node)));
  await writeFile(path.join(networks, '10-bridge.conflist'), JSON.stringify(network(own)));
  processes.start('containerd', [...enterNode(node), 'containerd', `--config=${config}`]);
  const socket = socketIn(own);
  const ctr = (...args: readonly string[]): Promise<string> =>
    runCommand([...enterNode(node), 'ctr', `--address=${socket}`, '--namespace=k8s.io', ...args]);
  await answers(folder, ctr);
  return { socket, ctr };
}

async function answers(folder: string, ctr: Containerd['ctr']): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  const isReady = (): Promise<boolean> =>
    ctr('images', 'list', '--quiet').then(
      () => true,
      () => false,
    );
  while (!(await isReady())) {
    if (Date.now() > deadlineMs) {
      const lines = lastLines(path.join(folder, 'containerd.log'), 10);
      throw new KnownError('failed', `containerd does not answer; its last lines:\n${lines}`);
    }
    await sleep(POLL_MS);
  }
}

function socketIn(own: string): string {
  return path.join(own, 'containerd.sock');
}

/** Copies where layers can't be laid over each other: on a file system that consists of layers itself. */
async function snapshotterFor(own: string, node: number): Promise<'overlayfs' | 'native'> {
  const folders = ['lower', 'upper', 'work', 'merged'].map((name) => path.join(own, 'try', name));
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  const [lower, upper, work, merged = ''] = folders;
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  try {
    await runCommand([...enterNode(node), 'mount', '-t', 'overlay', '-o', options, 'overlay', merged]);
    await runCommand([...enterNode(node), 'umount', merged]);
    return 'overlayfs';
  } catch {
    return 'native';
  }
}

function configFor(own: string, networks: string, snapshotter: string): string {
  const plugins = NETWORK_PLUGIN_FOLDERS.find((folder) => existsSync(path.join(folder, 'bridge'))) ?? '';
  return `version = 2
root = ${text(path.join(own, 'root'))}
state = ${text(path.join(own, 'state'))}
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = ${text(socketIn(own))}
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(path.join(own, 'opt'))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(SANDBOX_IMAGE)}
  # Without the right to lower it, runc fails with "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
  # It would load a profile into the kernel that outlives the node.
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${text(plugins)}
    conf_dir = ${text(networks)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${text(snapshotter)}
`;
}

/** A string in TOML, which JSON's are for what stands in here. */
function text(value: string): string {
  return JSON.stringify(value);
}

/** Pods on one bridge; whatever is not theirs goes to the node, from where nothing leads on. */
function network(own: string): object {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: POD_RANGE }]],
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: path.join(own, 'addresses'),
  };
  const bridge = { type: 'bridge', bridge: BRIDGE, isGateway: true, ipMasq: false, ipam };
  return { cniVersion: '0.4.0', name: 'pods', plugins: [bridge] };
}
