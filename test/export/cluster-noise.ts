import { requestOk } from '../cluster/api-client.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { listOf, until, untilRenewed } from './quiet-cluster.ts';

/** A merge patch, or a list of steps. */
type Change = readonly [path: string, patch: object | readonly object[]];

const NOW = '2026-11-21T03:00:00Z';
const READY = { type: 'Ready', status: 'True', lastTransitionTime: NOW, reason: 'Noise', message: 'noise' };

const project = (name: string, list: string, root = '/api/v1'): string =>
  `${root}/namespaces/${name}/${list}`;

/** Written to the subresource `status`: what nobody configured. */
const STATUS: readonly Change[] = [
  ['/api/v1/nodes/node-1', { conditions: [READY], capacity: { cpu: '4' } }],
  [
    project('shop', 'deployments/web', '/apis/apps/v1'),
    { replicas: 2, readyReplicas: 1, availableReplicas: 1, conditions: [{ ...READY, type: 'Available' }] },
  ],
  [
    project('shop', 'horizontalpodautoscalers/web', '/apis/autoscaling/v2'),
    { lastScaleTime: NOW, desiredReplicas: 3 },
  ],
  [project('lab', 'services/public'), { loadBalancer: { ingress: [{ ip: '192.0.2.80' }] } }],
  [
    project('blog', 'ingresses/blog', '/apis/networking.k8s.io/v1'),
    { loadBalancer: { ingress: [{ hostname: 'router.example.com' }] } },
  ],
  [
    project('data', 'persistentvolumeclaims/uploads'),
    { conditions: [{ type: 'Resizing', status: 'True', lastTransitionTime: NOW }] },
  ],
  [
    project('data', 'warehouses/vienna', '/apis/logistics.example.com/v1'),
    { fill: 0.9, seen: NOW, conditions: [READY] },
  ],
  ['/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io', { conditions: [READY] }],
];

const LEADER = {
  metadata: {
    annotations: {
      'control-plane.alpha.kubernetes.io/leader': `{"holderIdentity":"b","renewTime":"${NOW}"}`,
    },
  },
};
const DOCKERCFG = { data: { '.dockercfg': Buffer.from(`{"token":"${NOW}"}`).toString('base64') } };
const IMAGE = '/apis/image.openshift.io/v1';

/** Written to the object itself, by controllers of Kubernetes and OpenShift, while nobody configures anything. */
const UPKEEP: readonly Change[] = [
  [project('lab', 'configmaps/operator-lock'), LEADER],
  [project('lab', 'configmaps/operator-settings'), LEADER],
  [project('lab', 'endpoints/leader-lock'), LEADER],
  [
    project('lab', 'secrets/runner-key'),
    { metadata: { labels: { 'kubernetes.io/legacy-token-last-used': '2026-11-21' } } },
  ],
  // A pull Secret's token is renewed every half hour.
  [project('shop', 'secrets/default-dockercfg-de7x9'), DOCKERCFG],
  [
    project('lab', 'secrets/serving-cert'),
    { data: { 'tls.crt': 'cmVuZXdlZA==', 'tls.key': 'cmVuZXdlZA==' } },
  ],
  [project('lab', 'configmaps/trusted-ca'), { data: { 'ca-bundle.crt': 'renewed' } }],
  [project('lab', 'configmaps/service-ca'), { data: { 'service-ca.crt': 'renewed' } }],
  [
    '/apis/user.openshift.io/v1/groups/synced',
    { metadata: { annotations: { 'openshift.io/ldap.sync-time': NOW } } },
  ],
  [
    project('blog', 'imagestreams/nodejs', IMAGE),
    {
      metadata: { annotations: { 'openshift.io/image.dockerRepositoryCheck': NOW } },
      status: { tags: [{ tag: '24-ubi9', items: [{ created: NOW, generation: 5, image: 'sha256:1' }] }] },
    },
  ],
  [
    project('blog', 'deploymentconfigs/blog', '/apis/apps.openshift.io/v1'),
    { status: { observedGeneration: 13, details: { message: 'noise' } } },
  ],
  [
    project('blog', 'buildconfigs/blog', '/apis/build.openshift.io/v1'),
    { status: { lastVersion: 8, imageChangeTriggers: [{ lastTriggerTime: NOW }] } },
  ],
  [project('shop', 'routes/web', '/apis/route.openshift.io/v1'), { status: { ingress: [{ host: 'a' }] } }],
  ['/apis/config.openshift.io/v1/clusterversions/version', { status: { history: [{ startedTime: NOW }] } }],
  [
    project('monitoring', 'leases/grafana-operator-lock', '/apis/coordination.k8s.io/v1'),
    { spec: { renewTime: '2026-11-21T03:00:00.000000Z' } },
  ],
];

