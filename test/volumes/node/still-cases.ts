import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { RunRecord } from '../../../src/volumes/run-record.ts';
import { UID } from '../../cluster/node/restricted-objects.ts';
import { TINY_IMAGE } from '../../cluster/node/tiny-image.ts';
import type { KubernetesObject } from '../../cluster/objects.ts';
import type { StartedCli } from '../../support/run-cli.ts';
import { fill, own } from './fill.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import { listingOf } from './tree.ts';

/** Copies of applications that are kept still, copies of folders, and copies beside each other. */
export function stillCases(place: Place): void {
  test('an application is scaled to zero for its copy, and back', async () => {
    const { project, source, target } = await running(place, 'scaled');
    const started = project.startVolumes([
      'copy',
      'data',
      'copy',
      '--quiesce',
      'scale',
      '-o',
      'json',
      '--bandwidth',
      '400K',
    ]);
    await copying(started);
    assert.equal(await project.kubectl('get', 'deployment', 'app', '-o', 'jsonpath={.spec.replicas}'), '0');
    const record = await ended(started.ended);
    assert.equal(record.result, 'complete');
    assert.deepEqual(record.toUndo ?? [], []);
    assert.equal(await project.kubectl('get', 'deployment', 'app', '-o', 'jsonpath={.spec.replicas}'), '1');
    await project.kubectl('wait', '--for=condition=Available', 'deployment/app', '--timeout=120s');
    assert.deepEqual(await listingOf(target), await listingOf(source));
  });

  test('an application is scaled back by the next copy when the process of the first is killed', async () => {
    const { project } = await running(place, 'scaled-and-killed');
    const args = ['copy', 'data', 'copy', '--quiesce', 'scale', '-o', 'json', '--bandwidth', '400K'];
    const first = project.startVolumes(args);
    await copying(first);
    first.child.kill('SIGKILL');
    await first.ended;
    await ended(project.volumes(args));
    const runs = await project.runs();
    assert.deepEqual(
      runs.map(({ phase, toUndo }) => [phase, toUndo ?? []]),
      runs.map(() => ['ended', []]),
    );
    await project.kubectl('wait', '--for=condition=Available', 'deployment/app', '--timeout=120s');
    assert.deepEqual(await project.movers(), []);
  });

  test('hooks run in the application before its copy and afterwards', async () => {
    const { project, source } = await running(place, 'hooked', {
      'openshift-backup.io/pre-hook': JSON.stringify(['/tiny', 'write', '/kept/frozen', 'yes']),
      'openshift-backup.io/post-hook': JSON.stringify(['/tiny', 'write', '/kept/thawed', 'yes']),
    });
    const target = path.join(path.dirname(source), 'hooked-copy');
    await ended(project.volumes(['copy', 'data', 'copy', '--quiesce', 'hooks', '-o', 'json']));
    assert.equal(await readFile(path.join(target, 'frozen'), 'utf8'), 'yes');
    assert.equal((await readdir(target)).includes('thawed'), false);
    assert.equal(await readFile(path.join(source, 'thawed'), 'utf8'), 'yes');
  });

  test('a hook that fails ends the copy before it has begun', async () => {
    const { project } = await running(place, 'hook-fails', {
      'openshift-backup.io/pre-hook': JSON.stringify(['/tiny', 'read', '/nowhere']),
      'openshift-backup.io/post-hook': JSON.stringify(['/tiny', 'write', '/kept/thawed', 'yes']),
    });
    const { code, stdout } = await project.volumes(['copy', 'data', 'copy', '--quiesce', 'hooks']);
    assert.equal(code, 4, stdout);
    assert.match(stdout, /^Failed: .*pre hook of pod \S+ failed: .*nowhere/u);
    assert.equal(await project.copyState('copy'), undefined);
  });

  test('a copy yields to a pod that needs a volume for itself alone', async () => {
    const { cluster, image } = place();
    const project = await makeProject(cluster, 'alone', image);
    const source = await project.claim('data', { mode: 0o777, accessModes: ['ReadWriteOncePod'] });
    await project.claim('copy', { mode: 0o777 });
    await writeFile(path.join(source, 'large'), Buffer.alloc(12 * 1024 * 1024, 'x'));
    const started = project.startVolumes(['copy', 'data', 'copy', '--bandwidth', '400K', '-o', 'json']);
    await copying(started);
    await cluster.apply([deployment(project.name, {})]);
    const { code, stdout } = await started.ended;
    assert.equal(code, 4, `${stdout}\n${await project.kubectl('get', 'pods,events')}`);
    assert.match((JSON.parse(stdout) as RunRecord).message, /^Yielded to the application: the pod app-/u);
    await project.kubectl('wait', '--for=condition=Available', 'deployment/app', '--timeout=120s');
  });

  describe('a copy of a part', () => {
    test('goes into a folder, and leaves alone what lies beside it', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'folders', image);
      const source = await project.claim('data', { uid: 2000, gid: 2000, mode: 0o755 });
      const target = await project.claim('copy', { uid: 2000, gid: 2000, mode: 0o755 });
      await fill(source, 2000);
      await writeFile(path.join(target, 'beside'), 'stays');
      await own(target, 'beside', 2000, 2000);
      const flags = ['--folder', 'plain/deep/', '--into', 'with space/new/deep', '-o', 'json'];
      await ended(project.volumes(['copy', 'data', 'copy', ...flags]));
      const [copy, part] = [
        path.join(target, 'with space', 'new', 'deep'),
        path.join(source, 'plain', 'deep'),
      ];
      assert.deepEqual(await listingOf(copy), await listingOf(part));
      assert.equal(await readFile(path.join(target, 'beside'), 'utf8'), 'stays');
      const missing = await project.volumes(['copy', 'data', 'copy', '--folder', 'nowhere', '-o', 'json']);
      assert.equal(missing.code, 4, missing.stdout);
      assert.partialDeepStrictEqual(JSON.parse(missing.stdout), { report: { outcome: 'missing-folder' } });
      const outside = await project.volumes(['copy', 'data', 'copy', '--folder', '../etc']);
      assert.equal(outside.code, 5, outside.stdout);
    });

    test('may be one of several generations, of which the last stay', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'generations', image);
      const source = await project.claim('data', { uid: 2000, gid: 2000, mode: 0o755 });
      const target = await project.claim('copy', { uid: 2000, gid: 2000, mode: 0o755 });
      await fill(source, 2000);
      const seen: string[] = [];
      for (const note of ['one', 'two', 'three']) {
        await writeFile(path.join(source, 'note'), note);
        await own(source, 'note', 2000, 2000);
        await ended(
          project.volumes(['copy', 'data', 'copy', '--mode', 'generations', '--keep', '2', '-o', 'json']),
        );
        const names = (await readdir(target)).filter((name) => /^\d{8}T\d{6}Z$/u.test(name)).toSorted();
        seen.push(...names.filter((name) => !seen.includes(name)));
        const last = path.join(target, names.at(-1) ?? '');
        assert.deepEqual(await listingOf(last), await listingOf(source));
        assert.deepEqual(names, seen.slice(-2));
      }
      await rm(path.join(source, 'note'));
    });
  });
}

