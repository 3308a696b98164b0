import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../cluster/binaries.ts';
import { runProgram } from '../support/run-program.ts';
import { type Buildah, withBuildah } from './buildah.ts';
import { cachedFolder } from './cached-folder.ts';
import { debianRoot } from './debian-root.ts';
import { npm, NPM_SETTINGS_IN_BUILD, type PackageSource, packageSource } from './host-settings.ts';

const NODE_PACKAGE = path.join(import.meta.dirname, `../../node_modules/node-linux-${process.arch}`);
const NPM_PACKAGE = 'npm@11.19.1';
/** Node.js in. */
const CUSTOMIZE = ['cp "$NODE" "$1/usr/bin/node" && chmod 0755 "$1/usr/bin/node"'];

/** The stand-ins for the base images of the Dockerfile, as docker-archives. */
export interface DebianBase {
  /** For BASE_IMAGE: Debian without anything but Node.js and certificates. */
  readonly runtime: string;
  /** For BUILD_IMAGE: the same with npm, which takes its settings from what settingsAsMounts mounts. */
  readonly build: string;
}

/** Makes the stand-ins from this machine's own packages, once for all runs: half a minute. Needs root. */
export async function debianBase(log: Log): Promise<DebianBase> {
  const source = await packageSource();
  const node = await readFile(path.join(NODE_PACKAGE, 'package.json'), 'utf8');
  const recipe = await Promise.all(
    ['base-image.ts', 'debian-root.ts', 'host-settings.ts'].map((file) =>
      readFile(path.join(import.meta.dirname, file)),
    ),
  );
  const folder = await cachedFolder({
    kind: 'debian-base',
    madeOf: [node, ...source.lines, ...recipe],
    make: (unfinished) => withBuildah((buildah) => makeBase(unfinished, buildah, { source, log })),
  });
  return archivesIn(folder);
}

function archivesIn(folder: string): DebianBase {
  return { runtime: path.join(folder, 'runtime.tar'), build: path.join(folder, 'build.tar') };
}

interface Making {
  readonly source: PackageSource;
  readonly log: Log;
}

async function makeBase(folder: string, buildah: Buildah, { source, log }: Making): Promise<void> {
  log(`Making a base image of ${source.codename}, once: half a minute`);
  const files = path.join(buildah.folder, 'base.tar');
  await debianRoot(files, source, {
    hooks: CUSTOMIZE,
    environment: { NODE: path.join(NODE_PACKAGE, 'bin/node') },
  });
  const container = await buildah.run('from', 'scratch');
  await buildah.run('add', '--quiet', container, files, '/');
  await rm(files);
  const { runtime, build } = archivesIn(folder);
  await store(buildah, container, runtime);
  await npm(['pack', '--silent', '--pack-destination', buildah.folder, NPM_PACKAGE], buildah.folder);
  const tarball = path.join(buildah.folder, `${NPM_PACKAGE.replace('@', '-')}.tgz`);
  await runProgram('tar', ['-xzf', tarball, '-C', buildah.folder]);
  await buildah.run(
    'add',
    '--quiet',
    '--chown=0:0',
    container,
    path.join(buildah.folder, 'package'),
    '/usr/lib/node_modules/npm',
  );
  await buildah.run(
    'run',
    '--isolation=chroot',
    container,
    'ln',
    '-s',
    '../lib/node_modules/npm/bin/npm-cli.js',
    '/usr/bin/npm',
  );
  await buildah.run('config', '--env', `NPM_CONFIG_USERCONFIG=${NPM_SETTINGS_IN_BUILD}`, container);
  await store(buildah, container, build);
}

async function store(buildah: Buildah, container: string, archive: string): Promise<void> {
  const id = await buildah.run('commit', '--quiet', '--squash', container);
  await buildah.run('push', '--quiet', id, `docker-archive:${archive}`);
}
