import type { Cluster } from '../cluster/cluster.ts';
import { type KubernetesObject, titleOf } from '../cluster/objects.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const IN_NAMESPACE =
  'serviceaccounts,configmaps,services,persistentvolumeclaims,limitranges,resourcequotas,deployments,cronjobs,networkpolicies,roles,rolebindings';
const IN_CLUSTER = 'namespaces,clusterroles,clusterrolebindings';

/** The objects of an installation on the server, by kind and name, cluster-scoped ones included. */
export async function installedObjects(
  cluster: Cluster,
  name: string,
  namespace?: string,
): Promise<Map<string, KubernetesObject>> {
  const selector = ['-l', `app=${name}`, '-o', 'json'];
  const where = namespace === undefined ? ['-A'] : ['-n', namespace];
  const texts = await Promise.all([
    cluster.kubectl(['get', IN_NAMESPACE, ...where, ...selector]),
    cluster.kubectl(['get', IN_CLUSTER, ...selector]),
  ]);
  const objects = texts.flatMap((text) => (JSON.parse(text) as { items: KubernetesObject[] }).items);
  return new Map(objects.map((object) => [titleOf(object), object]));
}

/** What was sent for an object, as it was sent: kubectl keeps it in an annotation. */
export function sentOf(object: KubernetesObject): KubernetesObject {
  const text = object.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) throw new Error(`${titleOf(object)} was not applied`);
  const sent = JSON.parse(text) as KubernetesObject;
  const { annotations, ...metadata } = sent.metadata;
  // kubectl adds an empty one.
  const isEmpty = Object.keys(annotations ?? {}).length === 0;
  return { ...sent, metadata: isEmpty ? metadata : { ...metadata, ...(annotations && { annotations }) } };
}

/** The value of a path in an object of an installation, as kubectl's jsonpath gives it. */
export async function valueOf(
  cluster: Cluster,
  namespace: string,
  [kind, name, path]: readonly string[],
): Promise<string> {
  return cluster.kubectl(['get', '-n', namespace, kind ?? '', name ?? '', '-o', `jsonpath={${path}}`]);
}