interface Running {
  readonly project: Project;
  readonly source: string;
  readonly target: string;
}

/** A project with an application that runs on its volume. */
async function running(
  place: Place,
  name: string,
  hooks: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const { cluster, image } = place();
  const project = await makeProject(cluster, name, image);
  const source = await project.claim('data', { uid: UID, gid: 0, mode: 0o770 });
  const target = await project.claim('copy', { uid: UID, gid: 0, mode: 0o770 });
  await fill(source, UID, 0);
  await project.kubectl('wait', '--for=create', 'serviceaccount/default', '--timeout=60s');
  await cluster.apply([deployment(name, hooks)]);
  await project.kubectl('wait', '--for=condition=Available', 'deployment/app', '--timeout=120s');
  return { project, source, target };
}

/** Waits until the pod that copies runs. */
async function copying({ said, ended: end }: StartedCli): Promise<void> {
  if (!(await said('copying: Works'))) assert.fail((await end).stderr);
}

async function ended(
  work: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>,
): Promise<RunRecord> {
  const { code, stdout, stderr } = await work;
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout) as RunRecord;
}

function deployment(namespace: string, annotations: Readonly<Record<string, string>>): KubernetesObject {
  const labels = { app: 'app' };
  const container = {
    name: 'app',
    image: TINY_IMAGE,
    imagePullPolicy: 'Never',
    command: ['/tiny', 'pause'],
    volumeMounts: [{ name: 'kept', mountPath: '/kept' }],
  };
  const spec = {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels, annotations },
      spec: {
        securityContext: { runAsUser: UID, runAsGroup: 0 },
        terminationGracePeriodSeconds: 1,
        containers: [container],
        volumes: [{ name: 'kept', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: 'app' }, spec };
}
