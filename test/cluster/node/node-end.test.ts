import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { KnownError } from '../../../src/model/known-error.ts';
import { ensureBinaries } from '../binaries.ts';
import { type Leftovers, leftovers, networkOf, NOTHING_LEFT } from './leftovers.ts';
import { startBusyCluster } from './busy-cluster.ts';
import { startNodeCluster } from './start-node-cluster.ts';
import { whyNoNode } from './why-no-node.ts';

const GONE_TIMEOUT_MS = 30_000;
const skip = (await whyNoNode()) ?? false;

// Every cluster of this file lies in here, so that leftovers are seen.
const folder = await mkdtemp(path.join(tmpdir(), 'node-test-'));
process.env['TMPDIR'] = folder;
after(() => rm(folder, { recursive: true }));

describe('the end of a cluster with a node', { skip }, () => {
  test('leaves nothing on the machine, and another cluster alone', async () => {
    const [one, other] = await Promise.all([startBusyCluster(), startBusyCluster()]);
    const [gone, running] = [one, other].map(({ description }) => ({
      folder: description.folder,
      network: networkOf(description),
    }));
    assert.ok(gone && running);
    const found = await leftovers(gone.folder, gone.network);
    for (const [kind, items] of Object.entries(found)) {
      // Its mounts are its own: the machine has none of them even while it runs.
      if (kind === 'mounts') assert.deepEqual(items, []);
      else assert.notDeepEqual(items, [], `${kind} are looked for in vain`);
    }
    await one.stop();
    assert.deepEqual(await lastLeftovers(gone.folder, gone.network), NOTHING_LEFT);
    const said = await other.kubectl(['exec', 'busy', '--', '/tiny', 'say', 'hello']);
    assert.equal(said, 'hello\n');
    await other.stop();
    assert.deepEqual(await lastLeftovers(running.folder, running.network), NOTHING_LEFT);
    assert.deepEqual(await readdir(folder), []);
  });

  test('comes with the end of the process that started it, however it ends', async () => {
    const script = `
      import { startBusyCluster } from ${urlOf('busy-cluster.ts')};
      import { networkOf } from ${urlOf('leftovers.ts')};
      const { description } = await startBusyCluster();
      console.log(JSON.stringify({ folder: description.folder, network: networkOf(description) }));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const cluster = JSON.parse(line) as { folder: string; network: string };
    child.kill('SIGKILL');
    assert.deepEqual(await lastLeftovers(cluster.folder, cluster.network), NOTHING_LEFT);
    assert.deepEqual(await readdir(folder), []);
  });
});

test(
  'a kubelet that does not start is shown with its last lines, and nothing is left',
  { skip },
  async () => {
    const assets = await mkdtemp(path.join(folder, 'assets-'));
    const binaries = Object.entries(await ensureBinaries(assert.fail));
    for (const [name, [command = '', ...args]] of binaries as [string, string[]][]) {
      const program = name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
      const text =
        name === 'kubelet' ? 'echo no swap today; exit 1' : `exec ${command} ${args.join(' ')} "$@"`;
      await writeFile(path.join(assets, program), `#!/bin/sh\n${text}\n`);
      await chmod(path.join(assets, program), 0o755);
    }
    const outer = process.env['KUBEBUILDER_ASSETS'];
    process.env['KUBEBUILDER_ASSETS'] = assets;
    try {
      await assert.rejects(startNodeCluster({ log: () => {} }), (error: unknown) => {
        assert.ok(error instanceof KnownError);
        assert.match(error.message, /^the kubelet has ended.*\nkubelet\.log:\nno swap today$/su);
        return true;
      });
    } finally {
      if (outer === undefined) delete process.env['KUBEBUILDER_ASSETS'];
      else process.env['KUBEBUILDER_ASSETS'] = outer;
    }
    await rm(assets, { recursive: true });
    assert.deepEqual(await readdir(folder), []);
  },
);

/** What is still there after a while: the kernel takes a moment to let go of a loop device whose mounts are gone. */
async function lastLeftovers(clusterFolder: string, network: string): Promise<Leftovers> {
  const deadlineMs = Date.now() + GONE_TIMEOUT_MS;
  for (;;) {
    const found = await leftovers(clusterFolder, network);
    const isGone = Object.values(found).every(({ length }) => length === 0);
    if (isGone || Date.now() > deadlineMs) return found;
    await sleep(50);
  }
}

/** As a script names a module of this folder. */
function urlOf(file: string): string {
  return JSON.stringify(pathToFileURL(path.join(import.meta.dirname, file)).href);
}
