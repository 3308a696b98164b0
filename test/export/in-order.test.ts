import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder } from '../../src/export/in-order.ts';

test('inOrder() yields in the order of the jobs, and starts no more than the window', async () => {
  let running = 0;
  let most = 0;
  const jobs = Array.from({ length: 20 }, (_value, index) => async () => {
    running++;
    most = Math.max(most, running);
    for (let turn = 0; turn < (20 - index) * 3; turn++) await Promise.resolve();
    running--;
    return index;
  });
  assert.deepEqual(await Array.fromAsync(inOrder(jobs, 4, assert.fail)), Array.from(jobs.keys()));
  assert.equal(most, 4);
});

test('inOrder() throws a failure in its turn, cancels the others and awaits them', async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const jobs = [
    async () => 'first',
    async () => Promise.reject(new Error('second fails')),
    async () => {
      await gate.promise;
      seen.push('third ended');
      return 'third';
    },
    async () => seen.push('never started'),
  ];
  await assert.rejects(async () => {
    for await (const result of inOrder<unknown>(jobs, 3, () => gate.resolve())) seen.push(String(result));
  }, /second fails/u);
  assert.deepEqual(
    seen.filter((entry) => entry !== 'never started'),
    ['first', 'third ended'],
  );
});

test('inOrder() cancels when its reader stops', async () => {
  let isCancelled = false;
  const jobs = [async () => 1, async () => 2, async () => 3];
  for await (const result of inOrder(jobs, 2, () => (isCancelled = true))) if (result === 1) break;
  assert.equal(isCancelled, true);
});

test('inOrder() ends at once without jobs', async () =>
  assert.deepEqual(await Array.fromAsync(inOrder([], 2, assert.fail)), []));
