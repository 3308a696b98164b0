import { FIELD_CHANGES } from './field-changes.ts';
import { PROJECT, pods, type Sent, type Who } from './guard-cluster.ts';
import { type Json, type MutablePod, ownPod } from './pods.ts';

/** Something that nobody is to get away with. */
export interface Attack {
  readonly name: string;
  /** Those who try it; each is refused by the rule. */
  readonly by: readonly Who[];
  readonly rule: string;
  /** What is made by the cluster's administrator beforehand, and goes afterwards. */
  readonly before?: readonly { readonly path: string; readonly body: Json & { metadata: Json } }[];
  /** The attack itself, on what was made. */
  readonly request: (before: readonly string[]) => Sent;
  /** Without the guard it succeeds, with one of these. */
  readonly status: readonly number[];
}

const TENANTS: readonly Who[] = ['edit', 'admin'];
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

/** Every way in that is known; those by changes of one field come last. */
export function attacks(): Attack[] {
  return [
    made('the real pod, exactly', TENANTS, 'creator', ownPod(PROJECT)),
    made('the real pod of the root tier', TENANTS, 'creator', ownPod(PROJECT, { isOpenShift: true })),
    made('a shell with the identity', TENANTS, 'creator', plainPod({ serviceAccountName: 'backuper' })),
    made('the identity by its old field', TENANTS, 'creator', plainPod({ serviceAccount: 'backuper' })),
    made('an ordinary pod with the prefix', TENANTS, 'creator', plainPod({}, { name: 'backuper-web' })),
    made(
      'a prefix for the server to complete',
      TENANTS,
      'creator',
      plainPod({}, { name: '', generateName: 'backuper-' }),
    ),
    made(
      'the SCC by its name',
      TENANTS,
      'creator',
      plainPod({}, { annotations: { 'openshift.io/required-scc': 'backuper-root' } }),
    ),
    made(
      'the SCC as OpenShift notes it',
      TENANTS,
      'creator',
      plainPod({}, { annotations: { 'openshift.io/scc': 'backuper-root' } }),
    ),
    made('in the name of the identity', ['identity'], 'requester', plainPod({})),
    made('the real pod in the name of the identity', ['identity'], 'requester', ownPod(PROJECT)),
    changed('another image in a pod that runs', 'frozen', (name) =>
      patch(name, { spec: { containers: [{ name: 'backuper', image: 'evil' }] } }, STRATEGIC),
    ),
    changed('an ephemeral container in a pod that runs', 'frozen', (name) => ({
      ...patch(
        name,
        { spec: { ephemeralContainers: [{ name: 'sh', image: 'evil', targetContainerName: 'backuper' }] } },
        STRATEGIC,
      ),
      path: `${pods()}/${name}/ephemeralcontainers`,
    })),
    changed('an early end for a pod that runs', 'frozen', (name) =>
      patch(name, { spec: { activeDeadlineSeconds: 1 } }, MERGE),
    ),
    changed('a toleration for a pod that runs', 'frozen', (name) =>
      patch(
        name,
        [{ op: 'add', path: '/spec/tolerations/-', value: { key: 'x', operator: 'Exists' } }],
        'application/json-patch+json',
      ),
    ),
    changed('less of the processor for a pod that runs', 'frozen', (name) => ({
      ...patch(
        name,
        { spec: { containers: [{ name: 'backuper', resources: { requests: { cpu: '1m' } } }] } },
        STRATEGIC,
      ),
      path: `${pods()}/${name}/resize`,
    })),
    changed('an SCC for a pod that runs', 'frozen', (name) =>
      patch(name, { metadata: { annotations: { 'openshift.io/scc': 'backuper-all' } } }, MERGE),
    ),
    {
      ...changed('the SCC for an ordinary pod that runs', 'frozen', (name) =>
        patch(name, { metadata: { annotations: { 'openshift.io/scc': 'backuper-root' } } }, MERGE),
      ),
      before: [{ path: pods(), body: plainPod({}) }],
    },
    ...['exec?command=sh', 'attach', 'portforward', 'proxy'].flatMap((subresource) =>
      (['GET', 'POST'] as const).map((method) => ({
        ...changed(`${method} ${subresource}`, 'connect', (name) => {
          const [path = '', query] = subresource.split('?');
          return { method, path: `${pods()}/${name}/${path}${query === undefined ? '' : `?${query}`}` };
        }),
        // It gets as far as the node, which there is none of, or to the switch of protocols.
        status: [400, 404, 500, 502, 503],
      })),
    ),
    {
      name: 'a token of the identity',
      by: TENANTS,
      rule: 'token-request',
      request: () => ({
        method: 'POST',
        path: `/api/v1/namespaces/${PROJECT}/serviceaccounts/backuper/token`,
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      }),
      status: [201],
    },
    {
      name: 'a token of the identity in a Secret',
      by: TENANTS,
      rule: 'token-secret',
      request: () => ({
        method: 'POST',
        path: `/api/v1/namespaces/${PROJECT}/secrets`,
        body: tokenSecret('backuper'),
      }),
      status: [201],
    },
    {
      name: 'a Secret that is given to the identity later',
      by: TENANTS,
      rule: 'token-secret',
      before: [{ path: `/api/v1/namespaces/${PROJECT}/secrets`, body: tokenSecret('tenant-edit') }],
      request: ([name = '']) => ({
        method: 'PATCH',
        path: `/api/v1/namespaces/${PROJECT}/secrets/${name}`,
        body: { metadata: { annotations: { 'kubernetes.io/service-account.name': 'backuper' } } },
        contentType: MERGE,
      }),
      status: [200],
    },
    ...workloads(),
    ...FIELD_CHANGES.flatMap(({ name, rule, change }) => {
      const pod = (): MutablePod => {
        const own = ownPod(PROJECT);
        change(own);
        return own;
      };
      return [
        {
          ...made(`a pod of the backup: ${name}`, ['backup'], rule, pod()),
          request: () => create(pods(), pod()),
        },
        ...(rule === 'one-container' || rule === 'image'
          ? [
              {
                ...made(`a pod of a tenant: ${name}`, TENANTS, 'creator', pod()),
                request: () => create(pods(), pod()),
              },
            ]
          : []),
      ];
    }),
  ];
}

