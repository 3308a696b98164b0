import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../src/kubernetes/connect.ts';
import { listPages, type PageSize } from '../../src/kubernetes/list-pages.ts';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { faultName } from '../faults/fault-table.ts';
import { inLists } from '../faults/faults.ts';
import { HASTY } from '../faults/in-process.ts';

const PROJECT = 'list-pages';
const MAPS = 7;
const CONFIG_MAPS = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  isNamespaced: true,
  verbs: ['list'],
};

describe('listPages()', () => {
  let cluster: Cluster;
  let folder: string;
  let proxy: FaultProxy;
  let connection: Connection;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'list-pages-test-'));
    const clusterRules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const { token } = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', clusterRules });
    await cluster.apply(
      Array.from({ length: MAPS }, (_, index) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `map-${index}`, namespace: PROJECT },
      })),
    );
    proxy = await startFaultProxy(cluster, folder, token, []);
    connection = await connect({ kubeconfig: proxy.kubeconfig, context: '' });
  });
  after(async () => {
    connection.close();
    await proxy.stop();
    await rm(folder, { recursive: true });
  });

  /** How many objects each page has. */
  async function pages(pageObjects: number, size?: PageSize): Promise<number[]> {
    const signal = new AbortController().signal;
    const client = new ApiClient(connection, 'test', signal, { ...HASTY, pageObjects });
    const counts: number[] = [];
    for await (const { items } of listPages(client, CONFIG_MAPS, PROJECT, size)) counts.push(items.length);
    return counts;
  }

  for (const [pageObjects, size, expected] of [
    [3, 'usual', [3, 3, 1]],
    [1, 'large', [4, 3]],
    [1, 'whole', [7]],
    [7, 'usual', [7]],
  ] as const) {
    test(`gives pages of ${expected.join()} when it asks for ${pageObjects}, ${size}`, async () => {
      proxy.use([]);
      assert.deepEqual(await pages(pageObjects, size), expected);
    });
  }

  test(faultName('limit-ignored'), async () => {
    let all: Buffer | undefined;
    const place = `/api/v1/namespaces/${PROJECT}/configmaps`;
    const unlimited: Fault = {
      ...inLists(place.slice(1), (answer) => ({ ...answer, body: all ?? answer.body })),
      before: async () => void (all = Buffer.from(await cluster.kubectl(['get', '--raw', place]))),
    };
    proxy.use([unlimited]);
    assert.deepEqual(await pages(2), [MAPS]);
    assert.deepEqual(proxy.changed, [1]);
  });

  test(faultName('truncated'), async () => {
    let wholeBytes = Number.POSITIVE_INFINITY;
    for (let bytes = 0; bytes < wholeBytes; bytes++) {
      const shorter = inLists(`${PROJECT}/configmaps`, (answer) => {
        // Without the line break at its end it is still the whole of a list.
        wholeBytes = answer.body.toString().trimEnd().length;
        return { ...answer, body: answer.body.subarray(0, bytes) };
      });
      proxy.use([shorter]);
      await assert.rejects(pages(500), { name: 'TransportError' }, `after ${bytes} of ${wholeBytes} bytes`);
    }
    assert.ok(wholeBytes > 500 && wholeBytes < 10_000, `${wholeBytes} bytes`);
  });
});
