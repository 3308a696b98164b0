import { type ResourceType, typeName } from '../model/resource-type.ts';

/** Why a resource type is left out of the export. */
export interface SkipReason {
  readonly rule: string;
  readonly reason: string;
}

/** A type can be restored only if it can be made, and compared only if it can be read. */
const NEEDED_VERBS = ['list', 'get', 'create'] as const;

/** Types that are left out by name: rule, reason, and the names as `oc api-resources -o name` writes them. */
export const SKIPPED_TYPES: readonly (SkipReason & { readonly types: readonly string[] })[] = [
  {
    rule: 'event',
    reason: 'events are a log, gone after an hour',
    types: ['events', 'events.events.k8s.io'],
  },
  {
    rule: 'heartbeat',
    reason: 'changes by itself every few seconds or hours',
    types: [
      'leases.coordination.k8s.io',
      'leasecandidates.coordination.k8s.io',
      'apirequestcounts.apiserver.openshift.io',
      'podnetworkconnectivitychecks.controlplane.operator.openshift.io',
      'storagestates.migration.k8s.io',
      'storageversions.internal.apiserver.k8s.io',
      'storageversionmigrations.migration.k8s.io',
      'storageversionmigrations.storagemigration.k8s.io',
    ],
  },
  {
    rule: 'derived',
    reason: 'made and kept up to date by a controller from objects that are exported',
    types: [
      'endpoints',
      'endpointslices.discovery.k8s.io',
      'controllerrevisions.apps',
      'ipaddresses.networking.k8s.io',
      'rangeallocations.security.openshift.io',
      'rangeallocations.security.internal.openshift.io',
      'installplans.operators.coreos.com',
      'operatorconditions.operators.coreos.com',
      'controllerconfigs.machineconfiguration.openshift.io',
      'machineconfignodes.machineconfiguration.openshift.io',
      'profiles.tuned.openshift.io',
    ],
  },
  {
    rule: 'node-state',
    reason: 'describes the machines and what is attached to them at the moment',
    types: [
      'nodes',
      'csinodes.storage.k8s.io',
      'csistoragecapacities.storage.k8s.io',
      'volumeattachments.storage.k8s.io',
      'resourceslices.resource.k8s.io',
      'hostsubnets.network.openshift.io',
    ],
  },
  {
    rule: 'request',
    reason: 'a request that has been answered, not a setting',
    types: [
      'certificatesigningrequests.certificates.k8s.io',
      'templateinstances.template.openshift.io',
      'brokertemplateinstances.template.openshift.io',
    ],
  },
  {
    rule: 'view',
    reason: 'another view of objects that are exported under their own type',
    types: [
      'componentstatuses',
      'projects.project.openshift.io',
      'projectrequests.project.openshift.io',
      'roles.authorization.openshift.io',
      'rolebindings.authorization.openshift.io',
      'clusterroles.authorization.openshift.io',
      'clusterrolebindings.authorization.openshift.io',
      'imagestreamtags.image.openshift.io',
      'imagetags.image.openshift.io',
      'appliedclusterresourcequotas.quota.openshift.io',
      'packagemanifests.packages.operators.coreos.com',
    ],
  },
  {
    rule: 'run-record',
    reason: 'the record of something that ran, or what it produced',
    types: ['builds.build.openshift.io', 'images.image.openshift.io'],
  },
  {
    rule: 'live-credential',
    reason: 'a token that lets its bearer in',
    types: [
      'oauthaccesstokens.oauth.openshift.io',
      'oauthauthorizetokens.oauth.openshift.io',
      'useroauthaccesstokens.oauth.openshift.io',
    ],
  },
  {
    rule: 'operator-state',
    reason: 'a status report of a cluster operator',
    types: ['clusteroperators.config.openshift.io'],
  },
];

/** Groups that hold nothing but views: whether the API server behind them answers makes no difference. */
export const SKIPPED_GROUPS: readonly string[] = [
  'metrics.k8s.io',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
  'packages.operators.coreos.com',
  'subresources.kubevirt.io',
];

const BY_TYPE = new Map(
  SKIPPED_TYPES.flatMap(({ types, rule, reason }) => types.map((type) => [type, { rule, reason }] as const)),
);

/** Why a type is left out, or undefined when it is exported. Facts behind the table: the README's section "What is exported". */
export function skipReason(type: ResourceType): SkipReason | undefined {
  const missing = NEEDED_VERBS.filter((verb) => !type.verbs.includes(verb));
  const known = BY_TYPE.get(typeName(type));
  if (known) return known;
  if (missing.length === 0) return undefined;
  return { rule: 'virtual', reason: `the server offers no ${missing.join(' and no ')} for it` };
}

/** Why a group is left out whatever it holds, or undefined. */
export function groupSkipReason(group: string): SkipReason | undefined {
  if (!SKIPPED_GROUPS.includes(group)) return undefined;
  return {
    rule: 'view',
    reason: 'the whole group is another view of what is exported elsewhere, or of measurements',
  };
}
