/** How many jobs there may be at one time. */
export interface OrderLimits {
  /** So many run. */
  readonly atOnce: number;
  /** So many run or are done and wait to be taken: a slow reader holds them back. */
  readonly ahead: number;
}

/**
 * Runs jobs side by side and yields their results in the order of the jobs. When the reader stops early or a
 * job fails, `cancel` is called and the jobs under way are awaited: none goes on unseen.
 */
export async function* inOrder<T>(
  jobs: readonly (() => Promise<T>)[],
  { atOnce, ahead }: OrderLimits,
  cancel: () => void,
): AsyncGenerator<T, void, void> {
  const running = new Set<Promise<T>>();
  const waiting: Promise<T>[] = [];
  const unstarted = jobs.values();
  let isOver = false;
  const startMore = (): void => {
    if (isOver) return;
    for (const job of unstarted.take(Math.min(atOnce - running.size, ahead - waiting.length))) {
      const result = job();
      running.add(result);
      waiting.push(result);
      const onEnd = (): void => {
        running.delete(result);
        startMore();
      };
      // A failure is thrown when its turn comes; until then it must not count as unhandled.
      result.then(onEnd, onEnd);
    }
  };
  try {
    for (startMore(); waiting.length > 0; startMore()) {
      const [first] = waiting.splice(0, 1);
      if (first) yield await first;
    }
  } finally {
    isOver = true;
    if (running.size + waiting.length > 0) cancel();
    await Promise.allSettled(running);
  }
}
