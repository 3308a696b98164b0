import path from 'node:path';
import { byteText, counted, safeText } from '../model/text.ts';
import { isShrunk, requireOwnEntries, requireReadable, requireRoom, shrunk } from './check-copy.ts';
import { countDeletes, type Passes, runPasses, separateFalseLinks } from './copy-passes.ts';
import { findFolders, type Folders, readSides, type Sides } from './copy-sides.ts';
import { makeFolder, requireOtherFolder } from './folders.ts';
import { generationsIn, incompleteFolder, publish, removeGenerations, takeOver } from './generations.ts';
import type { CopyForm } from './rsync-arguments.ts';
import { runShort } from './run-program.ts';
import { Stopped } from './stopped.ts';
import { lockTarget } from './target-lock.ts';
import type { Notes, TaskContext, TaskEnd } from './task-context.ts';
import { type TargetAbilities, tryTarget } from './try-target.ts';
import { comparisonOf, type Verified, verifyCopy } from './verify-copy.ts';

/** Copies, and then compares what came of it. @throws Stopped with every outcome that TaskEnd doesn't give */
export async function copyTask(context: TaskContext): Promise<TaskEnd> {
  const folders = await findFolders(context);
  const { top, folder } = folders.target;
  await makeFolder(folder);
  await requireOtherFolder(folders.source.folder, folder);
  const lock = await lockTarget(top, folder, context.signal);
  try {
    if (lock.warning !== undefined) context.notes.warnings.push(lock.warning);
    const target = { ...folders.target, above: folder, isThere: true };
    return await copyLocked({ ...folders, target }, lock.descriptors, context);
  } finally {
    await lock.close();
  }
}

async function copyLocked(
  folders: Folders,
  descriptors: readonly number[],
  context: TaskContext,
): Promise<TaskEnd> {
  const { request, notes, signal } = context;
  const beganMs = Date.now();
  const sides = await readSides(folders, context);
  await requireSense(folders, sides, context);
  const isMade = sides.generations.includes(request.generation);
  await prepareRoom(folders, { sides, isMade }, context);
  const abilities = await tryTarget(folders.target.folder, sides, context);
  const form = { ...formOf(folders, sides, { context, isMade }), ...abilities };
  const totalBytes = sides.source.facts.sizeBytes;
  const { onProgress } = context;
  const options = { signal, descriptors, notes, isLive: request.isLive, totalBytes, onProgress };
  const isGuarded = request.mode === 'mirror' && !request.mayShrink;
  const passes = { form, options, guarded: isGuarded ? sides.target : undefined };
  const verified = await makeAndVerify(passes, { sides, isMade, beganMs }, context);
  notes.verification = verified.verification;
  if (verified.outcome === 'unequal') return verified;
  if (request.mode === 'generations') await finishGeneration(folders.target.folder, isMade, context);
  return { outcome: verified.outcome, message: `${copiedText(notes)}; ${verified.message}` };
}

/** What one verification needs to know of the copy. */
interface Making {
  readonly sides: Sides;
  /** The generation was complete before, so that nothing of it may be changed. */
  readonly isMade: boolean;
  readonly beganMs: number;
}

async function makeAndVerify(passes: Passes, making: Making, context: TaskContext): Promise<Verified> {
  if (!making.isMade) await runPasses(passes);
  const verified = await storeAndVerify(passes.form, making, context);
  if (verified.outcome !== 'unequal' || making.isMade || !(await separateFalseLinks(passes))) return verified;
  return storeAndVerify(passes.form, making, context);
}

function copiedText({ copied }: Notes): string {
  if (!copied) return 'Copied before';
  const { fileCount, sizeBytes, deletedCount } = copied;
  return `${counted(fileCount, 'file')} copied (${byteText(sizeBytes)}), ${deletedCount.toLocaleString('en')} removed`;
}

