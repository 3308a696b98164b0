import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { BACKUPER_COMMAND, WHOLE_VOLUME } from '../src/model/backuper.ts';
import { argumentsOf } from '../src/model/backuper-arguments.ts';
import packageFile from '../package.json' with { type: 'json' };
import { READ_EVERYTHING, sharedCluster } from './cluster/cluster.ts';
import { whyNoNode } from './cluster/node/why-no-node.ts';
import { buildImage } from './image/build-image.ts';
import { type ContainerOptions, type ContainerResult, RANDOM_UID, runContainer } from './image/container.ts';
import { CANARY, settingsAsMounts } from './image/host-settings.ts';
import {
  gzipBytes,
  linkedCopy,
  unpackedBytes,
  type UnpackedImage,
  unpackImage,
} from './image/unpacked-image.ts';
import { runProgram } from './support/run-program.ts';

const DIST = 'opt/openshift-backup/dist';
/** All of ours in the image, as paths without their first slash. */
const OURS = /^(?:(?:opt|licenses|openshift-backup|usr\/local\/bin)\/.|usr\/libexec\/backuper)/u;
const SHELLS = ['sh', 'bash', 'dash', 'rbash'];
const STARTS = 11;

const skip = (await whyNoNode()) ?? false;
const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-image-test-'));
after(() => rm(folder, { recursive: true }));
const built = skip === false ? await buildImage((line) => process.stderr.write(`${line}\n`)) : undefined;
const unpacked = built && (await unpackImage(built.archive));
after(() => unpacked?.remove());

function theImage(): UnpackedImage {
  if (!unpacked) throw new Error('this test must be skipped');
  return unpacked;
}

/** Runs a program in the image as the spare pod would: any user of group 0, nothing writable. */
function inImage(args: readonly string[], options: Partial<ContainerOptions> = {}): Promise<ContainerResult> {
  const { root, config } = theImage();
  return runContainer({ root, env: config.Env, args, ...options });
}

test('The image builds on Debian', { skip }, async (t) => {
  const { lastLayer, root } = theImage();
  const added = await gzipBytes(lastLayer.file);
  const whole = await gzipBytes(built?.archive ?? '');
  t.diagnostic(`built in ${megabytes((built?.buildMs ?? 0) * 1000)} s`);
  t.diagnostic(`${megabytes(await unpackedBytes(root))} MB unpacked, ${megabytes(whole)} MB compressed`);
  t.diagnostic(`of which the tool, rsync and tar: ${megabytes(added)} MB compressed`);
  assert.ok(added < 5e6, `${added} bytes are added to the base image`);
});

test('It says what it is and how it runs', { skip }, () => {
  const { config } = theImage();
  const { version } = packageFile;
  assert.equal(config.Labels['version'], version, 'ARG VERSION in the Dockerfile');
  assert.equal(config.Labels['org.opencontainers.image.version'], version);
  assert.equal(config.Labels['org.opencontainers.image.licenses'], packageFile.license);
  assert.equal(config.Labels['io.openshift.expose-services'], '8080:http');
  for (const [name, value] of Object.entries(config.Labels)) {
    assert.doesNotMatch(value, /\$|,$|^\s/u, `label ${name}`);
    if (!name.endsWith('scripts-url')) assert.notEqual(value, '', `label ${name}`);
  }
  assert.deepEqual(
    { ...config, Labels: undefined },
    {
      User: '1001',
      ExposedPorts: { '8080/tcp': {} },
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/'],
      Cmd: ['openshift-backup', 'run'],
      WorkingDir: '/',
      Labels: undefined,
    },
  );
});

test('What is in it is the bundle, and nothing of what made it', { skip }, async () => {
  const { root, lastLayer } = theImage();
  const dist = path.join(folder, 'dist');
  await runProgram('npm', ['run', '-s', 'build', '--', '--dir', dist]);
  assert.deepEqual((await readdir(path.join(root, DIST))).toSorted(), (await readdir(dist)).toSorted());
  for (const name of await readdir(dist)) {
    const [inside, here] = await Promise.all(
      [path.join(root, DIST, name), path.join(dist, name)].map((file) => readFile(file)),
    );
    assert.ok(inside?.equals(here ?? Buffer.of()), `${name} is not what is built here`);
  }
  const ours = lastLayer.entries.filter((entry) => OURS.test(entry) && !entry.startsWith(`${DIST}/`));
  assert.deepEqual(ours.toSorted(), [
    'licenses/openshift-backup',
    'opt/openshift-backup/',
    'usr/libexec/backuper',
    'usr/local/bin/openshift-backup',
  ]);
  const names = (await readdir(root, { recursive: true })).map((name) => path.basename(name));
  const unwanted =
    /^(?:node_modules|npm|npx|\.?npmrc|\.git|package(?:-lock)?\.json|tsconfig\.json|.*\.(?:map|ts))$/u;
  assert.deepEqual(
    names.filter((name) => unwanted.test(name)),
    [],
  );
});

