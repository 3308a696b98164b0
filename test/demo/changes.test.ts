import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Change, mismatch, type Mismatch } from './changes.ts';

const CHANGE: Change = {
  commandLine: 'kubectl scale',
  file: 'shop/deployments.apps.json',
  before: '"replicas": 1,',
  after: '"replicas": 3,',
};
const HEADER = 'diff -r before/shop/deployments.apps.json after/shop/deployments.apps.json';
const HUNK = '17c17\n<         "replicas": 1,\n---\n>         "replicas": 3,\n';

const REMOVED = 'shop/deployments.apps.json: < "replicas": 1,';
const ADDED = 'shop/deployments.apps.json: > "replicas": 3,';

describe('what diff prints, compared with the change that was made:', () => {
  const cases: readonly ({ readonly title: string; readonly diff: string } & Partial<Mismatch>)[] = [
    { title: 'the change alone is right', diff: `${HEADER}\n${HUNK}` },
    { title: 'no difference is too little', diff: '', missing: [REMOVED, ADDED] },
    {
      title: 'another file is wrong',
      diff: `${HEADER.replaceAll('shop', 'blog')}\n${HUNK}`,
      missing: [REMOVED, ADDED],
      unexpected: [REMOVED.replace('shop', 'blog'), ADDED.replace('shop', 'blog')],
    },
    {
      title: 'another value is wrong',
      diff: `${HEADER}\n${HUNK.replace('3', '4')}`,
      missing: [ADDED],
      unexpected: [ADDED.replace('3', '4')],
    },
    {
      title: 'the same line once more is too much',
      diff: `${HEADER}\n${HUNK}20,21d20\n<         "replicas": 1,\n`,
      unexpected: [REMOVED],
    },
    {
      title: 'a new file is too much',
      diff: `Only in after/shop: x.json\n${HEADER}\n${HUNK}`,
      unexpected: ['Only in after/shop: x.json'],
    },
  ];
  for (const { title, diff, missing = [], unexpected = [] } of cases) {
    test(title, () => assert.deepEqual(mismatch(diff, [CHANGE]), { missing, unexpected }));
  }
});
