import type { KubernetesObject } from '../objects.ts';
import { base64, maker, named, podTemplate, service } from './shorthand.ts';

const make = maker('shop');
const IMAGE =
  'registry.example.com/example/shop-web@sha256:4c5e7c1dd1d7f7a1c0a2a5d1a6b1c8b5f3a9c1e2d3f4a5b6c7d8e9f0a1b2c3d4';
const WEB_UID = '3f1c2d6e-8a54-4f0b-9d5c-6a1b2c3d4e5f';

/** A web shop: Deployments with autoscaling behind Routes, what they are configured with, and their Pods. */
export function shop(): KubernetesObject[] {
  return [...workloads(), ...network(), ...configuration(), ...running(), ...limits()];
}

function workloads(): KubernetesObject[] {
  const database = { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } };
  return [
    make('apps/v1', 'Deployment', named('web', { 'deployment.kubernetes.io/revision': '3' }), {
      spec: {
        replicas: 2,
        revisionHistoryLimit: 5,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: podTemplate(
          { app: 'web' },
          [
            {
              name: 'web',
              image: IMAGE,
              port: 8080,
              env: [database, { name: 'GREETING', value: 'Grüß Gott, 世界 👋' }],
              mounts: { '/etc/web': 'settings' },
            },
            { name: 'proxy', image: 'registry.example.com/ubi9/nginx-124:1', port: 8443 },
          ],
          { volumes: [{ name: 'settings', configMap: { name: 'web-settings' } }] },
        ),
      },
    }),
    make('apps/v1', 'Deployment', named('cart'), {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'cart' } },
        template: podTemplate({ app: 'cart' }, [
          { name: 'cart', image: 'registry.example.com/example/cart:2.4.1', port: 9000, env: [database] },
        ]),
      },
    }),
    make('batch/v1', 'CronJob', named('invoices'), {
      spec: {
        schedule: '15 2 * * *',
        timeZone: 'Europe/Vienna',
        concurrencyPolicy: 'Forbid',
        jobTemplate: {
          spec: {
            backoffLimit: 2,
            template: podTemplate(
              { app: 'invoices' },
              [
                {
                  name: 'invoices',
                  image: 'registry.example.com/example/invoices:1.0',
                  args: ['--yesterday'],
                },
              ],
              { restartPolicy: 'Never', serviceAccountName: 'invoices' },
            ),
          },
        },
      },
    }),
    make('autoscaling/v2', 'HorizontalPodAutoscaler', named('web'), {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 10,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
          },
        ],
      },
    }),
    make('policy/v1', 'PodDisruptionBudget', named('web'), {
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    }),
  ];
}

function network(): KubernetesObject[] {
  return [
    service(make, 'web', 8080),
    service(make, 'cart', 9000, { sessionAffinity: 'ClientIP' }),
    service(make, 'web-external', 8080, {
      type: 'NodePort',
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30480 }],
    }),
    make('route.openshift.io/v1', 'Route', named('web'), {
      spec: {
        host: 'shop.example.com',
        to: { kind: 'Service', name: 'web', weight: 100 },
        port: { targetPort: 'http' },
        wildcardPolicy: 'None',
        tls: {
          termination: 'edge',
          insecureEdgeTerminationPolicy: 'Redirect',
          certificate: '-----BEGIN CERTIFICATE-----\nc2FtcGxl\n-----END CERTIFICATE-----\n',
          key: '-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n',
        },
      },
    }),
    make('route.openshift.io/v1', 'Route', named('cart', { 'openshift.io/host.generated': 'true' }), {
      spec: {
        host: 'cart-shop.apps.example.com',
        to: { kind: 'Service', name: 'cart', weight: 100 },
        wildcardPolicy: 'None',
      },
    }),
    make('networking.k8s.io/v1', 'NetworkPolicy', 'deny-by-default', {
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    }),
    make('networking.k8s.io/v1', 'NetworkPolicy', 'allow-from-router', {
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            ports: [{ protocol: 'TCP', port: 8080 }],
            from: [
              {
                namespaceSelector: {
                  matchLabels: { 'policy-group.network.openshift.io/ingress': '' },
                },
              },
            ],
          },
        ],
      },
    }),
    make('k8s.ovn.org/v1', 'EgressFirewall', 'default', {
      spec: {
        egress: [
          { type: 'Allow', to: { dnsName: 'payments.example.com' } },
          { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } },
        ],
      },
    }),
  ];
}

