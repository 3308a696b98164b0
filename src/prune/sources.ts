/** Where the facts behind the rules are written down: repositories, each at one commit. */
export const SOURCE = {
  apiserverLibraryGo:
    'https://github.com/openshift/apiserver-library-go/blob/0666a1481536bc5ec7f6eb02f0af20d0431e6289',
  argoCd: 'https://github.com/argoproj/argo-cd/blob/6328f8ba71ac7a2b60e8be90c28d091f771756a4',
  autoscaler: 'https://github.com/kubernetes/autoscaler/blob/a63c7abbe47773be4eec49b13210a3cd9c4a719f',
  certManager: 'https://github.com/cert-manager/cert-manager/blob/0f74d7536e2cd195f5811c451fb37adedff82a16',
  clusterPolicyController: 'https://github.com/openshift/cluster-policy-controller/blob/050c1ee',
  kubernetes: 'https://github.com/kubernetes/kubernetes/blob/v1.34.4',
  kubernetesApi: 'https://github.com/kubernetes/api/blob/v0.34.4',
  k3s: 'https://github.com/k3s-io/k3s/blob/0bf7c0956964c3213d9ae5a5c02349b6d7f36f01',
  libraryGo: 'https://github.com/openshift/library-go/blob/93ac920',
  machineConfigOperator: 'https://github.com/openshift/machine-config-operator/blob/7ff337a',
  multus:
    'https://github.com/k8snetworkplumbingwg/network-attachment-definition-client/blob/28d7a345f03649475b9a413d768fefcd69c74140',
  oc: 'https://github.com/openshift/oc/blob/6b8e30c',
  olm: 'https://github.com/operator-framework/operator-lifecycle-manager/blob/992bb09',
  olmApi: 'https://github.com/operator-framework/api/blob/v0.45.0',
  openshiftApi: 'https://github.com/openshift/api/blob/2a3d739',
  openshiftApiserver: 'https://github.com/openshift/openshift-apiserver/blob/56aa2d9',
  openshiftControllerManager: 'https://github.com/openshift/openshift-controller-manager/blob/26d20fe',
  ovnKubernetes: 'https://github.com/ovn-org/ovn-kubernetes/blob/3022f312b32f3717b45921a8bec7920de6176b28',
  serviceCa: 'https://github.com/openshift/service-ca-operator/blob/6391e07',
  velero: 'https://github.com/vmware-tanzu/velero/blob/d30d389',
  veleroOpenshift: 'https://github.com/openshift/openshift-velero-plugin/blob/0b73ea6',
} as const;
