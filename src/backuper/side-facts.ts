import { lstat } from 'node:fs/promises';
import type { SideFacts } from '../model/backuper.ts';
import { fileSystemOf } from './file-system.ts';
import { mayLookInto } from './folders.ts';
import type { TreeEntry } from './find-output.ts';
import { LinkGroups } from './link-groups.ts';
import { printablePath } from './printable.ts';
import { type Tree, walkTree } from './walk-tree.ts';
import { countAttributes } from './count-attributes.ts';

const OWNERS_SHOWN = 8;
const PATHS_SHOWN = 8;
/** Less is saved by file systems that keep small files elsewhere than in blocks. */
const HOLE_BYTES_MIN = 32 * 1024;
const SET_ID_BITS = 0o6000;

/** What is counted on a walk. */
interface Counts {
  entryCount: number;
  fileCount: number;
  folderCount: number;
  linkCount: number;
  specialCount: number;
  deviceCount: number;
  sizeBytes: number;
  allocatedBytes: number;
  hardLinkCount: number;
  setIdCount: number;
  unreadableCount: number;
}

/** A side and every owner in it, as `uid:gid`; its root folder counts for neither owners nor entries. */
export interface Side {
  readonly facts: SideFacts;
  readonly owners: ReadonlySet<string>;
  readonly hasInodes: boolean;
  /** Whether any file has holes worth keeping. */
  readonly hasHoles: boolean;
}

/**
 * Walks a tree and counts what is in it.
 *
 * @throws Stopped `failed` when the file system fails
 */
export async function sideOf(tree: Tree, signal: AbortSignal): Promise<Side> {
  if (!(await mayLookInto(tree.folder))) return await closedSide(tree.folder);
  const counter = new SideCounter();
  const [attributes] = await Promise.all([
    countAttributes(tree, signal),
    walkTree(tree, { signal, asksReadable: true }, (entry) => counter.take(entry)),
  ]);
  const { uid, gid, mode } = await lstat(tree.folder);
  const { hasInodes, ...fileSystem } = await fileSystemOf(tree.folder);
  return {
    facts: { ...counter.facts(), ...attributes, root: { uid, gid, mode: mode & 0o7777 }, ...fileSystem },
    owners: new Set(counter.owners.keys()),
    hasInodes,
    hasHoles: counter.hasHoles,
  };
}

/** A side that has nothing yet, as far as a copy goes; the folder is the one where it will come to lie. */
export async function emptySide(folder: string): Promise<Side> {
  const { uid, gid, mode } = await lstat(folder);
  const { hasInodes, ...fileSystem } = await fileSystemOf(folder);
  const root = { uid, gid, mode: mode & 0o7777 };
  const facts = { ...new SideCounter().facts(), aclCount: 0, xattrCount: 0, root, ...fileSystem };
  return { facts, owners: new Set(), hasInodes, hasHoles: false };
}

/** A side whose very root lets this user not in: all that can be told is whose it is. */
async function closedSide(folder: string): Promise<Side> {
  const side = await emptySide(folder);
  const unread = { unreadableCount: 1, unreadable: ['.'], aclCount: null, xattrCount: null };
  return { ...side, facts: { ...side.facts, ...unread } };
}

class SideCounter {
  readonly owners = new Map<string, number>();
  hasHoles = false;
  readonly #groups = new LinkGroups();
  readonly #unreadable: string[] = [];
  readonly #counts: Counts = {
    entryCount: 0,
    fileCount: 0,
    folderCount: 0,
    linkCount: 0,
    specialCount: 0,
    deviceCount: 0,
    sizeBytes: 0,
    allocatedBytes: 0,
    hardLinkCount: 0,
    setIdCount: 0,
    unreadableCount: 0,
  };

  take(entry: TreeEntry): void {
    const counts = this.#counts;
    if (!entry.isReadable) this.#noteUnreadable(entry);
    // Only whether it has been met counts here, and not which names are a group.
    const isKnownContent = this.#groups.add(entry, 0, 0);
    if (!isKnownContent) counts.allocatedBytes += entry.allocatedBytes;
    if (entry.path.length === 0) return;
    if (entry.sizeBytes - entry.allocatedBytes >= HOLE_BYTES_MIN) this.hasHoles = true;
    counts.entryCount += 1;
    counts[countFor(entry.type)] += 1;
    if (entry.type === 'f' && !isKnownContent) counts.sizeBytes += entry.sizeBytes;
    if (entry.linkCount > 1 && entry.type !== 'd') counts.hardLinkCount += 1;
    if (entry.type !== 'l' && (Number.parseInt(entry.mode, 8) & SET_ID_BITS) !== 0) counts.setIdCount += 1;
    const owner = `${entry.uid}:${entry.gid}`;
    this.owners.set(owner, (this.owners.get(owner) ?? 0) + 1);
  }

  facts(): Counts & Pick<SideFacts, 'unreadable' | 'owners' | 'ownerCount'> {
    const owners = [...this.owners]
      .toSorted(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
      .slice(0, OWNERS_SHOWN)
      .map(([owner, entryCount]) => {
        const [uid, gid] = owner.split(':').map(Number);
        return { uid: uid ?? 0, gid: gid ?? 0, entryCount };
      });
    return { ...this.#counts, unreadable: this.#unreadable, owners, ownerCount: this.owners.size };
  }

  #noteUnreadable(entry: TreeEntry): void {
    this.#counts.unreadableCount += 1;
    if (this.#unreadable.length < PATHS_SHOWN) this.#unreadable.push(printablePath(entry.path));
  }
}

type Kind = 'fileCount' | 'folderCount' | 'linkCount' | 'specialCount' | 'deviceCount';
const KINDS: Readonly<Record<string, Kind>> = {
  f: 'fileCount',
  d: 'folderCount',
  l: 'linkCount',
  b: 'deviceCount',
  c: 'deviceCount',
};

function countFor(type: string): Kind {
  return KINDS[type] ?? 'specialCount';
}
