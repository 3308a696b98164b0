import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';

/** Which cluster it is, and what runs there. */
export interface ClusterIdentity {
  /** The uid of the Namespace kube-system, which lives as long as the cluster; null where it may not be read. */
  readonly id: string | null;
  readonly serverVersion: string;
}

/**
 * Reads which cluster it is.
 *
 * @throws ApiError (401 when the credentials are not accepted), TransportError when there is no answer
 */
export async function identifyCluster(client: ApiClient): Promise<ClusterIdentity> {
  const version = (await client.json('/version')) as { gitVersion?: unknown } | null;
  const serverVersion = typeof version?.gitVersion === 'string' ? version.gitVersion : 'unknown';
  return { id: await systemNamespaceUid(client), serverVersion };
}

async function systemNamespaceUid(client: ApiClient): Promise<string | null> {
  try {
    const namespace = (await client.json('/api/v1/namespaces/kube-system')) as {
      metadata?: { uid?: unknown };
    } | null;
    const uid = namespace?.metadata?.uid;
    return typeof uid === 'string' ? uid : null;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return null;
    throw error;
  }
}
