import { randomUUID } from 'node:crypto';
import { chown, lstat, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorText } from '../model/known-error.ts';
import type { SideFacts } from '../model/backuper.ts';
import { counted } from '../model/text.ts';
import type { Sides } from './copy-sides.ts';
import { writeFailure } from './folders.ts';
import { NANOSECOND_DIGITS } from './rsync-arguments.ts';
import { isInstalled, runShort } from './run-program.ts';
import type { Side } from './side-facts.ts';
import { Stopped } from './stopped.ts';
import type { Notes, TaskContext } from './task-context.ts';

/** What of a copy has to be kept and can be: as CopyForm has it. */
export interface TargetAbilities {
  readonly keepsAcls: boolean;
  readonly keepsXattrs: boolean;
  readonly timeDigits: number;
}

/** A time in whose decimals every digit tells. */
const TRIED_SECONDS = '1700000000';
const TRIED_NANOSECONDS = '123456789';

/**
 * Finds out with a file of its own, which is removed, what the target can keep: file systems say that they have set
 * an owner or an attribute and haven't, and some do only for certain users.
 *
 * @throws Stopped `owners-refused`, `target-full` or `failed`
 */
export async function tryTarget(
  folder: string,
  sides: Pick<Sides, 'source' | 'target'>,
  context: TaskContext,
): Promise<TargetAbilities> {
  const file = path.join(folder, `.backuper-try-${randomUUID()}`);
  try {
    await writeFile(file, '', { flag: 'wx' });
  } catch (error) {
    throw writeFailure(error, 'Nothing can be written to the target');
  }
  try {
    const canXattrs = await succeeds('setfattr', ['-n', 'user.backuper', '-v', '1', '--', file], context);
    const canAcls = await succeeds('setfacl', ['-m', 'u:1:r', '--', file], context);
    warnOfLosses({ canAcls, canXattrs }, sides.source.facts, context.notes);
    // The target's have to go, once the source has none any more. Null is for nobody knows.
    const [source, target] = [sides.source.facts, sides.target.facts];
    const keepsAcls = canAcls && (source.aclCount !== 0 || target.aclCount !== 0);
    const keepsXattrs = canXattrs && (source.xattrCount !== 0 || target.xattrCount !== 0);
    const timeDigits = await digitsOfTimes(file, context.signal);
    await tryOwners(file, sides.source, context);
    return { keepsAcls, keepsXattrs, timeDigits };
  } finally {
    await rm(file, { force: true });
  }
}

/** Where there is no program to try it with, rsync will say so. */
async function succeeds(program: string, args: readonly string[], { signal }: TaskContext): Promise<boolean> {
  if (!(await isInstalled(program))) return true;
  return (await runShort(program, args, { signal })).exit === 0;
}

function warnOfLosses(
  { canAcls, canXattrs }: { readonly canAcls: boolean; readonly canXattrs: boolean },
  { aclCount, xattrCount }: SideFacts,
  notes: Notes,
): void {
  const losses: string[] = [];
  if (!canAcls && aclCount !== 0) losses.push(`ACLs (${aclCount ?? 'who knows how many'})`);
  if (!canXattrs && xattrCount !== 0)
    losses.push(`extended attributes (${xattrCount ?? 'who knows how many'})`);
  if (losses.length > 0) {
    notes.warnings.push(
      `The target's file system keeps no ${losses.join(' and no ')}: they are not in the copy`,
    );
  }
}

/** SMB keeps seven digits, old file systems none. */
async function digitsOfTimes(file: string, signal: AbortSignal): Promise<number> {
  await runShort('touch', ['-d', `@${TRIED_SECONDS}.${TRIED_NANOSECONDS}`, '--', file], { signal });
  const { mtimeNs } = await lstat(file, { bigint: true });
  const kept = String(mtimeNs % 1_000_000_000n).padStart(NANOSECOND_DIGITS, '0');
  let digits = 0;
  while (digits < NANOSECOND_DIGITS && kept[digits] === TRIED_NANOSECONDS[digits]) digits += 1;
  return digits;
}

async function tryOwners(file: string, { owners, facts }: Side, { request }: TaskContext): Promise<void> {
  const made = await lstat(file);
  if (request.identity === 'owner') {
    if (made.uid === process.getuid?.()) return;
    const message = `Files in the target belong to user ${made.uid} whoever makes them: choose a target that keeps owners`;
    throw new Stopped('owners-refused', message);
  }
  const other = [...owners].map(asIds).find(({ uid, gid }) => uid !== made.uid || gid !== made.gid);
  if (other === undefined) return;
  const { uid, gid } = other;
  const advice = 'choose a target that keeps owners, or copy as the only owner';
  const whose = `The source has ${counted(facts.ownerCount, 'owner')}, and the target does not take user ${uid}, group ${gid}`;
  try {
    await chown(file, uid, gid);
  } catch (error) {
    throw new Stopped('owners-refused', `${whose} (${errorText(error)}): ${advice}`, { cause: error });
  }
  const now = await lstat(file);
  if (now.uid !== uid || now.gid !== gid) throw new Stopped('owners-refused', `${whose}: ${advice}`);
}

function asIds(owner: string): { uid: number; gid: number } {
  const [uid = 0, gid = 0] = owner.split(':').map(Number);
  return { uid, gid };
}