/** The same, of fields in lists, or by a manager whose fields go by its name. */
const STEPS: readonly Change[] = [
  [project('blog', 'imagestreams/nodejs', IMAGE), [replace('/spec/tags/0/generation', 5)]],
  [
    project('blog', 'buildconfigs/blog', '/apis/build.openshift.io/v1'),
    [replace('/spec/triggers/2/imageChange/lastTriggeredImageID', 'nodejs@sha256:1')],
  ],
  [
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/lab',
    [replace('/webhooks/0/clientConfig/caBundle', 'cmVuZXdlZA==')],
  ],
  [
    '/api/v1/namespaces/lab?fieldManager=pod-security-admission-label-synchronization-controller',
    { metadata: { labels: { 'pod-security.kubernetes.io/warn-version': 'v1.34' } } },
  ],
  [
    project('shop', 'horizontalpodautoscalers/web', '/apis/autoscaling/v2'),
    { metadata: { annotations: { 'autoscaling.alpha.kubernetes.io/current-metrics': '[]' } } },
  ],
];

/** Lets happen in a cluster, within seconds, what goes on in one over a night in which nobody configures anything. */
export async function makeNoise(cluster: Cluster): Promise<void> {
  await Promise.all([
    ...STATUS.map(([target, status]) => patch(cluster, `${target}/status`, { status })),
    cluster.create(['first', 'second'].map(event)),
    cluster.create([build()]),
  ]);
  for (const [target, change] of [...UPKEEP, ...STEPS]) await patch(cluster, target, change);
  await replacePods(cluster, 'shop', 'app=web');
  await replacePods(cluster, 'lab', 'app=orphan');
  await runJob(cluster);
  await touch(cluster);
  await untilRenewed(cluster);
}

function replace(at: string, value: unknown): object {
  return { op: 'replace', path: at, value };
}

async function patch(cluster: Cluster, target: string, change: Change[1]): Promise<void> {
  const contentType = `application/${Array.isArray(change) ? 'json' : 'merge'}-patch+json`;
  await requestOk(cluster.api, 'PATCH', target, { text: JSON.stringify(change), contentType });
}

/** The controller makes others, under other names. */
async function replacePods(cluster: Cluster, name: string, label: string): Promise<void> {
  const target = `${project(name, 'pods')}?labelSelector=${encodeURIComponent(label)}`;
  const old = (await listOf(cluster, target)).map(({ metadata }) => metadata.name);
  await cluster.kubectl(['delete', 'pods', '-n', name, '-l', label, '--wait=false']);
  await until(`the pods of ${label} are replaced`, async () => {
    const now = (await listOf(cluster, target)).filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && !old.includes(metadata.name),
    );
    return now.length === old.length;
  });
}

/** A Job of the CronJob, as it runs every minute, to its end; there is no kubelet to end its Pod. */
async function runJob(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['create', 'job', 'tick-now', '--from=cronjob/tick', '-n', 'lab']);
  const target = `${project('lab', 'pods')}?labelSelector=${encodeURIComponent('job-name=tick-now')}`;
  await until('the Job has its Pod', async () => (await listOf(cluster, target)).length === 1);
  const [pod] = await listOf(cluster, target);
  await patch(cluster, `${project('lab', 'pods')}/${pod?.metadata.name}/status`, {
    status: { phase: 'Succeeded' },
  });
  await cluster.kubectl(['wait', 'job/tick-now', '-n', 'lab', '--for=condition=Complete', '--timeout=60s']);
}

/** Changed and changed back: what counts writes counts on. */
async function touch(cluster: Cluster): Promise<void> {
  const target = project('shop', 'deployments/cart', '/apis/apps/v1');
  await patch(cluster, target, { spec: { minReadySeconds: 1 } });
  await patch(cluster, target, { spec: { minReadySeconds: 0 } });
}

function event(reason: string): Parameters<Cluster['create']>[0][number] {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `noise-${reason}`, namespace: 'shop' },
    involvedObject: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    reason,
    type: 'Normal',
  };
}

function build(): Parameters<Cluster['create']>[0][number] {
  return {
    apiVersion: 'build.openshift.io/v1',
    kind: 'Build',
    metadata: { name: 'blog-8', namespace: 'blog' },
    status: { phase: 'Running' },
  };
}
