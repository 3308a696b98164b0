import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KnownError } from '../../../src/model/known-error.ts';
import { type Cluster, openCluster } from '../cluster.ts';
import {
  type ClusterDescription,
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../control-plane.ts';
import { startContainerd } from './containerd.ts';
import { killContainers } from './containers.ts';
import { controlGroupRoots } from './control-groups.ts';
import { importImage } from './import-image.ts';
import { startKubelet } from './kubelet-process.ts';
import { prepareKubelet } from './kubelet.ts';
import { enterNetwork, enterNode, inNamespaces } from './place.ts';
import { runCommand, type CommandOptions } from '../run-command.ts';
import { tinyImage } from './tiny-image.ts';
import { makeVolume, type NodeVolume, type VolumeRequest } from './volumes.ts';

/** The controllers of a cluster with a node: all but those that a cloud or a network of many nodes needs. */
const CONTROLLERS: readonly string[] = ['*', '-node-ipam-controller', '-node-route-controller'];

/** How a cluster with a node is started. */
export type NodeClusterOptions = Pick<ControlPlaneOptions, 'apiServerFlags' | 'etcdFlags' | 'log'>;

/** A cluster whose pods run: with a scheduler, all controllers, and one real node. */
export interface NodeCluster extends Cluster {
  /**
   * What comes in front of a command so that it runs in the cluster's network, where pods' addresses lead to pods.
   * The API server is reached from inside and outside, with the same kubeconfigs.
   */
  readonly enter: readonly string[];
  /** For programs that use the cluster: the administrator's KUBECONFIG, and a PATH on which kubectl is. */
  readonly environment: Readonly<Record<'KUBECONFIG' | 'KUBECACHEDIR' | 'PATH', string>>;
  /**
   * Runs a program in the cluster's network, and with its environment. @returns its standard output
   *
   * @throws with its standard error when it fails
   */
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<string>;
  /**
   * Puts an image (a tar file, docker-archive or oci-archive) onto the node, under `name` or the names in the
   * archive, for pods with `imagePullPolicy: Never` or `IfNotPresent`. @returns its full names
   */
  readonly importImage: (tarFile: string, name?: string) => Promise<string[]>;
  /** Makes a PersistentVolume on the node, and what it stands for. */
  readonly makeVolume: (request: VolumeRequest) => Promise<NodeVolume>;
  /** Kills the kubelet; containers run on. */
  readonly killKubelet: () => Promise<void>;
  /** Kills the kubelet if it runs, starts another, and waits until it reports. */
  readonly restartKubelet: () => Promise<void>;
  /** Kills every process of a pod's containers with SIGKILL, as a crash of the node does. @returns how many */
  readonly killContainers: (namespace: string, pod: string) => Promise<number>;
}

/**
 * Starts a cluster with a node, for the caller alone, in a network of its own. It ends with this process at the
 * latest, even on SIGKILL. See `whyNoNode` for what it needs.
 *
 * @throws {KnownError} with the last lines of the logs when it does not come up
 */
export async function startNodeCluster(options: NodeClusterOptions = {}): Promise<NodeCluster> {
  const controlPlane = await startControlPlane({ ...options, controllers: CONTROLLERS, place: inNamespaces });
  try {
    const cluster = await openCluster(controlPlane.description, () => controlPlane.stop());
    return await addNode(cluster, controlPlane);
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}

async function addNode(cluster: Cluster, { description, processes }: ControlPlane): Promise<NodeCluster> {
  const { folder, files, binaries, pids } = description;
  const { node } = pids;
  if (node === undefined) throw new Error('this control plane has no node');
  const enter = enterNetwork(node);
  const scheduler = [`--kubeconfig=${files.adminKubeconfig}`, '--leader-elect=false', '--secure-port=0'];
  processes.start('kube-scheduler', [...enter, ...needed(binaries.kubeScheduler), ...scheduler]);
  const containerd = await startContainerd(folder, node, processes);
  await importImage(containerd, await tinyImage());
  const groups = await controlGroupRoots();
  await Promise.all(groups.map((root) => mkdir(path.join(root, path.basename(folder)), { recursive: true })));
  const flags = await prepareKubelet(description, containerd.socket);
  const argv = [...enterNode(node), ...needed(binaries.kubelet), ...flags];
  const kubelet = await startKubelet(cluster, processes, argv);
  const environment = await environmentFor(description);
  return {
    ...cluster,
    enter,
    environment,
    run: (program, options = {}) =>
      runCommand([...enter, ...program], { ...options, env: { ...environment, ...options.env } }),
    importImage: (tarFile, name) => importImage(containerd, tarFile, name),
    makeVolume: (request) => makeVolume(cluster, node, request),
    killKubelet: kubelet.kill,
    restartKubelet: kubelet.restart,
    killContainers: (namespace, pod) => killContainers(cluster, namespace, pod),
  };
}

async function environmentFor({
  folder,
  files,
  binaries,
}: ClusterDescription): Promise<NodeCluster['environment']> {
  const programs = path.join(folder, 'bin');
  await mkdir(programs);
  const words = binaries.kubectl.map((word) => `'${word}'`).join(' ');
  await writeFile(path.join(programs, 'kubectl'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  return {
    KUBECONFIG: files.adminKubeconfig,
    KUBECACHEDIR: path.join(folder, 'kubectl-cache'),
    PATH: `${programs}${path.delimiter}${process.env['PATH']}`,
  };
}

function needed(program: readonly string[] | undefined): readonly string[] {
  if (program) return program;
  throw new KnownError(
    'usage',
    'KUBEBUILDER_ASSETS names a folder without kube-scheduler and kubelet, which a node needs: ' +
      'put them there, or unset KUBEBUILDER_ASSETS to have the programs built with Go',
  );
}
