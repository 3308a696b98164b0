import { readFile, statfs } from 'node:fs/promises';

/** What a file system is, and what room it has. */
export interface FileSystemFacts {
  /** As the kernel calls it: `ext4`, `nfs4`. */
  readonly fileSystem: string;
  readonly totalBytes: number;
  /** For anybody; what is reserved for root doesn't count. */
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Whether it has a fixed number of inodes, and so can run out of them. */
  readonly hasInodes: boolean;
}

/** Asks about the file system in which a folder lies; the path must be a real one. */
export async function fileSystemOf(folder: string): Promise<FileSystemFacts> {
  const [facts, mounts] = await Promise.all([statfs(folder), readFile('/proc/self/mountinfo', 'utf8')]);
  return {
    fileSystem: typeAt(folder, mounts),
    totalBytes: facts.blocks * facts.bsize,
    freeBytes: facts.bavail * facts.bsize,
    freeInodes: facts.ffree,
    hasInodes: facts.files > 0,
  };
}

/**
 * The type of the mount that holds a path: of the longest mount point above it, the last one. Fields of mountinfo:
 * https://github.com/torvalds/linux/blob/v6.12/Documentation/filesystems/proc.rst
 */
function typeAt(folder: string, mounts: string): string {
  let found = { point: '', type: 'unknown' };
  for (const line of mounts.split('\n')) {
    const [mount = '', source = ''] = line.split(' - ');
    const point = (mount.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/gu, (_all, octal: string) =>
      String.fromCodePoint(Number.parseInt(octal, 8)),
    );
    const isAbove = point === '/' || folder === point || folder.startsWith(`${point}/`);
    if (isAbove && point.length >= found.point.length) found = { point, type: source.split(' ')[0] ?? '' };
  }
  return found.type;
}
