import type { TreeEntry } from './find-output.ts';

/** What of an entry counts, but for its link, in the order of FIELD_NAMES. */
export function fieldsOf(entry: TreeEntry, timeDigits: number): string[] {
  const { type, mode, uid, gid, modified } = entry;
  // Of folders the size is the file system's own affair; of links it is the length of where they lead.
  const size = type === 'f' ? String(entry.sizeBytes) : '';
  const decimals = modified.length - modified.indexOf('.') - 1;
  const time = modified.slice(0, modified.length - Math.max(0, decimals - timeDigits));
  return [type, mode, uid, gid, size, time];
}

/** What people call the fields. */
export const FIELD_NAMES = ['type', 'mode', 'owner', 'group', 'size', 'time'] as const;
