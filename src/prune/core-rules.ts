import { annotation, type Condition, type FieldRule, label, type Path, type RuleGroup } from './rule.ts';
import { SOURCE } from './sources.ts';

const NAMESPACES = ['namespaces'];
const CONFIG_MAPS = ['configmaps'];

const SERVICE_CA = `${SOURCE.serviceCa}/pkg/controller/api/api.go`;
const LEADER = annotation('control-plane.alpha.kubernetes.io/leader');
const LEADER_LOCK = `${SOURCE.kubernetes}/staging/src/k8s.io/client-go/tools/leaderelection/resourcelock/interface.go#L34`;
const PSA_SYNC = 'pod-security-admission-label-synchronization-controller';
const PSA_LABELS = ['enforce', 'audit', 'warn'].flatMap((mode) => [mode, `${mode}-version`]);

/** Namespaces and ConfigMaps. */
export const CORE_RULES: RuleGroup = {
  prune: [
    {
      id: 'namespace-name-label',
      types: NAMESPACES,
      path: label('kubernetes.io/metadata.name'),
      reason: 'the name, put there by the server',
      source: `${SOURCE.kubernetesApi}/core/v1/well_known_labels.go#L73`,
    },
    {
      id: 'namespace-finalizer',
      types: NAMESPACES,
      path: ['spec', 'finalizers', { elements: { field: [], is: 'kubernetes' } }],
      reason: 'set by the server in every namespace',
      source: `${SOURCE.kubernetesApi}/core/v1/types.go#L6935`,
    },
    {
      id: 'namespace-operatorgroup-label',
      types: NAMESPACES,
      path: ['metadata', 'labels', { keys: /^olm\.operatorgroup\.uid\// }],
      reason: 'names an OperatorGroup by its uid, which is another one on every cluster',
      source: `${SOURCE.olmApi}/pkg/operators/v1/operatorgroup_types.go#L20`,
    },
    ...PSA_LABELS.map((name) => synced(`psa-${name}`, label(`pod-security.kubernetes.io/${name}`))),
    synced('psa-minimum', annotation('security.openshift.io/MinimallySufficientPodSecurityStandard')),
    {
      id: 'leader-annotation',
      types: CONFIG_MAPS,
      path: LEADER,
      reason: 'who leads at the moment, rewritten every few seconds',
      source: LEADER_LOCK,
    },
    {
      id: 'injected-service-ca',
      types: CONFIG_MAPS,
      path: ['data', 'service-ca.crt'],
      when: {
        any: ['beta', 'alpha'].map((stage) => ({
          field: annotation(`service.${stage}.openshift.io/inject-cabundle`),
          is: 'true',
        })),
      },
      reason: 'filled in because the annotation asks for it; it changes when the certificate is renewed',
      source: `${SERVICE_CA}#L27`,
    },
    {
      id: 'injected-trusted-ca',
      types: CONFIG_MAPS,
      path: ['data', 'ca-bundle.crt'],
      when: { field: label('config.openshift.io/inject-trusted-cabundle'), is: 'true' },
      reason: "filled in because the label asks for it, from the cluster's proxy settings",
      source: `${SOURCE.openshiftApi}/config/v1/types_proxy.go`,
    },
  ],
  skip: [
    {
      id: 'root-ca',
      types: CONFIG_MAPS,
      when: { field: ['metadata', 'name'], matches: /^(?:kube-root-ca\.crt|openshift-service-ca\.crt)$/u },
      reason: 'made in every namespace, and made again when somebody changes it',
      source: `${SOURCE.kubernetes}/pkg/controller/certificates/rootcacertpublisher/publisher.go#L41`,
    },
    {
      id: 'apiserver-authentication',
      types: CONFIG_MAPS,
      when: {
        all: [
          { field: ['metadata', 'namespace'], is: 'kube-system' },
          { field: ['metadata', 'name'], is: 'extension-apiserver-authentication' },
        ],
      },
      reason: 'the certificates by which the API server knows its callers, written by itself',
      source: `${SOURCE.kubernetes}/pkg/controlplane/controller/clusterauthenticationtrust/cluster_authentication_trust_controller.go#L53`,
    },
    {
      id: 'autoscaler-status',
      types: CONFIG_MAPS,
      when: {
        all: [
          { field: ['metadata', 'name'], is: 'cluster-autoscaler-status' },
          { has: annotation('cluster-autoscaler.kubernetes.io/last-updated') },
        ],
      },
      reason: 'the status of the cluster autoscaler, rewritten every few seconds',
      source: `${SOURCE.autoscaler}/cluster-autoscaler/clusterstate/utils/status.go`,
    },
    {
      id: 'leader-lock',
      types: CONFIG_MAPS,
      when: { has: LEADER },
      rest: {
        all: [
          { count: ['data'], is: 0 },
          { count: ['binaryData'], is: 0 },
        ],
      },
      reason: 'a lock, and nothing else',
      source: LEADER_LOCK,
    },
    {
      id: 'build-configmap',
      types: CONFIG_MAPS,
      when: {
        all: [
          { field: ['metadata', 'name'], matches: /-(?:ca|global-ca|sys-config)$/u },
          { has: ownedByBuildPod() },
        ],
      },
      reason: 'made for one build, from the settings of the cluster',
      source: `${SOURCE.openshiftControllerManager}/pkg/build/controller/build/build_controller.go#L1876`,
    },
  ],
};

function synced(id: string, path: Path): FieldRule {
  return {
    id,
    types: NAMESPACES,
    path,
    when: { managedBy: PSA_SYNC },
    reason: 'derived from the rights of the service accounts in the namespace',
    source: `${SOURCE.clusterPolicyController}/pkg/psalabelsyncer/podsecurity_label_sync_controller.go#L37`,
  };
}

/** Not a controller: the reference lacks the mark (build_controller.go, makeBuildPodOwnerRef). */
function ownedByBuildPod(): Path {
  const isBuildPod: Condition = {
    all: [
      { field: ['kind'], is: 'Pod' },
      { field: ['name'], matches: /-build$/u },
    ],
  };
  return ['metadata', 'ownerReferences', { elements: isBuildPod }];
}
