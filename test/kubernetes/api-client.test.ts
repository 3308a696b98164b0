import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../src/kubernetes/connect.ts';
import type { ClientSettings } from '../../src/kubernetes/retry.ts';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { faultName } from '../faults/fault-table.ts';
import { cutAt, inLists, lost, stalledAt, status } from '../faults/faults.ts';
import { HASTY } from '../faults/in-process.ts';

const PROJECT = 'api-client';
const LIST = `/api/v1/namespaces/${PROJECT}/configmaps`;

describe('ApiClient', () => {
  let cluster: Cluster;
  let folder: string;
  let proxy: FaultProxy;
  let connection: Connection;
  /** What the server answers when nothing is in the way. */
  let whole: Buffer;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'api-client-test-'));
    const clusterRules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const { token } = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', clusterRules });
    const metadata = { name: 'map', namespace: PROJECT };
    await cluster.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'Größe' } }]);
    proxy = await startFaultProxy(cluster, folder, token, []);
    connection = await connect({ kubeconfig: proxy.kubeconfig, context: '' });
    whole = await clientWith({}).send(LIST);
  });
  after(async () => {
    connection.close();
    await proxy.stop();
    await rm(folder, { recursive: true });
  });

  function clientWith(settings: Partial<ClientSettings>): ApiClient {
    return new ApiClient(connection, 'test', new AbortController().signal, { ...HASTY, ...settings });
  }

  /** The answer to a list that meets faults, and how often it was asked for again. */
  async function answerTo(
    faults: readonly Fault[],
    settings: Partial<ClientSettings> = {},
  ): Promise<{ text: string; retries: number; tookMs: number }> {
    proxy.use(faults);
    const client = clientWith(settings);
    const startedMs = performance.now();
    const body = await client.send(LIST);
    return { text: itemsOf(body), retries: client.counts.retries, tookMs: performance.now() - startedMs };
  }

  test(faultName('cut-anywhere'), async () => {
    for (let bytes = 0; bytes < whole.length; bytes++) {
      const cut = inLists(LIST.slice(1), (answer) => ({ ...answer, cutAfterBytes: bytes }), 1);
      const { text, retries } = await answerTo([cut]);
      assert.deepEqual([text, retries], [itemsOf(whole), 1], `after ${bytes} of ${whole.length} bytes`);
    }
  });

  for (const [name, change] of [
    ['before its first byte', lost()],
    ['after its head', stalledAt(0)],
    ['in the middle', stalledAt(0.5)],
  ] as const) {
    test(`${faultName('stalled')} (${name})`, async () => {
      const faults = [inLists(LIST.slice(1), change, 1)];
      const { text, retries, tookMs } = await answerTo(faults, { stallTimeoutMs: 100 });
      assert.deepEqual([text, retries], [itemsOf(whole), 1]);
      assert.ok(tookMs >= 95, `${tookMs} ms`);
      await assert.rejects(
        answerTo([inLists(LIST.slice(1), change)], { stallTimeoutMs: 20, attemptsMax: 2 }),
        {
          name: 'TransportError',
          message: 'no data for 0.02 s',
        },
      );
    });
  }

  test(faultName('busy-with-pause'), async () => {
    const waited = await answerTo([busy('1')], { retryAfterMaxMs: 30_000 });
    assert.deepEqual([waited.text, waited.retries], [itemsOf(whole), 1]);
    assert.ok(waited.tookMs >= 990, `${waited.tookMs} ms`);
    const capped = await answerTo([busy('3600')], { retryAfterMaxMs: 10 });
    assert.equal(capped.retries, 1);
  });

  for (const code of [429, 500, 502, 503, 504]) {
    test(`${faultName('busy-without-pause')} (${code})`, async () => {
      const { text, retries } = await answerTo([inLists(LIST.slice(1), status(code, 'Made-up'), 5)]);
      assert.deepEqual([text, retries], [itemsOf(whole), 5]);
    });

    test(`${faultName('busy-always')} (${code})`, async () => {
      const fault = inLists(LIST.slice(1), status(code, 'Made-up'));
      await assert.rejects(answerTo([fault]), { name: 'ApiError', status: code, reason: 'Made-up' });
      assert.deepEqual(proxy.changed, [6]);
    });
  }

  for (const code of [400, 403, 404, 410]) {
    test(`does not ask again after ${code}`, async () => {
      await assert.rejects(answerTo([inLists(LIST.slice(1), status(code, 'Made-up'))]), { status: code });
      assert.deepEqual(proxy.changed, [1]);
    });
  }

  test('waits for a server that has answered before, longer than for one that never has', async () => {
    const settings = { attemptsMax: 2, absentAttemptsMax: 4 };
    const acquainted = clientWith(settings);
    proxy.use([]);
    await acquainted.send(LIST);
    await proxy.goAway();
    const counts: number[] = [];
    for (const client of [acquainted, clientWith(settings)]) {
      const requestsBefore = client.counts.requests;
      await assert.rejects(client.send(LIST), { name: 'TransportError', code: 'ECONNREFUSED' });
      counts.push(client.counts.requests - requestsBefore);
    }
    await proxy.comeBack();
    const [patient = 0, impatient] = counts;
    // One more if it was a kept connection that broke first.
    assert.ok(patient === 4 || patient === 5, `${patient} requests`);
    assert.equal(impatient, 2);
  });

  test('asks a server that was away whether it is ready, and only so often', async () => {
    const client = clientWith({ absentAttemptsMax: 3 });
    const requestsBefore = proxy.requests.length;
    const notReady = { matches: isAt('/readyz'), change: status(500, 'InternalError') };
    proxy.use([inLists(LIST.slice(1), cutAt(0.5), 2), notReady]);
    await client.send(LIST);
    // The second cut comes when there is no hope of readiness any more.
    const asked = proxy.requests.slice(requestsBefore).map((line) => line.slice(line.lastIndexOf('/')));
    const ready = '/readyz';
    assert.deepEqual(asked, ['/configmaps', ready, ready, ready, '/configmaps', '/configmaps']);
  });

  test('asks at most once more with new credentials', async () => {
    const refused = inLists(LIST.slice(1), status(401, 'Unauthorized'));
    await assert.rejects(answerTo([refused]), { status: 401 });
    assert.deepEqual(proxy.changed, [2]);
  });

  test('holds no more of an answer than it may', async () => {
    proxy.use([inLists(LIST.slice(1), cutAt(1))]);
    const client = clientWith({});
    await assert.rejects(client.send(LIST, { bytesMax: whole.length - 1 }), { name: 'TooLargeError' });
    assert.equal((await client.send(LIST, { bytesMax: whole.length })).length, whole.length);
  });
});

function busy(seconds: string): Fault {
  return inLists(LIST.slice(1), status(429, 'TooManyRequests', { 'retry-after': seconds }), 1);
}

function isAt(place: string): Fault['matches'] {
  return (asked) => asked.path === place;
}

/** The objects of a list: its resourceVersion changes with whatever others do to the cluster. */
function itemsOf(body: Buffer): string {
  return JSON.stringify((JSON.parse(body.toString()) as { items: unknown }).items);
}
