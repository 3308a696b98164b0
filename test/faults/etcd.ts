import assert from 'node:assert/strict';
import type { Cluster } from '../cluster/cluster.ts';

/*
 * etcd by its gateway, which takes its calls as JSON over HTTP:
 * https://github.com/etcd-io/etcd/blob/v3.6.4/api/etcdserverpb/rpc.proto#L15
 */

/** Makes etcd forget every state but the newest, as it does by itself after five to ten minutes. */
export async function compact(cluster: Cluster): Promise<void> {
  const { header } = (await ask(cluster, 'kv/range', { key: base64('/') })) as {
    header: { revision: string };
  };
  await ask(cluster, 'kv/compaction', { revision: header.revision, physical: true });
}

/** Writes a value under a key, past the API server. */
export async function writeValue(cluster: Cluster, key: string, value: string): Promise<void> {
  await ask(cluster, 'kv/put', { key: base64(key), value: base64(value) });
}

async function ask(cluster: Cluster, place: string, body: object): Promise<unknown> {
  const response = await fetch(`${cluster.description.etcdServer}/v3/${place}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
