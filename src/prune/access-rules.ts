import {
  annotation,
  type Condition,
  EACH,
  type FieldRule,
  label,
  type Path,
  type RuleGroup,
  type SkipRule,
} from './rule.ts';
import { SOURCE } from './sources.ts';

const RBAC = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map(
  (plural) => `${plural}.rbac.authorization.k8s.io`,
);
const ROLE_BINDINGS = ['rolebindings.rbac.authorization.k8s.io'];
const CRDS = ['customresourcedefinitions.apiextensions.k8s.io'];
const API_SERVICES = ['apiservices.apiregistration.k8s.io'];
const WEBHOOKS = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'].map(
  (plural) => `${plural}.admissionregistration.k8s.io`,
);
const FLOW_CONTROL = ['flowschemas', 'prioritylevelconfigurations'].map(
  (plural) => `${plural}.flowcontrol.apiserver.k8s.io`,
);

/** Who asks for the certificate authority to be filled in: the service CA, cert-manager, the lifecycle manager. */
const IS_INJECTED: Condition = {
  any: [
    { field: annotation('service.beta.openshift.io/inject-cabundle'), is: 'true' },
    { field: annotation('service.alpha.openshift.io/inject-cabundle'), is: 'true' },
    { has: annotation('cert-manager.io/inject-ca-from') },
    { has: annotation('cert-manager.io/inject-ca-from-secret') },
    { has: annotation('cert-manager.io/inject-apiserver-ca') },
    { field: label('olm.managed'), is: 'true' },
  ],
};

/** Whoever writes to what the API server bootstraps, besides the server itself and its controllers. */
const FOREIGN_WRITER: Path = [
  'metadata',
  'managedFields',
  {
    elements: {
      not: {
        field: ['manager'],
        matches:
          /^(?:kube-apiserver|openshift-apiserver|hyperkube|kube-controller-manager|clusterrole-aggregation-controller)$/u,
      },
    },
  },
];

/** Rights, custom resource definitions, aggregated APIs, admission, and the API server's own settings. */
export const ACCESS_RULES: RuleGroup = {
  prune: [
    {
      id: 'aggregated-rules',
      types: ['clusterroles.rbac.authorization.k8s.io'],
      path: ['rules'],
      when: { has: ['aggregationRule'] },
      reason: 'gathered from other ClusterRoles, which are stored',
      source: `${SOURCE.kubernetesApi}/rbac/v1/types.go`,
    },
    injected('apiservice-ca', API_SERVICES, ['spec', 'caBundle']),
    injected('crd-ca', CRDS, ['spec', 'conversion', 'webhook', 'clientConfig', 'caBundle']),
    injected('webhook-ca', WEBHOOKS, ['webhooks', EACH, 'clientConfig', 'caBundle']),
  ],
  apply: [
    {
      id: 'binding-own-namespace',
      types: ROLE_BINDINGS,
      path: [
        'subjects',
        {
          elements: {
            all: [
              { field: ['kind'], is: 'ServiceAccount' },
              { field: ['namespace'], sameAs: ['metadata', 'namespace'] },
            ],
          },
        },
        'namespace',
      ],
      reason: 'the project that the binding lies in is meant; so it can be applied to another one',
      source: `${SOURCE.kubernetes}/plugin/pkg/auth/authorizer/rbac/rbac.go`,
    },
  ],
  skip: [
    {
      id: 'bootstrapped-rights',
      types: RBAC,
      when: {
        all: [
          { field: label('kubernetes.io/bootstrapping'), is: 'rbac-defaults' },
          { field: annotation('rbac.authorization.kubernetes.io/autoupdate'), is: 'true' },
          { has: ['metadata', 'managedFields'] },
          { not: { has: FOREIGN_WRITER } },
        ],
      },
      reason: 'made and kept up to date by the API server, and nobody else has written to it',
      source: `${SOURCE.kubernetesApi}/rbac/v1/types.go#L38`,
    },
    projectBinding('deployers-binding', 'deployer', [
      { field: ['subjects', 0, 'kind'], is: 'ServiceAccount' },
      { field: ['subjects', 0, 'name'], is: 'deployer' },
      { field: ['subjects', 0, 'namespace'], sameAs: ['metadata', 'namespace'] },
    ]),
    projectBinding('image-builders-binding', 'image-builder', [
      { field: ['subjects', 0, 'kind'], is: 'ServiceAccount' },
      { field: ['subjects', 0, 'name'], is: 'builder' },
      { field: ['subjects', 0, 'namespace'], sameAs: ['metadata', 'namespace'] },
    ]),
    projectBinding('image-pullers-binding', 'image-puller', [
      { field: ['subjects', 0, 'kind'], is: 'Group' },
      {
        field: ['subjects', 0, 'name'],
        before: 'system:serviceaccounts:',
        sameAs: ['metadata', 'namespace'],
      },
    ]),
    {
      id: 'automanaged-apiservice',
      types: API_SERVICES,
      when: { has: label('kube-aggregator.kubernetes.io/automanaged') },
      reason: 'made by the API server for its own groups and for those of custom resources',
      source: `${SOURCE.kubernetes}/staging/src/k8s.io/kube-aggregator/pkg/controllers/autoregister/autoregister_controller.go#L45`,
    },
    {
      id: 'autoupdated-flow-control',
      types: FLOW_CONTROL,
      when: { field: annotation('apf.kubernetes.io/autoupdate-spec'), is: 'true' },
      reason: 'made and kept up to date by the API server',
      source: `${SOURCE.kubernetesApi}/flowcontrol/v1/types.go`,
    },
  ],
};

function injected(id: string, types: readonly string[], path: Path): FieldRule {
  return {
    id,
    types,
    path,
    when: IS_INJECTED,
    reason: 'filled in because somebody asked for it; it changes when the certificate is renewed',
    source: `${SOURCE.serviceCa}/pkg/controller/api/api.go#L27`,
  };
}

/** Skipped only as OpenShift makes it: who may do what is what one wants to see changed. */
function projectBinding(id: string, role: string, subject: readonly Condition[]): SkipRule {
  return {
    id,
    types: ROLE_BINDINGS,
    when: {
      all: [
        { field: ['metadata', 'name'], is: `system:${role}s` },
        { field: ['roleRef', 'kind'], is: 'ClusterRole' },
        { field: ['roleRef', 'name'], is: `system:${role}` },
        { count: ['subjects'], is: 1 },
        ...subject,
        { not: { has: ['metadata', 'labels'] } },
        { not: { has: ['metadata', 'annotations', { keys: /^(?!openshift\.io\/description$)/u }] } },
      ],
    },
    reason: 'made by OpenShift in every project, and unchanged',
    source: `${SOURCE.openshiftControllerManager}/pkg/authorization/defaultrolebindings/project_policy.go`,
  };
}
