import path from 'node:path';
import { requireReadable } from './check-copy.ts';
import { findFolders, readSides } from './copy-sides.ts';
import { isThere, requireOtherFolder } from './folders.ts';
import { NANOSECOND_DIGITS } from './rsync-arguments.ts';
import { Stopped } from './stopped.ts';
import type { TaskContext, TaskEnd } from './task-context.ts';
import { comparisonOf, verifyCopy } from './verify-copy.ts';

/** Compares an earlier copy with its source, and changes nothing. @throws Stopped */
export async function verifyTask(context: TaskContext): Promise<TaskEnd> {
  const { request, signal, notes } = context;
  const beganMs = Date.now();
  const folders = await findFolders(context);
  const target = path.join(folders.target.folder, request.generation);
  if (!folders.target.isThere || !(await isThere(target))) {
    throw new Stopped(
      'missing-folder',
      'There is no copy in that folder of the target: name one that is there',
    );
  }
  await requireOtherFolder(folders.source.folder, target);
  const { source } = await readSides(folders, context);
  if (request.checksum) requireReadable(source.facts);
  const form = {
    source: folders.source.folder,
    target,
    leftOut: folders.source.leftOut,
    // A copy has neither where its target can't hold them, and nothing may be tried out here.
    keepsAcls: false,
    keepsXattrs: false,
    keepsLinks: true,
    keepsHoles: false,
    timeDigits: NANOSECOND_DIGITS,
    bandwidthKiB: request.bandwidthKiB,
    isRootForeign: false,
    linkFrom: undefined,
    isTight: false,
  };
  const { identity } = request;
  const comparison = await comparisonOf(form, { identity, expectedCount: source.facts.entryCount, beganMs });
  const contents = request.checksum ? form : undefined;
  const verified = await verifyCopy({ comparison, contents, isLive: request.isLive, signal });
  notes.verification = verified.verification;
  return verified;
}
