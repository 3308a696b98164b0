import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder } from '../../src/export/in-order.ts';

test('inOrder() yields in the order of the jobs, and runs no more than it may', async () => {
  let running = 0;
  let most = 0;
  const jobs = Array.from({ length: 20 }, (_value, index) => async () => {
    running++;
    most = Math.max(most, running);
    for (let turn = 0; turn < (20 - index) * 3; turn++) await Promise.resolve();
    running--;
    return index;
  });
  assert.deepEqual(
    await Array.fromAsync(inOrder(jobs, { atOnce: 4, ahead: 20 }, assert.fail)),
    Array.from(jobs.keys()),
  );
  assert.equal(most, 4);
});

test('inOrder() goes on while an early job takes its time, but not too far ahead', async () => {
  const gate = Promise.withResolvers<void>();
  const started: number[] = [];
  const jobs = Array.from({ length: 10 }, (_value, index) => async () => {
    started.push(index);
    if (index === 0) await gate.promise;
    return index;
  });
  const results = inOrder(jobs, { atOnce: 2, ahead: 5 }, assert.fail);
  const first = results.next();
  await new Promise(setImmediate);
  // The first one has been asked for, so that five are ahead of it.
  assert.deepEqual(started, [0, 1, 2, 3, 4, 5]);
  gate.resolve();
  assert.deepEqual(await first, { done: false, value: 0 });
  assert.deepEqual(await Array.fromAsync(results), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
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
    for await (const result of inOrder<unknown>(jobs, { atOnce: 3, ahead: 3 }, () => gate.resolve()))
      seen.push(String(result));
  }, /second fails/u);
  assert.deepEqual(
    seen.filter((entry) => entry !== 'never started'),
    ['first', 'third ended'],
  );
});

test('inOrder() cancels when its reader stops', async () => {
  let isCancelled = false;
  const jobs = [async () => 1, async () => 2, async () => 3];
  for await (const result of inOrder(jobs, { atOnce: 2, ahead: 2 }, () => (isCancelled = true)))
    if (result === 1) break;
  assert.equal(isCancelled, true);
});

test('inOrder() ends at once without jobs', async () =>
  assert.deepEqual(await Array.fromAsync(inOrder([], { atOnce: 2, ahead: 2 }, assert.fail)), []));
