import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { execInPod, type ExecRequest, type ExecResult } from '../../../src/kubernetes/exec.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import { objectsAt, textAt, valueAt } from '../../../src/volumes/fields.ts';
import { quiesce, type QuiesceContext, undo } from '../../../src/volumes/quiesce/quiesce.ts';
import type { Undo } from '../../../src/volumes/run-record.ts';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { type Cluster, type KubernetesObject, startCluster } from '../../cluster/cluster.ts';
import { withoutControllers } from '../../cluster/controllers.ts';
import { sayReady, until } from '../swap/shop.ts';

const NOTE = 'openshift-backup.io/replicas';
const SCALE = { request: { quiesce: 'scale', source: 'data' } } as const;
const HOOKS = { request: { quiesce: 'hooks', source: 'data' } } as const;
const skip = withoutControllers(await ensureBinaries((line) => console.error(line)));

/** What a context was told, in order. */
interface Heard {
  readonly remembered: (readonly Undo[])[];
  readonly lines: string[];
}

describe('quiesce', { skip, concurrency: 4 }, () => {
  let cluster: Cluster;
  let folder: string;
  let connection: Connection;
  let objects: ClusterObjects;
  let nodes: Promise<void>;
  let projectCount = 0;
  const end = new AbortController();

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quiesce-test-'));
    cluster = await startCluster({ controllers: true });
    connection = await connect({ kubeconfig: cluster.adminKubeconfig, context: '' });
    objects = new ClusterObjects(new ApiClient(connection, 'test', new AbortController().signal));
    nodes = sayReady(objects, end.signal, () => true);
  });
  after(async () => {
    end.abort();
    await nodes;
    connection.close();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  /** A project with a Deployment of three pods that mount `data`, all of which run. */
  async function project(annotations: Readonly<Record<string, string>> = {}, replicas = 3): Promise<string> {
    projectCount++;
    const namespace = `quiesce-${projectCount}`;
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      deployment(namespace, { replicas, annotations }),
    ]);
    await until(`${namespace} runs`, async () => (await readyOf(namespace)) === replicas);
    return namespace;
  }

  function contextFor(namespace: string, changes: Partial<QuiesceContext> = {}): QuiesceContext & Heard {
    const remembered: (readonly Undo[])[] = [];
    const lines: string[] = [];
    return {
      objects,
      namespace,
      signal: new AbortController().signal,
      report: (line) => void lines.push(line),
      pollMs: 25,
      exec: runHere,
      remember: async (undos) => void remembered.push(undos),
      veleroHooks: false,
      idleTimeoutMs: 20_000,
      remembered,
      lines,
      ...changes,
    };
  }

  /** A "container" of this machine: what is tested is what becomes of exit codes, texts and time limits. */
  function runHere({ pod, command: [program = '', ...args], timeoutMs }: ExecRequest): Promise<ExecResult> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: folder,
        timeout: timeoutMs,
        env: { PATH: process.env['PATH'], POD: pod },
      });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (code === null) reject(new Error(`ended by ${signal}`));
        else resolve({ exitCode: code, ...output });
      });
    });
  }

  async function workload(namespace: string) {
    return await objects.get({ apiVersion: 'apps/v1', plural: 'deployments', namespace, name: 'web' });
  }

  async function replicasOf(namespace: string): Promise<unknown> {
    return valueAt((await workload(namespace))?.spec, 'replicas');
  }

  async function readyOf(namespace: string): Promise<unknown> {
    return valueAt((await workload(namespace))?.status, 'readyReplicas');
  }

  async function podsOf(namespace: string): Promise<readonly string[]> {
    const pods = await objects.list({ apiVersion: 'v1', plural: 'pods', namespace });
    return pods.map(({ metadata }) => metadata.name).toSorted();
  }

  const SCALED: Undo = {
    kind: 'scale',
    apiVersion: 'apps/v1',
    resource: 'deployments',
    name: 'web',
    replicas: 3,
  };

  test('scales to zero after that was remembered, and back, once and for all', async () => {
    const namespace = await project();
    const seen: unknown[] = [];
    const context = contextFor(namespace, {
      remember: async (undos) => void seen.push(undos, await replicasOf(namespace)),
    });
    const undos = await quiesce(context, SCALE);
    assert.deepEqual(undos, [SCALED]);
    assert.deepEqual(seen, [[SCALED], 3], 'nothing was done before');
    assert.deepEqual(await podsOf(namespace), []);
    assert.equal((await workload(namespace))?.metadata.annotations?.[NOTE], '3');
    for (const time of ['first', 'second']) {
      assert.deepEqual(await undo(context, undos), { remaining: [], errors: [] }, `the ${time} time`);
      assert.equal(await replicasOf(namespace), 3);
      assert.equal((await workload(namespace))?.metadata.annotations?.[NOTE], undefined);
    }
  });

  test('does nothing where nobody uses the source', async () => {
    const namespace = await project();
    const context = contextFor(namespace);
    assert.deepEqual(await quiesce(context, { request: { quiesce: 'scale', source: 'other' } }), []);
    assert.deepEqual(await quiesce(context, { request: { quiesce: 'none', source: 'data' } }), []);
    assert.deepEqual([context.remembered, await replicasOf(namespace)], [[], 3]);
  });

  test('scales back what was remembered and never done, or done by half', async () => {
    const namespace = await project();
    assert.deepEqual(await undo(contextFor(namespace), [SCALED]), { remaining: [], errors: [] });
    const ref = { apiVersion: 'apps/v1', plural: 'deployments', namespace, name: 'web' };
    await objects.patch(ref, { metadata: { annotations: { [NOTE]: '3' } } }, 'merge');
    assert.deepEqual(await undo(contextFor(namespace), [SCALED]), { remaining: [], errors: [] });
    assert.equal((await workload(namespace))?.metadata.annotations?.[NOTE], undefined);
    assert.equal(await replicasOf(namespace), 3);
  });

  test('leaves alone what somebody else has scaled or deleted meanwhile, and says so', async () => {
    const namespace = await project();
    const undos = await quiesce(contextFor(namespace), SCALE);
    const ref = { apiVersion: 'apps/v1', plural: 'deployments', namespace, name: 'web' };
    await objects.patch({ ...ref, subresource: 'scale' }, { spec: { replicas: 5 } }, 'merge');
    const scaled = await undo(contextFor(namespace), undos);
    assert.deepEqual(scaled.remaining, []);
    assert.match(scaled.errors.join(), /web has 5 replicas now and had 3/u);
    assert.equal(await replicasOf(namespace), 5);
    await objects.remove(ref, { propagation: 'Background' });
    const gone = await undo(contextFor(namespace), undos);
    assert.deepEqual(gone.remaining, []);
    assert.match(gone.errors.join(), /web is gone/u);
  });

  test('scales back when somebody begins to use the source whom nobody has asked to stop', async () => {
    const namespace = await project();
    const context = contextFor(namespace, {
      // Right after the plan was made.
      remember: async () => {
        await cluster.apply([bare(namespace)]);
      },
    });
    await assert.rejects(quiesce(context, SCALE), {
      name: 'KnownError',
      kind: 'failed',
      message: /Pod stranger has begun to use claim data/u,
    });
    await until('it is back', async () => (await readyOf(namespace)) === 3);
    await assert.rejects(quiesce(contextFor(namespace), SCALE), { kind: 'refused', message: /stranger/u });
    assert.equal(await replicasOf(namespace), 3);
  });

  test('an autoscaler leaves alone what has been scaled to zero', async () => {
    const namespace = await project();
    await cluster.apply([autoscaler(namespace)]);
    const undos = await quiesce(contextFor(namespace), SCALE);
    await until('the autoscaler has looked', async () => {
      const ref = {
        apiVersion: 'autoscaling/v2',
        plural: 'horizontalpodautoscalers',
        namespace,
        name: 'web',
      };
      const conditions = objectsAt((await objects.get(ref))?.status, 'conditions');
      return conditions.some((one) => textAt(one, 'reason') === 'ScalingDisabled');
    });
    assert.deepEqual([await replicasOf(namespace), await podsOf(namespace)], [0, []]);
    await undo(contextFor(namespace), undos);
    assert.equal(await replicasOf(namespace), 3);
  });

  test('makes do with the right to scale, without that to change workloads', async () => {
    const namespace = await project();
    const read = { verbs: ['get', 'list'] };
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: 'quiesce-account',
      name: 'backup',
      namespaceRules: {
        [namespace]: [
          { apiGroups: [''], resources: ['pods'], ...read },
          { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'replicasets'], ...read },
          {
            apiGroups: ['apps'],
            resources: ['deployments/scale', 'statefulsets/scale'],
            verbs: ['get', 'update', 'patch'],
          },
        ],
      },
    });
    const own = await connect({ kubeconfig, context: '' });
    try {
      const restricted = new ClusterObjects(new ApiClient(own, 'test', new AbortController().signal));
      const context = contextFor(namespace, { objects: restricted });
      const undos = await quiesce(context, SCALE);
      assert.equal(await replicasOf(namespace), 0);
      assert.match(context.lines.join('\n'), /web gets no note of its replicas: .*forbidden/u);
      assert.deepEqual(await undo(context, undos), { remaining: [], errors: [] });
      assert.equal(await replicasOf(namespace), 3);
    } finally {
      own.close();
    }
  });

  test('keeps what can not be undone now, and undoes the rest', async () => {
    const namespace = await project({ 'openshift-backup.io/post-hook': '["sh","-c","exit 3"]' });
    const [pod = ''] = await podsOf(namespace);
    const failing: Undo = {
      kind: 'hook',
      pod,
      container: 'app',
      command: ['sh', '-c', 'echo frozen >&2; exit 3'],
      timeoutSeconds: 5,
    };
    const late: Undo = { ...failing, command: ['sleep', '30'], timeoutSeconds: 1 };
    const gone: Undo = { ...failing, pod: 'gone' };
    const good: Undo = { ...failing, command: ['true'] };
    const context = contextFor(namespace);
    const result = await undo(context, [good, gone, failing, late, SCALED]);
    assert.deepEqual(result.remaining, [failing, late]);
    assert.deepEqual(context.remembered, [[failing, late]]);
    const [first, second, third] = result.errors;
    assert.match(first ?? '', /post hook of pod .*: ended by/u);
    assert.match(second ?? '', /post hook of pod .*: sh ended with 3: frozen/u);
    assert.equal(third, 'Pod gone is gone: its post hook has not run');
  });

  async function logOf(name: string): Promise<readonly string[]> {
    return (await readFile(path.join(folder, name), 'utf8')).trim().split('\n');
  }

  test('runs pre hooks one after the other, each after its post hook was remembered', async () => {
    const namespace = await project(
      {
        'openshift-backup.io/pre-hook': logging('order', 'pre'),
        'openshift-backup.io/post-hook': logging('order', 'post'),
      },
      2,
    );
    const [one = '', other = ''] = await podsOf(namespace);
    const context = contextFor(namespace);
    await writeFile(path.join(folder, 'order'), '');
    const undos = await quiesce(context, HOOKS);
    assert.deepEqual(
      context.remembered.map((list) => list.length),
      [1, 2],
    );
    assert.deepEqual(await undo(context, undos), { remaining: [], errors: [] });
    const expected = [`pre ${one}`, `pre ${other}`, `post ${other}`, `post ${one}`];
    assert.deepEqual(await logOf('order'), expected);
  });

  test('a failing pre hook fails the copy, and the post hooks of those that have begun run', async () => {
    const namespace = await project(
      {
        'openshift-backup.io/pre-hook': logging('failing', 'pre', '; echo no room >&2; exit 7'),
        'openshift-backup.io/post-hook': logging('failing', 'post'),
      },
      2,
    );
    const [one = ''] = await podsOf(namespace);
    await assert.rejects(quiesce(contextFor(namespace), HOOKS), {
      name: 'KnownError',
      kind: 'failed',
      message: `The pre hook of pod ${one} failed: sh ended with 7: no room`,
    });
    assert.deepEqual(await logOf('failing'), [`pre ${one}`, `post ${one}`]);
  });

  test('a pre hook of Velero that may fail is a warning', async () => {
    const namespace = await project(
      {
        'pre.hook.backup.velero.io/command': '["false"]',
        'pre.hook.backup.velero.io/on-error': 'Continue',
      },
      1,
    );
    const context = contextFor(namespace, { veleroHooks: true });
    assert.deepEqual(await quiesce(context, HOOKS), []);
    assert.match(context.lines.join('\n'), /pre hook of pod .* failed: false ended with 1/u);
    await assert.rejects(quiesce(contextFor(namespace), HOOKS), { kind: 'refused', message: /has a hook/u });
  });

  test('a hook that can not be started in its container fails', async () => {
    const namespace = await project({ 'openshift-backup.io/pre-hook': 'sync' }, 1);
    // No node is behind this pod.
    const context = contextFor(namespace, { exec: (request) => execInPod(connection, request) });
    await assert.rejects(quiesce(context, HOOKS), { kind: 'failed', message: /The pre hook of pod web-/u });
  });
});

/** A hook that writes down that it ran, and in which pod. */
function logging(name: string, phase: string, rest = ''): string {
  return JSON.stringify(['sh', '-c', `echo ${phase} $POD >> ${name}${rest}`]);
}

function deployment(
  namespace: string,
  {
    replicas,
    annotations,
  }: { readonly replicas: number; readonly annotations: Readonly<Record<string, string>> },
): KubernetesObject {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: podSpec() },
    },
  };
}

function podSpec(): object {
  return {
    terminationGracePeriodSeconds: 0,
    containers: [
      { name: 'app', image: 'example/app:1', volumeMounts: [{ name: 'files', mountPath: '/data' }] },
    ],
    volumes: [{ name: 'files', persistentVolumeClaim: { claimName: 'data' } }],
  };
}

function bare(namespace: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'stranger', namespace }, spec: podSpec() };
}

function autoscaler(namespace: string): KubernetesObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 6,
    },
  };
}
