import type { Rule } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';

/**
 * What OpenShift's own part of `cluster-reader` and `view` allows, told again from
 * https://github.com/openshift/openshift-apiserver/blob/56aa2d96edd725e44ddd7ff13f23e53e6c509828/pkg/bootstrappolicy/policy.go#L143
 * (the old names of its resources in the core group are left out, and so is what operators add).
 */
const READ = ['get', 'list', 'watch'];
const CLUSTER_READER: readonly Rule[] = [
  ...table(READ, {
    '': 'componentstatuses nodes nodes/status persistentvolumeclaims/status persistentvolumes persistentvolumes/status pods/binding pods/eviction podtemplates services/status',
    'admissionregistration.k8s.io': 'mutatingwebhookconfigurations validatingwebhookconfigurations',
    apps: 'statefulsets/status deployments/status controllerrevisions daemonsets/status replicasets/status',
    'apiextensions.k8s.io': 'customresourcedefinitions customresourcedefinitions/status',
    'apiregistration.k8s.io': 'apiservices apiservices/status',
    autoscaling: 'horizontalpodautoscalers/status',
    batch: 'jobs/status cronjobs/status',
    'coordination.k8s.io': 'leases',
    'events.k8s.io': 'events',
    'networking.k8s.io': 'ingresses/status',
    'node.k8s.io': 'runtimeclasses',
    policy: 'poddisruptionbudgets/status',
    'rbac.authorization.k8s.io': 'roles rolebindings clusterroles clusterrolebindings',
    'storage.k8s.io': 'csidrivers csinodes storageclasses volumeattachments volumeattachments/status',
    'scheduling.k8s.io': 'priorityclasses',
    'certificates.k8s.io':
      'certificatesigningrequests certificatesigningrequests/approval certificatesigningrequests/status',
    'authorization.openshift.io':
      'clusterroles clusterrolebindings roles rolebindings rolebindingrestrictions',
    'build.openshift.io': 'builds/details',
    'image.openshift.io': 'images imagesignatures',
    'oauth.openshift.io': 'oauthclientauthorizations',
    'project.openshift.io': 'projectrequests',
    'quota.openshift.io': 'clusterresourcequotas clusterresourcequotas/status',
    'network.openshift.io': 'clusternetworks egressnetworkpolicies hostsubnets netnamespaces',
    'security.openshift.io': 'securitycontextconstraints rangeallocations',
    'template.openshift.io': 'brokertemplateinstances templateinstances/status',
    'user.openshift.io': 'groups identities useridentitymappings users',
  }),
  ...table(['list', 'watch'], { 'project.openshift.io': 'projects' }),
  ...table(['get'], { 'image.openshift.io': 'imagestreams/layers', '': 'nodes/metrics nodes/spec' }),
  ...table(['get', 'create'], { '': 'nodes/stats' }),
  ...table(['create'], {
    'authorization.openshift.io':
      'localresourceaccessreviews localsubjectaccessreviews resourceaccessreviews selfsubjectrulesreviews subjectrulesreviews subjectaccessreviews',
    'authorization.k8s.io':
      'selfsubjectaccessreviews subjectaccessreviews selfsubjectrulesreviews localsubjectaccessreviews',
    'authentication.k8s.io': 'tokenreviews',
    'security.openshift.io':
      'podsecuritypolicysubjectreviews podsecuritypolicyselfsubjectreviews podsecuritypolicyreviews',
  }),
  { nonResourceURLs: ['*'], verbs: ['get'] },
];

const VIEW: readonly Rule[] = [
  ...table(READ, {
    'build.openshift.io': 'builds buildconfigs buildconfigs/webhooks builds/log',
    'apps.openshift.io':
      'deploymentconfigs deploymentconfigs/scale deploymentconfigs/log deploymentconfigs/status',
    'image.openshift.io':
      'imagestreams imagestreammappings imagestreamtags imagetags imagestreamimages imagestreams/status',
    'quota.openshift.io': 'appliedclusterresourcequotas',
    'route.openshift.io': 'routes routes/status',
    'template.openshift.io': 'templates templateconfigs processedtemplates templateinstances',
  }),
  ...table(['get'], { 'project.openshift.io': 'projects' }),
];

/** The ClusterRoles that make an API server's RBAC what OpenShift's is; `cluster-reader` is filled by a controller. */
export const OPENSHIFT_ROLES: readonly KubernetesObject[] = [
  {
    ...clusterRole('cluster-reader'),
    aggregationRule: {
      clusterRoleSelectors: [
        { matchLabels: aggregatedTo('cluster-reader') },
        { matchLabels: aggregatedTo('view') },
      ],
    },
    rules: [],
  },
  {
    ...clusterRole('system:openshift:aggregate-to-cluster-reader', aggregatedTo('cluster-reader')),
    rules: CLUSTER_READER,
  },
  { ...clusterRole('system:openshift:aggregate-to-view', aggregatedTo('view')), rules: VIEW },
];

function aggregatedTo(role: string): Record<string, string> {
  return { [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' };
}

function clusterRole(name: string, labels: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels } };
}

function table(verbs: readonly string[], groups: Readonly<Record<string, string>>): Rule[] {
  return Object.entries(groups).map(([group, resources]) => ({
    apiGroups: [group],
    resources: resources.split(' '),
    verbs,
  }));
}
