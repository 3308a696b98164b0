import { isShrunk, shrunk } from './check-copy.ts';
import { removeFalseLinks } from './false-links.ts';
import {
  copyArguments,
  type CopyForm,
  countDeletesArguments,
  deleteOnlyArguments,
  listedArguments,
  missingArguments,
} from './rsync-arguments.ts';
import { rsyncReader } from './rsync-output.ts';
import { runProgram } from './run-program.ts';
import { requireCopied, type RsyncOptions, type RsyncPass, runRsync } from './run-rsync.ts';
import { type Side, sideOf } from './side-facts.ts';
import { Stopped } from './stopped.ts';
import { pruned } from './walk-tree.ts';

/** Fewer removals than these are never too many. */
const DELETES_MAX_MIN = 1000;

/** What the passes of one copy share. */
export interface Passes {
  readonly form: CopyForm;
  readonly options: RsyncOptions;
  /** What is there of an earlier copy, when its loss is to be guarded against. */
  readonly guarded: Side | undefined;
}

/** Makes the target what the source is. @throws Stopped with what rsync's end means */
export async function runPasses(passes: Passes): Promise<void> {
  const { form, options } = passes;
  if (!form.isRootForeign) {
    await runDeleting(passes, copyArguments);
    return;
  }
  await runDeleting(passes, deleteOnlyArguments);
  requireCopied(
    await runRsync(listedArguments(form), options, await namesAtTop(form, options)),
    options.notes,
  );
}

/** Makes hard links that the source doesn't have into files of their own. @returns whether there were any */
export async function separateFalseLinks({ form, options }: Passes): Promise<boolean> {
  const [source, target] = [form.source, form.target].map((folder) => ({ folder, leftOut: form.leftOut }));
  if (!source || !target) return false;
  if ((await removeFalseLinks(source, target, options.signal)) === 0) return false;
  const names = form.isRootForeign ? await namesAtTop(form, options) : undefined;
  requireCopied(await runRsync(missingArguments(form), options, names), options.notes);
  return true;
}

/** How many entries of the target a copy would remove. */
export async function countDeletes(
  form: Pick<CopyForm, 'source' | 'target' | 'leftOut'>,
  signal: AbortSignal,
): Promise<number> {
  const reader = rsyncReader(0, () => undefined);
  await runProgram('rsync', countDeletesArguments(form), {
    signal,
    onStdout: reader.onStdout,
    onStderr: reader.onStderr,
  });
  return reader.finish().deletedCount;
}

/**
 * Runs a pass that removes entries, at first with a limit. A source that lost its entries after it was counted stops
 * there; one that replaces most of them every night is looked at again, and has the rest removed.
 */
async function runDeleting(
  { form, options, guarded }: Passes,
  argumentsFor: (form: CopyForm, deletesMax: number | undefined) => string[],
): Promise<void> {
  const pass = (deletesMax: number | undefined): Promise<RsyncPass> =>
    runRsync(argumentsFor(form, deletesMax), options);
  const deletesMax = guarded && Math.max(DELETES_MAX_MIN, Math.ceil(guarded.facts.entryCount / 2));
  const first = await pass(deletesMax);
  const { verdict } = first;
  if (!guarded || verdict.kind !== 'stopped' || verdict.outcome !== 'shrunk') {
    requireCopied(first, options.notes);
    return;
  }
  const tree = { folder: form.source, leftOut: form.leftOut };
  const { facts } = await sideOf(tree, options.signal);
  if (isShrunk(facts, guarded.facts))
    throw shrunk(facts, guarded.facts, await countDeletes(form, options.signal));
  requireCopied(await pass(undefined), options.notes);
}

/**
 * The names right in the source, each with a NUL at its end. The slash before them, which rsync takes off, keeps a `#`
 * from beginning a comment; with `./` rsync would send the folder itself, too.
 */
async function namesAtTop({ source, leftOut }: CopyForm, { signal }: RsyncOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const args = ['.', '-mindepth', '1', '-maxdepth', '1', ...pruned(leftOut), '-printf', '/%P\\0'];
  const { exit } = await runProgram('find', args, {
    cwd: source,
    signal,
    onStdout: (chunk) => chunks.push(chunk),
  });
  if (exit !== 0)
    throw new Stopped('unreadable', "The source's folder can't be read: copy as its owner, or as root");
  return Buffer.concat(chunks);
}
