import { structuredPatch } from 'diff';
import { shortened } from './display.ts';

/** Texts that differ in more lines are not taken apart: finding the shortest way takes too long. */
const EDITS_MAX = 2000;
/** So many lines of one difference are shown. */
const LINES_MAX = 60;

/** Whether two values are better compared line by line. */
export function areLines(before: unknown, after: unknown): boolean {
  return (
    [before, after].every((text) => typeof text === 'string') &&
    [before, after].some((text) => String(text).includes('\n'))
  );
}

/**
 * What differs between two texts, line by line: `-` before a line that went, `+` before one that came, a space
 * before one that stayed, with one line around each difference. Safe to show.
 */
export function lineDiff(before: string, after: string): string[] {
  const options = { context: 1, maxEditLength: EDITS_MAX } as const;
  const patch = structuredPatch('', '', before, after, '', '', options);
  if (!patch)
    return [`(${lineCount(before)} lines before, ${lineCount(after)} after, with too little in common)`];
  const lines = patch.hunks.flatMap((hunk) => [`@@ line ${hunk.newStart} @@`, ...hunk.lines.map(endMarked)]);
  if (lines.length <= LINES_MAX) return lines.map(shortened);
  return [...lines.slice(0, LINES_MAX).map(shortened), `… ${lines.length - LINES_MAX} more lines`];
}

function endMarked(line: string): string {
  return line === String.raw`\ No newline at end of file` ? '(no newline at the end)' : line;
}

function lineCount(text: string): number {
  return text.split('\n').length;
}
