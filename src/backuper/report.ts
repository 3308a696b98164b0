import { type BackuperReport, TERMINATION_BYTES_MAX } from '../model/backuper.ts';
import { cut } from './printable.ts';

/** What no text may be longer than, so that lists have room. */
const TEXT_LENGTH_MAX = 400;

/**
 * A report as JSON of at most TERMINATION_BYTES_MAX bytes. Texts are cut, then lists lose their last entries, longest
 * list first; what was counted stays whole.
 */
export function reportText(report: BackuperReport): string {
  const fitting = cutTexts(report) as BackuperReport;
  let text = JSON.stringify(fitting);
  while (Buffer.byteLength(text) > TERMINATION_BYTES_MAX) {
    const longest = listsOf(fitting)
      .filter((list) => list.length > 0)
      .toSorted((a, b) => bytesOf(b) - bytesOf(a))[0];
    // Without any list there is no more than about a kilobyte left.
    if (!longest) break;
    longest.pop();
    text = JSON.stringify(fitting);
  }
  return text;
}

function listsOf({ warnings, errors, verification, source, target }: BackuperReport): unknown[][] {
  const lists = [warnings, errors, verification?.differences];
  for (const side of [source, target]) lists.push(side?.unreadable, side?.generations);
  return lists.filter((list) => list !== undefined) as unknown[][];
}

function bytesOf(list: readonly unknown[]): number {
  return Buffer.byteLength(JSON.stringify(list));
}

function cutTexts(value: unknown): unknown {
  if (typeof value === 'string') return cut(value, TEXT_LENGTH_MAX);
  if (Array.isArray(value)) return value.map(cutTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cutTexts(inner)]));
}
