import { generatedName } from './generated-name.ts';
import {
  annotation,
  type Condition,
  EACH,
  type FieldRule,
  label,
  type Path,
  type RuleGroup,
} from './rule.ts';
import { SOURCE } from './sources.ts';

const PODS = ['pods'];
const ACCOUNT: Path = ['spec', 'serviceAccountName'];
const IS_TOKEN_VOLUME: Condition = {
  any: [
    { field: ['name'], matches: generatedName('kube-api-access-') },
    { field: ['name'], sameAs: ACCOUNT, after: generatedName('-token-') },
  ],
};
const TOKEN_ADMISSION = `${SOURCE.kubernetes}/plugin/pkg/admission/serviceaccount/admission.go#L423`;
const MULTUS = `${SOURCE.multus}/pkg/apis/k8s.cni.cncf.io/v1/types.go`;
const OVN = `${SOURCE.ovnKubernetes}/go-controller/pkg/util/pod_annotation.go`;
/** Controllers that make their pods again: those of Kubernetes, and of what many clusters run besides. */
const OWNERS = [
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'Node',
  'Build',
  'CatalogSource',
  'TaskRun',
  'StrimziPodSet',
  'VirtualMachineInstance',
];
const POD_ACTION = `${SOURCE.velero}/pkg/restore/actions/pod_action.go`;

/** Pods: only those that somebody made by hand are stored. */
export const POD_RULES: RuleGroup = {
  prune: [
    {
      id: 'pod-scc',
      types: PODS,
      path: annotation('openshift.io/scc'),
      reason: 'says which SecurityContextConstraints let the pod in',
      source: `${SOURCE.apiserverLibraryGo}/pkg/securitycontextconstraints/sccadmission/admission.go`,
    },
    {
      id: 'pod-scc-subject-type',
      types: PODS,
      path: annotation('security.openshift.io/validated-scc-subject-type'),
      reason: 'says whose rights let the pod in',
      source: `${SOURCE.openshiftApi}/security/v1/consts.go`,
    },
    network('pod-network-status', 'k8s.v1.cni.cncf.io/network-status', MULTUS),
    network('pod-networks-status', 'k8s.v1.cni.cncf.io/networks-status', MULTUS),
    network('pod-ovn-networks', 'k8s.ovn.org/pod-networks', OVN),
  ],
  apply: [
    {
      id: 'pod-node-name',
      types: PODS,
      path: ['spec', 'nodeName'],
      reason: 'chosen by the scheduler',
      source: POD_ACTION,
    },
    {
      id: 'pod-priority',
      types: PODS,
      path: ['spec', 'priority'],
      reason: 'looked up by its class, and refused if it differs',
      source: POD_ACTION,
    },
    {
      id: 'pod-service-account-alias',
      types: PODS,
      path: ['spec', 'serviceAccount'],
      reason: 'the old name of serviceAccountName, filled in by the server',
      source: `${SOURCE.kubernetesApi}/core/v1/types.go`,
    },
    {
      id: 'pod-ephemeral-containers',
      types: PODS,
      path: ['spec', 'ephemeralContainers'],
      reason: 'a debugging session; refused in a pod that is made anew',
      source: `${SOURCE.kubernetes}/pkg/registry/core/pod/strategy.go`,
    },
    {
      id: 'pod-token-volumes',
      types: PODS,
      path: ['spec', 'volumes', { elements: IS_TOKEN_VOLUME }],
      reason: 'the token of the service account, added to every pod that is made',
      source: TOKEN_ADMISSION,
    },
    {
      id: 'pod-token-mounts',
      types: PODS,
      path: [
        'spec',
        { keys: /^(?:containers|initContainers)$/u },
        EACH,
        'volumeMounts',
        { elements: IS_TOKEN_VOLUME },
      ],
      reason: 'where the token of the service account is mounted, added to every pod that is made',
      source: TOKEN_ADMISSION,
    },
    {
      id: 'pod-generated-pull-secret',
      types: PODS,
      path: [
        'spec',
        'imagePullSecrets',
        { elements: { field: ['name'], sameAs: ACCOUNT, after: generatedName('-dockercfg-') } },
      ],
      reason: 'copied from the service account, whose generated pull secret has another name elsewhere',
      source: `${SOURCE.veleroOpenshift}/velero-plugins/pod/restore.go`,
    },
    {
      id: 'pod-default-tolerations',
      types: PODS,
      path: [
        'spec',
        'tolerations',
        {
          elements: {
            all: [
              { field: ['key'], matches: /^node\.kubernetes\.io\/(?:not-ready|unreachable)$/u },
              { field: ['operator'], is: 'Exists' },
              { field: ['effect'], is: 'NoExecute' },
              { field: ['tolerationSeconds'], is: 300 },
            ],
          },
        },
      ],
      reason: 'added to every pod that is made',
      source: `${SOURCE.kubernetes}/plugin/pkg/admission/defaulttolerationseconds/admission.go#L82`,
    },
  ],
  skip: [
    {
      id: 'owned-pod',
      types: PODS,
      when: { ownedBy: OWNERS },
      reason: 'made again by its controller, or one run of it',
      source: `${SOURCE.kubernetes}/pkg/controller/controller_utils.go`,
    },
    {
      id: 'mirror-pod',
      types: PODS,
      when: { has: annotation('kubernetes.io/config.mirror') },
      reason: 'the view of a pod that a node runs from a file',
      source: `${SOURCE.kubernetesApi}/core/v1/annotation_key_constants.go#L27`,
    },
    {
      id: 'finished-pod',
      types: PODS,
      when: { field: ['status', 'phase'], matches: /^(?:Succeeded|Failed)$/u },
      reason: 'it has run, and will not run again',
      source: `${SOURCE.velero}/pkg/restore/restore.go#L2154`,
    },
    {
      id: 'build-pod',
      types: PODS,
      when: {
        any: [{ has: label('openshift.io/build.name') }, { has: annotation('openshift.io/build.name') }],
      },
      reason: 'runs a build, and is made for it',
      source: `${SOURCE.openshiftApi}/build/v1/consts.go`,
    },
    {
      id: 'deployer-pod',
      types: PODS,
      when: { has: label('openshift.io/deployer-pod-for.name') },
      reason: 'performs a rollout of a DeploymentConfig, and is made for it',
      source: `${SOURCE.openshiftApi}/apps/v1/consts.go#L42`,
    },
  ],
};

function network(id: string, name: string, source: string): FieldRule {
  return {
    id,
    types: PODS,
    path: annotation(name),
    reason: 'addresses that the network gave the pod',
    source,
  };
}