function configuration(): KubernetesObject[] {
  return [
    make('v1', 'ConfigMap', 'web-settings', {
      data: {
        'web.yaml': 'title: Shop\ncurrency: EUR\n# prices are in cents\nshipping:\n  - home\n  - store\n',
        'tax.properties': 'at=20\nde=19\n\n',
        features: 'search,wishlist',
      },
    }),
    make('v1', 'ConfigMap', 'release-2026.4', { immutable: true, data: { version: '2026.4' } }),
    make('v1', 'Secret', 'database', {
      type: 'Opaque',
      data: { url: base64('postgres://shop:s3cret@postgres.data.svc/shop'), password: base64('s3cret') },
    }),
    make('v1', 'Secret', 'payments-tls', {
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64('sample certificate'), 'tls.key': base64('sample key') },
    }),
    make('v1', 'ServiceAccount', 'invoices', { automountServiceAccountToken: false }),
    make('rbac.authorization.k8s.io/v1', 'Role', 'read-orders', {
      rules: [
        {
          apiGroups: [''],
          resources: ['configmaps'],
          verbs: ['get', 'list'],
          resourceNames: ['web-settings'],
        },
      ],
    }),
    make('rbac.authorization.k8s.io/v1', 'RoleBinding', 'invoices:read-orders', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'read-orders' },
      subjects: [{ kind: 'ServiceAccount', name: 'invoices', namespace: 'shop' }],
    }),
  ];
}

/** What controllers derive: the Deployment's ReplicaSet, its Pods, an EndpointSlice, an Event. */
function running(): KubernetesObject[] {
  const labels = { app: 'web', 'pod-template-hash': '6d9f8c7b5' };
  const template = podTemplate(labels, [{ name: 'web', image: IMAGE, port: 8080 }]);
  const { spec } = template as { spec: object };
  const replicaSet = { name: 'web-6d9f8c7b5', labels, ownerReferences: owner('Deployment', 'web') };
  const pod = (suffix: string): KubernetesObject =>
    make(
      'v1',
      'Pod',
      { name: `web-6d9f8c7b5-${suffix}`, labels, ownerReferences: owner('ReplicaSet', 'web-6d9f8c7b5') },
      { spec },
    );
  return [
    make('apps/v1', 'ReplicaSet', replicaSet, {
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    }),
    pod('2xk4p'),
    pod('vq8zt'),
    make(
      'discovery.k8s.io/v1',
      'EndpointSlice',
      { name: 'web-hk2lm', labels: { 'kubernetes.io/service-name': 'web' } },
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.128.0.17'], conditions: { ready: true } }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ),
    make('v1', 'Event', 'web-6d9f8c7b5-2xk4p.18a1b2c3d4e5f607', {
      involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-6d9f8c7b5-2xk4p' },
      reason: 'Pulled',
      message: 'Container image already present on machine',
      type: 'Normal',
    }),
  ];
}

function limits(): KubernetesObject[] {
  return [
    make('v1', 'ResourceQuota', 'compute', {
      spec: { hard: { 'requests.cpu': '4', 'requests.memory': '8Gi', pods: '40' } },
    }),
    make('v1', 'LimitRange', 'defaults', {
      spec: {
        limits: [
          { type: 'Container', defaultRequest: { cpu: '50m', memory: '64Mi' }, default: { memory: '256Mi' } },
        ],
      },
    }),
  ];
}

function owner(kind: string, name: string): object[] {
  return [{ apiVersion: 'apps/v1', kind, name, uid: WEB_UID, controller: true, blockOwnerDeletion: true }];
}
