import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { whyNoNode } from '../cluster/node/why-no-node.ts';
import { buildImage } from './build-image.ts';
import { type ContainerResult, runContainer } from './container.ts';
import { linkedCopy, unpackImage } from './unpacked-image.ts';

const DOCKERFILE = path.join(import.meta.dirname, '../../Dockerfile');
/** What copies of volumes need besides rsync, and the packages that have it. */
const TOOLS = ['find', 'getfattr', 'setfacl', 'flock'];
const TOOL_PACKAGES = 'findutils attr acl util-linux';
const RPM_OPTIONS = '-y --nodocs --setopt=install_weak_deps=0 install';

const skip = (await whyNoNode()) ?? false;
const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-packages-'));
after(() => rm(folder, { recursive: true }));
const built = skip === false ? await buildImage((line) => process.stderr.write(`${line}\n`)) : undefined;
const unpacked = built && (await unpackImage(built.archive));
after(() => unpacked?.remove());

interface Case {
  /** The programs of the base image. */
  readonly has: readonly string[];
  /** What is called of its package managers. */
  readonly calls: readonly string[];
  readonly hasNoCertificates?: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  'UBI minimal': {
    has: ['microdnf', 'tar'],
    calls: [`microdnf ${RPM_OPTIONS} rsync ${TOOL_PACKAGES}`, 'microdnf clean all'],
  },
  UBI: { has: ['dnf', 'tar', ...TOOLS], calls: [`dnf ${RPM_OPTIONS} rsync`, 'dnf clean all'] },
  'UBI with both': {
    has: ['dnf', 'microdnf', ...TOOLS],
    calls: [`microdnf ${RPM_OPTIONS} tar rsync`, 'microdnf clean all'],
  },
  Debian: {
    has: ['apt-get', 'tar', 'find', 'flock'],
    calls: ['apt-get update', 'apt-get install -y --no-install-recommends rsync attr acl', 'apt-get clean'],
  },
  'UBI without certificates': {
    has: ['microdnf', 'tar', 'rsync', ...TOOLS],
    hasNoCertificates: true,
    calls: [`microdnf ${RPM_OPTIONS} ca-certificates`, 'microdnf clean all'],
  },
  'an image that has everything': { has: ['apt-get', 'microdnf', 'tar', 'rsync', ...TOOLS], calls: [] },
  'an image that has everything but a package manager': { has: ['tar', 'rsync', ...TOOLS], calls: [] },
};

for (const [name, { has, calls, hasNoCertificates = false }] of Object.entries(CASES)) {
  test(`On ${name} the Dockerfile installs what is missing, with what is there`, { skip }, async () => {
    const base = await stage(has);
    const { code, stderr } = await base.run({ hidden: hasNoCertificates ? ['/etc/ssl/certs'] : [] });
    assert.equal(code, 0, stderr);
    assert.deepEqual(await base.calls(), calls);
  });
}

test('Without a package manager the build fails, and says what is missing', { skip }, async () => {
  const { code, stderr } = await (await stage(['tar', ...TOOLS])).run({});
  assert.equal(code, 1);
  assert.equal(
    stderr,
    'This base image lacks rsync, and has none of microdnf, dnf and apt-get to install it\n',
  );
});

test('On an older Node.js the build fails', { skip }, async () => {
  const { code, stderr } = await (await stage(['tar', 'rsync', ...TOOLS], 'v22.19.0')).run({});
  assert.equal(code, 1);
  assert.equal(stderr, 'The base image must have Node.js 24\n');
});

test('Node.js that lies elsewhere is found without a PATH', { skip }, async () => {
  if (!unpacked) return;
  const root = await linkedCopy(unpacked, 'node-elsewhere');
  await rename(path.join(root, 'usr/bin/node'), path.join(root, 'usr/local/bin/node'));
  const version = { root, args: ['/usr/local/bin/openshift-backup', 'version'] };
  assert.notEqual((await runContainer(version)).code, 0);
  const env = ['PATH=/usr/local/bin:/usr/bin'];
  const result = await runContainer({
    root,
    uid: 0,
    isRootWritable: true,
    env,
    args: ['/bin/sh', '-c', await step()],
  });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(await readlink(path.join(root, 'usr/bin/node')), '/usr/local/bin/node');
  assert.equal((await runContainer(version)).code, 0);
});

/** The step of the Dockerfile that prepares the base image, as the builder's shell gets it. */
async function step(): Promise<string> {
  const lines = (await readFile(DOCKERFILE, 'utf8')).replaceAll('\\\n', '').split('\n');
  const found = lines.filter((line) => line.startsWith('RUN set -eu;'));
  assert.equal(found.length, 1);
  return (found[0] ?? '').slice('RUN '.length);
}

interface Stage {
  readonly run: (options: { hidden?: readonly string[] }) => Promise<ContainerResult>;
  readonly calls: () => Promise<string[]>;
}

/** The image's files, with programs on its PATH that note how they are called, and a Node.js of some version. */
async function stage(programs: readonly string[], nodeVersion = 'v24.1.0'): Promise<Stage> {
  const place = await mkdtemp(path.join(folder, 'stage-'));
  const bin = path.join(place, 'bin');
  await mkdir(bin);
  const notes = path.join(place, 'calls');
  await writeFile(notes, '');
  for (const program of programs) await script(bin, program, `echo "${program} $*" >>/mnt/calls`);
  await script(bin, 'node', `echo ${nodeVersion}`);
  await symlink('/usr/bin/rm', path.join(bin, 'rm'));
  return {
    run: async ({ hidden = [] }) =>
      runContainer({
        root: unpacked?.root ?? '',
        uid: 0,
        env: ['PATH=/mnt/bin'],
        args: ['/bin/sh', '-c', await step()],
        mounts: { '/mnt': place },
        hidden,
      }),
    calls: async () => (await readFile(notes, 'utf8')).split('\n').filter((line) => line !== ''),
  };
}

async function script(bin: string, name: string, command: string): Promise<void> {
  const file = path.join(bin, name);
  await writeFile(file, `#!/bin/sh\n${command}\n`);
  await chmod(file, 0o755);
}
