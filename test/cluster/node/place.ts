import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../../src/model/known-error.ts';
import type { Place } from '../place.ts';
import { isRunning, lastLines, type ProcessGroup } from '../processes.ts';
import type { RelayRequest } from './relay.ts';

/** The node's own address, and the pods' gateway. */
export const NODE_ADDRESS = '10.244.0.1';
/** The addresses of its pods. */
export const POD_RANGE = '10.244.0.0/24';
/** The network interface that all pods hang on. */
export const BRIDGE = 'cni0';
/** Where pods find the API server: the first address of the range of Services. */
const SERVICE_ADDRESS = '10.96.0.1';
const READY_TIMEOUT_MS = 10_000;
const POLL_MS = 10;

/**
 * What the kubelet wants the kernel to be set to. It would change the machine's own settings; so it is shown files
 * that say they are right already.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/kubelet/cm/container_manager_linux.go#L450-L458
 */
const KERNEL_SETTINGS: Readonly<Record<string, number>> = {
  'kernel/keys/root_maxbytes': 25_000_000,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
};

/**
 * The first process of a node. Its namespaces of processes and mounts hold whatever containerd and the kubelet
 * make, wherever they make it, and the kernel clears all of it away when this process ends. It waits for orphans.
 * Addresses are those of the node's own network, which no other can see.
 */
const FIRST_PROCESS = `
set -e
node=$1
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mount --bind "$node/log" /var/log
for file in $(cd "$node/kernel" && find . -type f); do
  if [ -e "/proc/sys/$file" ]; then mount --bind "$node/kernel/$file" "/proc/sys/$file"; fi
done
ip link set lo up
ip address add ${SERVICE_ADDRESS}/32 dev lo
ip link add ${BRIDGE} type bridge
ip address add ${NODE_ADDRESS}/24 dev ${BRIDGE}
ip link set ${BRIDGE} up
touch "$node/ready"
sleep infinity &
wait
`;

/**
 * A machine of its own in all that matters to a node: network, processes, mounts. Nothing leads out of its network
 * but the relay to its API server, which listens on this machine's loopback.
 *
 * @throws {KnownError} when it can't be made
 */
export async function inNamespaces(folder: string, processes: ProcessGroup): Promise<Place> {
  const node = await startFirstProcess(folder, processes);
  const enter = enterNetwork(node);
  const { port, relay } = await startRelay(folder, enter, processes);
  return {
    enter,
    server: `https://127.0.0.1:${port}`,
    etcdServer: 'http://127.0.0.1:2379',
    addresses: ['127.0.0.1', SERVICE_ADDRESS, NODE_ADDRESS],
    apiServerFlags: (files) => [
      '--bind-address=0.0.0.0',
      // The Service's own port: there is no kube-proxy that would lead from one to another.
      '--secure-port=443',
      `--advertise-address=${NODE_ADDRESS}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${files.adminCertificate}`,
      `--kubelet-client-key=${files.adminKey}`,
    ],
    pids: { node, relay },
  };
}

/** What runs a command in the network of this node (its holder's id), and only there. */
export function enterNetwork(node: number): readonly string[] {
  return ['nsenter', `--net=/proc/${node}/ns/net`, '--'];
}

/** What runs a command as one of the node's own processes, with its mounts. */
export function enterNode(node: number): readonly string[] {
  const namespaces = `/proc/${node}/ns`;
  return [
    'nsenter',
    `--net=${namespaces}/net`,
    `--mount=${namespaces}/mnt`,
    `--pid=${namespaces}/pid_for_children`,
    '--',
  ];
}

/** The path of the node's own files, see `inNamespaces`. */
export function nodeFolder(folder: string): string {
  return path.join(folder, 'node');
}

async function startFirstProcess(folder: string, processes: ProcessGroup): Promise<number> {
  const own = nodeFolder(folder);
  await mkdir(path.join(own, 'log'), { recursive: true });
  for (const [name, value] of Object.entries(KERNEL_SETTINGS)) {
    const file = path.join(own, 'kernel', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `${value}\n`);
  }
  const unshare = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const node = processes.start('node', [...unshare, 'sh', '-c', FIRST_PROCESS, 'node', own]);
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  while (!existsSync(path.join(own, 'ready'))) {
    if (!isRunning(node, own) || Date.now() > deadlineMs) {
      const reason = lastLines(path.join(folder, 'node.log'), 5);
      throw new KnownError('failed', `the test node's namespaces can't be made: ${reason}`);
    }
    await sleep(POLL_MS);
  }
  return node;
}

/** Leads from a free port of this machine's loopback, and from the same port of the node's, to the API server. */
async function startRelay(
  folder: string,
  enter: readonly string[],
  processes: ProcessGroup,
): Promise<{ readonly port: number; readonly relay: number }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const [command = '', ...args] = enter;
  const program = [process.execPath, path.join(import.meta.dirname, 'relay.ts'), folder];
  const log = openSync(path.join(folder, 'relay.log'), 'a', 0o600);
  let child: ChildProcess;
  try {
    const stdio = ['ignore', log, log, 'ipc'] as const;
    child = spawn(command, [...args, ...program], { detached: true, stdio: [...stdio] });
  } finally {
    closeSync(log);
  }
  const relay = processes.adopt(child);
  const request: RelayRequest = { port, target: { host: NODE_ADDRESS, port: 443 } };
  const isReady = Promise.race([once(child, 'message'), once(child, 'exit')]);
  child.send(request, server);
  await isReady;
  child.unref();
  server.close();
  if (child.exitCode !== null) {
    throw new KnownError('failed', `the relay has ended: ${lastLines(path.join(folder, 'relay.log'), 5)}`);
  }
  return { port, relay };
}
