import { errorText } from '../model/known-error.ts';
import type { ResourceType } from '../model/resource-type.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, TransportError } from './api-error.ts';

/** v2 since Kubernetes 1.30, v2beta1 since 1.26; an older server answers with its plain form. */
const ACCEPT_AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/** What the API server says it serves. */
export interface Discovery {
  /** Every resource of every group in the version that the group prefers (among those that have it). */
  readonly types: readonly ResourceType[];
  /** Groups in a version whose resources are not known at the moment. */
  readonly unknown: readonly UnknownGroup[];
}

/** A group in a version that did not say what it holds. */
export interface UnknownGroup {
  readonly group: string;
  readonly version: string;
  readonly reason: string;
}

/** The documents of discovery, and the field in which each holds its list; it is never empty. */
const DISCOVERY_FIELDS: Readonly<Record<string, string>> = {
  APIGroupDiscoveryList: 'items',
  APIVersions: 'versions',
  APIGroupList: 'groups',
};

interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ResourceType[] | { readonly unknown: string };
}

/**
 * Asks the API server for all its resource types: two requests where it can aggregate them (KEP-3352),
 * else one for each group and version. A group that does not answer is named, never left out.
 *
 * @throws ApiError, TransportError when the server itself does not answer
 */
export async function discover(client: ApiClient): Promise<Discovery> {
  const versions = [...(await discoverRoot(client, '/api')), ...(await discoverRoot(client, '/apis'))];
  const known = versions.flatMap(({ resources }) => ('unknown' in resources ? [] : resources));
  const served = Map.groupBy(known, ({ group, plural }) => `${group}/${plural}`);
  const types = [...served.values()].flatMap(withOtherVersions);
  const unknown = versions.flatMap(({ group, version, resources }) =>
    'unknown' in resources ? [{ group, version, reason: resources.unknown }] : [],
  );
  return { types: types.toSorted(byGroupAndPlural), unknown };
}

/** The first of a resource's versions, which is the preferred one, with the names of the others. */
function withOtherVersions([preferred, ...others]: readonly ResourceType[]): ResourceType[] {
  if (!preferred) return [];
  const listable = others.filter(({ verbs }) => verbs.includes('list'));
  if (listable.length === 0) return [preferred];
  return [{ ...preferred, otherVersions: listable.map(({ version }) => version) }];
}

async function discoverRoot(client: ApiClient, root: '/api' | '/apis'): Promise<GroupVersion[]> {
  const document = record(await client.json(root, { accept: ACCEPT_AGGREGATED }));
  const field = DISCOVERY_FIELDS[text(document['kind'])];
  if (field === undefined || !Array.isArray(document[field]) || document[field].length === 0) {
    throw new TransportError('', `${root} did not answer with a list of what the server serves`);
  }
  if (field === 'items') return list(document['items']).flatMap(aggregatedGroup);
  const groupVersions =
    root === '/api'
      ? texts(document['versions']).map((version) => ['', version] as const)
      : plainGroups(document);
  return await Promise.all(groupVersions.map(([group, version]) => discoverPlain(client, group, version)));
}

function aggregatedGroup(item: Fields): GroupVersion[] {
  const group = text(record(item['metadata'])['name']);
  return list(item['versions']).map((entry) => {
    const version = text(entry['version']);
    // A stale entry may be empty although the group has resources; the server says so only here.
    if (entry['freshness'] === 'Stale') {
      return {
        group,
        version,
        resources: { unknown: 'the API server behind it does not answer (stale discovery)' },
      };
    }
    const resources = list(entry['resources']).flatMap((resource) =>
      aggregatedType(group, version, resource),
    );
    return { group, version, resources };
  });
}

function aggregatedType(group: string, version: string, resource: Fields): ResourceType[] {
  const kind = text(record(resource['responseKind'])['kind']);
  const plural = text(resource['resource']);
  const verbs = texts(resource['verbs']);
  return [{ group, version, plural, kind, isNamespaced: resource['scope'] === 'Namespaced', verbs }];
}

/** The group's preferred version first, then the others in their order. */
function plainGroups(document: Fields): (readonly [string, string])[] {
  return list(document['groups']).flatMap((group) => {
    const name = text(group['name']);
    const preferred = text(record(group['preferredVersion'])['version']);
    const versions = list(group['versions']).map((entry) => text(entry['version']));
    return [preferred, ...versions.filter((version) => version !== preferred)].map(
      (version) => [name, version] as const,
    );
  });
}

async function discoverPlain(client: ApiClient, group: string, version: string): Promise<GroupVersion> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  try {
    const document = record(await client.json(path));
    if (document['kind'] !== 'APIResourceList' || !Array.isArray(document['resources'])) {
      return { group, version, resources: { unknown: `${path} did not answer with a list of resources` } };
    }
    const resources = list(document['resources']).flatMap((resource) => plainType(group, version, resource));
    return { group, version, resources };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { group, version, resources: [] };
    return { group, version, resources: { unknown: errorText(error) } };
  }
}

function plainType(group: string, version: string, resource: Fields): ResourceType[] {
  const plural = text(resource['name']);
  if (plural.includes('/')) return [];
  const isNamespaced = resource['namespaced'] === true;
  return [
    { group, version, plural, kind: text(resource['kind']), isNamespaced, verbs: texts(resource['verbs']) },
  ];
}

function byGroupAndPlural(a: ResourceType, b: ResourceType): number {
  const [left, right] = [`${a.group}/${a.plural}`, `${b.group}/${b.plural}`];
  return left < right ? -1 : Number(left > right);
}

type Fields = Record<string, unknown>;

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
