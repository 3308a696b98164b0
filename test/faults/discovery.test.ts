import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import {
  entriesOf,
  gapNames,
  manifestOf,
  namesIn,
  onlyArchive,
  outcomesOf,
} from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { type Fault, startFaultProxy } from './fault-proxy.ts';
import { faultName } from './fault-table.ts';
import { type Change, edited, instead, shortenedTo, status } from './faults.ts';

const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling';

describe('discovery', () => {
  let cluster: Cluster;
  let folder: string;
  let token: string;
  let kubeconfig: string;
  /** What an archive without gaps holds. */
  let whole: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'discovery-test-'));
    cluster = await startCluster();
    const request = { namespace: 'discovery', name: 'all', clusterRules: READ_EVERYTHING };
    ({ token, kubeconfig } = await cluster.serviceAccount(request));
    await cluster.apply([
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'a', namespace: 'discovery' },
        spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } },
      },
    ]);
    const dir = path.join(folder, 'whole');
    assert.equal((await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig])).code, 0);
    whole = await entriesOf(await onlyArchive(dir));
    assert.match(whole[`discovery/${AUTOSCALERS}.json`] ?? '', /"autoscaling\/v2"/u);
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function run(faults: readonly Fault[]): Promise<{ result: CliResult; dir: string }> {
    const proxy = await startFaultProxy(cluster, folder, token, faults);
    try {
      const dir = await mkdtemp(path.join(folder, 'archives-'));
      const result = await runCli(['run', '--dir', dir, '--kubeconfig', proxy.kubeconfig]);
      assert.ok(!proxy.changed.includes(0), `every fault was met: ${proxy.changed.join()}`);
      return { result, dir };
    } finally {
      await proxy.stop();
    }
  }

  /** The documents of an old server, one for each group and version, in the place of the aggregated ones. */
  async function plainDocuments(): Promise<Fault[]> {
    const documents = ['/api', '/apis'].map(async (root) => {
      const text = await cluster.kubectl(['get', '--raw', root]);
      return { matches: isAt(root), change: instead(JSON.parse(text)) };
    });
    return await Promise.all(documents);
  }

  test('in the older form finds the same types', async () => {
    const { result, dir } = await run(await plainDocuments());
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    assert.deepEqual(await entriesOf(await onlyArchive(dir)), whole);
  });

  test(faultName('group-silent'), async () => {
    const silent = { matches: isAt('/apis/autoscaling/v2'), change: status(503, 'ServiceUnavailable') };
    const faults = [...(await plainDocuments()), silent];
    const { result, dir } = await run(faults);
    assert.equal(result.code, 3);
    const archive = await onlyArchive(dir);
    assert.deepEqual(gapNames(await manifestOf(archive)), ['*.autoscaling *']);
    const others = Object.keys(whole).filter((entry) => !entry.endsWith(`/${AUTOSCALERS}.json`));
    const entries = await entriesOf(archive);
    for (const entry of others) assert.equal(entries[entry], whole[entry], entry);
  });

  const FAILURES: readonly (readonly [place: string, what: string, change: Change, message: RegExp])[] = [
    ['/version', '403', status(403, 'Forbidden'), /^https:\S+ answered 403: made up: Forbidden$/u],
    ['/api', 'another document', instead({ apiVersion: 'v1', kind: 'Status', status: 'Success' }), /^.+$/u],
    ['/api', 'an empty object', instead({}), /^.+$/u],
    [
      '/apis',
      'a part of itself',
      shortenedTo(0.7),
      /^Cannot reach \S+: \/apis did not answer with JSON: .+$/u,
    ],
    ['/apis', 'no list', instead({ kind: 'APIGroupDiscoveryList', items: null }), /^.+$/u],
    ['/apis', 'an empty array', instead([]), /^.+$/u],
    [
      '/api/v1/namespaces/kube-system',
      '403',
      status(500, 'InternalError'),
      /^https:\S+ answered 500: made up/u,
    ],
  ];
  for (const [place, what, change, message] of FAILURES) {
    test(`${faultName('discovery-fails')} (${place}: ${what})`, async () => {
      const { result, dir } = await run([{ matches: isAt(place), change }]);
      assert.equal(result.code, 4);
      const [line = '', ...more] = messageLines(result);
      assert.deepEqual(more, []);
      assert.ok(line.startsWith('error: '), line);
      assert.match(line.slice('error: '.length), message);
      assert.deepEqual(await namesIn(dir), []);
    });
  }

  test(faultName('stale-version'), async () => {
    const stale: Fault = {
      matches: isAt('/apis'),
      change: edited((document) => makeStale(document as unknown as Aggregated, 'autoscaling', 'v2')),
    };
    const { result, dir } = await run([stale]);
    assert.equal(result.code, 3);
    const archive = await onlyArchive(dir);
    const manifest = await manifestOf(archive);
    assert.deepEqual(gapNames(manifest), ['*.autoscaling *']);
    // What the older version has is there all the same.
    assert.match((await entriesOf(archive))[`discovery/${AUTOSCALERS}.json`] ?? '', /"autoscaling\/v1"/u);
  });

  // The last ones: they change the cluster.
  test(faultName('harmless-down'), async () => {
    await cluster.apply([...deadService('metrics.k8s.io', 'v1beta1')]);
    const dir = path.join(folder, 'harmless');
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig]);
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    const [outcome] = Object.values(outcomesOf(await manifestOf(await onlyArchive(dir)), '*.metrics.k8s.io'));
    assert.equal(outcome?.result, 'skipped');
  });

  test(faultName('aggregated-down'), async () => {
    await cluster.apply([...deadService('gone.example.com', 'v1')]);
    const dir = path.join(folder, 'aggregated');
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig]);
    assert.deepEqual([result.code, messageLines(result)], [3, []]);
    const archive = await onlyArchive(dir);
    assert.match(path.basename(archive), /-incomplete\.zip$/u);
    const manifest = await manifestOf(archive);
    assert.deepEqual(gapNames(manifest), ['*.gone.example.com *']);
    assert.equal(outcomesOf(manifest, 'configmaps')['*']?.result, 'exported');
  });
});

function isAt(place: string): Fault['matches'] {
  return (asked) => asked.path === place;
}

interface Aggregated {
  items: {
    metadata?: { name?: string };
    versions: { version: string; freshness: string; resources: object[] }[];
  }[];
}

/** As the aggregator shows a version whose API server it can't reach. */
function makeStale({ items }: Aggregated, group: string, version: string): void {
  const versions = items.filter(({ metadata }) => metadata?.name === group).flatMap((item) => item.versions);
  const [found] = versions.filter((one) => one.version === version);
  assert.ok(found);
  found.freshness = 'Stale';
  found.resources = [];
}

/** An aggregated API that is served by a Service without endpoints. */
function deadService(group: string, version: string): KubernetesObject[] {
  const metadata = { name: 'gone', namespace: 'discovery' };
  const spec = {
    group,
    version,
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service: metadata,
  };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 443 }] } },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec,
    },
  ];
}
