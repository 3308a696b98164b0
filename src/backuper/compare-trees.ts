import { hashBytes, hashText, latestHash } from './byte-hash.ts';
import { DifferenceList } from './difference-list.ts';
import { fieldsOf } from './entry-fields.ts';
import type { TreeEntry } from './find-output.ts';
import { HashTable } from './hash-table.ts';
import { LinkGroups } from './link-groups.ts';
import { type Tree, walkTree } from './walk-tree.ts';
import { Stopped } from './stopped.ts';

/** Two trees to hold together. */
export interface Comparison {
  readonly source: Tree;
  readonly target: Tree;
  /** Whether the two folders' own attributes count. */
  readonly isRootCompared: boolean;
  /** How many decimals of a second count. */
  readonly timeDigits: number;
  /** So that memory need not grow. */
  readonly expectedCount: number;
  /** An entry of the source that has not changed since then has no excuse for a difference. Seconds since 1970. */
  readonly beganSeconds: number;
}

/** What came of it. */
export interface Compared {
  /** Of the source. */
  readonly entryCount: number;
  readonly differenceCount: number;
  /** Differences that nobody's writing meanwhile explains. */
  readonly settledCount: number;
  /** The first few. */
  readonly differences: readonly string[];
}

const [FIELDS_HIGH, FIELDS_LOW] = [0, 1];
/** Marks of a path in the table: only in the source, or in both and equal, or in both and different. */
const [MISSING, EQUAL, DIFFERENT] = [1, 2, 3];

/**
 * Compares two trees by paths and by what the folders say of each entry: type, mode, owner, group, size, time to the
 * nanosecond, where a link leads, and which entries are one file. Both are walked anew, nothing that rsync says is
 * used. Devices aren't compared, as they are not copied.
 *
 * Memory: 32 bytes for each entry, more where files have several links; names are kept of the first differences only.
 * Where there are any, the source is walked once more, to name them.
 *
 * @throws Stopped `unreadable` when a folder may not be looked into
 */
export async function compareTrees(comparison: Comparison, signal: AbortSignal): Promise<Compared> {
  const comparer = new TreeComparer(comparison, signal);
  await comparer.readSource();
  await comparer.readTarget();
  return comparer.finish();
}

class TreeComparer {
  readonly #comparison: Comparison;
  readonly #signal: AbortSignal;
  readonly #paths: HashTable;
  readonly #links = { source: new LinkGroups(), target: new LinkGroups() };
  readonly #list = new DifferenceList();
  #equalCount = 0;
  #extraCount = 0;

  constructor(comparison: Comparison, signal: AbortSignal) {
    this.#comparison = comparison;
    this.#signal = signal;
    this.#paths = new HashTable(2, comparison.expectedCount + 1);
  }

  async readSource(): Promise<void> {
    await this.#walk('source', (entry) => {
      hashBytes(entry.path);
      const { high, low } = latestHash;
      this.#links.source.add(entry, high, low);
      this.#hashFields(entry);
      const row = this.#paths.add(high, low);
      this.#paths.write(row, FIELDS_HIGH, latestHash.high);
      this.#paths.write(row, FIELDS_LOW, latestHash.low);
    });
  }

  async readTarget(): Promise<void> {
    await this.#walk('target', (entry) => {
      hashBytes(entry.path);
      const { high, low } = latestHash;
      this.#links.target.add(entry, high, low);
      const row = this.#paths.find(high, low);
      if (row < 0) {
        this.#extraCount += 1;
        this.#list.extra(entry);
        return;
      }
      this.#hashFields(entry);
      const isEqual =
        this.#paths.read(row, FIELDS_HIGH) === latestHash.high &&
        this.#paths.read(row, FIELDS_LOW) === latestHash.low;
      this.#paths.setMark(row, isEqual ? EQUAL : DIFFERENT);
      if (isEqual) this.#equalCount += 1;
      else this.#list.rememberTarget(`${high} ${low}`, entry);
    });
  }

  async finish(): Promise<Compared> {
    const groups = {
      source: new Set(this.#links.source.groups()),
      target: new Set(this.#links.target.groups()),
    };
    const only = {
      source: onlyIn(groups.source, groups.target),
      target: onlyIn(groups.target, groups.source),
    };
    const linkCount = Math.max(only.source.size, only.target.size);
    const unequalCount = this.#paths.count - this.#equalCount;
    let settledCount = 0;
    if (unequalCount > 0 || only.source.size > 0) {
      await this.#walk('source', (entry) => {
        settledCount += this.#nameSourceEntry(entry, only.source);
      });
    }
    if (only.target.size > 0 && only.source.size === 0) {
      await this.#walk('target', (entry) => {
        if (only.target.has(this.#links.target.groupOf(entry) ?? '')) this.#list.linked(entry, 'target');
      });
    }
    return {
      entryCount: this.#paths.count - (this.#comparison.isRootCompared ? 1 : 0),
      differenceCount: unequalCount + this.#extraCount + linkCount,
      settledCount,
      differences: this.#list.texts,
    };
  }

  /** @returns 1 when the difference has no excuse */
  #nameSourceEntry(entry: TreeEntry, groups: ReadonlySet<string>): number {
    hashBytes(entry.path);
    const { high, low } = latestHash;
    const row = this.#paths.find(high, low);
    const mark = row < 0 ? EQUAL : this.#paths.mark(row);
    if (mark === MISSING) this.#list.missing(entry);
    if (mark === DIFFERENT) this.#list.different(`${high} ${low}`, entry, this.#comparison.timeDigits);
    else if (groups.has(this.#links.source.groupOf(entry) ?? '')) this.#list.linked(entry, 'source');
    return mark === DIFFERENT && entry.changedSeconds < this.#comparison.beganSeconds ? 1 : 0;
  }

  async #walk(name: 'source' | 'target', onEntry: (entry: TreeEntry) => void): Promise<void> {
    const { isRootCompared } = this.#comparison;
    const problems = await walkTree(this.#comparison[name], { signal: this.#signal }, (entry) => {
      const isDevice = entry.type === 'b' || entry.type === 'c';
      if (!isDevice && (isRootCompared || entry.path.length > 0)) onEntry(entry);
    });
    if (problems.deniedCount === 0) return;
    const message = `Folders of the ${name} can't be looked into, so the two can't be compared: run as root, or as their owner`;
    throw new Stopped('unreadable', message);
  }

  #hashFields(entry: TreeEntry): void {
    hashText(fieldsOf(entry, this.#comparison.timeDigits).join(' '));
    if (entry.type === 'l') hashBytes(entry.link, latestHash.high ^ latestHash.low);
  }
}

function onlyIn(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one].filter((group) => !other.has(group)));
}
