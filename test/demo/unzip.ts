import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const INSTALL = 'apt-get install -y -qq unzip';

/** Whether `unzip` can be used; where it is missing, and this is root on Debian or its like, it is installed. */
export async function hasUnzip(say: (text: string) => void, signal: AbortSignal): Promise<boolean> {
  if (isInstalled('unzip')) return true;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) return false;
  say(`There is no unzip: installing it (${INSTALL})`);
  // The list of packages may be missing, as in most container images.
  return (await succeeds(INSTALL, signal)) || succeeds(`apt-get update -qq && ${INSTALL}`, signal);
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function succeeds(commandLine: string, signal: AbortSignal): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn('sh', ['-c', commandLine], { env, signal, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}
