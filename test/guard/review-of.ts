import type { GuardRequest } from '../../src/guard/guard-request.ts';
import { PROJECT, SETTINGS, type Who } from './guard-cluster.ts';
import type { MutablePod } from './pods.ts';

const USERS: Readonly<Record<Who, { readonly username: string; readonly groups: readonly string[] }>> = {
  edit: { username: `system:serviceaccount:${PROJECT}:tenant-edit`, groups: ['system:authenticated'] },
  admin: { username: `system:serviceaccount:${PROJECT}:tenant-admin`, groups: ['system:authenticated'] },
  backup: { username: SETTINGS.creators[0] ?? '', groups: ['system:authenticated'] },
  identity: { username: `system:serviceaccount:${PROJECT}:backuper`, groups: ['system:authenticated'] },
  masters: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
};

/** What admission control sees of somebody who makes a pod. */
export function fieldsOfRequest(who: Who, pod: MutablePod): GuardRequest {
  return {
    operation: 'CREATE',
    resource: 'pods',
    group: '',
    subresource: '',
    name: pod.metadata.name,
    namespace: PROJECT,
    ...USERS[who],
    object: pod,
    oldObject: undefined,
  };
}

/** The same as an AdmissionReview, with the fields that an API server sends. */
export function reviewOf(request: GuardRequest, uid: string): string {
  const { operation, resource, group, subresource, name, namespace, username, groups } = request;
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group, version: 'v1', resource },
      ...(subresource !== '' && { subResource: subresource }),
      ...(name !== '' && { name }),
      namespace,
      operation,
      userInfo: { username, groups },
      object: request.object,
      oldObject: request.oldObject ?? null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  });
}
