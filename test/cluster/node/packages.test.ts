import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { KnownError } from '../../../src/model/known-error.ts';
import { runCommand } from '../run-command.ts';
import { ensureNodePackages } from './packages.ts';
import { whyNoNode } from './why-no-node.ts';

const PROGRAMS = [
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
  'ip',
  'nsenter',
  'unshare',
  'mount',
];
const OTHERS = [
  'mkfs.ext4',
  'buildah',
  'mmdebstrap',
  'rsync',
  'find',
  'getfattr',
  'setfacl',
  'flock',
  'setpriv',
];
const POLICY = '/usr/sbin/policy-rc.d';
const isRoot = process.getuid?.() === 0;

/** Stands for apt-get: the real one needs a network, and installs once. It notes how it is called. */
const APT_GET = `#!/bin/sh
echo "$DEBIAN_FRONTEND $(test -x ${POLICY} && echo quiet) $*" >>"$FOLDER/calls"
if [ -n "$APT_FAILS" ]; then echo 'W: something' >&2; echo 'E: no network' >&2; exit 100; fi
case "$*" in *install*) touch "$FOLDER/bin/buildah"; chmod 755 "$FOLDER/bin/buildah" ;; esac
`;

describe('the packages of a node', () => {
  const environment = { ...process.env };
  let folder: string;
  let bin: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'packages-test-'));
    bin = path.join(folder, 'bin');
    await mkdir(bin);
    for (const name of [...PROGRAMS, ...OTHERS]) await program(name, '');
    // For the shell of the stand-in: tools of every system, and none that a node needs.
    await program('touch', '#!/bin/sh\n: >"$1"\n');
    await program('chmod', '#!/bin/sh\nexec /bin/chmod "$@"\n');
    process.env = { ...environment, PATH: bin, FOLDER: folder };
  });
  afterEach(async () => {
    process.env = environment;
    await rm(folder, { recursive: true });
  });

  test(
    'that are all there are left alone',
    { skip: !hasPlugins() && 'no network plugins here' },
    async () => {
      assert.equal(await ensureNodePackages(unexpected), undefined);
    },
  );

  test(
    'that are missing are installed, and no service is started',
    { skip: !isRoot && 'needs root' },
    async () => {
      const hadPolicy = existsSync(POLICY);
      await rm(path.join(bin, 'buildah'));
      await program('apt-get', APT_GET);
      const lines: string[] = [];
      const reason = await ensureNodePackages((line) => lines.push(line));
      if (hasPlugins()) assert.equal(reason, undefined);
      assert.match(lines.join('\n'), /^Installing Debian packages for a Kubernetes node: .*buildah[^\n]*$/u);
      const [update = '', install = ''] = (await readFile(path.join(folder, 'calls'), 'utf8')).split('\n');
      assert.match(update, /^noninteractive quiet .*update/u);
      assert.match(
        install,
        /^noninteractive quiet .*install -y .*--no-install-recommends --no-remove .*buildah$/u,
      );
      assert.equal(existsSync(POLICY), hadPolicy);
    },
  );

  test('that can’t be installed are the reason', { skip: !isRoot && 'needs root' }, async () => {
    await rm(path.join(bin, 'runc'));
    assert.match(
      (await ensureNodePackages(unexpected)) ?? '',
      /runc .*must be installed, which needs root and apt-get/u,
    );
    await program('apt-get', APT_GET);
    process.env['APT_FAILS'] = 'yes';
    assert.match((await ensureNodePackages(() => {})) ?? '', /runc can't be installed: E: no network$/u);
    delete process.env['APT_FAILS'];
    assert.match((await ensureNodePackages(() => {})) ?? '', /after installing .*runc.* still missing/u);
  });

  test('are not asked for without root', { skip: !isRoot && 'needs root to be someone else' }, async () => {
    const module = JSON.stringify(path.join(import.meta.dirname, 'why-no-node.ts'));
    const script = `const { whyNoNode } = await import(${module}); console.log(await whyNoNode());`;
    const { NODE_TESTS_SKIPPED: _, NODE_TESTS: __, ...env } = environment;
    process.env = env;
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const argv = [...asNobody, process.execPath, '--input-type=module', '--eval', script];
    assert.equal(await runCommand(argv, { cwd: '/' }), 'a node needs root\n');
  });

  test('are of no use without a kubelet', { skip: !isRoot && 'needs root' }, async () => {
    for (const name of ['etcd', 'kube-apiserver', 'kubectl']) await program(name, '');
    const { NODE_TESTS_SKIPPED: _, NODE_TESTS: __, ...env } = environment;
    process.env = { ...env, KUBEBUILDER_ASSETS: bin };
    // Where nodes can't be for another reason, that one comes first.
    const reason = /^(?:KUBEBUILDER_ASSETS has no kubelet, .*|this machine allows no .*)$/u;
    assert.match((await whyNoNode(unexpected)) ?? '', reason);
  });

  test('the reason that the runner found is believed, and is a failure where a node is required', async () => {
    process.env['NODE_TESTS_SKIPPED'] = '';
    delete process.env['NODE_TESTS'];
    assert.equal(await whyNoNode(unexpected), undefined);
    process.env['NODE_TESTS_SKIPPED'] = 'no machine';
    assert.equal(await whyNoNode(unexpected), 'no machine');
    process.env['NODE_TESTS'] = 'required';
    await assert.rejects(whyNoNode(unexpected), (error: unknown) => {
      assert.ok(error instanceof KnownError);
      assert.match(error.message, /^NODE_TESTS is required, and there can be no node: no machine$/u);
      return true;
    });
    process.env['NODE_TESTS_SKIPPED'] = '';
    assert.equal(await whyNoNode(unexpected), undefined);
  });

  async function program(name: string, text: string): Promise<void> {
    await writeFile(path.join(bin, name), text);
    await chmod(path.join(bin, name), 0o755);
  }
});

function hasPlugins(): boolean {
  return existsSync('/usr/lib/cni/bridge') || existsSync('/opt/cni/bin/bridge');
}

function unexpected(line: string): void {
  assert.fail(`nothing is to be done: ${line}`);
}
