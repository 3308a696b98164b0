import type { KubernetesObject } from '../objects.ts';
import { maker } from './shorthand.ts';

const make = maker();
const RBAC = 'rbac.authorization.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io/v1';
/** A request for a certificate of CN=someone, whose key nobody has. */
const SIGNING_REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlITE1IUUNBUUF3RWpFUU1BNEdBMVVFQXd3SGMyOXRaVzl1WlRCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OQpBd0VIQTBJQUJFZ0E5TkJCRTFEWG53L3h5NGgwTzlSeWRyUEcwTmdmei9UdExZKzNpVExLSlBsODM1OWlhNWhsCkc5aWlJdmx5MkFac1U1c05Ya3FNWEdNaEVlZk1VSmVnQURBS0JnZ3Foa2pPUFFRREFnTkhBREJFQWlCMHF3WGoKaFVsRzNZdDd1WDNWNTcwN1pGZE0wOHRJUnF5Tmc5TlJiRnhpZUFJZ2FncW9vdEFjeUpOZVNhaXhVRjR1Zk44UwpqMGY1bEVibng0OGFoVG5ESzZzPQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K';

/** Cluster-scoped objects of the kinds that the other samples don't have. They act on nothing but the project lab. */
export function labCluster(): KubernetesObject[] {
  return [...rights(), ...admission(), ...storage(), ...nodes(), ...openshift(), ...others()];
}

function rights(): KubernetesObject[] {
  return [
    make(`${RBAC}/v1`, 'ClusterRole', 'lab-all', {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'lab.example.com/part': 'true' } }] },
      rules: [],
    }),
    make(
      `${RBAC}/v1`,
      'ClusterRole',
      {
        name: 'lab-samples',
        // Adds to a role that comes with the cluster, too.
        labels: { 'lab.example.com/part': 'true', [`${RBAC}/aggregate-to-view`]: 'true' },
      },
      { rules: [rule('samples')] },
    ),
    make(
      `${RBAC}/v1`,
      'ClusterRole',
      { name: 'lab-results', labels: { 'lab.example.com/part': 'true' } },
      { rules: [rule('results')] },
    ),
    make(`${RBAC}/v1`, 'ClusterRoleBinding', 'lab-all', {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'lab-all' },
      subjects: [{ kind: 'ServiceAccount', name: 'runner', namespace: 'lab' }],
    }),
  ];
}

function rule(resource: string): object {
  return { apiGroups: ['lab.example.com'], resources: [resource], verbs: ['get', 'list'] };
}

function admission(): KubernetesObject[] {
  const rules = [
    { apiGroups: ['lab.example.com'], apiVersions: ['*'], operations: ['CREATE'], resources: ['*'] },
  ];
  const webhook = {
    name: 'check.lab.example.com',
    clientConfig: { service: { namespace: 'lab', name: 'scaled', path: '/check' }, caBundle: 'c2FtcGxl' },
    rules,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Ignore',
  };
  return [
    make(
      ADMISSION,
      'ValidatingWebhookConfiguration',
      { name: 'lab', annotations: { 'service.beta.openshift.io/inject-cabundle': 'true' } },
      { webhooks: [webhook] },
    ),
    make(ADMISSION, 'MutatingWebhookConfiguration', 'lab', {
      webhooks: [webhook, { ...webhook, name: 'another.lab.example.com', reinvocationPolicy: 'IfNeeded' }],
    }),
    make(ADMISSION, 'ValidatingAdmissionPolicy', 'lab', {
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: rules },
        validations: [{ expression: "object.metadata.name != 'forbidden'", message: 'not this name' }],
      },
    }),
    make(ADMISSION, 'ValidatingAdmissionPolicyBinding', 'lab', {
      spec: { policyName: 'lab', validationActions: ['Deny'] },
    }),
  ];
}

function storage(): KubernetesObject[] {
  const volume = (name: string): KubernetesObject =>
    make('v1', 'PersistentVolume', name, {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'manual',
        hostPath: { path: `/nonexistent/${name}` },
      },
    });
  return [
    make('storage.k8s.io/v1', 'StorageClass', 'manual', { provisioner: 'kubernetes.io/no-provisioner' }),
    volume('lab-1'),
    volume('lab-2'),
    make('storage.k8s.io/v1', 'CSIDriver', 'fast.csi.example.com', { spec: { attachRequired: true } }),
    make('storage.k8s.io/v1', 'VolumeAttributesClass', 'gold', {
      driverName: 'fast.csi.example.com',
      parameters: { iops: '5000' },
    }),
    make('storage.k8s.io/v1', 'VolumeAttachment', 'lab-1-node-1', {
      spec: {
        attacher: 'fast.csi.example.com',
        nodeName: 'node-1',
        source: { persistentVolumeName: 'lab-1' },
      },
    }),
  ];
}

function nodes(): KubernetesObject[] {
  return [
    make(
      'v1',
      'Node',
      { name: 'node-1', labels: { 'kubernetes.io/os': 'linux' } },
      { spec: { podCIDR: '10.128.0.0/24' } },
    ),
    make('storage.k8s.io/v1', 'CSINode', 'node-1', { spec: { drivers: [] } }),
    make('node.k8s.io/v1', 'RuntimeClass', 'sandboxed', { handler: 'sandboxed' }),
    make('resource.k8s.io/v1', 'DeviceClass', 'lab-gpu', {
      spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] },
    }),
  ];
}

function openshift(): KubernetesObject[] {
  return [
    make('user.openshift.io/v1', 'Identity', 'local.anna', {
      providerName: 'local',
      providerUserName: 'anna',
      user: { name: 'anna', uid: '0b4c2a0e-5d0f-4a52-8f63-0d3f0e4f1a11' },
    }),
    make(
      'image.openshift.io/v1',
      'Image',
      { name: 'sha256.0' },
      {
        dockerImageReference: 'registry.example.com/lab@sha256:0',
      },
    ),
    make(
      'user.openshift.io/v1',
      'Group',
      { name: 'synced', annotations: { 'openshift.io/ldap.sync-time': '2026-11-20T00:00:00Z' } },
      { users: ['anna'] },
    ),
  ];
}

function others(): KubernetesObject[] {
  return [
    // The API behind it never answers: its group holds measurements only.
    make('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io', {
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: { namespace: 'lab', name: 'metrics-server', port: 443 },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    }),
    make('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', 'lab', {
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } },
      },
    }),
    make('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', 'lab', {
      spec: {
        priorityLevelConfiguration: { name: 'lab' },
        matchingPrecedence: 9000,
        rules: [
          {
            subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'lab', name: 'runner' } }],
            resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
          },
        ],
      },
    }),
    make('certificates.k8s.io/v1', 'CertificateSigningRequest', 'someone', {
      spec: {
        request: SIGNING_REQUEST,
        signerName: 'lab.example.com/someone',
        usages: ['client auth'],
      },
    }),
  ];
}