/** All that can be known of a failure before anything is written. */
async function requireSense(
  { source: { folder, leftOut } }: Folders,
  sides: Sides,
  context: TaskContext,
): Promise<void> {
  const { request, signal } = context;
  const [source, target] = [sides.source.facts, sides.target.facts];
  requireReadable(source);
  if (request.identity === 'owner') requireOwnEntries(sides.source);
  if (request.mayShrink || !sides.present || !isShrunk(source, target)) return;
  const ends = { source: folder, leftOut, target: sides.present.folder };
  throw shrunk(source, target, await countDeletes(ends, signal));
}

/** What an interrupted run has left behind may be most of the new generation, so no room is asked for then. */
async function prepareRoom(
  folders: Folders,
  { sides, isMade }: { readonly sides: Sides; readonly isMade: boolean },
  { request, signal }: TaskContext,
): Promise<void> {
  if (isMade) return;
  const isNew =
    request.mode === 'mirror' || !(await takeOver(folders.target.folder, request.generation, signal));
  if (isNew) requireRoom(sides.source.facts, sides.target, sides.present && sides.target.facts);
}

function formOf(
  folders: Folders,
  sides: Sides,
  { context, isMade }: { readonly context: TaskContext; readonly isMade: boolean },
): Omit<CopyForm, keyof TargetAbilities> {
  const { identity, mode, generation, bandwidthKiB } = context.request;
  const base = folders.target.folder;
  const { folder: source, leftOut } = folders.source;
  const keepsLinks = sides.source.facts.hardLinkCount > 0;
  const common = { source, leftOut, bandwidthKiB, keepsLinks, keepsHoles: sides.source.hasHoles };
  if (mode === 'generations') {
    return {
      ...common,
      target: isMade ? path.join(base, generation) : incompleteFolder(base, generation),
      linkFrom: sides.present && `../${path.basename(sides.present.folder)}`,
      isRootForeign: false,
      isTight: false,
    };
  }
  const target = sides.target.facts;
  return {
    ...common,
    target: base,
    linkFrom: undefined,
    isRootForeign: identity === 'owner' && target.root.uid !== process.getuid?.(),
    isTight: target.totalBytes > 0 && sides.source.facts.allocatedBytes > target.freeBytes,
  };
}

/** While the storage takes what was written, both sides are walked. */
async function storeAndVerify(
  form: CopyForm,
  { sides, beganMs }: Making,
  { request, signal }: TaskContext,
): Promise<Verified> {
  const comparison = await comparisonOf(form, {
    identity: request.identity,
    expectedCount: sides.source.facts.entryCount,
    beganMs,
  });
  const contents = request.checksum ? form : undefined;
  const [stored, verified] = await Promise.allSettled([
    syncFileSystem(form.target, signal),
    verifyCopy({ comparison, contents, isLive: request.isLive, signal }),
  ]);
  if (stored.status === 'rejected') throw stored.reason;
  if (verified.status === 'rejected') throw verified.reason;
  return verified.value;
}

/**
 * Until then it lies in the node's memory, and storage that is full or broken may say so only now. The file system is
 * synced once, and not each file: for hundreds of thousands of small ones that would take longer than the copy.
 */
async function syncFileSystem(folder: string, signal: AbortSignal): Promise<void> {
  const { exit, stderr } = await runShort('sync', ['--file-system', '--', folder], { signal });
  if (exit === 0) return;
  const isFull = /No space left|quota exceeded/u.test(stderr);
  const message = `The target could not store what was written: ${safeText(stderr.trim().slice(0, 200))}`;
  throw new Stopped(isFull ? 'target-full' : 'failed', message);
}

/** The generation gets its name, which makes it count; only then others may go. */
async function finishGeneration(
  base: string,
  isMade: boolean,
  { request, signal, notes }: TaskContext,
): Promise<void> {
  if (!isMade) await publish(base, request.generation);
  await syncFileSystem(base, signal);
  const expired = request.expired.filter((name) => name !== request.generation);
  await removeGenerations(base, expired, signal);
  if (notes.target) notes.target = { ...notes.target, generations: await generationsIn(base) };
}
