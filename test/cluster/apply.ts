import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, type ApiResponse, CONNECTIONS_MAX, statusMessage } from './api-client.ts';
import { jsonOf, type KubernetesObject, titleOf } from './objects.ts';
import { collectionPaths, servedResources } from './resources.ts';

const SERVED_TIMEOUT_MS = 60_000;
const POLL_MS = 25;

/** How an object gets to the server: `apply` makes or changes it (server-side apply), `create` only makes it. */
export type Method = 'apply' | 'create';

/**
 * Sends objects, 8 at a time: Namespaces and CustomResourceDefinitions first, what limits a Namespace
 * last. Custom resources may follow their definition in the same call: it waits until they are served.
 *
 * @throws on the first object that the server refuses, with its message; others may have been sent
 */
export async function sendObjects(
  client: ApiClient,
  objects: readonly KubernetesObject[],
  method: Method,
  fieldManager = 'test-cluster',
): Promise<void> {
  for (const wave of waves(objects)) {
    const pathOf = await collectionPaths(client);
    await eachOfMany(wave, async (object) => {
      const { status, text } = await send(client, object, pathOf(object), { method, fieldManager });
      if (status >= 200 && status <= 299) return;
      throw new Error(`${titleOf(object)} can't be sent: ${status} ${statusMessage(text)}`);
    });
    await servedDefinitions(client, wave.filter(isDefinition));
  }
}

/** Calls `work` for each item, 8 at a time, in order of the list. Stops at the first failure. */
export async function eachOfMany<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (hasFailed) return;
      await work(item).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS_MAX }, worker));
}

function waves(objects: readonly KubernetesObject[]): KubernetesObject[][] {
  const groups = Object.groupBy(objects, (object) => waveOf(object));
  return [groups.first ?? [], groups.middle ?? [], groups.last ?? []].filter((wave) => wave.length > 0);
}

function waveOf(object: KubernetesObject): 'first' | 'middle' | 'last' {
  if (object.kind === 'Namespace' || isDefinition(object)) return 'first';
  // A quota refuses Pods until a controller has counted, and a limit changes those that follow.
  return object.kind === 'ResourceQuota' || object.kind === 'LimitRange' ? 'last' : 'middle';
}

function isDefinition({ kind, apiVersion }: KubernetesObject): boolean {
  return kind === 'CustomResourceDefinition' && apiVersion.startsWith('apiextensions.k8s.io/');
}

function send(
  client: ApiClient,
  object: KubernetesObject,
  collection: string,
  { method, fieldManager }: { readonly method: Method; readonly fieldManager: string },
): Promise<ApiResponse> {
  const text = jsonOf(object);
  const query = `fieldManager=${fieldManager}`;
  if (method === 'create') return client.request('POST', `${collection}?${query}`, { text });
  const target = `${collection}/${encodeURIComponent(object.metadata.name)}?${query}&force=true`;
  return client.request('PATCH', target, { text, contentType: 'application/apply-patch+yaml' });
}

/** Waits until the types of definitions can be listed and stand in the discovery document. */
async function servedDefinitions(client: ApiClient, definitions: readonly KubernetesObject[]): Promise<void> {
  const deadlineMs = Date.now() + SERVED_TIMEOUT_MS;
  let missing = definitions;
  while (missing.length > 0) {
    if (Date.now() > deadlineMs) throw new Error(`not served: ${missing.map(titleOf).join(', ')}`);
    await sleep(POLL_MS);
    missing = await notServed(client, missing);
  }
}

/** Those whose type can't be listed yet, or doesn't stand in the discovery document. */
async function notServed(
  client: ApiClient,
  definitions: readonly KubernetesObject[],
): Promise<KubernetesObject[]> {
  const served = new Map(
    (await servedResources(client)).map((resource) => [`${resource.plural}.${resource.group}`, resource]),
  );
  const isServed = await Promise.all(
    definitions.map(async ({ metadata }) => {
      const resource = served.get(metadata.name);
      if (!resource) return false;
      const { group, version, plural } = resource;
      return (await client.request('GET', `/apis/${group}/${version}/${plural}?limit=1`)).status === 200;
    }),
  );
  return definitions.filter((_definition, index) => isServed[index] !== true);
}
