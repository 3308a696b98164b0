/**
 * Types that others need when they are applied, in the order in which they must be there; and those that
 * must wait until the objects are there on which they would act. All others come in between.
 */
const FIRST: readonly string[] = [
  'customresourcedefinitions.apiextensions.k8s.io',
  'namespaces',
  'storageclasses.storage.k8s.io',
  'volumesnapshotclasses.snapshot.storage.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'runtimeclasses.node.k8s.io',
  'securitycontextconstraints.security.openshift.io',
  'persistentvolumes',
  'persistentvolumeclaims',
  'clusterroles.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'serviceaccounts',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'secrets',
  'configmaps',
  'limitranges',
  'resourcequotas',
  'services',
];
const LAST: readonly string[] = [
  'apiservices.apiregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
];

/**
 * Compares two types by when their objects are applied; those between the first and the last by their names.
 * The order is Velero's in the main (https://github.com/vmware-tanzu/velero/blob/d30d389/pkg/cmd/server/config/config.go).
 */
export function compareApplyOrder(a: string, b: string): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  return a < b ? -1 : Number(a > b);
}

function rank(type: string): number {
  const first = FIRST.indexOf(type);
  if (first !== -1) return first;
  const last = LAST.indexOf(type);
  return FIRST.length + (last === -1 ? 0 : 1 + last);
}
