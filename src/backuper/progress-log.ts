import type { BackuperProgress } from '../model/backuper.ts';

const PERIOD_MS = 2000;

/** Makes what prints progress as JSON, a line each, at most one in two seconds of a clock in milliseconds. */
export function progressLog(
  print: (line: string) => void,
  clock: () => number = () => performance.now(),
): (progress: BackuperProgress['progress']) => void {
  let printedMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const nowMs = clock();
    if (nowMs - printedMs < PERIOD_MS) return;
    printedMs = nowMs;
    const line: BackuperProgress = { progress };
    print(JSON.stringify(line));
  };
}
