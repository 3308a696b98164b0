import { writeFile } from 'node:fs/promises';
import { runProgram } from '../support/run-program.ts';
import { aptSettings, type PackageSource } from './host-settings.ts';

/** As Debian's own slim images do. */
const LEFT_OUT = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*'];
/** Nothing of this machine's settings stays. */
const CLEAN = [
  ': >"$1/etc/apt/sources.list"',
  'rm -rf "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1"/var/log/* "$1"/var/cache/ldconfig/*',
];

/** What a system of Debian's packages is to be like. */
export interface DebianRoot {
  /** Beside the smallest system there is, and the certificates. */
  readonly packages?: readonly string[];
  /** Commands for sh, in which `$1` is the root of the new system. */
  readonly hooks?: readonly string[];
  /** For the commands. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Writes the files of a new system into a tar file. Needs root. */
export async function debianRoot(tar: string, source: PackageSource, wanted: DebianRoot = {}): Promise<void> {
  const { packages = [], hooks = [], environment = {} } = wanted;
  const settings = `${tar}.apt.conf`;
  await writeFile(settings, (await aptSettings()).join('\n'));
  const args = [
    '--quiet',
    '--variant=minbase',
    `--include=${['ca-certificates', ...packages].join(',')}`,
    `--aptopt=${settings}`,
    ...LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...[...hooks, ...CLEAN].map((command) => `--customize-hook=${command}`),
    source.codename,
    tar,
    ...source.lines,
  ];
  await runProgram('mmdebstrap', args, { env: { ...process.env, ...environment } });
}
