import { annotation, EACH, type FieldRule, label, type Path, type RuleGroup, type SkipRule } from './rule.ts';
import { SOURCE } from './sources.ts';

const SERVICES = ['services'];
const ENDPOINTS = ['endpoints'];
const ENDPOINT_SLICES = ['endpointslices.discovery.k8s.io'];
const SERVICE_ACTION = `${SOURCE.velero}/pkg/restore/actions/service_action.go`;

/** Services, and the endpoints that belong to them. */
export const SERVICE_RULES: RuleGroup = {
  prune: ['beta', 'alpha'].flatMap((stage) =>
    ['signed-by', 'generation-error', 'generation-error-num'].map((what) => servingCert(stage, what)),
  ),
  apply: [
    {
      id: 'service-cluster-ip',
      types: SERVICES,
      path: ['spec', 'clusterIP'],
      when: { not: { field: ['spec', 'clusterIP'], is: 'None' } },
      reason: 'given by the cluster; on another one it may be taken or outside its range',
      source: SERVICE_ACTION,
    },
    {
      id: 'service-cluster-ips',
      types: SERVICES,
      path: ['spec', 'clusterIPs'],
      when: { not: { field: ['spec', 'clusterIPs', 0], is: 'None' } },
      reason: 'given by the cluster; on another one they may be taken or outside its range',
      source: SERVICE_ACTION,
    },
    {
      id: 'service-node-ports',
      types: SERVICES,
      path: ['spec', 'ports', EACH, 'nodePort'],
      reason: 'given by the cluster; on another one it may be taken',
      source: SERVICE_ACTION,
    },
    {
      id: 'service-health-check-port',
      types: SERVICES,
      path: ['spec', 'healthCheckNodePort'],
      reason: 'given by the cluster; on another one it may be taken',
      source: SERVICE_ACTION,
    },
    {
      id: 'service-external-ips',
      types: SERVICES,
      path: ['spec', 'externalIPs'],
      when: { field: ['spec', 'type'], is: 'LoadBalancer' },
      reason: 'given by the cluster to a load balancer',
      source: `${SOURCE.veleroOpenshift}/velero-plugins/service/restore.go`,
    },
  ],
  skip: [
    {
      id: 'derived-endpoints',
      types: ENDPOINTS,
      when: {
        any: [
          { field: label('endpoints.kubernetes.io/managed-by'), is: 'endpoint-controller' },
          { has: annotation('endpoints.kubernetes.io/last-change-trigger-time') },
          { has: writtenBy('kube-controller-manager') },
          { has: annotation('control-plane.alpha.kubernetes.io/leader') },
        ],
      },
      reason: 'made from the pods of a Service, or a lock; those that somebody wrote are stored',
      source: `${SOURCE.kubernetes}/pkg/controller/endpoint/endpoints_controller.go#L72`,
    },
    {
      id: 'derived-endpointslice',
      types: ENDPOINT_SLICES,
      when: {
        any: [
          {
            field: label('endpointslice.kubernetes.io/managed-by'),
            matches: /-controller\.k8s\.(?:io|ovn\.org)$/u,
          },
          { ownedBy: ['Service', 'Endpoints'] },
        ],
      },
      reason: 'made from the pods of a Service, or from its Endpoints; those that somebody wrote are stored',
      source: `${SOURCE.kubernetesApi}/discovery/v1/well_known_labels.go`,
    },
    apiServerEndpoints('apiserver-endpoints', ENDPOINTS),
    apiServerEndpoints('apiserver-endpointslice', ENDPOINT_SLICES),
  ],
};

function servingCert(stage: string, what: string): FieldRule {
  return {
    id: `serving-cert-${what}-${stage}`,
    types: SERVICES,
    path: annotation(`service.${stage}.openshift.io/serving-cert-${what}`),
    reason: 'says how the making of the serving certificate went',
    source: `${SOURCE.serviceCa}/pkg/controller/api/api.go#L52`,
  };
}

function writtenBy(manager: string): Path {
  return ['metadata', 'managedFields', { elements: { field: ['manager'], is: manager } }];
}

function apiServerEndpoints(id: string, types: readonly string[]): SkipRule {
  return {
    id,
    types,
    when: {
      all: [
        { field: ['metadata', 'namespace'], is: 'default' },
        { field: ['metadata', 'name'], is: 'kubernetes' },
      ],
    },
    reason: "the API servers' own addresses, written by themselves",
    source: `${SOURCE.kubernetes}/pkg/controlplane/reconcilers/lease.go`,
  };
}
