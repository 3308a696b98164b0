import type { SideFacts } from '../../model/backuper.ts';

/** Who owns the entries of one side. */
export interface FileOwners {
  /** Distinct, the one with most entries first. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** There are more owners than the probe names. */
  readonly isCut: boolean;
  /** For a person. */
  readonly text: string;
}

/** The owners of all that is copied; the root of the mount, which stays as it is on the target, is none of it. */
export function fileOwners({ owners, ownerCount }: SideFacts): FileOwners {
  const sorted = owners.toSorted((a, b) => b.entryCount - a.entryCount || a.uid - b.uid || a.gid - b.gid);
  return {
    uids: [...new Set(sorted.map(({ uid }) => uid))],
    gids: [...new Set(sorted.map(({ gid }) => gid))],
    isCut: ownerCount > owners.length,
    text: sorted.map(({ uid, gid, entryCount }) => `${uid}:${gid} ${entryCount}`).join(', '),
  };
}
