import { lineSplitter } from './lines.ts';
import { isInstalled, runProgram } from './run-program.ts';
import { pruned, type Tree } from './walk-tree.ts';

/**
 * What rsync would have to keep: attributes of users, capabilities of files, and ACLs, which getfattr shows as
 * attributes too. Labels of SELinux belong to the cluster and are never copied.
 */
const PATTERN = String.raw`^(user\.|security\.capability$|system\.(posix|nfs4)_acl)`;

/** How many entries of a tree have ACLs and extended attributes; nulls when the image has no getfattr. */
export async function countAttributes(
  { folder, leftOut }: Tree,
  signal: AbortSignal,
): Promise<{ readonly aclCount: number | null; readonly xattrCount: number | null }> {
  if (!(await isInstalled('getfattr'))) return { aclCount: null, xattrCount: null };
  const counts = { aclCount: 0, xattrCount: 0 };
  let seen = { acl: false, xattr: false };
  const onLine = lineSplitter((line) => {
    if (line.startsWith('# file: ')) seen = { acl: false, xattr: false };
    else if (line.startsWith('system.')) {
      if (!seen.acl) counts.aclCount += 1;
      seen.acl = true;
    } else {
      if (!seen.xattr) counts.xattrCount += 1;
      seen.xattr = true;
    }
  });
  // Its exit code says nothing here: where a file system has no attributes, every entry is an error.
  const getfattr = ['getfattr', '--absolute-names', '-h', '-m', PATTERN, '--'];
  await runProgram('find', ['.', '-xdev', ...pruned(leftOut), '-exec', ...getfattr, '{}', '+'], {
    cwd: folder,
    signal,
    onStdout: onLine,
  });
  onLine(Buffer.of());
  return counts;
}
