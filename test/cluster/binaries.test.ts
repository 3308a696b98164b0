import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { KnownError } from '../../src/model/known-error.ts';
import { ensureBinaries } from './binaries.ts';

/** Stands for Go: the real one takes minutes. It writes what it is told to, slowly enough for two at once. */
const GO = `#!/bin/sh
if [ "$1" = version ]; then echo "go version go$GO_VERSION linux/amd64"; exit; fi
echo 'go: downloading k8s.io/kubernetes v1' >&2
echo 'main.go:1: something is wrong' >&2
if [ -n "$GO_FAILS" ]; then exit 1; fi
while [ "$1" != -o ]; do shift; done
sleep 0.2
echo program >"$2"
`;

describe('the programs of a control plane', () => {
  const environment = { ...process.env };
  let folder: string;
  let bin: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'binaries-test-'));
    bin = path.join(folder, 'bin');
    await mkdir(bin);
    await program(path.join(bin, 'go'), GO);
    process.env = {
      ...environment,
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      KUBEBUILDER_ASSETS: '',
      GO_VERSION: '1.99.1',
      PATH: `${bin}${path.delimiter}${environment['PATH']}`,
    };
  });
  afterEach(async () => {
    process.env = environment;
    await rm(folder, { recursive: true });
  });

  test('come from KUBEBUILDER_ASSETS if that is set', async () => {
    process.env['KUBEBUILDER_ASSETS'] = bin;
    for (const name of ['etcd', 'kube-apiserver', 'kubectl']) await program(path.join(bin, name), '');
    assert.deepEqual(await ensureBinaries(unexpected), {
      etcd: [path.join(bin, 'etcd')],
      kubeApiserver: [path.join(bin, 'kube-apiserver')],
      kubectl: [path.join(bin, 'kubectl')],
    });
    const others = ['kube-controller-manager', 'kube-scheduler', 'kubelet'].map((name) =>
      path.join(bin, name),
    );
    for (const file of others) await program(file, '');
    const { kubeControllerManager, kubeScheduler, kubelet } = await ensureBinaries(unexpected);
    assert.deepEqual(
      [kubeControllerManager, kubeScheduler, kubelet],
      others.map((file) => [file]),
    );
    await rm(path.join(bin, 'kubectl'));
    await fails(/KUBEBUILDER_ASSETS is .* no program kubectl/u);
  });

  test('are built once, into the cache folder', async () => {
    const lines: string[] = [];
    const binaries = await ensureBinaries((line) => lines.push(line));
    const { etcd } = binaries;
    const [binary = ''] = etcd;
    assert.match(binary, /\/cache\/openshift-backup\/cluster-binaries-v1\.\d+\.\d+-[0-9a-f]{12}$/u);
    assert.deepEqual(
      Object.values(binaries).map(([, name]: readonly string[]) => name),
      ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubectl'],
    );
    assert.match(lines.join('\n'), /about 10 minutes and downloads 700 MB/u);
    assert.deepEqual((await ensureBinaries(unexpected)).etcd, etcd);
    assert.deepEqual(await readdir(path.dirname(binary)), [path.basename(binary)]);
  });

  test('can be built by two at once', async () => {
    const [one, other] = await Promise.all([ensureBinaries(() => {}), ensureBinaries(() => {})]);
    assert.deepEqual(one, other);
    assert.equal((await readdir(path.dirname(one.etcd[0] ?? ''))).length, 1);
  });

  test('when Go fails, the error shows why, and the next attempt builds again', async () => {
    process.env['GO_FAILS'] = 'yes';
    await fails(/go build failed \(1\)[^]*main\.go:1: something is wrong[^]*KUBEBUILDER_ASSETS/u);
    assert.deepEqual(await readdir(path.join(folder, 'cache', 'openshift-backup')), []);
    delete process.env['GO_FAILS'];
    await ensureBinaries(() => {});
  });

  test('without Go, or with an old one, the error says what can be done', async () => {
    const ways = /install.*https:\/\/go\.dev\/dl.*KUBEBUILDER_ASSETS.*KUBECONFIG/u;
    process.env['GO_VERSION'] = '1.23.9';
    await fails(/needs Go 1\.\d+\.\d+ or newer .* this is Go 1\.23\.9/u);
    await fails(ways);
    await rm(path.join(bin, 'go'));
    process.env['PATH'] = bin;
    await fails(/there is no go command/u);
    await fails(ways);
  });
});

async function fails(message: RegExp): Promise<void> {
  await assert.rejects(
    ensureBinaries(() => {}),
    (error: unknown) => {
      assert.ok(error instanceof KnownError);
      assert.match(error.message, message);
      return true;
    },
  );
}

async function program(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  await chmod(file, 0o755);
}

function unexpected(line: string): void {
  assert.fail(`nothing is to be built: ${line}`);
}
