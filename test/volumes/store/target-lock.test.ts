import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, describe, test } from 'node:test';
import type { ApiObject } from '../../../src/kubernetes/objects.ts';
import { isTargetFree, type LockTimes, leaseRef } from '../../../src/volumes/run/target-lease.ts';
import { withTargetLock } from '../../../src/volumes/run/target-lock.ts';
import { sent } from '../../kubernetes/writer-fixture.ts';
import { BRIEF, optedInProject } from './opted-in.ts';

const PROJECT = 'target-lock';
const HOLDER = path.join(import.meta.dirname, 'hold-target.ts');
const place = await optedInProject(PROJECT);
const { objects, proxy, kubectl } = place;
const { kubeconfig } = proxy;
after(() => place.close());

describe('the lock on a target', () => {
  test('lets one work at a time, and is gone afterwards', async () => {
    const result = await locked('one', async () => {
      const lease = await leaseOf('one');
      assert.match(String(lease?.spec?.['holderIdentity']), /^tester [0-9a-f]{12}$/u);
      await assert.rejects(locked('one', unreached), {
        kind: 'refused',
        message:
          /^Another process copies to the claim target-lock\/one already \(tester [0-9a-f]{12}, since \d{4}-.*\): wait/u,
      });
      assert.equal(await isTargetFree(objects, { ...request('one') }), false);
      return await locked('another', () => Promise.resolve('both'));
    });
    assert.equal(result, 'both');
    assert.equal(await leaseOf('one'), undefined);
    assert.equal(await isTargetFree(objects, { ...request('one') }), true);
  });

  test('is left too by work that fails, whose error stays', async () => {
    const error = new Error('mine');
    await assert.rejects(
      locked('failing', () => Promise.reject(error)),
      (thrown) => thrown === error,
    );
    assert.equal(await leaseOf('failing'), undefined);
  });

  test('is kept for as long as the work takes, whatever others note on its lease', async () => {
    await locked('long', async (signal) => {
      const first = await leaseOf('long');
      const startedMs = performance.now();
      await kubectl('label', 'lease', leaseName('long'), 'example.com/note=kept');
      await until(() => performance.now() - startedMs > BRIEF.durationMs + BRIEF.renewMs);
      const last = await leaseOf('long');
      assert.equal(signal.aborted, false);
      assert.equal(last?.spec?.['holderIdentity'], first?.spec?.['holderIdentity']);
      assert.notEqual(last?.spec?.['renewTime'], first?.spec?.['renewTime']);
      assert.equal(last?.metadata.labels?.['example.com/note'], 'kept');
      await assert.rejects(locked('long', unreached), { kind: 'refused' });
    });
    assert.equal(await leaseOf('long'), undefined);
  });

  const LOSSES: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
    taken: [['patch', '--type=merge', '-p', '{"spec":{"holderIdentity":"thief"}}'], /was taken by thief: /u],
    removed: [['delete'], /was removed: /u],
  };
  for (const [how, [[verb = '', ...rest], message]] of Object.entries(LOSSES)) {
    test(`ends the work when it is ${how}`, async () => {
      const work = async (signal: AbortSignal): Promise<void> => {
        await kubectl(verb, 'lease', leaseName(how), ...rest);
        await once(signal, 'abort');
        assert.match(String(signal.reason), message);
      };
      await assert.rejects(locked(how, work), { name: 'KnownError', kind: 'failed', message });
      const lease = await leaseOf(how);
      assert.equal(lease?.spec?.['holderIdentity'], how === 'taken' ? 'thief' : undefined);
    });
  }

  test('ends the work when it could not be renewed, before anybody else may begin', async () => {
    const startedMs = performance.now();
    const work = async (signal: AbortSignal): Promise<void> => {
      await proxy.goAway();
      await once(signal, 'abort');
    };
    await assert.rejects(locked('unreachable', work), {
      kind: 'failed',
      message: /^The lock on the claim target-lock\/unreachable could not be renewed for 2 s: /u,
    });
    const tookMs = performance.now() - startedMs;
    await proxy.comeBack();
    assert.ok(tookMs >= BRIEF.loseAfterMs - 1 && tookMs < BRIEF.durationMs, `${tookMs} ms`);
  });

  test('outlives a server that is away for a moment, and renewals whose answers are lost', async () => {
    await locked('moment', async (signal) => {
      const first = await leaseOf('moment');
      proxy.use([{ matches: sent('PUT'), change: (answer) => ({ ...answer, cutAfterBytes: 3 }), times: 2 }]);
      await until(() => proxy.changed[0] === 2);
      proxy.use([]);
      await proxy.goAway();
      await proxy.comeBack();
      const { renewTime } = first?.spec ?? {};
      const startedMs = performance.now();
      await until(() => performance.now() - startedMs > BRIEF.loseAfterMs);
      assert.notEqual((await leaseOf('moment'))?.spec?.['renewTime'], renewTime);
      assert.equal(signal.aborted, false);
    });
  });

  test('is taken though the answer was lost', async () => {
    proxy.use([{ matches: sent('POST'), change: (answer) => ({ ...answer, cutAfterBytes: 0 }), times: 1 }]);
    assert.equal(await locked('answer', () => Promise.resolve(1)), 1);
    assert.deepEqual(proxy.changed, [1]);
    proxy.use([]);
    assert.equal(await leaseOf('answer'), undefined);
  });

  for (const [clock, renewTime] of [
    ['long past', '2001-01-01T00:00:00.000000Z'],
    ['far future', '2101-01-01T00:00:00.000000Z'],
  ] as const) {
    test(`of a holder that has vanished is taken over after its duration, whose clock is in the ${clock}`, async () => {
      const target = `vanished-${renewTime.slice(0, 4)}`;
      await placeLease(target, { holderIdentity: 'vanished', leaseDurationSeconds: 1, renewTime });
      const startedMs = performance.now();
      await locked(target, () => Promise.resolve());
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs >= 1000 && tookMs < 3000, `${tookMs} ms`);
    });
  }

  test('of nobody is taken at once', async () => {
    await placeLease('left', { holderIdentity: '', leaseDurationSeconds: 600 });
    await locked('left', async () => {
      assert.equal((await leaseOf('left'))?.spec?.['leaseTransitions'], 1);
    });
  });

  test('is waited for and worked under no longer than the signal allows', async () => {
    await placeLease('slow', { holderIdentity: 'vanished', leaseDurationSeconds: 600 });
    const controller = new AbortController();
    const waiting = withTargetLock(objects, { ...request('slow'), signal: controller.signal }, unreached);
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough|aborted/u);
    const ending = new AbortController();
    const work = async (signal: AbortSignal): Promise<string> => {
      ending.abort(new Error('enough'));
      await Promise.resolve();
      return String(signal.aborted);
    };
    const ended = await withTargetLock(objects, { ...request('ended'), signal: ending.signal }, work);
    assert.equal(ended, 'true');
    assert.equal(await leaseOf('ended'), undefined, 'is left');
  });

  test('fits claims with the longest of names', async () => {
    const [one, other] = ['a', 'b'].map((end) => `${'x'.repeat(252)}${end}`);
    assert.ok(one && other);
    await locked(one, () => locked(other, () => Promise.resolve()));
  });
});

