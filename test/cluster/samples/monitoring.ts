import type { KubernetesObject } from '../objects.ts';
import { base64, maker, named, podTemplate, service } from './shorthand.ts';

const make = maker('monitoring');

/** Watches the others: a DaemonSet, an operator with its custom resources, dashboards as text. */
export function monitoring(): KubernetesObject[] {
  return [...collectors(), ...operator(), ...rules()];
}

function collectors(): KubernetesObject[] {
  const everywhere = [{ operator: 'Exists', effect: 'NoSchedule' }];
  return [
    make('apps/v1', 'DaemonSet', named('node-exporter'), {
      spec: {
        selector: { matchLabels: { app: 'node-exporter' } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: podTemplate(
          { app: 'node-exporter' },
          [
            {
              name: 'node-exporter',
              image: 'registry.example.com/prometheus/node-exporter:v1.8.2',
              port: 9100,
            },
          ],
          {
            hostNetwork: true,
            tolerations: everywhere,
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            priorityClassName: 'backup-first',
          },
        ),
      },
    }),
    make('apps/v1', 'Deployment', named('grafana'), {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'grafana' } },
        template: podTemplate(
          { app: 'grafana' },
          [
            {
              name: 'grafana',
              image: 'docker.io/grafana/grafana:11.2.0',
              port: 3000,
              mounts: { '/dashboards': 'd' },
            },
          ],
          {
            serviceAccountName: 'grafana',
            volumes: [{ name: 'd', projected: { sources: [{ configMap: { name: 'dashboards' } }] } }],
          },
        ),
      },
    }),
    service(make, 'grafana', 3000),
    service(make, 'node-exporter', 9100, { clusterIP: 'None' }),
    make('v1', 'ServiceAccount', {
      name: 'grafana',
      annotations: {
        'serviceaccounts.openshift.io/oauth-redirectreference.grafana':
          '{"kind":"OAuthRedirectReference","apiVersion":"v1","reference":{"kind":"Route","name":"grafana"}}',
      },
    }),
    make('route.openshift.io/v1', 'Route', named('grafana'), {
      spec: {
        host: 'grafana-monitoring.apps.example.com',
        to: { kind: 'Service', name: 'grafana', weight: 90 },
        alternateBackends: [{ kind: 'Service', name: 'node-exporter', weight: 10 }],
        tls: {
          termination: 'reencrypt',
          destinationCACertificate: '-----BEGIN COMMENT-----\n-----END COMMENT-----\n',
        },
        wildcardPolicy: 'None',
      },
    }),
    make('v1', 'ConfigMap', 'dashboards', {
      data: { 'shop.json': JSON.stringify({ title: 'Shop', panels: [{ id: 1, type: 'graph' }] }) },
    }),
    make('v1', 'Secret', 'grafana-admin', { type: 'Opaque', data: { password: base64('admin') } }),
  ];
}

function operator(): KubernetesObject[] {
  const csv = 'grafana-operator.v5.15.1';
  return [
    make('operators.coreos.com/v1alpha1', 'Subscription', 'grafana-operator', {
      spec: {
        channel: 'v5',
        name: 'grafana-operator',
        source: 'community-operators',
        sourceNamespace: 'openshift-marketplace',
        installPlanApproval: 'Manual',
        startingCSV: csv,
      },
      status: { state: 'AtLatestKnown', currentCSV: csv, lastUpdated: '2026-10-01T00:00:00Z' },
    }),
    make(
      'operators.coreos.com/v1alpha1',
      'ClusterServiceVersion',
      { name: csv, annotations: { 'alm-examples': '[{"kind":"Grafana","metadata":{"name":"a"}}]' } },
      {
        spec: { displayName: 'Grafana Operator', version: '5.15.1', install: { strategy: 'deployment' } },
        status: { phase: 'Succeeded' },
      },
    ),
    // A copy, as the operator framework puts one into every project that the operator watches.
    make(
      'operators.coreos.com/v1alpha1',
      'ClusterServiceVersion',
      { name: 'elsewhere.v1.0.0', labels: { 'olm.copiedFrom': 'openshift-operators' } },
      {
        spec: { displayName: 'Elsewhere', version: '1.0.0' },
        status: { phase: 'Succeeded', reason: 'Copied' },
      },
    ),
    make('coordination.k8s.io/v1', 'Lease', 'grafana-operator-lock', {
      spec: { holderIdentity: 'grafana-operator-1', leaseDurationSeconds: 15 },
    }),
    make('rbac.authorization.k8s.io/v1', 'Role', 'leader-election', {
      rules: [
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
      ],
    }),
    make('rbac.authorization.k8s.io/v1', 'RoleBinding', 'leader-election', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'leader-election' },
      subjects: [{ kind: 'ServiceAccount', name: 'grafana', namespace: 'monitoring' }],
    }),
  ];
}

function rules(): KubernetesObject[] {
  const alert = {
    alert: 'BackupMissing',
    expr: 'time() - openshift_backup_last_success_timestamp_seconds > 93600',
    for: '10m',
    labels: { severity: 'warning' },
    annotations: { summary: 'No complete backup for {{ $value | humanizeDuration }}' },
  };
  return [
    make('monitoring.coreos.com/v1', 'PrometheusRule', named('backup'), {
      spec: { groups: [{ name: 'backup', rules: [alert] }] },
    }),
    make('monitoring.coreos.com/v1', 'ServiceMonitor', named('grafana'), {
      spec: { selector: { matchLabels: { app: 'grafana' } }, endpoints: [{ port: 'http', interval: '30s' }] },
    }),
    make('networking.k8s.io/v1', 'NetworkPolicy', 'allow-same-namespace', {
      spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }], policyTypes: ['Ingress'] },
    }),
    make('policy/v1', 'PodDisruptionBudget', named('grafana'), {
      spec: { maxUnavailable: '50%', selector: { matchLabels: { app: 'grafana' } } },
    }),
    make('v1', 'ResourceQuota', 'storage', {
      spec: { hard: { 'requests.storage': '100Gi', persistentvolumeclaims: '4' } },
    }),
  ];
}
