import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lchown,
  link,
  lutimes,
  mkdir,
  open,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';

/** Names that break programs, as bytes. */
export const STRANGE_NAMES = [
  'with space',
  'new\nline',
  '#hash',
  ';semicolon',
  '-rf',
  '*',
  '[a]?',
  '"',
  "'",
  '\\',
  '…ü',
]
  .map((name) => Buffer.from(name))
  .concat([Buffer.from([0x66, 0xe4, 0xff, 0x0a, 0x80])]);

/** Whose entries a rich tree has. */
export interface Owners {
  readonly one: number;
  readonly other: number;
}

/**
 * Fills a folder with all that a copy must keep: hard links, holes, set-id bits, links, fifos, a socket, attributes,
 * ACLs, strange names, and folders closed to all but their owners. As root.
 */
export async function makeRichTree(folder: string, owners: Owners): Promise<void> {
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  await mkdir(at('private/deep'), { recursive: true });
  await mkdir(at('shared'));
  await mkdir(at('empty'));
  await mkdir(at('names'));
  await writeFile(at('private/deep/secret'), 'secret');
  await writeFile(at('shared/program'), '#!/bin/true');
  await writeFile(at('one'), 'linked');
  await link(at('one'), at('private/two'));
  await link(at('one'), at('shared/three'));
  await writeFile(at('sparse'), 'start');
  await truncate(at('sparse'), 50 * 1024 * 1024);
  await writeFile(at('empty-file'), '');
  await symlink('../one', at('shared/link'));
  await symlink('/nowhere/at all', at('dangling'));
  await symlink('empty', at('link-to-folder'));
  for (const name of STRANGE_NAMES) await writeBytes(Buffer.concat([Buffer.from(at('names/')), name]), name);
  execFileSync('mkfifo', [at('fifo')]);
  await makeSocket(at('socket'));
  execFileSync('setfattr', ['-n', 'user.colour', '-v', 'red', at('one')]);
  execFileSync('setfacl', ['-m', 'u:4711:rw', at('shared/program')]);
  execFileSync('setfacl', ['-d', '-m', 'g:4712:rx', at('shared')]);
  for (const name of await everythingIn(folder)) await lchown(name, owners.one, owners.one);
  for (const name of ['private/deep', 'private/deep/secret'])
    await chown(at(name), owners.other, owners.other);
  await chmod(at('private'), 0o700);
  await chmod(at('private/deep'), 0o700);
  await chmod(at('private/deep/secret'), 0o400);
  await chmod(at('shared'), 0o2775);
  await chmod(at('shared/program'), 0o4755);
  await chmod(at('empty'), 0o1777);
  await chown(folder, owners.one, owners.one);
  await chmod(folder, 0o2775);
  await lutimes(at('dangling'), 1e9, 1.1e9);
  for (const name of ['private/deep', 'shared', 'fifo', '.']) await utimes(at(name), 1e9, 1_234_567_890.987);
}

/** The content of a tree as text, one entry a line, made by other means than the program's own. */
export function manifest(folder: string): string {
  const format = '%P|%y|%m|%U:%G|%T@|%l|%n\\0';
  const listed = execFileSync('find', ['.', '-printf', format], { cwd: folder, encoding: 'latin1' });
  const sums = execFileSync('find', ['.', '-type', 'f', '-exec', 'sha256sum', '-z', '{}', '+'], {
    cwd: folder,
    encoding: 'latin1',
  });
  const attributes = execFileSync(
    'getfattr',
    ['-R', '-h', '-d', '-m', '^(user|system.posix|security.cap)', '.'],
    {
      cwd: folder,
      encoding: 'latin1',
    },
  );
  return [sorted(listed, '\0'), sorted(sums, '\0'), sorted(attributes, '\n\n')].join('\n====\n');
}

/** How much of the storage a file takes, in bytes. */
export function allocated(file: string): number {
  return Number(execFileSync('stat', ['-c', '%b', file], { encoding: 'utf8' })) * 512;
}

async function everythingIn(folder: string): Promise<Buffer[]> {
  const listed = execFileSync('find', [folder, '-mindepth', '1', '-print0']);
  const names: Buffer[] = [];
  for (let start = 0; start < listed.length;) {
    const end = listed.indexOf(0, start);
    names.push(listed.subarray(start, end));
    start = end + 1;
  }
  return names;
}

async function writeBytes(name: Buffer, content: Buffer): Promise<void> {
  const file = await open(name, 'w');
  await file.write(content);
  await file.close();
}

/** The file of a socket outlives whoever listens on it only when he is not asked to tidy up. */
async function makeSocket(name: string): Promise<void> {
  const server = createServer().listen(`${name}.listening`);
  await once(server, 'listening');
  await link(`${name}.listening`, name);
  server.close();
  await once(server, 'close');
}

function sorted(text: string, separator: string): string {
  return text.split(separator).toSorted().join('\n');
}
