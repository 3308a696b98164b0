import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { KnownError } from '../../src/model/known-error.ts';
import { connectApi } from './api-client.ts';
import { ensureBinaries } from './binaries.ts';
import { type ClusterDescription, isAlive, startControlPlane } from './control-plane.ts';
import { withoutControllers } from './controllers.ts';
import { isRunning } from './processes.ts';

const GONE_TIMEOUT_MS = 20_000;
const ACTED_TIMEOUT_MS = 60_000;
const noControllers = withoutControllers(await ensureBinaries((line) => console.error(line)));

// Every control plane of this file lies in here, so that leftovers are seen.
const folder = await mkdtemp(path.join(tmpdir(), 'control-plane-test-'));
process.env['TMPDIR'] = folder;
after(() => rm(folder, { recursive: true }));

test('is gone after stop, processes and files', async () => {
  const { description, stop } = await startControlPlane({ log: () => {} });
  assert.ok(isAlive(description));
  await stop();
  assertGone(description);
});

test('has controllers where they are asked for, and they end with it', { skip: noControllers }, async () => {
  const names = ['root-ca-certificate-publisher-controller'];
  const { description, stop } = await startControlPlane({ log: () => {}, controllers: names });
  const api = await connectApi(description.server, description.files);
  const published = '/api/v1/namespaces/default/configmaps/kube-root-ca.crt';
  const deadlineMs = Date.now() + ACTED_TIMEOUT_MS;
  while ((await api.request('GET', published)).status !== 200) {
    assert.ok(Date.now() < deadlineMs, 'nothing is published');
    await sleep(20);
  }
  const account = await api.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  assert.equal(account.status, 404, 'the controller that makes it was not asked for');
  api.close();
  const { kubeControllerManager = 0 } = description.pids;
  assert.ok(isRunning(kubeControllerManager, description.folder));
  await stop();
  assertGone(description);
});

test('says where it has no controllers to start', async () => {
  const assets = await mkdtemp(path.join(tmpdir(), 'assets-'));
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) {
    await writeFile(path.join(assets, name), '');
    await chmod(path.join(assets, name), 0o755);
  }
  const before = process.env['KUBEBUILDER_ASSETS'];
  process.env['KUBEBUILDER_ASSETS'] = assets;
  try {
    await assert.rejects(startControlPlane({ controllers: true }), (error: unknown) => {
      assert.ok(error instanceof KnownError);
      assert.match(error.message, /KUBEBUILDER_ASSETS .* without kube-controller-manager/u);
      return true;
    });
    assert.match(withoutControllers(await ensureBinaries(() => {})) || '', /no kube-controller-manager/u);
  } finally {
    if (before === undefined) delete process.env['KUBEBUILDER_ASSETS'];
    else process.env['KUBEBUILDER_ASSETS'] = before;
    await rm(assets, { recursive: true });
  }
});

test('when a flag is wrong, the error shows the last lines of the log, and nothing is left', async () => {
  const start = startControlPlane({ log: () => {}, apiServerFlags: ['--no-such-flag'] });
  await assert.rejects(start, (error: unknown) => {
    assert.ok(error instanceof KnownError);
    assert.match(error.message, /has ended.*unknown flag: --no-such-flag/su);
    return true;
  });
  assert.deepEqual(await readdir(folder), []);
});

test('when a port stays taken, it gives up after some attempts, and nothing is left', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const start = startControlPlane({ log: () => {}, apiServerFlags: [`--secure-port=${port}`] });
  await assert.rejects(start, /address already in use/u);
  assert.deepEqual(await readdir(folder), []);
  server.close();
});

test('a test process that is killed leaves no process and no folder', async () => {
  const module = JSON.stringify(pathToFileURL(path.join(import.meta.dirname, 'control-plane.ts')).href);
  const script = `
    import { startControlPlane } from ${module};
    const { description } = await startControlPlane({ controllers: ${noControllers === false} });
    console.log(JSON.stringify(description));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const description = JSON.parse(line) as ClusterDescription;
  assert.ok(isAlive(description));
  child.kill('SIGKILL');
  const deadlineMs = Date.now() + GONE_TIMEOUT_MS;
  // A process that was killed takes a moment to be gone, the folder apart.
  while (isThere(description) && Date.now() < deadlineMs) await sleep(20);
  assertGone(description);
});

function isThere({ folder: clusterFolder, pids }: ClusterDescription): boolean {
  return existsSync(clusterFolder) || Object.values(pids).some((pid) => isRunning(pid, clusterFolder));
}

function assertGone({ folder: clusterFolder, pids }: ClusterDescription): void {
  assert.ok(!existsSync(clusterFolder), 'its folder is left');
  for (const [name, pid] of Object.entries(pids)) {
    assert.ok(!isRunning(pid, clusterFolder), `${name} is left`);
  }
}
