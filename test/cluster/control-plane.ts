import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../src/model/known-error.ts';
import { type ApiClient, connectApi } from './api-client.ts';
import { type Binaries, ensureBinaries, type Log } from './binaries.ts';
import { controllerFlags, CONTROLLERS, LEADER_LEASE, requireControllers } from './controllers.ts';
import { endProcesses, isRunning, lastLines, type Reaper, startLogged, startReaper } from './processes.ts';
import { type ClusterFiles, writeClusterFiles } from './cluster-files.ts';

const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 25;
const START_ATTEMPTS_MAX = 3;

/** How a control plane is started. */
export interface ControlPlaneOptions {
  /** More flags for kube-apiserver, as in `--max-requests-inflight=5`; a later one wins over ours. */
  readonly apiServerFlags?: readonly string[];
  /** More flags for etcd. */
  readonly etcdFlags?: readonly string[];
  /** Runs kube-controller-manager too, with the usual controllers (`CONTROLLERS`) or with these; default: none. */
  readonly controllers?: boolean | readonly string[];
  /** Takes what is worth knowing while it starts; default: standard error. */
  readonly log?: Log;
}

/** Where a running cluster is, as it stands in its description file: all that another process needs to use it. */
export interface ClusterDescription {
  /** Holds everything of this cluster: data, certificates, logs. */
  readonly folder: string;
  /** URL of the API server, `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** URL of etcd, without TLS. */
  readonly etcdServer: string;
  readonly files: ClusterFiles;
  readonly pids: {
    readonly etcd: number;
    readonly kubeApiserver: number;
    /** Only where controllers were asked for. */
    readonly kubeControllerManager?: number;
  };
  readonly binaries: Binaries;
}

/** A running control plane. */
export interface ControlPlane {
  readonly description: ClusterDescription;
  /** Ends its processes and removes the folder. */
  readonly stop: () => Promise<void>;
  /** Lets it run on when this process ends; then only `stopControlPlane` ends it. */
  readonly outlive: () => void;
}

/**
 * Starts etcd and kube-apiserver on loopback with free ports, and waits until the API server is ready.
 * They end with this process, however it ends. Unless controllers are asked for, there are none: nothing makes
 * the ServiceAccount `default`, fills a status or deletes dependents, and a deleted Namespace stays Terminating.
 *
 * @throws {KnownError} with the last lines of the logs when they don't start, or when controllers are asked for
 *   and there is no kube-controller-manager
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const log = options.log ?? ((line): void => void process.stderr.write(`${line}\n`));
  const binaries = await ensureBinaries(log);
  if (hasControllers(options)) requireControllers(binaries);
  for (let attempt = 1; ; attempt += 1) {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'openshift-backup-cluster-')));
    const reaper = startReaper(folder);
    try {
      const description = await startIn(folder, binaries, options, reaper);
      return {
        description,
        stop: async () => {
          await stopControlPlane(description);
          reaper.release();
        },
        outlive: () => reaper.release(),
      };
    } catch (error) {
      const isPortTaken = logTail(folder, 40).includes('address already in use');
      await removeFolder(folder);
      reaper.release();
      // Between finding a free port and using it, another program may have taken it.
      if (!isPortTaken || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}

/** Ends the processes of a control plane that any process started, and removes its folder. */
export async function stopControlPlane(description: ClusterDescription): Promise<void> {
  const { folder, pids } = description;
  // Nothing here is worth an orderly end, which takes kube-apiserver up to a minute.
  await endProcesses(Object.values(pids), folder);
  await removeFolder(folder);
}

/** Whether all its processes run. */
export function isAlive({ folder, pids }: ClusterDescription): boolean {
  return Object.values(pids).every((pid) => isRunning(pid, folder));
}

function hasControllers({ controllers = false }: ControlPlaneOptions): boolean {
  return controllers !== false;
}

