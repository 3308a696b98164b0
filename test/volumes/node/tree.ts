import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { runCommand } from '../../cluster/run-command.ts';

/**
 * What there is below a folder, told by find and sha256 as root, and so by other code than the one under test: type,
 * rights, owner, size, time, target, content and, for files with several names, the first of them. Sorted by path;
 * no entry for the folder itself.
 *
 * @param folder may lead through /proc to what another process sees
 */
export async function listingOf(folder: string, without: readonly string[] = []): Promise<string[]> {
  const format = String.raw`%y\0%m\0%U:%G\0%s\0%T@\0%D:%i\0%l\0%P\0`;
  const text = await latin1Output(['find', folder, '-mindepth', '1', '-printf', format]);
  const fields = text.split('\0').slice(0, -1);
  const entries = Array.from({ length: fields.length / 8 }, (_, index) =>
    fields.slice(index * 8, index * 8 + 8),
  )
    .filter(
      ([, , , , , , , path = '']) => !without.some((name) => path === name || path.startsWith(`${name}/`)),
    )
    .toSorted((one, other) => ((one[7] ?? '') < (other[7] ?? '') ? -1 : 1));
  const firstOf = new Map<string, string>();
  return await Promise.all(
    entries.map(async ([type = '', mode, owner, size, time, inode = '', target, path = '']) => {
      const first = firstOf.get(inode) ?? path;
      firstOf.set(inode, first);
      const content = type === 'f' ? sha256(await readFile(Buffer.from(`${folder}/${path}`, 'latin1'))) : '';
      // What a folder takes up depends on its history.
      const bytes = type === 'f' ? size : '';
      return [path, type, mode, owner, bytes, time, target, first === path ? '' : first, content].join(' | ');
    }),
  );
}

/** What a file takes up on the disk, in bytes. */
export async function allocatedBytes(file: string): Promise<number> {
  return 512 * Number(await runCommand(['find', file, '-printf', '%b']));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** A name is bytes, not always UTF-8. */
async function latin1Output([command = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return Buffer.concat(chunks).toString('latin1');
}
