import { entryParser, printExpression, type TreeEntry } from './find-output.ts';
import { lineSplitter } from './lines.ts';
import { cut } from './printable.ts';
import { runProgram } from './run-program.ts';
import { Stopped } from './stopped.ts';
import { safeText } from '../model/text.ts';

/** What to walk. */
export interface Tree {
  /** The folder, as an absolute path. */
  readonly folder: string;
  /** Names right in it that are left out: they belong to the storage, and not to the application. */
  readonly leftOut: readonly string[];
}

/** What went wrong on a walk that could go on. */
export interface WalkProblems {
  /** Folders that may not be looked into. */
  readonly deniedCount: number;
  /** Entries that were there and then weren't. */
  readonly vanishedCount: number;
}

/** The names at the root of a volume that are left out: of ext4's checker, and of NetApp's snapshots. */
export const STORAGE_FOLDERS: readonly string[] = ['lost+found', '.snapshot'];

/**
 * Gives every entry of a tree, the folder itself included, in no certain order. Other file systems that are mounted
 * in it are not entered.
 *
 * @throws Stopped `failed` when the file system itself fails
 */
export async function walkTree(
  tree: Tree,
  options: { readonly signal: AbortSignal; readonly asksReadable?: boolean },
  onEntry: (entry: TreeEntry) => void,
): Promise<WalkProblems> {
  const problems = { deniedCount: 0, vanishedCount: 0 };
  let broken = '';
  const onError = lineSplitter((line) => {
    if (line.endsWith('Permission denied')) problems.deniedCount += 1;
    else if (line.endsWith('No such file or directory')) problems.vanishedCount += 1;
    else broken ||= line;
  });
  const args = ['.', '-xdev', ...pruned(tree.leftOut), ...printExpression(options.asksReadable === true)];
  const { exit, killedBy } = await runProgram('find', args, {
    cwd: tree.folder,
    signal: options.signal,
    onStdout: entryParser(onEntry),
    onStderr: onError,
  });
  onError(Buffer.of());
  const isExplained = exit === 0 || problems.deniedCount + problems.vanishedCount > 0;
  if (broken !== '' || !isExplained) {
    const reason = broken || `find ended with ${exit ?? killedBy}`;
    throw new Stopped(
      'failed',
      `The volume can't be read, look at its storage: ${cut(safeText(reason), 300)}`,
    );
  }
  return problems;
}

/** Part of an expression of find that leaves names at the root out, with all below them. */
export function pruned(names: readonly string[]): string[] {
  const paths = names.flatMap((name) => ['-path', `./${name}`, '-o']).slice(0, -1);
  return names.length === 0 ? [] : ['(', ...paths, ')', '-prune', '-o'];
}
