/** How many copies may run at once; each at least 1. */
export interface CopyLimits {
  readonly inAll: number;
  readonly perNode: number;
  readonly perStorageClass: number;
}

/** Where a copy works; a node that is not known yet counts as one of its own. */
export interface CopyPlace {
  readonly node: string | undefined;
  /** The classes of source and target. */
  readonly storageClasses: readonly string[];
}

/**
 * Which of those that wait may start now, in their order: one that has to wait for its node holds back none that
 * goes elsewhere.
 */
export function startable<T extends CopyPlace>(
  waiting: readonly T[],
  running: readonly CopyPlace[],
  { inAll, perNode, perStorageClass }: CopyLimits,
): T[] {
  const places = [...running];
  const chosen: T[] = [];
  for (const one of waiting) {
    if (places.length >= inAll) break;
    const isNodeFull = one.node !== undefined && countOf(places, ({ node }) => node === one.node) >= perNode;
    const isClassFull = [...new Set(one.storageClasses)].some(
      (name) => countOf(places, ({ storageClasses }) => storageClasses.includes(name)) >= perStorageClass,
    );
    if (isNodeFull || isClassFull) continue;
    chosen.push(one);
    places.push(one);
  }
  return chosen;
}

/**
 * Does all of the work within the limits.
 *
 * @param work never rejects: what goes wrong is a result
 */
export async function withinLimits<T extends CopyPlace, R>(
  items: readonly T[],
  limits: CopyLimits,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Map<T, R>();
  const waiting = [...items];
  const running = new Map<T, Promise<void>>();
  const perform = async (item: T): Promise<void> => {
    results.set(item, await work(item));
    running.delete(item);
  };
  while (waiting.length > 0 || running.size > 0) {
    for (const item of startable(waiting, [...running.keys()], limits)) {
      waiting.splice(waiting.indexOf(item), 1);
      running.set(item, perform(item));
    }
    await Promise.race(running.values());
  }
  return items.flatMap((item) => (results.has(item) ? [results.get(item) as R] : []));
}

function countOf(places: readonly CopyPlace[], matches: (place: CopyPlace) => boolean): number {
  return places.filter(matches).length;
}
