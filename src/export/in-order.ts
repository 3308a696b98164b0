/**
 * Runs jobs side by side and yields their results in the order of the jobs. No more than `windowSize` are
 * under way or waiting to be taken, so that a slow reader holds them back. When the reader stops early or a
 * job fails, `cancel` is called and the jobs under way are awaited: none goes on unseen.
 */
export async function* inOrder<T>(
  jobs: readonly (() => Promise<T>)[],
  windowSize: number,
  cancel: () => void,
): AsyncGenerator<T, void, void> {
  const running: Promise<T>[] = [];
  const waiting = jobs.values();
  const start = (): void => {
    for (const job of waiting.take(windowSize - running.length)) running.push(started(job));
  };
  try {
    for (start(); running.length > 0; start()) {
      const [first] = running.splice(0, 1);
      if (first) yield await first;
    }
  } finally {
    if (running.length > 0) cancel();
    await Promise.allSettled(running);
  }
}

/** A failure is thrown when its turn comes; until then it must not count as unhandled. */
function started<T>(job: () => Promise<T>): Promise<T> {
  const result = job();
  result.catch(() => undefined);
  return result;
}
