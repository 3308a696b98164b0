import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Excerpt, excerpt } from './stage.ts';

describe('an excerpt of an output', () => {
  const cases: readonly {
    readonly title: string;
    readonly text: string;
    readonly lines?: Excerpt;
    readonly expected: readonly string[];
  }[] = [
    { title: 'of nothing is nothing', text: '', lines: [1, 1], expected: [] },
    { title: 'is all of it if nobody asks for less', text: 'a\n\nc\n', expected: ['a', '', 'c'] },
    {
      title: 'counts what it leaves out',
      text: '1\n2\n3\n4\n5\n',
      lines: [2, 1],
      expected: ['1', '2', '  … 2 more lines …', '5'],
    },
    {
      title: 'never leaves out a single line',
      text: '1\n2\n3\n4\n',
      lines: [2, 1],
      expected: ['1', '2', '3', '4'],
    },
    {
      title: 'may have no end',
      text: '1\n2\n3\n4\n',
      lines: [2, 0],
      expected: ['1', '2', '  … 2 more lines …'],
    },
  ];
  for (const { title, text, lines, expected } of cases) {
    test(title, () => assert.deepEqual(excerpt(text, lines), expected));
  }
});
