import { CLUSTER_FOLDER, type Manifest, WHOLE_CLUSTER } from '../model/manifest.ts';
import type { NotComparable } from './drift.ts';
import { type Missing, SideCoverage } from './side-coverage.ts';
import { compareTexts } from './value.ts';

/** What both archives know, and so what can be compared. Keeps what can't, once for each reason. */
export class Coverage {
  readonly #before: SideCoverage;
  readonly #after: SideCoverage;
  readonly #types: ReadonlySet<string>;
  readonly #found = new Map<string, NotComparable>();
  /** Whether an object that only one of the archives has came or went: not if they chose by other labels. */
  readonly arePresencesComparable: boolean;

  constructor(before: Manifest, after: Manifest) {
    this.#before = new SideCoverage(before);
    this.#after = new SideCoverage(after);
    this.#types = new Set([...before.types, ...after.types].map(({ type }) => type));
    const [left, right] = [before.options.selector ?? '', after.options.selector ?? ''];
    this.arePresencesComparable = left === right;
    if (left !== right) this.#keepSelectors(left, right);
  }

  /** Whether an entry that only one archive has means that objects came or went. If it doesn't, that is kept. */
  isComparable(type: string, project: string | undefined): boolean {
    const folder = project ?? CLUSTER_FOLDER;
    const [before, after] = [this.#before.missing(type, folder), this.#after.missing(type, folder)];
    if (before) this.#keep('before', before);
    if (after) this.#keep('after', after);
    return !before && !after;
  }

  /** Everything that can't be compared, what the manifests say without any object included; sorted. */
  all(): NotComparable[] {
    for (const type of this.#types) {
      const scopes = new Set([...this.#before.scopesOf(type), ...this.#after.scopesOf(type)]);
      for (const scope of scopes) this.#judge(type, scope);
    }
    return [...this.#found.values()].toSorted(
      (a, b) =>
        compareTexts(a.scope, b.scope) || compareTexts(a.type, b.type) || compareTexts(a.side, b.side),
    );
  }

  #judge(type: string, scope: string): void {
    const [before, after] = [this.#before.missing(type, scope), this.#after.missing(type, scope)];
    if (before && after) {
      // What nobody wanted in either is no news.
      if (!before.isChoice || !after.isChoice) this.#keepBoth(before, after);
    } else if (before) this.#keep('before', before);
    else if (after) this.#keep('after', after);
  }

  #keepBoth(before: Missing, after: Missing): void {
    const reason =
      before.reason === after.reason ? before.reason : `before ${before.reason}; after ${after.reason}`;
    this.#keep('both', { ...(before.isChoice ? after : before), reason });
  }

  #keep(side: NotComparable['side'], { type, scope, reason }: Missing): void {
    this.#found.set([type, scope, side].join(' '), { type, scope, side, reason });
  }

  #keepSelectors(before: string, after: string): void {
    const [left, right] = [before, after].map((selector) =>
      selector === '' ? 'all labels' : `-l ${selector}`,
    );
    const reason = `objects that only one of the archives holds: one is of ${left}, the other of ${right}`;
    this.#keep('both', { type: '*', scope: WHOLE_CLUSTER, reason, isChoice: true });
  }
}
