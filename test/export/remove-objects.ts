import { requestOk } from '../cluster/api-client.ts';
import { eachOfMany } from '../cluster/apply.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { collectionPaths } from '../cluster/resources.ts';
import { until } from './quiet-cluster.ts';

/**
 * Deletes objects, Namespaces with all that is in them, and waits until they are gone. What would keep the
 * others from being deleted goes first, definitions of types last.
 */
export async function removeObjects(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<void> {
  // Nobody is there to do what these finalizers wait for.
  await removeFinalizers(
    cluster,
    objects.filter(({ metadata }) => metadata['finalizers'] !== undefined),
  );
  const outside = objects.filter(({ metadata }) => metadata.namespace === undefined);
  const waves = Object.groupBy(outside, wave);
  for (const part of [waves.first, waves.projects, waves.middle, waves.last])
    await remove(cluster, part ?? []);
}

function wave({ kind, aggregationRule }: KubernetesObject): 'first' | 'projects' | 'middle' | 'last' {
  // While an API doesn't answer, no Namespace can be emptied.
  if (kind === 'APIService') return 'first';
  if (kind === 'Namespace') return 'projects';
  // Its parts first: with each that goes, a controller writes it anew.
  if (aggregationRule !== undefined) return 'last';
  return kind === 'CustomResourceDefinition' ? 'last' : 'middle';
}

async function remove(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<void> {
  const pathOf = await collectionPaths(cluster.api);
  const targets = objects.map((object) => `${pathOf(object)}/${encodeURIComponent(object.metadata.name)}`);
  const isGone = async (target: string): Promise<boolean> =>
    (await cluster.api.request('DELETE', target)).status === 404;
  // Asked again and again: a controller may make an object anew from what it remembers of it.
  await eachOfMany(targets, async (target) => void (await isGone(target)));
  await eachOfMany(targets, (target) => until(`${target} is gone`, () => isGone(target)));
}

async function removeFinalizers(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<void> {
  const pathOf = await collectionPaths(cluster.api);
  for (const object of objects) {
    const target = `${pathOf(object)}/${encodeURIComponent(object.metadata.name)}`;
    await requestOk(cluster.api, 'PATCH', target, {
      text: JSON.stringify({ metadata: { finalizers: null } }),
      contentType: 'application/merge-patch+json',
    });
  }
}