function made(name: string, by: readonly Who[], rule: string, pod: MutablePod | Json): Attack {
  return { name, by, rule, request: () => create(pods(), pod), status: [201] };
}

/** An attack on a pod of the backup that is there. */
function changed(name: string, rule: string, request: (pod: string) => Sent): Attack {
  return {
    name,
    by: TENANTS,
    rule,
    before: [{ path: pods(), body: ownPod(PROJECT) as unknown as Json & { metadata: Json } }],
    request: ([pod = '']) => request(pod),
    status: [200],
  };
}

function workloads(): Attack[] {
  const apps = `/apis/apps/v1/namespaces/${PROJECT}`;
  const labels = { app: 'attack' };
  const template = (spec: Json = {}, annotations: Json = {}): Json => ({
    metadata: { labels, annotations },
    spec: { serviceAccountName: 'backuper', containers: [{ name: 'main', image: 'evil' }], ...spec },
  });
  const usual = { selector: { matchLabels: labels }, template: template() };
  const once = template({ restartPolicy: 'Never' });
  const ordinary = { ...usual, template: template({ serviceAccountName: 'default' }) };
  return [
    tried('Deployment', `${apps}/deployments`, usual),
    tried('StatefulSet', `${apps}/statefulsets`, { ...usual, serviceName: 'attack' }),
    tried('DaemonSet', `${apps}/daemonsets`, usual),
    tried('ReplicaSet', `${apps}/replicasets`, usual),
    tried('ReplicationController', `/api/v1/namespaces/${PROJECT}/replicationcontrollers`, {
      selector: labels,
      template: template(),
    }),
    tried('Job', `/apis/batch/v1/namespaces/${PROJECT}/jobs`, { template: once }),
    tried('CronJob', `/apis/batch/v1/namespaces/${PROJECT}/cronjobs`, {
      schedule: '0 0 * * *',
      jobTemplate: { spec: { template: once } },
    }),
    {
      ...tried('PodTemplate', `/api/v1/namespaces/${PROJECT}/podtemplates`, {}),
      request: () =>
        create(`/api/v1/namespaces/${PROJECT}/podtemplates`, {
          apiVersion: 'v1',
          kind: 'PodTemplate',
          metadata: { name: 'attack' },
          template: template(),
        }),
    },
    {
      ...tried('Deployment', `${apps}/deployments`, {
        ...ordinary,
        template: template(
          { serviceAccountName: 'default' },
          { 'openshift.io/required-scc': 'backuper-root' },
        ),
      }),
      name: 'a Deployment that asks for the SCC',
    },
    {
      ...tried('Deployment', `${apps}/deployments`, ordinary, { metadata: { name: 'backuper' } }),
      name: 'a Deployment whose pods would have the prefix',
    },
    {
      ...tried('Deployment', '', {}),
      name: 'a Deployment that is given the identity later',
      before: [
        {
          path: `${apps}/deployments`,
          body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'later' }, spec: ordinary },
        },
      ],
      request: () => ({
        method: 'PATCH',
        path: `${apps}/deployments/later`,
        body: { spec: { template: { spec: { serviceAccountName: 'backuper' } } } },
        contentType: MERGE,
      }),
      status: [200],
    },
  ];
}

function tried(kind: string, path: string, spec: Json, rest: Json = {}): Attack {
  return {
    name: `a ${kind} with the identity`,
    by: TENANTS,
    rule: 'workload',
    request: () =>
      create(path, { apiVersion: versionOf(path), kind, metadata: { name: 'attack' }, spec, ...rest }),
    status: [201],
  };
}

function versionOf(path: string): string {
  return path.startsWith('/apis/') ? path.split('/').slice(2, 4).join('/') : 'v1';
}

function create(path: string, body: unknown): Sent {
  return { method: 'POST', path, body };
}

function patch(name: string, body: unknown, contentType: string): Sent {
  return { method: 'PATCH', path: `${pods()}/${name}`, body, contentType };
}

function plainPod(spec: Json, metadata: Json = {}): Json & { metadata: Json } {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'ordinary', namespace: PROJECT, ...metadata },
    spec: { containers: [{ name: 'main', image: 'evil', command: ['sh', '-c', 'id'] }], ...spec },
  };
}

function tokenSecret(account: string): Json & { metadata: Json } {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'attack', annotations: { 'kubernetes.io/service-account.name': account } },
    type: 'kubernetes.io/service-account-token',
  };
}
