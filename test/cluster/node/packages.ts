import { access, constants, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../../../src/model/known-error.ts';
import type { Log } from '../binaries.ts';
import { runCommand } from '../run-command.ts';
import { NETWORK_PLUGIN_FOLDERS } from './containerd.ts';

/** Debian's packages, by the programs that a node and its images need, and copies of volumes. */
const PACKAGES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  'mkfs.ext4': 'e2fsprogs',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  rsync: 'rsync',
  find: 'findutils',
  getfattr: 'attr',
  setfacl: 'acl',
  flock: 'util-linux',
  setpriv: 'util-linux',
};
const NETWORK_PLUGINS = 'containernetworking-plugins';

/** Asked by packages' scripts before they start a service: https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';
const START_NOTHING = '#!/bin/sh\nexit 101\n';

const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=300'];

/**
 * Installs what a node needs and this machine hasn't, with apt-get, as root; starts no service, removes no package.
 *
 * @returns why it can't be had; undefined when all is there
 */
export async function ensureNodePackages(log: Log): Promise<string | undefined> {
  const packages = await missingPackages();
  if (packages.length === 0) return undefined;
  const names = packages.join(' ');
  if (process.getuid?.() !== 0 || !(await isOnPath('apt-get'))) {
    return `${names} (Debian's names) must be installed, which needs root and apt-get`;
  }
  log(`Installing Debian packages for a Kubernetes node: ${names}`);
  try {
    await startingNothing(() => install(packages));
  } catch (error) {
    // The last line says what it gave up for.
    const reason = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    return `${names} can't be installed: ${reason}`;
  }
  const still = await missingPackages();
  return still.length === 0
    ? undefined
    : `after installing ${still.join(' ')} its programs are still missing`;
}

/** The Debian packages of whatever is missing, each once, sorted. */
export async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(PACKAGES)) if (!(await isOnPath(program))) missing.add(name);
  const hasPlugins = NETWORK_PLUGIN_FOLDERS.some((folder) => existsSync(path.join(folder, 'bridge')));
  if (!hasPlugins) missing.add(NETWORK_PLUGINS);
  return [...missing].toSorted();
}

async function install(packages: readonly string[]): Promise<void> {
  const options = { title: 'apt-get', env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await runCommand(['apt-get', ...APT_OPTIONS, 'update', '-qq'], options);
  const argv = ['install', '-y', '-qq', '--no-install-recommends', '--no-remove', ...packages];
  await runCommand(['apt-get', ...APT_OPTIONS, ...argv], options);
}

/** Meanwhile no package starts its service: the tests start their own containerd, with settings of their own. */
async function startingNothing(action: () => Promise<void>): Promise<void> {
  const isOurs = await writeFile(SERVICE_POLICY, START_NOTHING, { mode: 0o755, flag: 'wx' }).then(
    () => true,
    (error: unknown) => {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw error;
    },
  );
  try {
    await action();
  } finally {
    if (isOurs) await rm(SERVICE_POLICY, { force: true });
  }
}

async function isOnPath(program: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const isThere = await access(path.join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}
