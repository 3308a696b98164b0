import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KnownError } from '../../src/model/known-error.ts';
import { runProgram } from '../support/run-program.ts';

/** The certificates that a Debian system trusts. */
const TRUSTED = '/etc/ssl/certs/ca-certificates.crt';
/** A folder that every Debian image has and nobody uses. */
const MOUNT_POINT = '/mnt';

/** Stands in all settings that steps of a build are shown, so that a test can look for it where it must not be. */
export const CANARY = 'settings-of-this-machine-9f2c41d7';

/** Where npm finds its settings in the stand-in for the build image. */
export const NPM_SETTINGS_IN_BUILD = `${MOUNT_POINT}/npmrc`;

/** The release of Debian (or Ubuntu) that this machine has, and where it gets its packages from. */
export interface PackageSource {
  /** As in `bookworm`. */
  readonly codename: string;
  /** Lines of a sources.list. */
  readonly lines: readonly string[];
}

/** @throws {KnownError} where apt has no packages of the distribution's own */
export async function packageSource(): Promise<PackageSource> {
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(\S+)$/mu.exec(release)?.[1] ?? '';
  const format = '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = await runProgram('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const lines = targets.split('\n').flatMap((target) => {
    const [origin = '', uri = '', suite = '', component = ''] = target.split(' ');
    const keyring = `/usr/share/keyrings/${origin.toLowerCase()}-archive-keyring.gpg`;
    const isOwn = ['Debian', 'Ubuntu'].includes(origin) && suite.startsWith(codename) && component === 'main';
    return isOwn ? [`deb [signed-by=${keyring}] ${uri} ${suite} ${component}`] : [];
  });
  if (lines.length === 0)
    throw new KnownError('failed', 'apt knows no packages of this system: run apt-get update');
  return { codename, lines: [...new Set(lines)].toSorted() };
}

/** How apt gets packages here (proxies, checks of dates), as lines of an apt.conf. */
export async function aptSettings(): Promise<string[]> {
  const lines = (await runProgram('apt-config', ['dump', 'Acquire'])).split('\n');
  return lines.filter((line) => /^Acquire::.* ".+";$/u.test(line));
}

/** Runs the system's own npm, with the settings that it has outside this project. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  // With the Node.js of node_modules it would look for the machine's settings there.
  const folders = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  const others = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_'));
  return runProgram('npm', args, {
    cwd,
    env: { ...Object.fromEntries(others), PATH: folders.join(path.delimiter) },
  });
}

/**
 * Options for `buildah bud` that let the steps of a Dockerfile use this machine's mirrors, proxies and
 * certificates: as mounts, on files and folders that are in the base images, so that nothing of it comes into an
 * image. `folder` is for the files that this needs.
 */
export async function settingsAsMounts(folder: string): Promise<string[]> {
  const ours = path.join(folder, 'npm');
  const sources = path.join(folder, 'sources.list');
  await mkdir(ours, { recursive: true });
  await writeFile(path.join(ours, 'npmrc'), await npmSettings(folder), { mode: 0o600 });
  await writeFile(sources, [`# ${CANARY}`, ...(await packageSource()).lines, ''].join('\n'));
  const mounts: Record<string, string> = { [MOUNT_POINT]: ours, '/etc/apt/sources.list': sources };
  for (const one of [TRUSTED, '/etc/apt/apt.conf.d', '/etc/apt/auth.conf.d'])
    if (existsSync(one)) mounts[one] = one;
  return Object.entries(mounts).map(([target, source]) => `--volume=${source}:${target}:ro`);
}

async function npmSettings(cwd: string): Promise<string> {
  const files = [
    await npm(['config', 'get', 'globalconfig'], cwd),
    await npm(['config', 'get', 'userconfig'], cwd),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file.trim(), 'utf8').catch(() => '')));
  // Paths of this machine mean nothing there; what is trusted here is mounted.
  const lines = texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => !/^\s*(?:cafile|prefix|cache|nodedir)\b/u.test(line));
  return [`; ${CANARY}`, ...lines.map(expanded), `cafile=${TRUSTED}`, ''].join('\n');
}

/** npm takes `${NAME}` in its settings from the environment, which the steps of a build don't have. */
function expanded(line: string): string {
  return line.replaceAll(/\$\{(\w+)\}/gu, (whole, name: string) => process.env[name] ?? whole);
}
