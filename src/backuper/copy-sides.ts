import path from 'node:path';
import { isThere, mayLookInto, sourceFolder, type TargetPlace, targetFolder } from './folders.ts';
import { generationsIn } from './generations.ts';
import { emptySide, type Side, sideOf } from './side-facts.ts';
import type { TaskContext } from './task-context.ts';
import { STORAGE_FOLDERS, type Tree } from './walk-tree.ts';

/** Where a task reads and writes. */
export interface Folders {
  readonly source: Tree;
  readonly target: TargetPlace;
}

/** Both sides before anything is written. */
export interface Sides {
  readonly source: Side;
  /** Of what is there of an earlier copy: the mirror itself, or the newest complete generation but the one to make. */
  readonly target: Side;
  readonly present: Tree | undefined;
  /** Complete ones, oldest first. */
  readonly generations: readonly string[];
}

/** Finds the folders that a request names. @throws Stopped `bad-folder` or `missing-folder` */
export async function findFolders({ request, sourceRoot, targetRoot }: TaskContext): Promise<Folders> {
  const folder = await sourceFolder(sourceRoot, request.sub);
  const target = await targetFolder(targetRoot, request.into);
  // In a folder below the root of both volumes such a name is the application's own.
  const isAtRoot = request.sub === '' || (request.into === '' && request.mode === 'mirror');
  return { source: { folder, leftOut: isAtRoot ? STORAGE_FOLDERS : [] }, target };
}

/** Counts both sides, into the report too. */
export async function readSides({ source, target }: Folders, context: TaskContext): Promise<Sides> {
  const { request, notes, signal } = context;
  const isGenerations = request.mode === 'generations';
  const mayHave = isGenerations && target.isThere && (await mayLookInto(target.folder));
  const generations = mayHave ? await generationsIn(target.folder) : [];
  const newest = generations.findLast((name) => name !== request.generation);
  const older = newest === undefined ? undefined : path.join(target.folder, newest);
  const folder = isGenerations ? older : target.isThere ? target.folder : undefined;
  const present = folder === undefined ? undefined : { folder, leftOut: source.leftOut };
  // At once, so that one waits for its disk while the other is counted.
  const [sourceSide, side] = await Promise.all([
    sideOf(source, signal),
    present ? sideOf(present, signal) : emptySide(target.above),
  ]);
  notes.source = sourceSide.facts;
  await warnOfOmissions(source, sourceSide, context);
  notes.target = isGenerations ? { ...side.facts, generations } : side.facts;
  return { source: sourceSide, target: side, present, generations };
}

async function warnOfOmissions(
  { folder, leftOut }: Tree,
  { facts }: Side,
  { notes }: TaskContext,
): Promise<void> {
  if (facts.deviceCount > 0)
    notes.warnings.push(`Device nodes are never copied: ${facts.deviceCount} are left out`);
  if (!(await mayLookInto(folder))) return;
  // Everybody's lost+found is empty, or should be looked at by a person.
  for (const name of leftOut.filter((one) => one !== 'lost+found')) {
    if (await isThere(path.join(folder, name)))
      notes.warnings.push(`/${name} belongs to the storage and is left out`);
  }
}
