import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { connect } from '../../src/kubernetes/connect.ts';
import { type ApiObject, ClusterObjects, type ObjectRef } from '../../src/kubernetes/objects.ts';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';
import { type Asked, type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { HASTY } from '../faults/in-process.ts';

const VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete'];

/** Somebody who may change a few types in one project, behind a proxy that breaks what it is told to. */
export interface Writer {
  readonly cluster: Cluster;
  readonly proxy: FaultProxy;
  /** The project's ConfigMaps, and one of them. */
  readonly maps: ObjectRef;
  readonly map: (name: string) => ObjectRef;
  readonly objects: ClusterObjects;
  readonly objectsWith: (signal: AbortSignal, pageObjects?: number) => ClusterObjects;
  /** Makes a ConfigMap, with nothing in the way. */
  readonly made: (name: string, data?: Record<string, string>) => Promise<ApiObject>;
  /** As the administrator, and past the proxy. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Makes the project and the writer. */
export async function startWriter(project: string): Promise<Writer> {
  const cluster = await sharedCluster();
  const folder = await mkdtemp(path.join(tmpdir(), 'objects-test-'));
  const resources = ['configmaps', 'deployments', 'deployments/scale'];
  const namespaceRules = { [project]: [{ apiGroups: ['', 'apps'], resources, verbs: VERBS }] };
  const { token } = await cluster.serviceAccount({ namespace: project, name: 'writer', namespaceRules });
  const proxy = await startFaultProxy(cluster, folder, token, []);
  const connection = await connect({ kubeconfig: proxy.kubeconfig, context: '' });
  const objectsWith = (signal: AbortSignal, pageObjects = 500): ClusterObjects =>
    new ClusterObjects(new ApiClient(connection, 'test', signal, { ...HASTY, pageObjects }));
  const objects = objectsWith(new AbortController().signal);
  const maps = { apiVersion: 'v1', plural: 'configmaps', namespace: project };
  return {
    cluster,
    proxy,
    maps,
    map: (name) => ({ ...maps, name }),
    objects,
    objectsWith,
    made: async (name, data) => {
      proxy.use([]);
      return await objects.create(maps, configMap(name, data));
    },
    kubectl: (...args) => cluster.kubectl(['-n', project, ...args]),
    close: async () => {
      connection.close();
      await proxy.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A ConfigMap, as it is sent. */
export function configMap(name: string, data: Record<string, string> = { text: 'Größe' }): ApiObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** Matches the requests with this method. */
export function sent(method: string): (asked: Asked) => boolean {
  return (asked) => asked.method === method;
}
