import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BackupResult } from '../../src/export/run-backup.ts';
import { gapsOf } from '../../src/model/manifest.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import { assertSound, entriesOf, outcomesOf } from '../support/archive-folder.ts';
import { compact } from './etcd.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { faultName } from './fault-table.ts';
import { edited, inLaterPages, inLists, status } from './faults.ts';
import { backUp } from './in-process.ts';

/** Three usual pages, one large one. */
const CONFIG_MAPS = 1200;
/**
 * With its cache's snapshots the server may still know what etcd has forgotten, or not
 * (https://github.com/kubernetes/apiserver/blob/v0.34.4/pkg/features/kube_features.go#L366).
 */
const WITHOUT_SNAPSHOTS = ['--feature-gates=ListFromCacheSnapshot=false'];
const EXPIRED = status(410, 'Expired');

/** A cluster of its own: etcd's past is everybody's. */
describe('a list that expires', () => {
  let cluster: Cluster;
  let folder: string;
  let login: ServiceAccountLogin;
  let whole: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'expired-test-'));
    cluster = await startCluster({ apiServerFlags: WITHOUT_SNAPSHOTS });
    const clusterRules = [
      { apiGroups: [''], resources: ['configmaps', 'secrets', 'namespaces'], verbs: ['list'] },
    ];
    login = await cluster.serviceAccount({ namespace: 'expired', name: 'some', clusterRules });
    await cluster.create(
      Array.from({ length: CONFIG_MAPS }, (_, index) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        // In two projects, so that a page holds objects of both.
        metadata: { name: `map-${index}`, namespace: index % 2 === 0 ? 'expired' : 'default' },
      })),
    );
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one', namespace: 'expired' } },
    ]);
    const result = await backUp({ kubeconfig: login.kubeconfig, dir: path.join(folder, 'whole') });
    assert.ok(result.manifest.isComplete);
    whole = await entriesOf(path.join(folder, 'whole', result.archive.file));
    assert.equal(outcomesOf(result.manifest, 'configmaps')['*']?.result, 'exported');
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function run(
    faults: readonly Fault[],
  ): Promise<BackupResult & { lists: string[]; entries: Record<string, string> }> {
    const proxy: FaultProxy = await startFaultProxy(cluster, folder, login.token, faults);
    try {
      const dir = await mkdtemp(path.join(folder, 'archives-'));
      const result = await backUp({ kubeconfig: proxy.kubeconfig, dir });
      assert.ok(!proxy.changed.includes(0), `every fault was met: ${proxy.changed.join()}`);
      const file = path.join(dir, result.archive.file);
      await assertSound(file);
      const lists = proxy.requests.filter((line) => line.startsWith('GET /api/v1/configmaps')).map(shape);
      return { ...result, lists, entries: await entriesOf(file) };
    } finally {
      await proxy.stop();
    }
  }

  test(faultName('expired-by-compaction'), async () => {
    const fault: Fault = {
      ...inLaterPages('configmaps', (answer) => answer, 1),
      before: async () => {
        // Any change makes the state of the first page one of the past; this one is not in the archive.
        const metadata = { name: 'later', namespace: 'expired' };
        await cluster.apply([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }]);
        await compact(cluster);
      },
    };
    const { manifest, entries, lists } = await run([fault]);
    assert.deepEqual(gapsOf(manifest.types), []);
    assert.deepEqual(lists, ['limit=500', 'limit=500 continue', 'limit=2000']);
    assert.deepEqual(configMapsOf(entries), configMapsOf(whole));
  });

  test(faultName('expired-twice'), async () => {
    const faults = [
      inLaterPages('configmaps', EXPIRED, 1),
      { ...inLists('configmaps', EXPIRED, 1), matches: isLimitedTo('2000') },
    ];
    const { manifest, entries, lists } = await run(faults);
    assert.deepEqual(gapsOf(manifest.types), []);
    assert.deepEqual(lists, ['limit=500', 'limit=500 continue', 'limit=2000', '']);
    assert.deepEqual(configMapsOf(entries), configMapsOf(whole));
  });

  test(faultName('expired-always'), async () => {
    const { manifest, entries, lists } = await run([
      inLaterPages('configmaps', EXPIRED),
      {
        ...inLists('configmaps', EXPIRED),
        matches: ({ path: asked, query }) => asked.endsWith('/configmaps') && query.get('limit') !== '500',
      },
    ]);
    assert.deepEqual(gapsOf(manifest.types), [
      { type: 'configmaps', scope: '*', reason: '410 Expired: made up: Expired' },
    ]);
    assert.equal(lists.length, 4, 'it is not read for ever');
    assert.deepEqual(entries, withoutConfigMaps(whole));
  });

  test(faultName('repeated-page'), async () => {
    const again = edited(({ metadata }) => (metadata.continue = 'again'));
    let first: ReturnType<typeof again> | undefined;
    const { manifest, entries } = await run([
      inLists('configmaps', (answer, asked) => (first ??= again(answer, asked))),
    ]);
    assert.deepEqual(gapsOf(manifest.types), [
      { type: 'configmaps', scope: '*', reason: 'the server repeats a page of the list' },
    ]);
    assert.deepEqual(entries, withoutConfigMaps(whole));
  });
});

/** Those of the two projects: the server makes some of its own in kube-system, when it gets round to it. */
function configMapsOf(entries: Record<string, string>): (string | undefined)[] {
  const texts = ['default', 'expired'].map((project) => entries[`${project}/configmaps.json`]);
  assert.ok(!texts.includes(undefined));
  return texts;
}

function withoutConfigMaps(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([entry]) => !entry.endsWith('/configmaps.json')));
}

function isLimitedTo(limit: string): Fault['matches'] {
  return ({ path: asked, query }) => asked.endsWith('/configmaps') && query.get('limit') === limit;
}

/** What a request asks for: `limit=500 continue`. */
function shape(line: string): string {
  const { searchParams } = new URL(line.slice('GET '.length), 'https://localhost');
  const limit = searchParams.get('limit');
  return [
    ...(limit === null ? [] : [`limit=${limit}`]),
    ...(searchParams.has('continue') ? ['continue'] : []),
  ].join(' ');
}
