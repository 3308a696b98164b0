import { USUAL_COPY } from '../../../src/volumes/copy.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect } from '../../../src/kubernetes/connect.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import { type CopyContext, USUAL_TIMES } from '../../../src/volumes/run/copy-context.ts';
import { copyVolume } from '../../../src/volumes/run/copy-volume.ts';
import type { RunRecord } from '../../../src/volumes/run-record.ts';
import type { NodeCluster } from '../../cluster/node/start-node-cluster.ts';
import { TINY_IMAGE } from '../../cluster/node/tiny-image.ts';
import type { KubernetesObject } from '../../cluster/objects.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';

const SIGNAL = new AbortController().signal;
/** Minutes become seconds. */
const HASTE = 60;

/** Pods that never begin are given up, each for its reason, and nothing is left of them. */
export function pendingCases(place: Place): void {
  describe('a pod that does not begin', () => {
    test('for want of its image', async () => {
      const project = await projectWithClaims(place, 'no-image');
      const record = await hastyCopy(project, 'registry.invalid/nobody/has-it:1');
      assert.match(record.message, /^the image registry\.invalid\/nobody\/has-it:1 can't be had/u);
      await assertNothingLeft(project, record);
    });

    test('for want of a node that takes it', async () => {
      const { cluster, image } = place();
      const project = await projectWithClaims(place, 'no-node');
      await cluster.apply([await hog(cluster, project.name)]);
      await project.kubectl('wait', '--for=condition=Ready', 'pod/hog', '--timeout=60s');
      const record = await hastyCopy(project, image);
      assert.match(record.message, /^no node takes the pod, .*Insufficient cpu/u);
      await assertNothingLeft(project, record);
      await project.kubectl('delete', 'pod', 'hog', '--grace-period=1');
    });

    test('within the time for all of it', async () => {
      const project = await projectWithClaims(place, 'late');
      const record = await hastyCopy(project, 'registry.invalid/nobody/has-it:1', {
        deadlineSeconds: 3,
        haste: 1,
      });
      assert.match(record.message, /has not ended in its time|took longer than it may/u);
      await assertNothingLeft(project, record);
    });
  });
}

async function projectWithClaims(place: Place, name: string): Promise<Project> {
  const { cluster, image } = place();
  const project = await makeProject(cluster, name, image);
  await project.claim('data', { mode: 0o777 });
  await project.claim('copy', { mode: 0o777 });
  return project;
}

/** A pod that asks for all of the node's processors. */
async function hog(cluster: NodeCluster, namespace: string): Promise<KubernetesObject> {
  const cpu = await cluster.kubectl(['get', 'node', 'node-1', '-o', 'jsonpath={.status.allocatable.cpu}']);
  const container = {
    name: 'hog',
    image: TINY_IMAGE,
    imagePullPolicy: 'Never',
    command: ['/tiny', 'pause'],
    resources: { requests: { cpu } },
  };
  const spec = { restartPolicy: 'Never', containers: [container] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'hog' }, spec };
}

async function assertNothingLeft(project: Project, record: RunRecord): Promise<void> {
  assert.partialDeepStrictEqual(record, { phase: 'ended', result: 'failed' });
  assert.deepEqual(await project.movers(), []);
  assert.equal(await project.copyState('copy'), undefined);
}

interface Hurry {
  readonly deadlineSeconds?: number;
  readonly haste?: number;
}

async function hastyCopy(
  project: Project,
  image: string,
  { deadlineSeconds = 600, haste = HASTE }: Hurry = {},
): Promise<RunRecord> {
  const connection = await connect({ kubeconfig: project.kubeconfig, context: '' });
  const client = new ApiClient(connection, 'tests', SIGNAL);
  const objects = new ClusterObjects(client);
  const context: CopyContext = {
    client,
    connection,
    objects,
    holder: 'tests',
    image,
    signal: SIGNAL,
    lost: SIGNAL,
    now: () => new Date(),
    times: { ...USUAL_TIMES, haste, pollMs: 500 },
    keepsFailedPod: false,
    onChange: () => undefined,
    onNote: () => undefined,
    onProgress: () => undefined,
  };
  try {
    return await copyVolume(context, {
      namespace: project.name,
      source: 'data',
      target: 'copy',
      ...USUAL_COPY,
      deadlineSeconds,
    });
  } finally {
    connection.close();
  }
}