test('Nothing of the settings of the machine that built it is in it', { skip }, async () => {
  const mounts = await settingsAsMounts(folder);
  assert.ok(mounts.length > 2);
  const shown = await Promise.all(
    [path.join(folder, 'npm/npmrc'), path.join(folder, 'sources.list')].map((file) => readFile(file, 'utf8')),
  );
  for (const text of shown) assert.ok(text.includes(CANARY));
  assert.ok(!(await holds(built?.archive ?? '', CANARY)));
  assert.ok(await holds(built?.archive ?? '', 'io.k8s.description'), 'the search finds what is there');
});

test('Any user of group 0 can read what is ours, and write to the mount point alone', { skip }, async () => {
  const { root, lastLayer } = theImage();
  const entries = lastLayer.entries.filter((entry) => OURS.test(`${entry}.`));
  assert.ok(entries.length > 20);
  for (const entry of entries) {
    const { mode, uid, gid } = await lstat(path.join(root, entry));
    const isProgram = entry.endsWith('/') || /\/(?:main|backuper)\.js$/u.test(entry);
    const expected = entry === 'openshift-backup/' ? 0o775 : isProgram ? 0o755 : 0o644;
    const isLink = entry === 'usr/local/bin/openshift-backup' || entry === 'usr/libexec/backuper';
    const rights = isLink ? 0o777 : expected;
    assert.deepEqual({ entry, rights: mode & 0o7777, uid, gid }, { entry, rights, uid: 0, gid: 0 });
  }
  const write = [
    'node',
    '-e',
    'fs.writeFileSync("/openshift-backup/probe", ""); fs.rmSync("/openshift-backup/probe")',
  ];
  assert.deepEqual(await inImage(write, { isRootWritable: true }), { code: 0, stdout: '', stderr: '' });
  assert.equal((await inImage(write)).code, 1, 'nothing is writable on a read-only root');
});

for (const [name, env] of [
  ['the environment of the image', undefined],
  ['no environment', []],
] as const) {
  test(`Its programs run as any user on a read-only root, with ${name}`, { skip }, async () => {
    const options = env ? { env } : {};
    const run = (program: string, ...args: string[]) => {
      const folderOf = program === 'openshift-backup' ? '/usr/local/bin' : '/usr/bin';
      return inImage([env ? `${folderOf}/${program}` : program, ...args], options);
    };
    const version = await run('openshift-backup', 'version');
    assert.deepEqual({ ...version, stdout: '' }, { code: 0, stdout: '', stderr: '' });
    assert.match(version.stdout, new RegExp(`^openshift-backup ${packageFile.version} .*Node.js v24`, 'u'));
    assert.match((await run('openshift-backup', '--help')).stdout, /^Usage: openshift-backup/u);
    const list = await run('openshift-backup', 'list');
    assert.deepEqual({ code: list.code, stdout: list.stdout }, { code: 0, stdout: '' });
    assert.match(list.stderr, /^No archives in \/openshift-backup/u);
    for (const tool of ['tar', 'rsync', 'node', 'find', 'getfattr', 'setfacl', 'flock', 'sync'])
      assert.equal((await run(tool, '--version')).code, 0, tool);
  });
}

for (const env of [undefined, []]) {
  const name = env ? 'no environment' : 'the environment of the image';
  test(`A user without a home is told that there is no kubeconfig, with ${name}`, { skip }, async () => {
    const args = ['/usr/local/bin/openshift-backup', 'types'];
    const { code, stderr } = await inImage(args, env ? { env } : {});
    assert.match(stderr, /^error: There is no kubeconfig, and this is no pod/u);
    assert.equal(code, 2);
  });
}

