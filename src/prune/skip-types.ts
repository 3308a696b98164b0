import { type ResourceType, typeName } from '../model/resource-type.ts';
import { SOURCE } from './sources.ts';

/** Why a resource type is left out of the export. */
export interface SkipReason {
  readonly rule: string;
  readonly reason: string;
}

/** The verbs that an exported type has: it can be restored only if it can be made, and compared only if it can be read. */
export const NEEDED_VERBS = ['list', 'get', 'create'] as const;

/** Types that are left out, for one reason. */
export interface SkippedTypes extends SkipReason {
  /** As `oc api-resources -o name` writes them. */
  readonly types: readonly string[];
  /** Where the fact is written down: a pinned link. */
  readonly source: string;
}

const NOT_RESTORED = `${SOURCE.velero}/pkg/controller/restore_controller.go#L67`;

/** Types that are left out by name. */
export const SKIPPED_TYPES: readonly SkippedTypes[] = [
  {
    rule: 'event',
    reason: 'events are a log, gone after an hour',
    source: NOT_RESTORED,
    types: ['events', 'events.events.k8s.io'],
  },
  {
    rule: 'heartbeat',
    reason: 'changes by itself every few seconds or hours',
    source: `${SOURCE.kubernetesApi}/coordination/v1/types.go`,
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
    source: `${SOURCE.kubernetesApi}/apps/v1/types.go`,
    types: [
      'controllerrevisions.apps',
      'ipaddresses.networking.k8s.io',
      'rangeallocations.security.openshift.io',
      'rangeallocations.security.internal.openshift.io',
      'installplans.operators.coreos.com',
      'operatorconditions.operators.coreos.com',
      'operators.operators.coreos.com',
      'controllerconfigs.machineconfiguration.openshift.io',
      'machineconfignodes.machineconfiguration.openshift.io',
      'machineosbuilds.machineconfiguration.openshift.io',
      'profiles.tuned.openshift.io',
      'policyreports.wgpolicyk8s.io',
      'clusterpolicyreports.wgpolicyk8s.io',
    ],
  },
  {
    rule: 'node-state',
    reason: 'describes the machines and what is attached to them at the moment',
    source: NOT_RESTORED,
    types: [
      'nodes',
      'csinodes.storage.k8s.io',
      'csistoragecapacities.storage.k8s.io',
      'volumeattachments.storage.k8s.io',
      'resourceslices.resource.k8s.io',
      'hostsubnets.network.openshift.io',
      'hardwaredata.metal3.io',
      'ciliumendpoints.cilium.io',
      'ciliumidentities.cilium.io',
      'ippools.whereabouts.cni.cncf.io',
      'nodeslicepools.whereabouts.cni.cncf.io',
      'overlappingrangeipreservations.whereabouts.cni.cncf.io',
    ],
  },
  {
    rule: 'request',
    reason: 'a request that has been answered, not a setting',
    source: `${SOURCE.kubernetesApi}/certificates/v1/types.go`,
    types: [
      'certificatesigningrequests.certificates.k8s.io',
      'certificaterequests.cert-manager.io',
      'orders.acme.cert-manager.io',
      'challenges.acme.cert-manager.io',
      'templateinstances.template.openshift.io',
      'brokertemplateinstances.template.openshift.io',
      'deletebackuprequests.velero.io',
      'downloadrequests.velero.io',
      'serverstatusrequests.velero.io',
    ],
  },
  {
    rule: 'view',
    reason: 'another view of objects that are exported under their own type',
    source: `${SOURCE.openshiftApiserver}/pkg/image/apiserver/registry/imagestreamtag/rest.go`,
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
    source: NOT_RESTORED,
    types: [
      'builds.build.openshift.io',
      'images.image.openshift.io',
      'pipelineruns.tekton.dev',
      'taskruns.tekton.dev',
      'customruns.tekton.dev',
      'backups.velero.io',
      'restores.velero.io',
      'podvolumebackups.velero.io',
      'podvolumerestores.velero.io',
      'datauploads.velero.io',
      'datadownloads.velero.io',
    ],
  },
  {
    rule: 'live-credential',
    reason: 'a token that lets its bearer in',
    source: `${SOURCE.openshiftApi}/oauth/v1/types.go`,
    types: [
      'oauthaccesstokens.oauth.openshift.io',
      'oauthauthorizetokens.oauth.openshift.io',
      'useroauthaccesstokens.oauth.openshift.io',
    ],
  },
  {
    rule: 'operator-state',
    reason: 'a status report of a cluster operator',
    source: `${SOURCE.openshiftApi}/config/v1/types_cluster_operator.go`,
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
