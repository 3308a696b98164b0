import { pod } from './restricted-objects.ts';
import { type NodeCluster, startNodeCluster } from './start-node-cluster.ts';

/** Starts a cluster with a node on which a pod runs, `default/busy`, and a file system is mounted. */
export async function startBusyCluster(): Promise<NodeCluster> {
  const cluster = await startNodeCluster({ log: () => {} });
  await cluster.makeVolume({ name: 'small', fileSystem: { type: 'ext4', bytes: 4 * 1024 * 1024 } });
  await cluster.kubectl(['wait', '--for=create', 'serviceaccount/default', '--timeout=60s']);
  await cluster.apply([pod('default', 'busy', ['pause'])]);
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/busy', '--timeout=60s']);
  return cluster;
}
