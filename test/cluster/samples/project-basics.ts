import type { KubernetesObject } from '../objects.ts';
import { base64, maker } from './shorthand.ts';

const RBAC = 'rbac.authorization.k8s.io';
/** A certificate's form is all that matters here; nobody reads this one. */
const CA_TEXT = '-----BEGIN CERTIFICATE-----\nc2FtcGxlIGF1dGhvcml0eQ==\n-----END CERTIFICATE-----\n';

/** A project and its owner. */
export interface Project {
  readonly name: string;
  readonly title: string;
  readonly requester: string;
  /** Makes the ranges of uids and labels different from project to project, as OpenShift's allocator does. */
  readonly index: number;
}

/**
 * What OpenShift's controllers put into every project: the Namespace with its ranges, three ServiceAccounts
 * with their pull Secrets, two ConfigMaps with authorities, four RoleBindings. Compare
 * `test/data/openshift/objects`, which a real server returned.
 */
export function projectBasics(project: Project): KubernetesObject[] {
  const make = maker(project.name);
  return [
    namespace(project),
    ...['builder', 'default', 'deployer'].flatMap((account) => serviceAccount(project.name, account)),
    make('v1', 'ConfigMap', 'kube-root-ca.crt', { data: { 'ca.crt': CA_TEXT } }),
    make(
      'v1',
      'ConfigMap',
      {
        name: 'openshift-service-ca.crt',
        annotations: { 'service.beta.openshift.io/inject-cabundle': 'true' },
      },
      { data: { 'service-ca.crt': CA_TEXT } },
    ),
    ...roleBindings(project),
  ];
}

function namespace({ name, title, requester, index }: Project): KubernetesObject {
  const firstUid = 1000660000 + index * 10000;
  return maker()('v1', 'Namespace', {
    name,
    labels: {
      'pod-security.kubernetes.io/audit': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    },
    annotations: {
      'openshift.io/display-name': title,
      'openshift.io/description': '',
      'openshift.io/requester': requester,
      'openshift.io/sa.scc.mcs': `s0:c${26 + index},c${15 - index}`,
      'openshift.io/sa.scc.supplemental-groups': `${firstUid}/10000`,
      'openshift.io/sa.scc.uid-range': `${firstUid}/10000`,
    },
  });
}

function serviceAccount(namespaceName: string, account: string): KubernetesObject[] {
  const make = maker(namespaceName);
  const secretName = `${account}-dockercfg-${account.slice(0, 2)}7x9`;
  const registry = 'image-registry.openshift-image-registry.svc:5000';
  const dockercfg = JSON.stringify({
    [registry]: { username: '<token>', password: 'sample', auth: 'sample' },
  });
  return [
    make(
      'v1',
      'ServiceAccount',
      {
        name: account,
        annotations: { 'openshift.io/internal-registry-pull-secret-ref': secretName },
      },
      { secrets: [{ name: secretName }], imagePullSecrets: [{ name: secretName }] },
    ),
    make(
      'v1',
      'Secret',
      {
        name: secretName,
        annotations: {
          'openshift.io/internal-registry-auth-token.binding': 'bound',
          'openshift.io/internal-registry-auth-token.service-account': account,
        },
      },
      { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64(dockercfg) } },
    ),
  ];
}

function roleBindings({ name, requester }: Project): KubernetesObject[] {
  const account = (sa: string): object => ({ kind: 'ServiceAccount', name: sa, namespace: name });
  const group = (groupName: string): object => ({ apiGroup: RBAC, kind: 'Group', name: groupName });
  const description = 'It is auto-managed by a controller; remove subjects to disable.';
  const bind = (bindingName: string, role: string, subject: object): KubernetesObject =>
    maker(name)(
      `${RBAC}/v1`,
      'RoleBinding',
      bindingName.startsWith('system:')
        ? { name: bindingName, annotations: { 'openshift.io/description': description } }
        : bindingName,
      { roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role }, subjects: [subject] },
    );
  return [
    bind('admin', 'admin', { apiGroup: RBAC, kind: 'User', name: requester }),
    bind('system:deployers', 'system:deployer', account('deployer')),
    bind('system:image-builders', 'system:image-builder', account('builder')),
    bind('system:image-pullers', 'system:image-puller', group(`system:serviceaccounts:${name}`)),
  ];
}
