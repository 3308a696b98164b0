import { errorText } from '../model/known-error.ts';
import type { ResourceType } from '../model/resource-type.ts';
import type { ApiClient } from './api-client.ts';

/** `unknown` when the question itself failed: then the list has to tell. */
export type Permission = 'allowed' | 'denied' | { readonly unknown: string };

/**
 * Asks whether the caller may read a type with a SelfSubjectAccessReview. (A SelfSubjectRulesReview would
 * answer for all types at once, but may be incomplete and "SHOULD NOT Be used by external systems": https://github.com/kubernetes/api/blob/v0.34.4/authorization/v1/types.go#L269)
 *
 * @param namespace a project's name; undefined for the whole cluster
 */
export async function mayRead(
  client: ApiClient,
  type: ResourceType,
  verb: 'list' | 'get',
  namespace: string | undefined,
): Promise<Permission> {
  return await mayDo(client, type, verb, namespace);
}

/** The same for any verb: whether the caller may do it to objects of a type, or to the one that is named. */
export async function mayDo(
  client: ApiClient,
  type: Pick<ResourceType, 'group' | 'version' | 'plural'> & {
    readonly name?: string;
    readonly subresource?: string;
  },
  verb: 'list' | 'get' | 'create' | 'update' | 'patch' | 'delete' | 'use',
  namespace: string | undefined,
): Promise<Permission> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        verb,
        group: type.group,
        version: type.version,
        resource: type.plural,
        ...(type.subresource === undefined ? {} : { subresource: type.subresource }),
        ...(type.name === undefined ? {} : { name: type.name }),
        ...(namespace === undefined ? {} : { namespace }),
      },
    },
  };
  try {
    const answer = await client.json('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      body: review,
    });
    const status = (answer as { status?: { allowed?: unknown } } | null)?.status;
    if (typeof status?.allowed !== 'boolean') return { unknown: 'the access review has no answer' };
    return status.allowed ? 'allowed' : 'denied';
  } catch (error) {
    return { unknown: errorText(error) };
  }
}
