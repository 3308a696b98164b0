import { existsSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../cluster/run-command.ts';

const PROGRAM = 'chromium';
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=300'];

/**
 * The browser, as Debian packages it; installed with apt-get, as root, where it is not there.
 *
 * @returns its path, or why it can't be had
 */
export async function ensureChromium(
  log: (line: string) => void,
): Promise<{ readonly path: string } | { readonly reason: string }> {
  const found = onPath(PROGRAM);
  if (found !== undefined) return { path: found };
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined)
    return { reason: `${PROGRAM} (Debian's name) must be installed, which needs root and apt-get` };
  log(`Installing the Debian package ${PROGRAM}, a browser for the tests of the report`);
  const options = { title: 'apt-get', env: { DEBIAN_FRONTEND: 'noninteractive' } };
  const argv = ['install', '-y', '-qq', '--no-install-recommends', '--no-remove', PROGRAM];
  try {
    await runCommand(['apt-get', ...APT_OPTIONS, 'update', '-qq'], options);
    await runCommand(['apt-get', ...APT_OPTIONS, ...argv], options);
  } catch (error) {
    // The last line says what it gave up for.
    const line = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    return { reason: `${PROGRAM} can't be installed: ${line}` };
  }
  const installed = onPath(PROGRAM);
  return installed === undefined
    ? { reason: `after installing ${PROGRAM} it is still missing` }
    : { path: installed };
}

function onPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file));
}
