import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import { valueAt } from '../../../src/volumes/fields.ts';
import {
  rollBackSwap,
  type SwapContext,
  type SwapDone,
  swapVolumes,
} from '../../../src/volumes/swap/swap.ts';
import type { SwapDeclined } from '../../../src/volumes/swap/plan-swap.ts';
import { SwapStore } from '../../../src/volumes/swap/swap-record.ts';
import { leaseRef } from '../../../src/volumes/run/target-lease.ts';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { type Cluster, startCluster } from '../../cluster/cluster.ts';
import { withoutControllers } from '../../cluster/controllers.ts';
import { MortalObjects } from './mortal-objects.ts';
import {
  claimOn,
  closeShop,
  openShop,
  sayReady,
  type Shop,
  type ShopKind,
  stateOf,
  swapped,
  unswapped,
  until,
  workloadRef,
} from './shop.ts';

const TIMES = { idleMs: 20_000, claimMs: 20_000, boundMs: 20_000, readyMs: 20_000 };
/** Whoever waits for a lock sees soon that its holder lives. */
const LOCK_TIMES = { renewMs: 1000, pollMs: 100 };
/** Dying before each write takes minutes; usually a few are taken, all of them with SWAP_DEATHS=all. */
const DEATHS_MAX = process.env['SWAP_DEATHS'] === 'all' ? Number.POSITIVE_INFINITY : 6;
const KINDS: readonly ShopKind[] = ['Deployment', 'StatefulSet'];
const skip = withoutControllers(await ensureBinaries((line) => console.error(line)));

