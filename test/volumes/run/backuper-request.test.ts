import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BackuperReport, SideFacts } from '../../../src/model/backuper.ts';
import { backuperRequest, memoryMiB } from '../../../src/volumes/run/backuper-request.ts';
import type { ChosenIdentity, CopyPlan, CopyRequest } from '../../../src/volumes/copy.ts';
import { generationName, newRunId } from '../../../src/volumes/run/run-id.ts';

const IDENTITY: ChosenIdentity = { tier: 'owner', uid: 1, gid: 1, capabilities: [], reason: '' };

function planOf(request: Partial<CopyRequest>, consistency: CopyPlan['consistency'] = 'idle'): CopyPlan {
  const whole = { sub: '', into: '', mode: 'mirror', keepGenerations: 3, ...request };
  return { request: whole, consistency } as unknown as CopyPlan;
}

function probeOf(source: Partial<SideFacts>, generations: readonly string[] = []): BackuperReport {
  return { source, target: { entryCount: 0, generations } } as unknown as BackuperReport;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => generationName(new Date(index * 86_400_000)));
}

test('So many generations stay as are kept, the new one among them', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.integer({ min: 1, max: 60 }), (count, keep) => {
      const there = names(count);
      const plan = planOf({ mode: 'generations', keepGenerations: keep });
      const probe = probeOf({}, there);
      const request = backuperRequest({ task: 'copy', plan, identity: IDENTITY, probe, generation: 'new' });
      const stay = there.filter((name) => !request.expired.includes(name));
      assert.equal(stay.length + 1, Math.min(count + 1, keep));
      assert.deepEqual(request.expired, there.slice(0, count - stay.length), 'the oldest go');
    }),
  );
});

test('A mirror, and a look at the volumes, name no generations', () => {
  const input = { identity: IDENTITY, probe: probeOf({}, names(9)), generation: 'new' };
  for (const request of [
    backuperRequest({ ...input, task: 'copy', plan: planOf({}) }),
    backuperRequest({ ...input, task: 'probe', plan: planOf({ mode: 'generations' }) }),
  ])
    assert.deepEqual([request.generation, request.expired], ['', []]);
});

test('Only a source that somebody may write to is live', () => {
  const isLive = (['live', 'quiesced', 'idle'] as const).map(
    (consistency) =>
      backuperRequest({
        task: 'copy',
        plan: planOf({}, consistency),
        identity: IDENTITY,
        probe: undefined,
        generation: '',
      }).isLive,
  );
  assert.deepEqual(isLive, [true, false, false]);
});

test('Memory grows with the entries, and doubles where it was too little', () => {
  assert.equal(memoryMiB(undefined, 0), 256);
  assert.equal(memoryMiB(undefined, 1), 512);
  const million = probeOf({ entryCount: 1_000_000, hardLinkCount: 0 });
  assert.ok(memoryMiB(million, 0) > 256 + 400);
  assert.equal(memoryMiB(probeOf({ entryCount: 1e9 }), 5), 8192);
});

test('Ids sort by time, and are names of the cluster', () => {
  const [first, second] = [new Date('2026-11-21T00:15:00.123Z'), new Date('2026-11-21T00:15:01Z')];
  assert.match(newRunId(first), /^20261121t001500-[a-z0-9]{5}$/u);
  assert.ok(newRunId(first) < newRunId(second));
  assert.notEqual(newRunId(first), newRunId(first));
  assert.equal(generationName(first), '20261121T001500Z');
});
