import type { SideFacts } from '../model/backuper.ts';
import { byteText } from '../model/text.ts';
import { entries } from './check-copy.ts';
import { isThere, sourceFolder } from './folders.ts';
import { findFolders, readSides } from './copy-sides.ts';
import { sideOf } from './side-facts.ts';
import type { TaskContext, TaskEnd } from './task-context.ts';
import { STORAGE_FOLDERS } from './walk-tree.ts';

/**
 * Looks into the source and, where one is mounted, the target. That something can't be read is a finding and no
 * failure.
 *
 * @throws Stopped `bad-folder`, `missing-folder` or `failed`
 */
export async function probeTask(context: TaskContext): Promise<TaskEnd> {
  const facts = (await isThere(context.targetRoot)) ? await probeBoth(context) : await probeSource(context);
  const { entryCount, allocatedBytes, ownerCount, unreadableCount } = facts;
  const owners = `${ownerCount} ${ownerCount === 1 ? 'owner' : 'owners'}`;
  const what = `${entries(entryCount)}, ${byteText(allocatedBytes)}, ${owners}`;
  const unread = unreadableCount === 0 ? '' : `; ${entries(unreadableCount)} can't be read by this user`;
  return { outcome: 'done', message: `The source has ${what}${unread}` };
}

async function probeBoth(context: TaskContext): Promise<SideFacts> {
  const { source } = await readSides(await findFolders(context), context);
  return source.facts;
}

async function probeSource({ request, sourceRoot, signal, notes }: TaskContext): Promise<SideFacts> {
  const folder = await sourceFolder(sourceRoot, request.sub);
  const leftOut = request.sub === '' ? STORAGE_FOLDERS : [];
  const { facts } = await sideOf({ folder, leftOut }, signal);
  notes.source = facts;
  return facts;
}
