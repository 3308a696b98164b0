import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  type CopyLimits,
  type CopyPlace,
  startable,
  withinLimits,
} from '../../../src/volumes/night/in-limits.ts';

const LIMITS: CopyLimits = { inAll: 3, perNode: 1, perStorageClass: 2 };

function place(node: string | undefined, ...storageClasses: string[]): CopyPlace {
  return { node, storageClasses };
}

describe('Copies at once', () => {
  const CASES: readonly {
    readonly name: string;
    readonly waiting: readonly CopyPlace[];
    readonly running?: readonly CopyPlace[];
    readonly starts: readonly number[];
  }[] = [
    { name: 'none wait', waiting: [], starts: [] },
    {
      name: 'as many as may run in all',
      waiting: Array.from({ length: 5 }, () => place(undefined)),
      starts: [0, 1, 2],
    },
    { name: 'one on a node', waiting: [place('a'), place('a'), place('b')], starts: [0, 2] },
    {
      name: 'none on a node that is taken',
      waiting: [place('a'), place('b')],
      running: [place('a')],
      starts: [1],
    },
    {
      name: 'two of a storage class',
      waiting: [place('a', 'fast'), place('b', 'fast', 'slow'), place('c', 'slow', 'fast')],
      starts: [0, 1],
    },
    {
      name: 'a class on both sides counts once',
      waiting: [place('a', 'fast', 'fast'), place('b', 'fast')],
      starts: [0, 1],
    },
  ];
  for (const { name, waiting, running = [], starts } of CASES) {
    test(name, () => {
      assert.deepEqual(
        startable(waiting, running, LIMITS),
        starts.map((index) => waiting[index]),
      );
    });
  }

  test('never exceed a limit, and all are done, in any order of ends', async () => {
    const places = fc.array(
      fc.record({
        node: fc.constantFrom('a', 'b', undefined),
        storageClasses: fc.array(fc.constantFrom('fast', 'slow'), { maxLength: 2 }),
      }),
      { maxLength: 12 },
    );
    const limits = fc.record({
      inAll: fc.integer({ min: 1, max: 4 }),
      perNode: fc.integer({ min: 1, max: 2 }),
      perStorageClass: fc.integer({ min: 1, max: 3 }),
    });
    const property = fc.asyncProperty(places, limits, fc.scheduler(), async (items, most, scheduler) => {
      const running = new Set<CopyPlace>();
      const count = (matches: (one: CopyPlace) => boolean) => [...running].filter(matches).length;
      const ended = withinLimits(items, most, async (item) => {
        running.add(item);
        assert.ok(running.size <= most.inAll);
        if (item.node !== undefined) assert.ok(count(({ node }) => node === item.node) <= most.perNode);
        for (const name of item.storageClasses)
          assert.ok(count(({ storageClasses }) => storageClasses.includes(name)) <= most.perStorageClass);
        await scheduler.schedule(Promise.resolve());
        running.delete(item);
        return item;
      });
      await scheduler.waitFor(ended);
      assert.deepEqual(await ended, items);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
