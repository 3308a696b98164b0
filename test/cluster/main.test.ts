import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sharedCluster } from './cluster.ts';
import { type ClusterDescription, isAlive } from './control-plane.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('a cluster for people', () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "main test's-"));
    environment = {
      ...process.env,
      TMPDIR: folder,
      XDG_CACHE_HOME: folder,
      KUBEBUILDER_ASSETS: await assetsIn(folder),
    };
  });
  after(async () => {
    await run('down');
    await rm(folder, { recursive: true });
  });

  test('down and status say that there is none', async () => {
    assert.deepEqual(await run('down'), {
      code: 0,
      stdout: '',
      stderr: 'There is no cluster to take down\n',
    });
    assert.deepEqual(await run('status'), { code: 1, stdout: 'down\n', stderr: '' });
  });

  test('runs on after up has ended, and up again only prints its line', async () => {
    const first = await run('up');
    assert.equal(first.code, 0, first.stderr);
    const again = await run('up');
    assert.deepEqual(again, { code: 0, stdout: first.stdout, stderr: '' });
    assert.match(first.stderr, /make cluster-down/u);
    const { kubectl } = await sharedCluster();
    const kubeconfig = await evaluated(first.stdout);
    assert.match(
      await kubectl(['get', 'crd', '-o', 'name'], { kubeconfig }),
      /routes\.route\.openshift\.io/u,
    );
    assert.match((await run('status')).stdout, /^up at https:\/\/127\.0\.0\.1:\d+/u);
  });

  test('that has crashed is replaced by up', async () => {
    const crashed = await state();
    process.kill(crashed.pids.kubeApiserver, 'SIGKILL');
    assert.equal((await run('status')).code, 1);
    const { code, stdout } = await run('up');
    assert.equal(code, 0);
    assert.match(stdout, /^export KUBECONFIG=\S/u);
    const replaced = await state();
    assert.notEqual(replaced.folder, crashed.folder);
    await assert.rejects(readFile(crashed.files.adminKubeconfig), { code: 'ENOENT' });
  });

  test('is gone after down', async () => {
    const running = await state();
    assert.equal((await run('down')).stderr, 'The cluster is down, and its data is gone\n');
    assert.ok(!isAlive(running));
    await assert.rejects(readFile(running.files.adminKubeconfig), { code: 'ENOENT' });
  });

  test('wrong usage is exit code 2', async () => {
    const { code, stderr } = await run('sideways');
    assert.equal(code, 2);
    assert.match(stderr, /^usage: .* up\|down\|status\n$/u);
  });

  async function state(): Promise<ClusterDescription> {
    const file = path.join(folder, 'openshift-backup', 'cluster.json');
    return JSON.parse(await readFile(file, 'utf8')) as ClusterDescription;
  }

  function run(...args: string[]): Promise<Ended> {
    return endOf(process.execPath, [MAIN, ...args], environment);
  }
});

/** The value of KUBECONFIG after a shell has read this text. */
async function evaluated(text: string): Promise<string> {
  const { stdout } = await endOf('sh', ['-c', `${text}printf %s "$KUBECONFIG"`], process.env);
  return stdout;
}

/** The shared cluster's programs as a folder that KUBEBUILDER_ASSETS may name. */
async function assetsIn(folder: string): Promise<string> {
  const { binaries } = (await sharedCluster()).description;
  const assets = path.join(folder, 'assets');
  await mkdir(assets);
  const programs = {
    etcd: binaries.etcd,
    'kube-apiserver': binaries.kubeApiserver,
    kubectl: binaries.kubectl,
  };
  for (const [name, argv] of Object.entries(programs)) {
    const file = path.join(assets, name);
    await writeFile(file, `#!/bin/sh\nexec ${argv.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    await chmod(file, 0o755);
  }
  return assets;
}

function endOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}