async function startIn(
  folder: string,
  binaries: Binaries,
  options: ControlPlaneOptions,
  reaper: Reaper,
): Promise<ClusterDescription> {
  const [etcdPort = 0, apiPort = 0] = await freePorts(2);
  const server = `https://127.0.0.1:${apiPort}`;
  const etcdServer = `http://127.0.0.1:${etcdPort}`;
  const files = await writeClusterFiles(folder, server);
  const { etcd, kubeApiserver } = binaries;
  const started: number[] = [];
  const start = (name: string, argv: readonly string[]): number => {
    const { pid } = startLogged(argv, path.join(folder, `${name}.log`));
    if (pid === undefined) throw new KnownError('failed', `${argv[0]} can't be started`);
    reaper.watch(pid);
    started.push(pid);
    return pid;
  };
  try {
    const pids = {
      etcd: start('etcd', [...etcd, ...etcdFlags(folder, etcdServer), ...(options.etcdFlags ?? [])]),
      kubeApiserver: start('kube-apiserver', [
        ...kubeApiserver,
        ...apiServerFlags(etcdServer, apiPort, files),
        ...(options.apiServerFlags ?? []),
      ]),
    };
    let description: ClusterDescription = { folder, server, etcdServer, files, pids, binaries };
    await ready(description);
    if (hasControllers(options)) {
      const names = options.controllers === true ? CONTROLLERS : options.controllers || [];
      const argv = [...requireControllers(binaries), ...controllerFlags(files, names)];
      const kubeControllerManager = start('kube-controller-manager', argv);
      description = { ...description, pids: { ...pids, kubeControllerManager } };
      await ready(description, LEADER_LEASE);
    }
    await writeFile(files.description, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
    return description;
  } catch (error) {
    await endProcesses(started, folder);
    throw error;
  }
}

function etcdFlags(folder: string, etcdServer: string): string[] {
  return [
    `--data-dir=${path.join(folder, 'etcd')}`,
    `--listen-client-urls=${etcdServer}`,
    `--advertise-client-urls=${etcdServer}`,
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    `--quota-backend-bytes=${8 * 1024 ** 3}`,
    '--log-level=warn',
  ];
}

function apiServerFlags(etcdServer: string, port: number, files: ClusterFiles): string[] {
  return [
    `--etcd-servers=${etcdServer}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Without these two it looks for a default route, and refuses loopback as the address of its Service.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.ca}`,
    `--service-account-key-file=${files.tokenPublicKey}`,
    `--service-account-signing-key-file=${files.tokenKey}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--service-cluster-ip-range=10.96.0.0/12',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    // It refuses Pods whose ServiceAccount is missing, and no controller makes the one named default.
    '--disable-admission-plugins=ServiceAccount',
  ];
}

/** Waits until the API server is ready and has made the namespaces that every cluster has, and these objects are there. */
async function ready(description: ClusterDescription, ...objects: readonly string[]): Promise<void> {
  const client = await connectApi(description.server, description.files);
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  const namespaces = ['/api/v1/namespaces/default', '/api/v1/namespaces/kube-system'];
  const missing = ['/readyz', ...namespaces, ...objects];
  while (missing[0] !== undefined) {
    if (await answersOk(client, missing[0])) missing.shift();
    else if (!isAlive(description) || Date.now() > deadlineMs) throw startFailure(description);
    else await sleep(POLL_MS);
  }
  client.close();
}

async function answersOk(client: ApiClient, target: string): Promise<boolean> {
  try {
    return (await client.request('GET', target)).status === 200;
  } catch {
    return false;
  }
}

function startFailure(description: ClusterDescription): KnownError {
  const reason = isAlive(description) ? `is not ready after ${READY_TIMEOUT_MS / 1000} s` : 'has ended';
  return new KnownError(
    'failed',
    `the test cluster ${reason}; its last lines:\n${logTail(description.folder, 10)}`,
  );
}

function logTail(folder: string, lineCount: number): string {
  const files = ['etcd.log', 'kube-apiserver.log', 'kube-controller-manager.log'];
  return files
    .filter((file) => existsSync(path.join(folder, file)))
    .map((file) => `${file}:\n${lastLines(path.join(folder, file), lineCount)}`)
    .join('\n');
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Ports of 127.0.0.1 that nobody listens on, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
