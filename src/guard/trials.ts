import { argumentsOf } from '../model/backuper-arguments.ts';
import { BACKUPER_COMMAND, SOURCE_PATH, TARGET_PATH, WHOLE_VOLUME } from '../model/backuper.ts';
import { IDENTITY } from './names.ts';
import { ruleIn } from './rules.ts';

/** A request that is only tried (`dryRun`), to see what the cluster says to it. */
export interface Trial {
  readonly id: string;
  /** What is tried. */
  readonly what: string;
  /** What the guard has to say: nothing at all, or no. */
  readonly expected: 'refused' | 'allowed';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What came of a trial. `unclear`: something other than the guard has decided before it could. */
export interface TrialResult {
  readonly id: string;
  readonly what: string;
  readonly expected: Trial['expected'];
  readonly outcome: 'refused' | 'allowed' | 'unclear';
  /** The rule that has refused it. */
  readonly rule: string | undefined;
  /** What the server said; empty when it took the request. */
  readonly message: string;
}

/** What all results together say. */
export interface Verdict {
  readonly isInForce: boolean;
  /** One line that says what follows, and what to do. */
  readonly message: string;
}

const RUN = '20000101t000000-check';

/** What is tried in a project. The image is the backup's own; without one, that the right pod passes is not known. */
export function trials(namespace: string, image: string): Trial[] {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const own = exemplaryPod(namespace, image === '' ? 'openshift-backup:latest' : image);
  return [
    {
      id: 'name',
      what: 'a pod with the name of a BackupEr pod, and another ServiceAccount',
      expected: 'refused',
      path: pods,
      body: { ...own, spec: { ...own.spec, serviceAccountName: 'default' } },
    },
    {
      id: 'scc',
      what: 'a pod that asks for the SCC backuper-root',
      expected: 'refused',
      path: pods,
      body: {
        ...own,
        metadata: {
          name: `openshift-backup-guard-check-${RUN}`,
          namespace,
          annotations: { 'openshift.io/required-scc': 'backuper-root' },
        },
        spec: { ...own.spec, serviceAccountName: 'default' },
      },
    },
    {
      id: 'program',
      what: 'a BackupEr pod with another program',
      expected: 'refused',
      path: pods,
      body: { ...own, spec: { ...own.spec, containers: [{ ...own.spec.containers[0], command: ['sh'] }] } },
    },
    {
      id: 'workload',
      what: 'a Deployment whose pods have the ServiceAccount backuper',
      expected: 'refused',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
      body: deployment(namespace),
    },
    {
      id: 'own-pod',
      what: "the backup's own pod",
      expected: 'allowed',
      path: pods,
      body: own,
    },
  ];
}

/** Reads what the server said to a trial: undefined when it took the request. */
export function trialResult({ id, what, expected }: Trial, refusal: string | undefined): TrialResult {
  const rule = refusal === undefined ? undefined : ruleIn(refusal);
  const given = { id, what, expected, rule, message: refusal ?? '' };
  if (refusal === undefined) return { ...given, outcome: 'allowed' };
  return { ...given, outcome: rule === undefined ? 'unclear' : 'refused' };
}

/** Whether the guard is in force: it has refused what it must, and nothing has got past it. */
export function verdictOf(results: readonly TrialResult[], isImageKnown: boolean): Verdict {
  const forbidden = results.filter(({ expected }) => expected === 'refused');
  const passed = forbidden.filter(({ outcome }) => outcome === 'allowed');
  if (passed.length > 0) {
    return {
      isInForce: false,
      message: `the guard is not in force: the cluster takes ${passed.map(({ what }) => what).join('; ')}. Run "make guard"; a guard that only notes (GUARD_MODE=audit) refuses nothing`,
    };
  }
  const unseen = forbidden.filter(
    ({ id, outcome }) => ['name', 'workload'].includes(id) && outcome === 'unclear',
  );
  const [first] = unseen;
  if (first) {
    const isSilent = first.message.includes('calling webhook');
    return {
      isInForce: false,
      message: isSilent
        ? `the guard is not in force: its webhook does not answer, and BackupEr pods are refused until it does. Look at its pods; the server said: ${first.message}`
        : `whether the guard is in force can't be seen here: ${first.message}. Try it in another project, or as somebody who may create pods and deployments`,
    };
  }
  const own = results.find(({ id }) => id === 'own-pod');
  if (isImageKnown && own?.outcome === 'refused' && own.rule !== 'creator') {
    return {
      isInForce: false,
      message: `the guard is in force, and refuses the backup's own pods too (rule ${own.rule ?? ''}): run "make guard", which tells it the image and the rules of this version`,
    };
  }
  return { isInForce: true, message: 'the guard is in force' };
}

interface ExemplaryPod {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly containers: readonly Readonly<Record<string, unknown>>[];
  };
  readonly [key: string]: unknown;
}

/** A pod in the allowed shape, which Pod Security "restricted" admits too. */
function exemplaryPod(namespace: string, image: string): ExemplaryPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `backuper-probe-${RUN}`, namespace },
    spec: {
      restartPolicy: 'Never',
      serviceAccountName: IDENTITY,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: 60,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container(image)],
      volumes: [
        { name: 'source', persistentVolumeClaim: { claimName: 'guard-check-source', readOnly: true } },
        { name: 'target', persistentVolumeClaim: { claimName: 'guard-check-target', readOnly: true } },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  };
}

function container(image: string): Readonly<Record<string, unknown>> {
  return {
    name: 'backuper',
    image,
    command: [BACKUPER_COMMAND],
    args: argumentsOf({
      task: 'probe',
      identity: 'owner',
      ...WHOLE_VOLUME,
    }),
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '10m', memory: '32Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'source', mountPath: SOURCE_PATH, readOnly: true },
      { name: 'target', mountPath: TARGET_PATH, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function deployment(namespace: string): Readonly<Record<string, unknown>> {
  const labels = { app: 'openshift-backup-guard-check' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'openshift-backup-guard-check', namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: IDENTITY, containers: [{ name: 'main', image: 'none' }] },
      },
    },
  };
}
