import type { KubernetesObject } from '../cluster/cluster.ts';

/** What one project of the benchmark holds, by kind; the same mix as in the peers' measurements. */
const PER_PROJECT: readonly (readonly [count: number, make: (name: string, namespace: string) => KubernetesObject])[] = [
  [10, configMap],
  [10, service],
  [10, secret],
  [10, deployment],
  [3, roleBinding],
  [3, networkPolicy],
];

/** The Namespace and the objects in it. */
export const OBJECTS_PER_PROJECT = 1 + PER_PROJECT.reduce((sum, [count]) => sum + count, 0);

/** The objects of the benchmark's project number `index`, Namespace first. */
export function projectObjects(index: number): KubernetesObject[] {
  const namespace = `bench-${String(index).padStart(5, '0')}`;
  const objects = PER_PROJECT.flatMap(([count, make]) =>
    Array.from({ length: count }, (_value, item) => make(`item-${String(item).padStart(2, '0')}`, namespace)),
  );
  return [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...objects];
}

function configMap(name: string, namespace: string): KubernetesObject {
  const lines = Array.from({ length: 12 }, (_value, line) => `setting.${line} = value of ${name} in ${namespace}, line ${line}`);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(name, namespace),
    data: { 'application.properties': `${lines.join('\n')}\n`, LOG_LEVEL: 'info', 'feature-flags': '{"checkout":true}' },
  };
}

function service(name: string, namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, namespace),
    spec: { clusterIP: 'None', selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

function secret(name: string, namespace: string): KubernetesObject {
  const text = Buffer.from(`${namespace}/${name} `.repeat(20)).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(name, namespace),
    type: 'Opaque',
    data: { username: 'YWRtaW4=', password: text, 'ca.crt': text },
  };
}

function deployment(name: string, namespace: string): KubernetesObject {
  const labels = { app: name };
  const container = {
    name: 'web',
    image: `registry.example.com/${namespace}/${name}:1.2.3`,
    ports: [{ name: 'http', containerPort: 8080 }],
    env: [
      { name: 'LOG_LEVEL', valueFrom: { configMapKeyRef: { name, key: 'LOG_LEVEL' } } },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key: 'password' } } },
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10 },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(name, namespace),
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

function roleBinding(name: string, namespace: string): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: metadata(name, namespace),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  };
}

function networkPolicy(name: string, namespace: string): KubernetesObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(name, namespace),
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
  };
}

function metadata(name: string, namespace: string): KubernetesObject['metadata'] {
  return { name, namespace, labels: { app: name, 'app.kubernetes.io/part-of': namespace } };
}
