import type { KubernetesObject } from '../objects.ts';
import { base64, maker, named, podTemplate, service } from './shorthand.ts';

const make = maker('lab');
const IMAGE = 'registry.example.com/example/lab:1';
/** Stands for what a controller of OpenShift puts in; nobody reads it. */
const CA_TEXT = '-----BEGIN CERTIFICATE-----\nc2FtcGxlIGF1dGhvcml0eQ==\n-----END CERTIFICATE-----\n';

/** A project with the kinds that the other sample projects don't have, and with what controllers act on. */
export function lab(): KubernetesObject[] {
  return [
    make('v1', 'ServiceAccount', 'runner'),
    ...workloads(),
    ...network(),
    ...storage(),
    ...secrets(),
    ...configMaps(),
    ...others(),
  ];
}

function workloads(): KubernetesObject[] {
  const job = podTemplate(labels('tick'), [{ name: 'tick', image: IMAGE }], { restartPolicy: 'Never' });
  const pod = podTemplate(labels('lonely'), [{ name: 'lonely', image: IMAGE }]) as { spec: object };
  return [
    make('batch/v1', 'CronJob', named('tick'), {
      spec: {
        schedule: '* * * * *',
        successfulJobsHistoryLimit: 1,
        jobTemplate: { spec: { template: job } },
      },
    }),
    make('batch/v1', 'Job', named('waiting'), { spec: { suspend: true, template: job } }),
    make('v1', 'Pod', { name: 'lonely', labels: labels('lonely') }, { spec: pod.spec }),
    make('v1', 'PodTemplate', 'sketch', {
      template: podTemplate(labels('sketch'), [{ name: 'sketch', image: IMAGE }]),
    }),
    make('apps/v1', 'ReplicaSet', named('orphan'), {
      spec: {
        replicas: 1,
        selector: { matchLabels: labels('orphan') },
        template: podTemplate(labels('orphan'), [{ name: 'orphan', image: IMAGE }]),
      },
    }),
    make('apps/v1', 'DaemonSet', named('everywhere'), {
      spec: {
        selector: { matchLabels: labels('everywhere') },
        template: podTemplate(labels('everywhere'), [{ name: 'everywhere', image: IMAGE }]),
      },
    }),
    make('apps/v1', 'Deployment', named('scaled'), {
      spec: {
        selector: { matchLabels: labels('scaled') },
        template: podTemplate(labels('scaled'), [{ name: 'scaled', image: IMAGE, port: 8080 }]),
      },
    }),
    make('autoscaling/v2', 'HorizontalPodAutoscaler', named('scaled'), {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        minReplicas: 3,
        maxReplicas: 5,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    }),
  ];
}

function labels(app: string): Record<string, string> {
  return { app };
}

function network(): KubernetesObject[] {
  const leader = {
    'control-plane.alpha.kubernetes.io/leader': '{"holderIdentity":"a","renewTime":"2026-01-01T00:00:00Z"}',
  };
  return [
    service(make, 'scaled', 8080),
    service(make, 'public', 8080, { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    // Without a selector nobody but its owner fills its endpoints.
    make('v1', 'Service', 'outside', { spec: { ports: [{ name: 'sql', port: 5432 }] } }),
    make('v1', 'Endpoints', 'outside', {
      subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ name: 'sql', port: 5432 }] }],
    }),
    make(
      'discovery.k8s.io/v1',
      'EndpointSlice',
      { name: 'outside-by-hand', labels: { 'kubernetes.io/service-name': 'outside' } },
      {
        addressType: 'IPv6',
        endpoints: [{ addresses: ['2001:db8::7'] }],
        ports: [{ name: 'sql', port: 5432 }],
      },
    ),
    make('v1', 'Endpoints', { name: 'leader-lock', annotations: leader }),
    service(make, 'metrics-server', 443),
  ];
}

