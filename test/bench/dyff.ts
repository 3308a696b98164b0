import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../cluster/binaries.ts';

const run = promisify(execFile);
const MODULE_FOLDER = join(import.meta.dirname, 'dyff');
const PACKAGE = 'github.com/homeport/dyff/cmd/dyff';

/**
 * The program dyff (https://github.com/homeport/dyff/tree/v1.12.0), built once with the system's Go into the
 * user's cache folder.
 *
 * @returns its path, or why it can't be had
 */
export async function ensureDyff(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const sums = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(MODULE_FOLDER, file))));
  const hash = createHash('sha256').update(Buffer.concat(sums)).digest('hex').slice(0, 12);
  const path = join(cacheFolder(), `dyff-${hash}`);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return { path };
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const env = { ...process.env, CGO_ENABLED: '0' };
    await run('go', ['build', '-trimpath', '-buildvcs=false', '-o', unfinished, PACKAGE], { cwd: MODULE_FOLDER, env });
    await rename(unfinished, path);
    return { path };
  } catch (error) {
    return { missing: reasonOf(error) };
  } finally {
    await rm(unfinished, { force: true });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'ENOENT') return 'there is no Go to build it';
  const said = 'stderr' in error ? String(error.stderr) : error.message;
  return `Go could not build it: ${said.trim().split('\n').at(-1) ?? ''}`;
}
