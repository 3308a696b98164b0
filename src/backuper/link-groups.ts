import { hashText, latestHash } from './byte-hash.ts';
import type { TreeEntry } from './find-output.ts';
import { HashTable } from './hash-table.ts';

const [COUNT, SUM_HIGH, SUM_LOW] = [0, 1, 2];

/**
 * Which entries of a tree are hard links of each other. What the kernel counts isn't comparable: a link from outside,
 * such as an older generation, counts too. So a group is told by how many of its names are in the tree, and by the
 * sum of their hashes.
 */
export class LinkGroups {
  readonly #inodes = new HashTable(3, 0);

  /**
   * Takes an entry in, when it may be of a group; the hash is that of its path.
   *
   * @returns whether its content has been met before
   */
  add(entry: TreeEntry, high: number, low: number): boolean {
    if (!mayShare(entry)) return false;
    hashText(entry.inode);
    const row = this.#inodes.add(latestHash.high, latestHash.low);
    const count = this.#inodes.read(row, COUNT) + 1;
    this.#inodes.write(row, COUNT, count);
    this.#inodes.write(row, SUM_HIGH, this.#inodes.read(row, SUM_HIGH) + high);
    this.#inodes.write(row, SUM_LOW, this.#inodes.read(row, SUM_LOW) + low);
    return count > 1;
  }

  /** What tells an entry's group from others, the same in every tree that has the same group; undefined without one. */
  groupOf(entry: TreeEntry): string | undefined {
    if (!mayShare(entry)) return undefined;
    hashText(entry.inode);
    return this.#groupAt(this.#inodes.find(latestHash.high, latestHash.low));
  }

  /** The groups of two names or more. */
  *groups(): Generator<string> {
    for (const row of this.#inodes.rows()) {
      const group = this.#groupAt(row);
      if (group !== undefined) yield group;
    }
  }

  #groupAt(row: number): string | undefined {
    const count = row < 0 ? 0 : this.#inodes.read(row, COUNT);
    if (count < 2) return undefined;
    return `${count} ${this.#inodes.read(row, SUM_HIGH)} ${this.#inodes.read(row, SUM_LOW)}`;
  }
}

function mayShare({ type, linkCount }: TreeEntry): boolean {
  return linkCount > 1 && type !== 'd';
}
