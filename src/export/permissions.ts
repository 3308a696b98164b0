import type { ApiClient } from '../kubernetes/api-client.ts';
import { CONNECTIONS_MAX } from '../kubernetes/connect.ts';
import { mayRead, type Permission } from '../kubernetes/may-list.ts';
import type { ResourceType } from '../model/resource-type.ts';
import { WHOLE_CLUSTER } from '../model/manifest.ts';
import { inOrder } from './in-order.ts';
import { isNamespaceType } from './store-object.ts';

const ALL_CONNECTIONS = { atOnce: CONNECTIONS_MAX, ahead: Infinity };

/** Where a type is to be listed, and whether the server said that it may be. */
export interface Scope {
  /** `*` for the whole cluster, else a project's name. */
  readonly scope: string;
  readonly permission: Permission;
}

/**
 * Asks for every type whether it may be listed in the whole cluster, several at a time.
 *
 * @returns the answers in the order of the types
 */
export async function askForCluster(
  client: ApiClient,
  types: readonly ResourceType[],
): Promise<Permission[]> {
  const questions = types.map((type) => () => mayRead(client, type, 'list', undefined));
  return await Array.fromAsync(inOrder(questions, ALL_CONNECTIONS, client.cancel));
}

/** Asks for one type whether it may be listed in each of the projects. */
export async function askForProjects(
  client: ApiClient,
  type: ResourceType,
  projects: readonly string[],
): Promise<Scope[]> {
  // The rights on a Namespace object are asked for inside the namespace of that name.
  const verb = isNamespaceType(type) ? 'get' : 'list';
  const questions = projects.map((project) => async (): Promise<Scope> => ({
    scope: project,
    permission: await mayRead(client, type, verb, project),
  }));
  return await Array.fromAsync(inOrder(questions, ALL_CONNECTIONS, client.cancel));
}

/** The scope of a type that may be listed everywhere at once. */
export function clusterScope(permission: Permission): Scope {
  return { scope: WHOLE_CLUSTER, permission };
}