function storage(): KubernetesObject[] {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return [
    make('v1', 'PersistentVolumeClaim', 'bound', { spec: { ...claim, storageClassName: 'manual' } }),
    make('apps/v1', 'StatefulSet', named('keeper'), {
      spec: {
        replicas: 1,
        serviceName: 'keeper',
        selector: { matchLabels: { app: 'keeper' } },
        template: podTemplate({ app: 'keeper' }, [
          { name: 'keeper', image: IMAGE, mounts: { '/kept': 'kept' } },
        ]),
        volumeClaimTemplates: [
          { metadata: { name: 'kept' }, spec: { ...claim, storageClassName: 'manual' } },
        ],
      },
    }),
    make('storage.k8s.io/v1', 'CSIStorageCapacity', 'here', { storageClassName: 'fast', capacity: '1Ti' }),
  ];
}

function secrets(): KubernetesObject[] {
  const secret = (
    name: string,
    type: string,
    annotations: Record<string, string>,
    data: Record<string, string> = {},
  ): KubernetesObject => make('v1', 'Secret', { name, annotations }, { type, data });
  const runner = { 'kubernetes.io/service-account.name': 'runner' };
  return [
    // Made by hand; the controller fills it.
    secret('runner-key', 'kubernetes.io/service-account-token', runner),
    secret(
      'serving-cert',
      'kubernetes.io/tls',
      {
        'service.beta.openshift.io/originating-service-name': 'scaled',
        'service.beta.openshift.io/expiry': '2028-11-20T00:00:00Z',
      },
      { 'tls.crt': base64('certificate 1'), 'tls.key': base64('key 1') },
    ),
    make(
      'v1',
      'Secret',
      { name: 'sh.helm.release.v1.lab.v1', labels: { owner: 'helm', status: 'deployed' } },
      { type: 'helm.sh/release.v1', data: { release: base64('H4sI') } },
    ),
    // A pull Secret of the user's own, of the type of the generated ones.
    secret(
      'own-registry',
      'kubernetes.io/dockercfg',
      {},
      { '.dockercfg': base64('{"registry.example.com":{}}') },
    ),
  ];
}

function configMaps(): KubernetesObject[] {
  const leader = {
    'control-plane.alpha.kubernetes.io/leader': '{"holderIdentity":"a","renewTime":"2026-01-01T00:00:00Z"}',
  };
  const trusted = { 'config.openshift.io/inject-trusted-cabundle': 'true' };
  return [
    make('v1', 'ConfigMap', { name: 'operator-lock', annotations: leader }),
    make('v1', 'ConfigMap', { name: 'operator-settings', annotations: leader }, { data: { own: 'setting' } }),
    make(
      'v1',
      'ConfigMap',
      { name: 'trusted-ca', labels: trusted },
      { data: { 'ca-bundle.crt': CA_TEXT, own: 'kept' } },
    ),
    make(
      'v1',
      'ConfigMap',
      { name: 'service-ca', annotations: { 'service.beta.openshift.io/inject-cabundle': 'true' } },
      { data: { 'service-ca.crt': CA_TEXT } },
    ),
  ];
}

function others(): KubernetesObject[] {
  const devices = { requests: [{ name: 'one', exactly: { deviceClassName: 'lab-gpu' } }] };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'run-pods' };
  return [
    make('resource.k8s.io/v1', 'ResourceClaim', 'gpu', { spec: { devices } }),
    make('resource.k8s.io/v1', 'ResourceClaimTemplate', 'gpu', { spec: { spec: { devices } } }),
    make('rbac.authorization.k8s.io/v1', 'Role', 'run-pods', {
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete'] }],
    }),
    make('rbac.authorization.k8s.io/v1', 'RoleBinding', 'run-pods', {
      roleRef,
      subjects: [{ kind: 'ServiceAccount', name: 'runner', namespace: 'lab' }],
    }),
    make('policy/v1', 'PodDisruptionBudget', named('scaled'), {
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'scaled' } } },
    }),
    make('v1', 'LimitRange', 'limits', { spec: { limits: [{ type: 'Pod', max: { memory: '8Gi' } }] } }),
    make('v1', 'ResourceQuota', 'counts', { spec: { hard: { 'count/configmaps': '50', services: '20' } } }),
  ];
}
