import type { KubernetesObject } from '../cluster/cluster.ts';
import { changed, deployment, deploymentChange, object, of, type RealChange } from './real-change.ts';

const PODS = 'spec.template.spec';
const WEB = `${PODS}.containers[name=web]`;

function web(name: string, ...fields: readonly string[]): string[] {
  return of(`deployments.apps ${name}`, ...fields);
}

function env(name: string, value: string): object {
  return { name, value };
}

const TOLERATIONS = [
  { key: 'a', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'b', operator: 'Equal', value: 'c', effect: 'NoExecute' },
];
const SIDECAR = { name: 'sidecar', image: 'registry.example.com/sidecar:1' };
const MAIN = { name: 'web', image: 'registry.example.com/web:1' };

function scaler(name: string): KubernetesObject {
  return object('autoscaling/v2', 'HorizontalPodAutoscaler', name, {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: 1,
      maxReplicas: 9,
    },
  });
}

/** Changes in what runs. */
export const WORKLOAD_CHANGES: readonly RealChange[] = [
  deploymentChange(
    'an image is bumped',
    'image',
    [{}, { container: { image: 'registry.example.com/web:2' } }],
    web('image', `${WEB}.image: "registry.example.com/web:1" → "registry.example.com/web:2"`),
  ),
  deploymentChange(
    'an environment variable is removed',
    'env-removed',
    [{ container: { env: [env('A', '1'), env('B', '2')] } }, { container: { env: [env('B', '2')] } }],
    web('env-removed', `${WEB}.env[name=A]: - {"name":"A","value":"1"}`),
  ),
  deploymentChange(
    'an environment variable is added before the others, and one changes',
    'env-changed',
    [
      { container: { env: [env('A', '1'), env('B', '2')] } },
      { container: { env: [env('C', '3'), env('A', '1'), env('B', '4')] } },
    ],
    web(
      'env-changed',
      `${WEB}.env[name=B].value: "2" → "4"`,
      `${WEB}.env[name=C]: + {"name":"C","value":"3"}`,
    ),
  ),
  deploymentChange(
    'a password in an environment variable changes: it is not shown',
    'env-password',
    [
      { container: { env: [env('DB_PASSWORD', 'hunter2')] } },
      { container: { env: [env('DB_PASSWORD', 'hunter3')] } },
    ],
    web('env-password', `${WEB}.env[name=DB_PASSWORD].value: secret changed`),
  ),
  deploymentChange(
    'the order of environment variables changes: nothing',
    'env-order',
    [
      { container: { env: [env('A', '1'), env('B', '2')] } },
      { container: { env: [env('B', '2'), env('A', '1')] } },
    ],
    [],
  ),
  deploymentChange(
    'a limit is written in another way: nothing',
    'same-quantity',
    [
      { container: { resources: { limits: { cpu: '1000m', memory: '1Gi' } } } },
      { container: { resources: { limits: { cpu: '1', memory: '1024Mi' } } } },
    ],
    [],
  ),
  deploymentChange(
    'a limit is raised',
    'limit',
    [
      { container: { resources: { limits: { memory: '1Gi' } } } },
      { container: { resources: { limits: { memory: '2Gi' } } } },
    ],
    web('limit', `${WEB}.resources.limits.memory: "1Gi" → "2Gi"`),
  ),
  deploymentChange(
    'somebody scales it',
    'replicas',
    [{}, { spec: { replicas: 5 } }],
    web('replicas', 'spec.replicas: 2 → 5'),
  ),
  {
    ...deploymentChange('an autoscaler scales it: nothing', 'scaled', [{}, { spec: { replicas: 5 } }], []),
    beside: [scaler('scaled')],
  },
  deploymentChange(
    'tolerations come in another order: nothing',
    'toleration-order',
    [{ pods: { tolerations: TOLERATIONS } }, { pods: { tolerations: TOLERATIONS.toReversed() } }],
    [],
  ),
  deploymentChange(
    'a toleration is added',
    'toleration',
    [{ pods: { tolerations: TOLERATIONS.slice(0, 1) } }, { pods: { tolerations: TOLERATIONS } }],
    web(
      'toleration',
      `${PODS}.tolerations[key=b,operator=Equal,effect=NoExecute]: + {"effect":"NoExecute","key":"b","operator":"Equal","value":"c"}`,
    ),
  ),
  deploymentChange(
    'a sidecar is added before the container',
    'sidecar',
    [{}, { pods: { containers: [SIDECAR, MAIN] } }],
    web(
      'sidecar',
      `${PODS}.containers[name=sidecar]: + {"image":"registry.example.com/sidecar:1","imagePullPolicy":"IfNotPresent","name":"sidecar","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}`,
    ),
  ),
  deploymentChange(
    'containers come in another order: nothing',
    'container-order',
    [{ pods: { containers: [SIDECAR, MAIN] } }, { pods: { containers: [MAIN, SIDECAR] } }],
    [],
  ),
  deploymentChange(
    'containers that run before the others come in another order',
    'init-order',
    [
      { pods: { initContainers: [SIDECAR, { ...MAIN, name: 'b' }] } },
      { pods: { initContainers: [{ ...MAIN, name: 'b' }, SIDECAR] } },
    ],
    web('init-order', `${PODS}.initContainers: ["sidecar","b"] → ["b","sidecar"]`),
  ),
  deploymentChange(
    'an argument is inserted',
    'args',
    [
      { container: { args: ['serve', '--port=80'] } },
      { container: { args: ['serve', '--debug', '--port=80'] } },
    ],
    web('args', `${WEB}.args[1]: + "--debug"`),
  ),
  deploymentChange(
    'the command changes',
    'command',
    [{ container: { command: ['run', 'a'] } }, { container: { command: ['run', 'b'] } }],
    web('command', `${WEB}.command[1]: "a" → "b"`),
  ),
  deploymentChange(
    'a volume is mounted elsewhere',
    'mount',
    [
      {
        container: { volumeMounts: [{ name: 'data', mountPath: '/a' }] },
        pods: { volumes: [{ name: 'data', emptyDir: {} }] },
      },
      {
        container: { volumeMounts: [{ name: 'data', mountPath: '/b' }] },
        pods: { volumes: [{ name: 'data', emptyDir: {} }] },
      },
    ],
    web(
      'mount',
      `${WEB}.volumeMounts[mountPath=/a]: - {"mountPath":"/a","name":"data"}`,
      `${WEB}.volumeMounts[mountPath=/b]: + {"mountPath":"/b","name":"data"}`,
    ),
  ),
  deploymentChange(
    'two protocols on one port: one is removed',
    'ports',
    [
      {
        container: {
          ports: [
            { containerPort: 53, protocol: 'UDP' },
            { containerPort: 53, protocol: 'TCP' },
          ],
        },
      },
      { container: { ports: [{ containerPort: 53, protocol: 'TCP' }] } },
    ],
    web('ports', `${WEB}.ports[containerPort=53,protocol=UDP]: - {"containerPort":53,"protocol":"UDP"}`),
  ),
  deploymentChange(
    'a liveness probe is given more time',
    'probe',
    [
      { container: { livenessProbe: { httpGet: { path: '/', port: 80 }, timeoutSeconds: 1 } } },
      { container: { livenessProbe: { httpGet: { path: '/', port: 80 }, timeoutSeconds: 5 } } },
    ],
    web('probe', `${WEB}.livenessProbe.timeoutSeconds: 1 → 5`),
  ),
  deploymentChange(
    'pods may run as root',
    'root',
    [
      { container: { securityContext: { runAsNonRoot: true } } },
      { container: { securityContext: { runAsUser: 0 } } },
    ],
    web('root', `${WEB}.securityContext.runAsNonRoot: - true`, `${WEB}.securityContext.runAsUser: + 0`),
  ),
  deploymentChange(
    'another ServiceAccount is used',
    'account',
    [{ pods: { serviceAccountName: 'a' } }, { pods: { serviceAccountName: 'b' } }],
    web('account', `${PODS}.serviceAccount: "a" → "b"`, `${PODS}.serviceAccountName: "a" → "b"`),
  ),
  deploymentChange(
    'the strategy changes',
    'strategy',
    [{ spec: { strategy: { type: 'Recreate' } } }, { spec: { strategy: { type: 'RollingUpdate' } } }],
    web(
      'strategy',
      'spec.strategy.rollingUpdate: + {"maxSurge":"25%","maxUnavailable":"25%"}',
      'spec.strategy.type: "Recreate" → "RollingUpdate"',
    ),
  ),
  { what: 'a Deployment is made', after: deployment('made'), expected: ['deployments.apps made added'] },
  {
    what: 'a Deployment is deleted',
    before: deployment(
      'deleted',
      {
        image: 'registry.example.com/old:1',
        args: ['a', 'b', 'c'],
        env: [env('A', '1'), env('B', '2'), env('C', '3')],
      },
      { priorityClassName: 'low' },
      { paused: true, minReadySeconds: 3, progressDeadlineSeconds: 77, revisionHistoryLimit: 5 },
    ),
    expected: ['deployments.apps deleted removed'],
  },
  {
    what: 'a Deployment is renamed',
    before: deployment('name-before', { args: ['a', 'b', 'c'] }),
    after: deployment('name-after', { args: ['a', 'b', 'd'] }),
    expected: [
      'deployments.apps name-after renamed from name-before',
      `deployments.apps name-after ${WEB}.args[2]: "c" → "d"`,
    ],
  },
  changed(
    'a CronJob runs at another time',
    object('batch/v1', 'CronJob', 'schedule', {
      spec: {
        schedule: '0 1 * * *',
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [MAIN] } } } },
      },
    }),
    (cronJob) => ({
      ...cronJob,
      spec: { ...(cronJob['spec'] as object), schedule: '0 2 * * *', suspend: true },
    }),
    of('cronjobs.batch schedule', 'spec.schedule: "0 1 * * *" → "0 2 * * *"', 'spec.suspend: false → true'),
  ),
  changed(
    'the autoscaler may go further',
    scaler('wider'),
    (hpa) => ({ ...hpa, spec: { ...(hpa['spec'] as object), maxReplicas: 20 } }),
    of('horizontalpodautoscalers.autoscaling wider', 'spec.maxReplicas: 9 → 20'),
  ),
];
