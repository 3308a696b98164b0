import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../run-command.ts';
import { BRIDGE } from './place.ts';
import { claim, cronJob, pod, UID } from './restricted-objects.ts';
import { type NodeCluster, startNodeCluster } from './start-node-cluster.ts';
import { TINY_IMAGE, tinyImage } from './tiny-image.ts';
import { whyNoNode } from './why-no-node.ts';

const PROJECT = 'real-node';
const TIMEOUT = '--timeout=60s';

describe('a cluster with a node', { skip: (await whyNoNode()) ?? false }, () => {
  let cluster: NodeCluster;
  let dueMs: number;

  before(async () => {
    const startedMs = Date.now();
    cluster = await startNodeCluster({ log: () => {} });
    console.log(`started in ${Date.now() - startedMs} ms`);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: PROJECT, labels } }]);
    await kubectl('wait', '--for=create', 'serviceaccount/default', TIMEOUT);
    // It takes until the next minute, in which the other tests run.
    await cluster.apply([cronJob(PROJECT, 'nightly', ['who'])]);
    dueMs = Math.ceil(Date.now() / 60_000) * 60_000;
    await cluster.makeVolume({ name: 'kept', uid: UID, gid: 0, mode: 0o770, capacity: '16Mi' });
    await cluster.apply([
      claim(PROJECT, 'kept', '16Mi'),
      pod(PROJECT, 'standing', ['pause'], { claim: 'kept' }),
    ]);
    try {
      await kubectl('wait', '--for=condition=Ready', 'pod/standing', '--timeout=120s');
    } catch (error) {
      const found = await kubectl('describe', 'pods,pvc');
      throw new Error(`${String(error)}\n${found}`, { cause: error });
    }
  });
  after(() => cluster.stop());

  test('runs a pod that may do nothing, as a user that no image knows', async () => {
    const status = await exec('standing', 'who');
    assert.match(status, new RegExp(`^Uid:(?:\t${UID}){4}$`, 'mu'));
    assert.match(status, /^Gid:(?:\t0){4}$/mu);
    for (const set of ['CapEff', 'CapBnd']) assert.match(status, new RegExp(`^${set}:\t0+$`, 'mu'));
    assert.match(status, /^NoNewPrivs:\t1$/mu);
    assert.match(status, /^Seccomp:\t2$/mu);
  });

  test('refuses a pod that asks for more than its project allows', async () => {
    const { spec } = pod(PROJECT, 'greedy', ['pause']) as unknown as { spec: { containers: object[] } };
    const containers = [{ ...spec.containers[0], securityContext: { privileged: true } }];
    const greedy = { ...pod(PROJECT, 'greedy', ['pause']), spec: { ...spec, containers } };
    await assert.rejects(
      cluster.apply([greedy]),
      /403 .*violates PodSecurity "restricted:latest": privileged/u,
    );
  });

  test('lets pods reach the API as their ServiceAccount, and nothing outside', async () => {
    const version = await exec('standing', 'get', 'https://10.96.0.1/version');
    assert.match(version, /^200\n.*"gitVersion": "v1\./su);
    const secrets = await exec('standing', 'get', `https://10.96.0.1/api/v1/namespaces/${PROJECT}/secrets`);
    assert.match(secrets, new RegExp(`^403\n.*system:serviceaccount:${PROJECT}:default`, 'su'));
    await assert.rejects(
      exec('standing', 'get', 'https://192.0.2.1/'),
      /network is unreachable|no route to host/u,
    );
    const routes = JSON.parse(await cluster.run(['ip', '-json', 'route'])) as { dev: string }[];
    assert.deepEqual([...new Set(routes.map(({ dev }) => dev))], [BRIDGE]);
  });

  test('programs in its network reach pods and, with the same kubeconfig, the API', async () => {
    await cluster.apply([pod(PROJECT, 'web', ['serve', ':8080'])]);
    await kubectl('wait', '--for=condition=Ready', 'pod/web', TIMEOUT);
    const address = await kubectl('get', 'pod', 'web', '-o', 'jsonpath={.status.podIP}');
    const script = `process.stdout.write(await (await fetch('http://${address}:8080')).text())`;
    assert.equal(await cluster.run([process.execPath, '--input-type=module', '--eval', script]), 'tiny\n');
    assert.equal(
      await cluster.run(['kubectl', 'get', 'pod', 'web', '-n', PROJECT, '-o', 'name']),
      'pod/web\n',
    );
    assert.equal(await cluster.run(['cat'], { input: 'piped' }), 'piped');
    await assert.rejects(cluster.run(['kubectl', 'get', 'nonsense']), /server doesn't have a resource type/u);
  });

  test('keeps on a volume what pods write, as their user', async () => {
    await exec('standing', 'write', '/kept/note', 'from a pod');
    const { folder } = await cluster.makeVolume({ name: 'other', uid: 1234, gid: 5678, mode: 0o2750 });
    const { uid, gid, mode } = await stat(folder);
    assert.deepEqual({ uid, gid, mode: mode & 0o7777 }, { uid: 1234, gid: 5678, mode: 0o2750 });
    const kept = path.join(path.dirname(folder), 'kept');
    assert.equal(await readFile(path.join(kept, 'note'), 'utf8'), 'from a pod');
    assert.equal((await stat(path.join(kept, 'note'))).uid, UID);
    assert.equal(await kubectl('get', 'pvc', 'kept', '-o', 'jsonpath={.spec.volumeName}'), 'kept');
  });

  for (const type of ['ext4', 'tmpfs'] as const) {
    test(`has volumes that are full some day: ${type}`, async () => {
      const name = `small-${type}`;
      const bytes = 4 * 1024 * 1024;
      const { folder } = await cluster.makeVolume({
        name,
        uid: UID,
        fileSystem: { type, bytes },
        claim: { namespace: PROJECT, name },
      });
      const { blocks, bsize } = await statfs(folder);
      assert.ok(blocks * bsize <= bytes && blocks * bsize > bytes / 2, `${blocks * bsize} bytes`);
      await cluster.apply([
        claim(PROJECT, name, '4Mi'),
        pod(PROJECT, name, ['write', '/kept/note', 'from a pod'], { claim: name }),
      ]);
      await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, TIMEOUT);
      assert.equal(await readFile(path.join(folder, 'note'), 'utf8'), 'from a pod');
      await assert.rejects(writeFile(path.join(folder, 'big'), Buffer.alloc(bytes)), { code: 'ENOSPC' });
    });
  }

  test('takes images from files, by their own names or others', async () => {
    assert.deepEqual(await cluster.importImage(await tinyImage()), [TINY_IMAGE]);
    const nameless = await withoutName(await tinyImage());
    await assert.rejects(cluster.importImage(nameless), /has no image with a name: give it one/u);
    for (const [name, file] of Object.entries({ renamed: await tinyImage(), named: nameless })) {
      assert.deepEqual(await cluster.importImage(file, name), [`docker.io/library/${name}:latest`]);
      await cluster.apply([pod(PROJECT, name, ['say', 'hello'], { image: name })]);
      await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, TIMEOUT);
      assert.equal(await kubectl('logs', name), 'hello\n');
    }
  });

  test('starts a container again whose processes are killed', async () => {
    await cluster.apply([pod(PROJECT, 'restarted', ['pause'], { restartPolicy: 'Always' })]);
    await kubectl('wait', '--for=condition=Ready', 'pod/restarted', TIMEOUT);
    assert.equal(await cluster.killContainers(PROJECT, 'restarted'), 1);
    const field = 'jsonpath={.status.containerStatuses[0].restartCount}';
    await kubectl('wait', `--for=${field}=1`, 'pod/restarted', TIMEOUT);
    const ended = 'jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}';
    assert.equal(await kubectl('get', 'pod', 'restarted', '-o', ended), '137');
  });

  test('runs its pods on without a kubelet, and takes them back with the next', async () => {
    const container = 'jsonpath={.status.containerStatuses[0].containerID}';
    const same = await kubectl('get', 'pod', 'standing', '-o', container);
    await cluster.killKubelet();
    await assert.rejects(exec('standing', 'say', 'hello'), /connection refused/u);
    await cluster.restartKubelet();
    assert.equal(await exec('standing', 'say', 'hello'), 'hello\n');
    assert.equal(await kubectl('get', 'pod', 'standing', '-o', container), same);
  });

  test('runs a CronJob by its schedule', async () => {
    const jobName = `nightly-${dueMs / 60_000}`;
    await kubectl('wait', '--for=create', `job/${jobName}`, '--timeout=90s');
    await kubectl('wait', '--for=condition=Complete', `job/${jobName}`, TIMEOUT);
    const [name = ''] = (await kubectl('get', 'pods', '-l', `job-name=${jobName}`, '-o', 'name')).split('\n');
    assert.match(await kubectl('logs', name), new RegExp(`^Uid:(?:\t${UID}){4}$`, 'mu'));
    const field = 'jsonpath={.status.containerStatuses[0].state.terminated.startedAt}';
    const startedMs = Date.parse(await kubectl('get', name, '-o', field));
    assert.ok(startedMs >= dueMs, 'not before it is due');
    console.log(`the CronJob's container ran ${startedMs - dueMs} ms (in whole seconds) after it was due`);
  });

  async function kubectl(...args: string[]): Promise<string> {
    return cluster.kubectl(['-n', PROJECT, ...args]);
  }

  async function exec(name: string, ...command: string[]): Promise<string> {
    return kubectl('exec', name, '--', '/tiny', ...command);
  }
});

/** The same image in an archive that says nothing of its name, as `buildah push` writes it. */
async function withoutName(archive: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nameless-'));
  after(() => rm(folder, { recursive: true }));
  await runCommand(['tar', '-C', folder, '-xf', archive]);
  const manifest = path.join(folder, 'manifest.json');
  const images = JSON.parse(await readFile(manifest, 'utf8')) as object[];
  await writeFile(manifest, JSON.stringify(images.map((image) => ({ ...image, RepoTags: null }))));
  const nameless = path.join(folder, 'nameless.tar');
  await runCommand(['tar', '-C', folder, '-cf', nameless, 'manifest.json', 'config.json', 'layer.tar']);
  return nameless;
}