describe('the lock between processes', () => {
  test('goes to one of those that want it at once', async () => {
    const processes = [1, 2, 3].map(() => start('contested'));
    const words = await Promise.all(processes.map(({ said }) => said()));
    assert.deepEqual(
      words.filter((word) => word === 'holds'),
      ['holds'],
      words.join('\n'),
    );
    for (const word of words.filter((one) => one !== 'holds'))
      assert.match(word, /^Another process copies to /u);
    const winner = processes[words.indexOf('holds')];
    winner?.child.stdin.end();
    assert.equal(await winner?.said(), 'done');
    assert.equal(await leaseOf('contested'), undefined);
  });

  test('is taken over from one that was killed, when its lease has run out and not before', async () => {
    const first = start('killed');
    assert.equal(await first.said(), 'holds');
    await assert.rejects(locked('killed', unreached), {
      kind: 'refused',
      message: /\(process \d+ [0-9a-f]+, since/u,
    });
    first.child.kill('SIGKILL');
    await once(first.child, 'close');
    const killedMs = performance.now();
    const second = start('killed');
    assert.equal(await second.said(), 'holds');
    const tookMs = performance.now() - killedMs;
    assert.ok(tookMs >= BRIEF.durationMs, `${tookMs} ms`);
    second.child.stdin.end();
    assert.equal(await second.said(), 'done');
  });

  test('is lost by one that was stopped for too long, before it does anything more', async () => {
    const first = start('stopped');
    assert.equal(await first.said(), 'holds');
    first.child.kill('SIGSTOP');
    const second = start('stopped');
    assert.equal(await second.said(), 'holds');
    first.child.kill('SIGCONT');
    first.child.stdin.end();
    assert.match(
      await first.said(),
      /^The lock on the claim target-lock\/stopped (?:could not be renewed|was taken by)/u,
    );
    second.child.stdin.end();
    assert.equal(await second.said(), 'done');
  });
});

interface Holder {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  /** The next line that it says. */
  readonly said: () => Promise<string>;
}

function start(target: string): Holder {
  const args = [HOLDER, kubeconfig, PROJECT, target];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, said: async () => String((await lines.next()).value) };
}

function request(target: string): {
  namespace: string;
  target: string;
  holder: string;
  signal: AbortSignal;
  times: LockTimes;
} {
  const { signal } = new AbortController();
  return { namespace: PROJECT, target, holder: 'tester', signal, times: BRIEF };
}

async function locked<T>(target: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return await withTargetLock(objects, request(target), work);
}

function unreached(): Promise<never> {
  assert.fail('two hold the lock');
}

function leaseName(target: string): string {
  return leaseRef({ ...request(target) }).name ?? '';
}

/** As the administrator sees it, whatever becomes of the proxy. */
async function leaseOf(target: string): Promise<ApiObject | undefined> {
  const text = await kubectl('get', 'lease', leaseName(target), '--ignore-not-found', '-o', 'json');
  return text === '' ? undefined : (JSON.parse(text) as ApiObject);
}

async function placeLease(target: string, spec: Record<string, unknown>): Promise<void> {
  const metadata = { name: leaseName(target), namespace: PROJECT };
  await place.cluster.apply([{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }]);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await leaseOf('none');
}