test('Without any shell it exports a cluster, and reads the archive', { skip }, async () => {
  const { root: whole } = theImage();
  const root = await linkedCopy(theImage(), 'without-shell');
  for (const shell of SHELLS) await rm(path.join(root, 'usr/bin', shell), { force: true });
  assert.equal((await inImage(['/bin/sh', '-c', 'true'], { root: whole })).code, 0);
  assert.notEqual((await inImage(['/bin/sh', '-c', 'true'], { root })).code, 0);
  const cluster = await sharedCluster();
  const { kubeconfig } = await cluster.serviceAccount({
    namespace: 'image',
    name: 'reader',
    clusterRules: READ_EVERYTHING,
  });
  // The folder of this test itself is open to its own user alone.
  const login = await mkdtemp(path.join(folder, 'login-'));
  await copyFile(kubeconfig, path.join(login, 'kubeconfig'));
  await chmod(path.join(login, 'kubeconfig'), 0o644);
  await chmod(login, 0o755);
  const volume = await mkdtemp(path.join(folder, 'volume-'));
  await chmod(volume, 0o775);
  const mounts = { '/openshift-backup': volume, '/mnt': login };
  const options = { root, mounts, hasHostNetwork: true };
  const run = await inImage(
    ['openshift-backup', 'run', '--kubeconfig', '/mnt/kubeconfig', '--namespace', 'image'],
    options,
  );
  assert.equal(run.code, 0, run.stderr);
  const archives = (await readdir(volume)).filter((name) => name.endsWith('.zip'));
  assert.equal(archives.length, 1);
  assert.equal((await lstat(path.join(volume, archives[0] ?? ''))).uid, RANDOM_UID);
  for (const args of [
    ['verify', '--all'],
    ['show', 'latest'],
    ['rotate', '--dry-run'],
  ]) {
    const result = await inImage(['openshift-backup', ...args], options);
    assert.equal(result.code, 0, result.stderr);
  }
});

test(
  'Its program for volumes copies one, as its owner on a read-only root and without any shell',
  { skip },
  async () => {
    const root = await linkedCopy(theImage(), 'backuper-without-shell');
    for (const shell of SHELLS) await rm(path.join(root, 'usr/bin', shell), { force: true });
    const place = await mkdtemp(path.join(folder, 'volumes-'));
    for (const name of ['source', 'target']) {
      await mkdir(path.join(place, name));
      await chown(path.join(place, name), RANDOM_UID, 0);
    }
    await writeFile(path.join(place, 'source/file'), 'content');
    await chown(path.join(place, 'source/file'), RANDOM_UID, 0);
    await writeFile(path.join(place, 'termination-log'), '');
    await chmod(path.join(place, 'termination-log'), 0o666);
    await chmod(place, 0o755);
    const args = argumentsOf({
      task: 'copy',
      identity: 'owner',
      ...WHOLE_VOLUME,
      checksum: true,
    });
    const { code, stdout, stderr } = await runContainer({
      root,
      args: [BACKUPER_COMMAND, ...args],
      env: [
        'BACKUPER_SOURCE=/mnt/source',
        'BACKUPER_TARGET=/mnt/target',
        'BACKUPER_TERMINATION_LOG=/mnt/termination-log',
      ],
      mounts: { '/mnt': place },
      hidden: ['/tmp'],
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
    const report = JSON.parse(await readFile(path.join(place, 'termination-log'), 'utf8'));
    assert.deepEqual([report.outcome, report.warnings, report.identity.uid], ['done', [], RANDOM_UID]);
    assert.equal(await readFile(path.join(place, 'target/file'), 'utf8'), 'content');
  },
);

test('It starts at once', { skip }, async (t) => {
  const container = await medianMs(() => inImage(['true']));
  const version = await medianMs(() => inImage(['openshift-backup', 'version']));
  const node = await medianMs(() => inImage(['node', '-e', '0']));
  t.diagnostic(`a container with "true" takes ${container} ms, with "node -e 0" ${node} ms`);
  t.diagnostic(`"openshift-backup version" takes ${version} ms, ${version - container} of them its own`);
  assert.ok(version < 5000);
});

async function medianMs(run: () => Promise<ContainerResult>): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const beganMs = performance.now();
    const { code, stderr } = await run();
    times.push(performance.now() - beganMs);
    assert.equal(code, 0, stderr);
  }
  return Math.round(times.toSorted((a, b) => a - b)[(STARTS - 1) / 2] ?? 0);
}

/** Whether a text stands anywhere in a file, which may be larger than memory. */
async function holds(file: string, text: string): Promise<boolean> {
  const stream = createReadStream(file, { highWaterMark: 4 * 1024 * 1024 });
  let end = Buffer.of();
  for await (const chunk of stream) {
    const bytes = Buffer.concat([end, chunk]);
    if (bytes.includes(text)) return true;
    end = bytes.subarray(-text.length);
  }
  return false;
}

/** A million of something, to one digit. */
function megabytes(count: number): string {
  return (count / 1e6).toFixed(1);
}
