import type { SideFacts } from '../model/backuper.ts';
import { byteText, counted } from '../model/text.ts';
import type { Side } from './side-facts.ts';
import { Stopped } from './stopped.ts';

/** Below these parts of what the target has, a source looks as if it had been lost. */
const ENTRIES_PART_MIN = 0.5;
const BYTES_PART_MIN = 0.2;

/** @throws Stopped `unreadable` when the source has something that this user can't read */
export function requireReadable({ unreadableCount, unreadable }: SideFacts): void {
  if (unreadableCount === 0) return;
  const what = `${entries(unreadableCount)} of the source can't be read by user ${process.getuid?.()}`;
  throw new Stopped('unreadable', `${what}, as ${unreadable[0] ?? ''}: copy as root, or as its owner`);
}

/**
 * As no root, rsync gives everything to itself without a word.
 *
 * @throws Stopped `owners-refused` when the source has entries of others
 */
export function requireOwnEntries({ owners, facts }: Side): void {
  const uid = process.getuid?.();
  const groups = ownGroups();
  for (const owner of owners) {
    const [ownerUid, ownerGid] = owner.split(':').map(Number);
    if (ownerUid === uid && groups.has(ownerGid ?? 0)) continue;
    const whose = `The source has ${counted(facts.ownerCount, 'owner')}, among them user ${ownerUid}, group ${ownerGid}`;
    throw new Stopped('owners-refused', `${whose}, and this is user ${uid}: copy as root`);
  }
}

/** Whether a source has lost so much since the last copy that it may be by accident. */
export function isShrunk(source: SideFacts, target: SideFacts): boolean {
  if (target.entryCount === 0) return false;
  return (
    source.entryCount === 0 ||
    source.entryCount < target.entryCount * ENTRIES_PART_MIN ||
    source.sizeBytes < target.sizeBytes * BYTES_PART_MIN
  );
}

/** The end of a task whose source has shrunk. */
export function shrunk(source: SideFacts, target: SideFacts, deletedCount: number): Stopped {
  const sides = [source, target].map((side) => `${entries(side.entryCount)} (${byteText(side.sizeBytes)})`);
  const what = `The source has ${sides[0]} and the copy ${sides[1]}, of which ${entries(deletedCount)} would be removed`;
  return new Stopped('shrunk', `${what}: look at the source, and allow it if that is right`);
}

/**
 * Whether a copy surely can't fit, before anything is written. What is there already needs no room again; how much of
 * it stays is not asked, so a copy that passes here may yet run out of room.
 *
 * @param present what the target has of an earlier copy
 * @throws Stopped `target-full`
 */
export function requireRoom(source: SideFacts, target: Side, present: SideFacts | undefined): void {
  const { freeBytes, freeInodes, totalBytes } = target.facts;
  // Some file systems don't tell what room they have.
  if (totalBytes === 0) return;
  const missingBytes = source.allocatedBytes - (present?.allocatedBytes ?? 0) - freeBytes;
  const missingInodes = source.entryCount - (present?.entryCount ?? 0) - freeInodes;
  const advice = 'give the target a larger claim';
  if (missingBytes > 0) {
    const has = `the target has ${byteText(freeBytes)} free`;
    const message = `The source takes ${byteText(source.allocatedBytes)} and ${has}, ${byteText(missingBytes)} too little: ${advice}`;
    throw new Stopped('target-full', message);
  }
  if (target.hasInodes && missingInodes > 0) {
    const message = `The target has room for ${entries(freeInodes)} more, and the source has ${entries(source.entryCount)}: ${advice}`;
    throw new Stopped('target-full', message);
  }
}

/** `1 entry`, `2 entries`. */
export function entries(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'entry' : 'entries'}`;
}

/** The groups that this process may give files to. */
export function ownGroups(): ReadonlySet<number> {
  return new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])]);
}
