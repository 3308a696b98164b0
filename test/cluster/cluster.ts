import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ApiClient, connectApi } from './api-client.ts';
import { sendObjects } from './apply.ts';
import { type ClusterDescription, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';
import { installOpenShiftTypes } from './openshift-types.ts';
import { runCommand } from './run-command.ts';
import {
  createServiceAccount,
  type ServiceAccountLogin,
  type ServiceAccountRequest,
} from './service-account.ts';

export type { KubernetesObject } from './objects.ts';
export { READ_EVERYTHING, type Rule } from './service-account.ts';

/** How kubectl is called. */
export interface KubectlOptions {
  /** Given to kubectl on standard input. */
  readonly input?: string;
  /** Path of the kubeconfig; default: the administrator's. */
  readonly kubeconfig?: string;
}

/** A running cluster: a real API server, no nodes, and no controllers unless they were asked for. */
export interface Cluster {
  /** URL of the API server. */
  readonly server: string;
  /** Path of the certificate of the server's authority, as PEM. */
  readonly caFile: string;
  /** Path of a kubeconfig for the administrator (group system:masters, so no rule ever says no). */
  readonly adminKubeconfig: string;
  /** Its processes and files. */
  readonly description: ClusterDescription;
  /** Plain requests as administrator. */
  readonly api: ApiClient;
  /** Runs kubectl. @returns its standard output @throws with its standard error when it fails */
  readonly kubectl: (args: readonly string[], options?: KubectlOptions) => Promise<string>;
  /** Makes or changes objects by server-side apply, 8 at a time. See `sendObjects` for the order. */
  readonly apply: (objects: readonly KubernetesObject[]) => Promise<void>;
  /** Makes objects that don't exist yet: about 1,000 a second, a quarter faster than `apply`. */
  readonly create: (objects: readonly KubernetesObject[]) => Promise<void>;
  /** Makes a ServiceAccount with exactly these rights (and what every user may), and a token for it. */
  readonly serviceAccount: (request: ServiceAccountRequest) => Promise<ServiceAccountLogin>;
  /** Ends the cluster, if this process started it, and removes its files. */
  readonly stop: () => Promise<void>;
}

let shared: Promise<Cluster> | undefined;

/** Starts a cluster for the caller alone. It ends with this process at the latest, even on SIGKILL. */
export async function startCluster(options: ControlPlaneOptions = {}): Promise<Cluster> {
  const controlPlane = await startControlPlane(options);
  return openCluster(controlPlane.description, () => controlPlane.stop());
}

/**
 * The cluster that all tests of a run share, with OpenShift's types installed: the one whose description
 * file TEST_CLUSTER names (test/run.ts sets it), else one for this process, which ends with it.
 * Tests keep out of each other's way by namespaces of their own.
 */
export function sharedCluster(): Promise<Cluster> {
  shared ??= joinOrStart();
  return shared;
}

/** Access to a cluster that runs, from its description. */
export async function openCluster(
  description: ClusterDescription,
  end: () => Promise<void> = async () => {},
): Promise<Cluster> {
  const { server, files } = description;
  const api = await connectApi(server, files);
  return {
    server,
    caFile: files.ca,
    adminKubeconfig: files.adminKubeconfig,
    description,
    api,
    kubectl: (args, options = {}) => kubectl(description, args, options),
    apply: (objects) => sendObjects(api, objects, 'apply'),
    create: (objects) => sendObjects(api, objects, 'create'),
    serviceAccount: (request) => createServiceAccount(api, description, request),
    stop: async () => {
      api.close();
      await end();
    },
  };
}

async function joinOrStart(): Promise<Cluster> {
  const file = process.env['TEST_CLUSTER'];
  if (file !== undefined && file !== '') {
    return openCluster(JSON.parse(await readFile(file, 'utf8')) as ClusterDescription);
  }
  const cluster = await startCluster();
  await installOpenShiftTypes(cluster);
  return cluster;
}

function kubectl(
  description: ClusterDescription,
  args: readonly string[],
  options: KubectlOptions,
): Promise<string> {
  const { folder, files, binaries } = description;
  return runCommand([...binaries.kubectl, ...args], {
    title: `kubectl ${args.join(' ')}`,
    ...(options.input !== undefined && { input: options.input }),
    env: {
      KUBECONFIG: options.kubeconfig ?? files.adminKubeconfig,
      // Its own cache goes by host and port, and ports come back in later runs.
      KUBECACHEDIR: path.join(folder, 'kubectl-cache'),
    },
  });
}
