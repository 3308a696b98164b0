import { type ApiClient, requestOk } from './api-client.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/**
 * Removes a namespace, and before it its ConfigMaps and rights: there is nobody to empty it, and so nobody to take
 * its finalizer away.
 */
export async function removeProject(api: ApiClient, name: string): Promise<void> {
  const target = `/api/v1/namespaces/${name}`;
  for (const list of [
    `${target}/configmaps`,
    `${RBAC}/namespaces/${name}/rolebindings`,
    `${RBAC}/namespaces/${name}/roles`,
  ])
    await requestOk(api, 'DELETE', list);
  await requestOk(api, 'DELETE', target);
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  const body = { text: JSON.stringify(object), contentType: 'application/json' };
  await requestOk(api, 'PUT', `${target}/finalize`, body);
}
