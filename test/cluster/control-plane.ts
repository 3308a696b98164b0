import { globSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../src/model/known-error.ts';
import { answersOk, connectApi } from './api-client.ts';
import { type Binaries, ensureBinaries, type Log } from './binaries.ts';
import { controllerFlags, CONTROLLERS, LEADER_LEASE, requireControllers } from './controllers.ts';
import { type ClusterFiles, writeClusterFiles } from './cluster-files.ts';
import { removeControlGroups } from './node/control-groups.ts';
import { apiServerFlags, etcdFlags, type MakePlace, onLoopback, type PlacePids } from './place.ts';
import {
  endProcesses,
  isRunning,
  lastLines,
  type ProcessGroup,
  processGroup,
  startReaper,
} from './processes.ts';

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
  /** Makes the place where it runs; default: this machine's loopback. */
  readonly place?: MakePlace;
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
  } & PlacePids;
  readonly binaries: Binaries;
}

/** A running control plane. */
export interface ControlPlane {
  readonly description: ClusterDescription;
  /** Its processes, for adding more that are to end with it. */
  readonly processes: ProcessGroup;
  /** Ends its processes and removes the folder. */
  readonly stop: () => Promise<void>;
  /** Lets it run on when this process ends; then only `stopControlPlane` ends it. */
  readonly outlive: () => void;
}

/**
 * Starts etcd and kube-apiserver in their place, and waits until the API server is ready.
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
    const processes = processGroup(folder, reaper);
    const end = async (): Promise<void> => {
      await processes.end();
      await removeCluster(folder);
      reaper.release();
      await reaper.ended();
    };
    try {
      const description = await startIn(folder, binaries, options, processes);
      return {
        description,
        processes,
        stop: end,
        outlive: () => reaper.release(),
      };
    } catch (error) {
      const isPortTaken = logTails(folder, 40).includes('address already in use');
      await end();
      // Between finding a free port and using it, another program may have taken it.
      if (!isPortTaken || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}

/** Ends the processes of a control plane that any process started, and removes its folder. */
export async function stopControlPlane({ folder, pids }: ClusterDescription): Promise<void> {
  // Nothing here is worth an orderly end, which takes kube-apiserver up to a minute.
  await endProcesses(Object.values(pids), folder);
  await removeCluster(folder);
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
  processes: ProcessGroup,
): Promise<ClusterDescription> {
  const { enter, server, etcdServer, pids, ...place } = await (options.place ?? onLoopback)(
    folder,
    processes,
  );
  const files = await writeClusterFiles(folder, server, place.addresses);
  const start = (name: string, argv: readonly string[]): number => processes.start(name, [...enter, ...argv]);
  const etcd = [...binaries.etcd, ...etcdFlags(folder, etcdServer), ...(options.etcdFlags ?? [])];
  const kubeApiserver = [
    ...binaries.kubeApiserver,
    ...apiServerFlags(etcdServer, files),
    ...place.apiServerFlags(files),
    ...(options.apiServerFlags ?? []),
  ];
  let description: ClusterDescription = {
    folder,
    server,
    etcdServer,
    files,
    pids: { ...pids, etcd: start('etcd', etcd), kubeApiserver: start('kube-apiserver', kubeApiserver) },
    binaries,
  };
  await ready(description);
  if (hasControllers(options)) {
    const names = options.controllers === true ? CONTROLLERS : options.controllers || [];
    const argv = [...requireControllers(binaries), ...controllerFlags(files, names)];
    const kubeControllerManager = start('kube-controller-manager', argv);
    description = { ...description, pids: { ...description.pids, kubeControllerManager } };
    await ready(description, LEADER_LEASE);
  }
  await writeFile(files.description, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  return description;
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

function startFailure(description: ClusterDescription): KnownError {
  const reason = isAlive(description) ? `is not ready after ${READY_TIMEOUT_MS / 1000} s` : 'has ended';
  return new KnownError(
    'failed',
    `the test cluster ${reason}; its last lines:\n${logTails(description.folder, 10)}`,
  );
}

/** The last lines of logs in a cluster's folder, each below its name; by default of all that hold anything. */
export function logTails(folder: string, lineCount: number, names?: readonly string[]): string {
  const files = names?.map((name) => `${name}.log`) ?? globSync('*.log', { cwd: folder }).toSorted();
  return files
    .map((file) => [file, lastLines(path.join(folder, file), lineCount)] as const)
    .filter(([, lines]) => lines !== '')
    .map((parts) => parts.join(':\n'))
    .join('\n');
}

async function removeCluster(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await removeControlGroups(path.basename(folder));
}
