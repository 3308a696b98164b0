import { lstat, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { formatOwner, ownerState, parseOwner, thisOwner } from '../archive/owner.ts';
import { syncFolder } from '../archive/volume.ts';
import { systemErrorCode } from '../model/known-error.ts';

/** Wide enough for the group 0 that OpenShift gives every pod, and no wider; as the archives have it. */
const MODE = 0o640;
/** Files of another host are cleared when nobody has written to them for so long. */
const ABANDONED_MS = 6 * 60 * 60 * 1000;
/** Whoever says on another host that it is at work is believed for so long. */
const CLAIM_MS = 60 * 1000;
/** So long a run waits for others. */
const PATIENCE_MS = 10 * 1000;

/** Hidden files beside the archives, named after the file that they are for: `.<file>.<owner>.<role>`. */
const HIDDEN =
  /^\.(?:status\.json|openshift-backup\.prom|report\.html|ready)\.(?<owner>\d+-\d+-[0-9a-f]{12})\.(?<role>temp|claim|probe)\d+$/u;

let hiddenCount = 0;

/** Replaces a file in the folder as a whole: a reader sees the old one or the new one, also after a crash. */
export async function replaceFile(dir: string, file: string, text: string): Promise<void> {
  const temporary = join(dir, hiddenName(file, 'temp'));
  try {
    await writeFile(temporary, text, { mode: MODE, flush: true, flag: 'wx' });
    await rename(temporary, join(dir, file));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dir);
}

/** Writes a small hidden file and removes it. @throws the file system's error when that can't be done */
export async function probeFolder(dir: string): Promise<void> {
  const probe = join(dir, hiddenName('ready', 'probe'));
  try {
    await writeFile(probe, 'ready\n', { mode: MODE, flag: 'wx' });
  } finally {
    await remove(probe);
  }
}

/**
 * Does the work while no other process does it for the same file, as far as that can be known: after ten
 * seconds, or where the others are on a host that can't be seen, the work is done all the same.
 *
 * Everybody puts up a claim and then looks for those of others. So of two, one at least sees the other; the
 * one whose claim comes later in the alphabet takes it down, and waits until there is none before it. Claims
 * have their owner's name, so nobody ever takes down another's that is valid. Clears what dead processes have
 * left on the way.
 */
export async function inTurn<T>(dir: string, file: string, work: () => Promise<T>): Promise<T> {
  const claim = hiddenName(file, 'claim');
  const path = join(dir, claim);
  const deadlineMs = performance.now() + PATIENCE_MS;
  try {
    for (;;) {
      await writeFile(path, '', { mode: MODE });
      const others = await claimsOfOthers(dir, file, claim);
      if (others.length === 0 || performance.now() > deadlineMs) break;
      if (others.some((other) => other < claim)) await waitForOthers(dir, file, { claim, deadlineMs });
      else await aMoment();
    }
    return await work();
  } finally {
    await remove(path).catch(() => undefined);
  }
}

/** Stands back until nobody waits or works whose turn comes before one's own. */
async function waitForOthers(
  dir: string,
  file: string,
  { claim, deadlineMs }: { readonly claim: string; readonly deadlineMs: number },
): Promise<void> {
  await remove(join(dir, claim));
  do await aMoment();
  while (performance.now() < deadlineMs && (await hasClaimBefore(dir, file, claim)));
}

/** By chance longer or shorter, so that no two meet for ever. */
async function aMoment(): Promise<void> {
  await wait(5 + Math.random() * 45);
}

/** Valid claims for the file but for one's own. Leftovers are removed. */
async function claimsOfOthers(dir: string, file: string, own: string): Promise<string[]> {
  // The file system's clock, which is the same for everybody.
  const nowMs = (await lstat(join(dir, own))).mtimeMs;
  const valid: string[] = [];
  for (const { name, role, state } of await hiddenFiles(dir)) {
    if (name === own) continue;
    const ageMs = state === 'unknown' ? nowMs - (await modifiedMs(join(dir, name), nowMs)) : 0;
    const isLeft = state === 'dead' || ageMs > ABANDONED_MS;
    if (isLeft) await remove(join(dir, name)).catch(() => undefined);
    else if (isClaimFor(file, { name, role }) && ageMs < CLAIM_MS) valid.push(name);
  }
  return valid;
}

/** Whether somebody whose turn comes before one's own waits or works; only of this host. */
async function hasClaimBefore(dir: string, file: string, own: string): Promise<boolean> {
  return (await hiddenFiles(dir)).some(
    (other) => other.state === 'alive' && isClaimFor(file, other) && other.name < own,
  );
}

interface HiddenFile {
  readonly name: string;
  readonly role: string;
  /** Of its owner. */
  readonly state: ReturnType<typeof ownerState>;
}

async function hiddenFiles(dir: string): Promise<HiddenFile[]> {
  return (await readdir(dir)).flatMap((name) => {
    const { owner = '', role } = HIDDEN.exec(name)?.groups ?? {};
    if (role === undefined) return [];
    const parsed = parseOwner(owner);
    return [{ name, role, state: parsed ? ownerState(parsed) : 'unknown' }];
  });
}

function isClaimFor(file: string, { name, role }: Pick<HiddenFile, 'name' | 'role'>): boolean {
  return role === 'claim' && name.startsWith(`.${file}.`);
}

async function modifiedMs(path: string, otherwiseMs: number): Promise<number> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return otherwiseMs;
    throw error;
  }
}

function hiddenName(file: string, role: 'temp' | 'claim' | 'probe'): string {
  return `.${file}.${formatOwner(thisOwner())}.${role}${hiddenCount++}`;
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
