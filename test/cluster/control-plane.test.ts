import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { KnownError } from '../../src/model/known-error.ts';
import { type ClusterDescription, isAlive, startControlPlane } from './control-plane.ts';
import { isRunning } from './processes.ts';

const GONE_TIMEOUT_MS = 20_000;

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
    const { description } = await startControlPlane();
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
  while (existsSync(description.folder) && Date.now() < deadlineMs) await sleep(20);
  assertGone(description);
});

function assertGone({ folder: clusterFolder, pids }: ClusterDescription): void {
  assert.ok(!existsSync(clusterFolder), 'its folder is left');
  assert.ok(!isRunning(pids.etcd, clusterFolder), 'etcd is left');
  assert.ok(!isRunning(pids.kubeApiserver, clusterFolder), 'kube-apiserver is left');
}
