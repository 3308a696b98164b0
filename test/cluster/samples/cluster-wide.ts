import type { KubernetesObject } from '../objects.ts';
import { maker } from './shorthand.ts';

const make = maker();

/** What belongs to no project: storage, rights, OpenShift's configuration, people, a type of its own. */
export function clusterWide(): KubernetesObject[] {
  return [warehouseType(), ...storage(), ...rights(), ...configuration(), ...people()];
}

/** A custom type with two served versions (v1 is preferred), a schema, and a part that may hold anything. */
function warehouseType(): KubernetesObject {
  const spec = {
    type: 'object',
    properties: {
      serialNumber: { type: 'integer', format: 'int64' },
      fillRatio: { type: 'number' },
      floors: { type: 'integer' },
      notes: { type: 'string' },
      anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const status = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec, status } } };
  const version = (name: string, isStored: boolean): object => ({
    name,
    served: true,
    storage: isStored,
    schema,
    subresources: { status: {} },
  });
  return make('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'warehouses.logistics.example.com', {
    spec: {
      group: 'logistics.example.com',
      names: { kind: 'Warehouse', listKind: 'WarehouseList', plural: 'warehouses', singular: 'warehouse' },
      scope: 'Namespaced',
      versions: [version('v1', true), version('v1beta1', false)],
    },
  });
}

function storage(): KubernetesObject[] {
  const storageClass = (name: string, fields: object, isDefault = false): KubernetesObject =>
    make(
      'storage.k8s.io/v1',
      'StorageClass',
      isDefault ? { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : name,
      { provisioner: `${name}.csi.example.com`, reclaimPolicy: 'Delete', ...fields },
    );
  return [
    storageClass('fast', { volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true }, true),
    storageClass('shared', { volumeBindingMode: 'Immediate', parameters: { tier: 'standard' } }),
    make('v1', 'PersistentVolume', 'pv-postgres-0', {
      spec: {
        capacity: { storage: '20Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'fast',
        csi: { driver: 'fast.csi.example.com', volumeHandle: 'vol-0a1b2c3d', fsType: 'xfs' },
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: 'data',
          name: 'pgdata-postgres-0',
        },
      },
    }),
    make('scheduling.k8s.io/v1', 'PriorityClass', 'backup-first', {
      value: 1000,
      description: 'Before everything that can wait',
      preemptionPolicy: 'Never',
    }),
    make('networking.k8s.io/v1', 'IngressClass', 'openshift-default', {
      spec: { controller: 'openshift.io/ingress-to-route' },
    }),
  ];
}

function rights(): KubernetesObject[] {
  const rbac = 'rbac.authorization.k8s.io';
  return [
    make(`${rbac}/v1`, 'ClusterRole', 'warehouse-viewer', {
      rules: [
        { apiGroups: ['logistics.example.com'], resources: ['warehouses'], verbs: ['get', 'list', 'watch'] },
      ],
    }),
    make(`${rbac}/v1`, 'ClusterRoleBinding', 'staff:warehouse-viewer', {
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'warehouse-viewer' },
      subjects: [{ apiGroup: rbac, kind: 'Group', name: 'staff' }],
    }),
    make('security.openshift.io/v1', 'SecurityContextConstraints', 'node-exporter', {
      allowHostDirVolumePlugin: true,
      allowHostIPC: false,
      allowHostNetwork: true,
      allowHostPID: true,
      allowHostPorts: true,
      allowPrivilegedContainer: false,
      allowedCapabilities: [],
      defaultAddCapabilities: null,
      fsGroup: { type: 'RunAsAny' },
      groups: [],
      priority: null,
      readOnlyRootFilesystem: false,
      requiredDropCapabilities: ['ALL'],
      runAsUser: { type: 'MustRunAsRange' },
      seLinuxContext: { type: 'MustRunAs' },
      supplementalGroups: { type: 'RunAsAny' },
      users: ['system:serviceaccount:monitoring:node-exporter'],
      volumes: ['configMap', 'hostPath', 'secret'],
    }),
    make('quota.openshift.io/v1', 'ClusterResourceQuota', 'per-requester', {
      spec: {
        quota: { hard: { pods: '100', secrets: '200' } },
        selector: { annotations: { 'openshift.io/requester': 'anna' }, labels: null },
      },
    }),
  ];
}

function configuration(): KubernetesObject[] {
  const config = (kind: string, name: string, fields: Record<string, unknown>): KubernetesObject =>
    make('config.openshift.io/v1', kind, name, fields);
  return [
    config('ClusterVersion', 'version', {
      spec: { channel: 'stable-4.21', clusterID: '5b1f0c5e-6a39-4d0c-9a43-6a1a0a5f2b10' },
      status: { desired: { version: '4.21.3' } },
    }),
    config('Ingress', 'cluster', { spec: { domain: 'apps.example.com' } }),
    config('Proxy', 'cluster', {
      spec: { httpsProxy: 'http://user:secret@proxy.example.com:3128', noProxy: '.example.com' },
      status: { httpsProxy: 'http://user:secret@proxy.example.com:3128' },
    }),
    config('OAuth', 'cluster', {
      spec: {
        identityProviders: [
          {
            name: 'local',
            type: 'HTPasswd',
            mappingMethod: 'claim',
            htpasswd: { fileData: { name: 'htpasswd' } },
          },
        ],
      },
    }),
    make(
      'machineconfiguration.openshift.io/v1',
      'MachineConfig',
      {
        name: '99-worker-chrony',
        labels: { 'machineconfiguration.openshift.io/role': 'worker' },
      },
      {
        spec: {
          config: {
            ignition: { version: '3.4.0' },
            storage: {
              files: [{ path: '/etc/chrony.conf', mode: 420, contents: { source: 'data:,pool%20ntp' } }],
            },
          },
        },
      },
    ),
    make('console.openshift.io/v1', 'ConsoleLink', 'handbook', {
      spec: { href: 'https://handbook.example.com', location: 'HelpMenu', text: 'Handbook' },
    }),
    make('oauth.openshift.io/v1', 'OAuthClient', 'grafana', {
      secret: 'an-oauth-secret',
      redirectURIs: ['https://grafana-monitoring.apps.example.com/oauth'],
      grantMethod: 'auto',
    }),
  ];
}

/** OpenShift's people have no spec: their fields stand at the top. */
function people(): KubernetesObject[] {
  return [
    make('user.openshift.io/v1', 'User', 'anna', {
      fullName: 'Anna Huber',
      identities: ['local:anna'],
      groups: null,
    }),
    make('user.openshift.io/v1', 'Group', 'staff', { users: ['anna', 'ben'] }),
    make('user.openshift.io/v1', 'Group', 'nobody', { users: null }),
  ];
}