describe('volumes swap', { skip, concurrency: 6 }, () => {
  let cluster: Cluster;
  let folder: string;
  let connection: Connection;
  let client: ApiClient;
  let objects: ClusterObjects;
  let shopCount = 0;
  let nodes: Promise<void>;
  const end = new AbortController();
  /** Projects whose pods never get ready with the copy's volume. */
  const unready = new Set<string>();

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'swap-test-'));
    cluster = await startCluster({ controllers: true });
    connection = await connect({ kubeconfig: cluster.adminKubeconfig, context: '' });
    client = new ApiClient(connection, 'test', new AbortController().signal);
    objects = new ClusterObjects(client);
    nodes = sayReady(objects, end.signal, ({ metadata }) => !unready.has(metadata.namespace ?? ''));
  });
  after(async () => {
    end.abort();
    await nodes;
    connection.close();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function shopOf(kind: ShopKind): Promise<Shop> {
    shopCount++;
    return await openShop(cluster, objects, { namespace: `swap-${shopCount}`, folder, kind });
  }

  function context(changes: Partial<SwapContext> = {}): SwapContext & { readonly lines: readonly string[] } {
    const lines: string[] = [];
    const signal = new AbortController().signal;
    const report = (line: string): void => void lines.push(line);
    return {
      objects,
      signal,
      report,
      pollMs: 25,
      now: () => new Date(),
      times: TIMES,
      holder: 'test',
      lockTimes: LOCK_TIMES,
      ...changes,
      lines,
    };
  }

  async function swap(
    { namespace, claim, copy }: Shop,
    changes: Partial<SwapContext> & { readonly rollsBackAlone?: boolean; readonly isForced?: boolean } = {},
  ): Promise<SwapDone | SwapDeclined> {
    const { rollsBackAlone = false, isForced = false, ...rest } = changes;
    return await swapVolumes(context(rest), { namespace, claim, copy, isForced }, { rollsBackAlone });
  }

  /** Lets something die, and removes the locks that it leaves behind, instead of waiting until they expire. */
  async function assertDies(shop: Shop, work: Promise<unknown>, title: string): Promise<void> {
    await assert.rejects(work, /the process has died/u, title);
    for (const target of [shop.claim, shop.copy]) {
      const signal = new AbortController().signal;
      await objects.remove(leaseRef({ namespace: shop.namespace, target, signal }));
    }
  }

  async function swapBy(shop: Shop, mortal: ClusterObjects): Promise<unknown> {
    return await swap(shop, { objects: mortal });
  }

  async function rollBackBy(shop: Shop, mortal: ClusterObjects): Promise<unknown> {
    return await rollBackSwap(context({ objects: mortal }), shop);
  }

  /** A pod that is told to end and does not: its node does not answer. */
  async function linger(shop: Shop): Promise<void> {
    await cluster.apply([lingering(shop)]);
    await objects.remove(lingerRef(shop), { graceSeconds: 600 });
  }

  async function letGo(shop: Shop): Promise<void> {
    await objects.remove(lingerRef(shop), { graceSeconds: 0 });
    await until('the pod is gone', async () => (await objects.get(lingerRef(shop))) === undefined);
  }

  async function assertState(shop: Shop, expected: Readonly<Record<string, unknown>>): Promise<void> {
    // The binder tells of a released volume in its own time.
    await until(`${shop.namespace} has settled`, async () => {
      const state = await stateOf(objects, shop, folder);
      return state['old'] === expected['old'] && state['ready'] === expected['ready'];
    }).catch(() => undefined);
    assert.deepEqual(await stateOf(objects, shop, folder), expected);
  }

  for (const kind of KINDS) {
    test(`gives the claim of a ${kind} the copy's volume, and takes it back`, async () => {
      const shop = await shopOf(kind);
      const earlier = await claimNow(shop);
      const done = await swap(shop);
      assert.equal(done.kind, 'swapped');
      await assertState(shop, swapped(shop));
      const now = await claimNow(shop);
      assert.notEqual(now?.metadata.uid, earlier?.metadata.uid);
      assert.deepEqual(now?.metadata.labels, earlier?.metadata.labels);
      assert.equal(now?.metadata.annotations?.['example.com/kept'], 'yes');
      assert.match(
        (done.kind === 'swapped' ? done.advice : []).join('\n'),
        /kept with all its data.*\n.*--rollback/u,
      );
      const back = await rollBackSwap(context(), shop);
      assert.equal(back.kind, 'rolled-back');
      await assertState(shop, unswapped(shop));
      await assert.rejects(rollBackSwap(context(), shop), { name: 'KnownError', kind: 'usage' });
    });
  }

  /** How many writes something takes that is not disturbed. */
  async function writesOf(work: (mortal: ClusterObjects) => Promise<unknown>): Promise<number> {
    const counting = new MortalObjects(client, Number.POSITIVE_INFINITY);
    await work(counting);
    return counting.writes;
  }

  /** Lets processes die before each of the writes, in a project each, and hands every project on. */
  async function dieEverywhere(
    kind: ShopKind,
    prepare: (shop: Shop) => Promise<unknown>,
    work: (shop: Shop, mortal: ClusterObjects) => Promise<unknown>,
    assertAfter: (shop: Shop, diedBefore: number) => Promise<void>,
  ): Promise<void> {
    const model = await shopOf(kind);
    await prepare(model);
    const writes = await writesOf((mortal) => work(model, mortal));
    assert.ok(writes > 15, `${writes} writes`);
    const all = Array.from({ length: writes }, (_, index) => index + 1);
    const deaths = sample(all, DEATHS_MAX).values();
    const worker = async (): Promise<void> => {
      for (const diesBefore of deaths) {
        const shop = await shopOf(kind);
        await prepare(shop);
        const mortal = new MortalObjects(client, diesBefore);
        await assertDies(shop, work(shop, mortal), `before write ${diesBefore}`);
        await assertAfter(shop, diesBefore);
        await closeShop(objects, shop);
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
  }

  for (const kind of KINDS) {
    test(`goes on wherever its process died, for a ${kind}`, async () => {
      await dieEverywhere(
        kind,
        async () => undefined,
        swapBy,
        async (shop) => {
          const done = await swap(shop);
          assert.equal(done.kind, 'swapped', JSON.stringify(done));
          await assertState(shop, swapped(shop));
        },
      );
    });
  }

  test('is rolled back wherever its process died', async () => {
    await dieEverywhere(
      'Deployment',
      async () => undefined,
      swapBy,
      async (shop, diedBefore) => {
        // Without a record nothing has been done.
        if (diedBefore > 1) await rollBackSwap(context(), shop);
        await assertState(shop, unswapped(shop));
      },
    );
  });

  test('goes on with a rollback wherever its process died', async () => {
    await dieEverywhere(
      'Deployment',
      (shop) => swap(shop),
      rollBackBy,
      async (shop, diedBefore) => {
        if (diedBefore > 1) await assert.rejects(swap(shop), /is being rolled back/u);
        await rollBackSwap(context(), shop);
        await assertState(shop, unswapped(shop));
      },
    );
  });

  test('changes nothing when somebody scales the application up again', async () => {
    const shop = await shopOf('Deployment');
    const selfHealing = new AbortController();
    const healer = (async () => {
      while (!selfHealing.signal.aborted) {
        const found = await objects.get(workloadRef(shop));
        if (valueAt(found?.spec, 'replicas') === 0)
          await objects.patch(workloadRef(shop), { spec: { replicas: 2 } }, 'merge');
      }
    })();
    // Somebody holds on to the claim, or there would be no time for it.
    await linger(shop);
    await assert.rejects(swap(shop), /Deployment web was scaled up to 2 again.*nothing was changed/u);
    selfHealing.abort();
    await healer;
    await letGo(shop);
    await assertState(shop, unswapped(shop));
    const [record] = await new SwapStore(objects, shop.namespace).list();
    assert.equal(record?.state, 'abandoned');
    assert.equal((await swap(shop)).kind, 'swapped', 'and can be tried again');
  });

  test('changes nothing when pods do not end in time', async () => {
    const shop = await shopOf('Deployment');
    await linger(shop);
    const late = swap(shop, { times: { ...TIMES, idleMs: 300 } });
    await assert.rejects(late, /Claim data is still used after 0 s, by linger.*nothing was changed/u);
    await letGo(shop);
    await assertState(shop, unswapped(shop));
  });

  test('waits until the volumes are detached', async () => {
    const shop = await shopOf('Deployment');
    const name = `attachment-${shop.namespace}`;
    const source = { persistentVolumeName: shop.newVolume };
    await cluster.apply([
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'VolumeAttachment',
        metadata: { name },
        spec: { attacher: 'example.com', nodeName: 'node-7', source },
      },
    ]);
    const late = swap(shop, { times: { ...TIMES, idleMs: 500 } });
    await assert.rejects(late, /still attached to node-7.*nothing was changed/u);
    const waiting = swap(shop);
    await until('it stands still', async () => {
      const found = await objects.get(workloadRef(shop));
      return valueAt(found?.spec, 'replicas') === 0;
    });
    await objects.remove({ apiVersion: 'storage.k8s.io/v1', plural: 'volumeattachments', name });
    assert.equal((await waiting).kind, 'swapped');
  });

  test('says how to go back when the application does not get ready, or goes back alone', async () => {
    const [shop, other] = await Promise.all([shopOf('Deployment'), shopOf('Deployment')]);
    const times = { ...TIMES, readyMs: 500 };
    unready.add(shop.namespace);
    await assert.rejects(swap(shop, { times }), (error: Error) => {
      assert.match(error.message, /Deployment web: 0 of 2 replicas are ready.*no data is lost/u);
      assert.match(
        error.message,
        new RegExp(`volumes swap -n ${shop.namespace} data data-backup --rollback`, 'u'),
      );
      return true;
    });
    unready.delete(shop.namespace);
    assert.equal((await swap(shop)).kind, 'swapped', 'ready later, it is gone on with');
    await assertState(shop, swapped(shop));
    unready.add(other.namespace);
    const lines: string[] = [];
    const report = (line: string): void => {
      lines.push(line);
      if (line.includes('it is rolled back')) unready.delete(other.namespace);
    };
    await assert.rejects(
      swap(other, { times: { ...TIMES, readyMs: 1500 }, report, rollsBackAlone: true }),
      /it was rolled back/u,
    );
    await assertState(other, unswapped(other));
  });

  test('lets whoever makes the claim anew have the right volume', async () => {
    const shop = await shopOf('Deployment');
    const gitOps = new AbortController();
    const sync = (async () => {
      while (!gitOps.signal.aborted) {
        const found = await claimNow(shop);
        if (!found) await cluster.create([claimOn(shop, shop.claim, {})]).catch(() => undefined);
      }
    })();
    assert.equal((await swap(shop)).kind, 'swapped');
    gitOps.abort();
    await sync;
    await assertState(shop, swapped(shop));
  });

  test('stops when the claim has been given another volume, and goes on after', async () => {
    const shop = await shopOf('Deployment');
    const thief = await shopOf('Deployment');
    const mortal = mortalAt('make-claim');
    await assertDies(shop, swap(shop, { objects: mortal }), 'in the middle');
    await cluster.create([claimOn(shop, shop.claim, { volume: thief.newVolume })]);
    await assert.rejects(swap(shop), /has been given volume .* by somebody else.*no data is lost/u);
    await objects.remove({
      apiVersion: 'v1',
      plural: 'persistentvolumeclaims',
      namespace: shop.namespace,
      name: shop.claim,
    });
    assert.equal((await swap(shop)).kind, 'swapped');
    await assertState(shop, swapped(shop));
  });

  test('lets only one process work on a swap', async () => {
    const shop = await shopOf('Deployment');
    const mortal = new MortalObjects(client, 6);
    await assertDies(shop, swap(shop, { objects: mortal }), 'in the middle');
    const results = await Promise.allSettled([swap(shop), swap(shop)]);
    const refused = results.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 1, JSON.stringify(results.map(({ status }) => status)));
    for (const one of refused)
      assert.match(String((one as PromiseRejectedResult).reason), /Another process/u);
    await assertState(shop, swapped(shop));
  });

  test('says what stands against it, with all of it', async () => {
    const shop = await shopOf('Deployment');
    const ref = {
      apiVersion: 'v1',
      plural: 'persistentvolumeclaims',
      namespace: shop.namespace,
      name: shop.copy,
    };
    const annotations = { 'openshift-backup.io/copy-state': 'fuzzy' };
    await objects.patch(ref, { metadata: { annotations } }, 'merge');
    await cluster.apply([lingering(shop, shop.copy)]);
    const declined = await swap(shop);
    assert.ok(declined.kind === 'declined');
    assert.deepEqual(
      declined.objections.map(({ reason }) => reason),
      ['copy-not-complete', 'copy-in-use'],
    );
    await assertState(shop, unswapped(shop));
    await letGo(shop);
    assert.equal((await swap(shop, { isForced: true })).kind, 'swapped');
    const again = await swap(shop);
    assert.ok(again.kind === 'declined');
    assert.deepEqual(
      again.objections.map(({ reason }) => reason),
      ['claim-missing'],
    );
  });

  test('ends a wait when it is told to, and goes on another time', async () => {
    const shop = await shopOf('Deployment');
    await linger(shop);
    const stop = new AbortController();
    const lines: string[] = [];
    const report = (line: string): void => {
      lines.push(line);
      if (line.includes('is scaled from 2 to 0')) setImmediate(() => stop.abort(new Error('Ctrl-C')));
    };
    await assert.rejects(swap(shop, { signal: stop.signal, report }), (error: Error) => {
      assert.match(`${error.name} ${error.message}`, /Ctrl-C|abort/iu);
      return true;
    });
    assert.match(lines.at(-1) ?? '', /stopped at step quiet; no data is lost\. Go on with/u);
    await letGo(shop);
    assert.equal((await swap(shop)).kind, 'swapped');
    await assertState(shop, swapped(shop));
  });

  /** Dies when it has been written down that a step begins: counted writes would be others where one is repeated. */
  function mortalAt(step: string): MortalObjects {
    const mortal = new MortalObjects(client, Number.POSITIVE_INFINITY);
    const replace = mortal.replace.bind(mortal);
    mortal.replace = async (ref, body) => {
      const done = await replace(ref, body);
      if (body.data?.['record.json']?.includes(`"step": "${step}"`) === true) mortal.dieSoon();
      return done;
    };
    return mortal;
  }

  async function claimNow({ namespace, claim }: Shop): Promise<ClusterObject | undefined> {
    return await objects.get({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace, name: claim });
  }
});

/** Some of a list, evenly spread, of which nobody knows where they begin. */
function sample(list: readonly number[], countMax: number): readonly number[] {
  const stride = Math.max(1, list.length / countMax);
  const offset = Math.random() * stride;
  return list.filter(
    (_, index) => Math.floor((index + offset) / stride) !== Math.floor((index - 1 + offset) / stride),
  );
}

function lingerRef({ namespace }: Shop) {
  return { apiVersion: 'v1', plural: 'pods', namespace, name: 'linger' };
}

/** A pod on a node that nobody answers for. */
function lingering({ namespace }: Shop, claim = 'data') {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'linger', namespace },
    spec: {
      nodeName: 'node-7',
      containers: [{ name: 'app', image: 'example/app:1' }],
      volumes: [{ name: 'files', persistentVolumeClaim: { claimName: claim } }],
    },
  };
}
