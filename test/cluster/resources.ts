import { type ApiClient, requestOk } from './api-client.ts';
import { type KubernetesObject, titleOf } from './objects.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** How the server names a kind in its addresses. */
export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
}

interface GroupDiscovery {
  readonly metadata: { readonly name?: string };
  readonly versions?: readonly {
    readonly version: string;
    readonly resources?: readonly {
      readonly resource: string;
      readonly singularResource: string;
      readonly responseKind?: { readonly kind: string };
      readonly scope: 'Namespaced' | 'Cluster';
      readonly verbs: readonly string[];
    }[];
  }[];
}

/** Every resource that the server serves, in every version, without subresources. */
export async function servedResources(client: ApiClient): Promise<ServedResource[]> {
  const texts = await Promise.all(
    ['/api', '/apis'].map((target) => requestOk(client, 'GET', target, { accept: AGGREGATED })),
  );
  return texts.flatMap((text) => resourcesIn(JSON.parse(text) as { items: GroupDiscovery[] }));
}

/** The resources in an aggregated discovery document (`APIGroupDiscoveryList`). */
export function resourcesIn(document: { readonly items: readonly GroupDiscovery[] }): ServedResource[] {
  return document.items.flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.map((resource) => ({
        group: metadata.name ?? '',
        version,
        plural: resource.resource,
        singular: resource.singularResource,
        kind: resource.responseKind?.kind ?? '',
        isNamespaced: resource.scope === 'Namespaced',
        verbs: resource.verbs,
      })),
    ),
  );
}

/** The path of all objects of the kind of `object`, in its namespace if it has one. */
export type CollectionPath = (object: KubernetesObject) => string;

/** Knows the path of every kind that the server serves at this moment; its result throws for any other. */
export async function collectionPaths(client: ApiClient): Promise<CollectionPath> {
  const resources = await servedResources(client);
  const byKind = new Map(
    resources.map((resource) => [`${groupVersion(resource)} ${resource.kind}`, resource]),
  );
  return (object) => {
    const resource = byKind.get(`${object.apiVersion} ${object.kind}`);
    if (!resource)
      throw new Error(`${titleOf(object)}: the cluster has no ${object.apiVersion} ${object.kind}`);
    const { namespace } = object.metadata;
    if (resource.isNamespaced !== (namespace !== undefined)) {
      throw new Error(
        `${titleOf(object)}: this kind ${resource.isNamespaced ? 'needs a' : 'has no'} namespace`,
      );
    }
    const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
    return `${root}/${resource.version}${scope}/${resource.plural}`;
  };
}

function groupVersion({ group, version }: ServedResource): string {
  return group === '' ? version : `${group}/${version}`;
}
