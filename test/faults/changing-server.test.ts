import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunEvent } from '../../src/export/run-event.ts';
import { gapsOf, type ManifestHead } from '../../src/model/manifest.ts';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import { assertSound, entriesOf, gapNames } from '../support/archive-folder.ts';
import { definitionOf } from './custom-type.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { faultName } from './fault-table.ts';
import { inLists, status } from './faults.ts';
import { backUp, type InProcessRun } from './in-process.ts';
import { serverProcessOf } from './restart.ts';

const GROUP = 'faults.example.com';
const GADGETS = `gadgets.${GROUP}`;
const GADGET_TYPE = definitionOf({ group: GROUP, plural: 'gadgets', kind: 'Gadget', versions: ['v1'] });
const AWAY_MS = 2000;

/** A cluster of its own, which changes while it is read. */
describe('an API server that changes during a run', () => {
  let cluster: Cluster;
  let folder: string;
  let login: ServiceAccountLogin;
  /** The files of projects and of the cluster in an archive without faults, but those of the API server's own. */
  let whole: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'changing-test-'));
    cluster = await startCluster();
    login = await cluster.serviceAccount({
      namespace: 'changing',
      name: 'all',
      clusterRules: READ_EVERYTHING,
    });
    await cluster.create([
      ...Array.from({ length: 20 }, (_, index) => podTemplate(`template-${index}`, 'changing')),
      podTemplate('last', 'default'),
    ]);
    const { manifest, entries } = await run({ kubeconfig: login.kubeconfig });
    assert.deepEqual(gapsOf(manifest.types), []);
    whole = entries;
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function run(
    options: Omit<InProcessRun, 'dir'>,
  ): Promise<{ manifest: ManifestHead; entries: Record<string, string> }> {
    const dir = await mkdtemp(path.join(folder, 'archives-'));
    const { manifest, archive } = await backUp({ ...options, dir });
    const file = path.join(dir, archive.file);
    await assertSound(file);
    // The API server makes this one itself, and changes it when it restarts.
    const { 'kube-system/configmaps.json': _, ...entries } = await entriesOf(file);
    return { manifest, entries };
  }

  async function runThrough(
    faults: (proxy: () => FaultProxy) => readonly Fault[],
    options: Partial<InProcessRun> = {},
  ): ReturnType<typeof run> {
    const holder: { proxy?: FaultProxy } = {};
    const current = (): FaultProxy => {
      assert.ok(holder.proxy);
      return holder.proxy;
    };
    const proxy = await startFaultProxy(cluster, folder, login.token, faults(current));
    holder.proxy = proxy;
    try {
      const result = await run({ kubeconfig: proxy.kubeconfig, ...options });
      assert.ok(!proxy.changed.includes(0), `every fault was met: ${proxy.changed.join()}`);
      return result;
    } finally {
      await proxy.stop();
    }
  }

  test(faultName('token-rotated'), async () => {
    const other = await cluster.serviceAccount({
      namespace: 'changing',
      name: 'all',
      clusterRules: READ_EVERYTHING,
    });
    const proxy = await startFaultProxy(cluster, folder, login.token, []);
    const tokenFile = path.join(folder, 'token');
    await writeFile(tokenFile, `${login.token}\n`);
    const config = JSON.parse(await readFile(proxy.kubeconfig, 'utf8')) as { users: { user: object }[] };
    config.users[0] = { ...config.users[0], user: { tokenFile } };
    await writeFile(proxy.kubeconfig, JSON.stringify(config));
    let isRotated = false;
    const rotation: Fault = {
      ...inLists('podtemplates', (answer) => answer, 1),
      before: async () => {
        await writeFile(tokenFile, `${other.token}\n`);
        isRotated = true;
      },
    };
    const refusal: Fault = {
      matches: ({ token }) => isRotated && token === login.token,
      change: status(401, 'Unauthorized'),
    };
    proxy.use([rotation, refusal]);
    try {
      const { manifest, entries } = await run({ kubeconfig: proxy.kubeconfig });
      assert.deepEqual(gapsOf(manifest.types), []);
      assert.deepEqual(entries, whole);
      assert.ok((proxy.changed[1] ?? 0) > 0, 'the old token was refused');
    } finally {
      await proxy.stop();
    }
  });

  test(faultName('token-expired'), async () => {
    let isOver = false;
    const { manifest, entries } = await runThrough(() => [
      {
        matches: ({ path: asked }) => (isOver ||= asked.endsWith('/podtemplates')),
        change: status(401, 'Unauthorized'),
      },
    ]);
    const gaps = gapNames(manifest);
    assert.ok(gaps.includes('podtemplates *') && gaps.length > 20, gaps.join());
    for (const { reason } of gapsOf(manifest.types)) assert.match(reason, /^401 Unauthorized: /u);
    assertWholeBut(manifest, entries);
  });

  test(faultName('type-gone'), async () => {
    await cluster.create([GADGET_TYPE]);
    await cluster.create([
      {
        apiVersion: `${GROUP}/v1`,
        kind: 'Gadget',
        metadata: { name: 'one', namespace: 'changing' },
        spec: {},
      },
    ]);
    const deletion: Fault = {
      ...inLists('gadgets', (answer) => answer, 1),
      before: async () => void (await cluster.kubectl(['delete', 'crd', GADGETS])),
    };
    const { manifest, entries } = await runThrough(() => [deletion]);
    const [gap, ...others] = gapsOf(manifest.types);
    assert.deepEqual([gap?.type, others], [GADGETS, []]);
    assert.match(gap?.reason ?? '', /^404 .*\(it was served when the run began\)$/u);
    // These hold the definition if they were read before it was deleted.
    const definitions = [
      'customresourcedefinitions.apiextensions.k8s.io',
      'apiservices.apiregistration.k8s.io',
    ];
    assertWholeBut(manifest, entries, definitions);
  });

  test(faultName('project-gone'), async () => {
    const gone: Fault = inLists('namespaces/default', status(404, 'NotFound'));
    const { manifest, entries } = await runThrough(() => [gone], { namespaces: ['changing', 'default'] });
    assert.deepEqual(gapNames(manifest), ['namespaces default']);
    assert.equal(entries['default/podtemplates.json'], whole['default/podtemplates.json']);
    assert.ok(!('default/namespaces.json' in entries));
  });

  test(faultName('project-terminating'), async () => {
    await cluster.apply([projectOf('leaving'), podTemplate('kept', 'leaving')]);
    await cluster.kubectl(['delete', 'namespace', 'leaving', '--wait=false']);
    const { manifest, entries } = await run({ kubeconfig: login.kubeconfig });
    assert.deepEqual(gapsOf(manifest.types), []);
    // There is no controller here that would empty the project.
    const { 'leaving/podtemplates.json': templates, 'leaving/namespaces.json': project, ...others } = entries;
    assert.match(templates ?? '', /"kept"/u);
    assert.match(project ?? '', /"leaving"/u);
    assert.deepEqual(others, whole);
    whole = entries;
  });

  test(faultName('server-away'), async () => {
    let isFirst = true;
    const { manifest, entries } = await runThrough(
      (proxy) => [
        {
          matches: ({ path: asked }) => isFirst && asked.endsWith('/podtemplates'),
          before: async () => {
            isFirst = false;
            await proxy().goAway();
            setTimeout(() => void proxy().comeBack(), AWAY_MS);
          },
        },
      ],
      { settings: {} },
    );
    assert.deepEqual(gapsOf(manifest.types), []);
    assert.deepEqual(entries, whole);
  });

  test(faultName('server-restarted'), { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
    const server = await serverProcessOf(cluster);
    const restarted: Promise<void>[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'type' && event.record.type === 'limitranges')
        restarted.push(server.kill().then(() => server.start()));
    };
    try {
      const { manifest, entries } = await run({ kubeconfig: login.kubeconfig, settings: {}, onEvent });
      assert.equal(restarted.length, 1);
      await restarted[0];
      assertWholeBut(manifest, entries);
      const again = await run({ kubeconfig: login.kubeconfig });
      assert.deepEqual([gapsOf(again.manifest.types), again.entries], [[], whole]);
    } finally {
      await Promise.allSettled(restarted);
      await server.stop();
    }
  });

  /** What is no gap is there, to the byte; what is a gap is not there at all. */
  function assertWholeBut(
    manifest: ManifestHead,
    entries: Record<string, string>,
    aside: readonly string[] = [],
  ): void {
    const gaps = new Set(gapsOf(manifest.types).map(({ type }) => type));
    const isExpected = ([entry]: [string, string]): boolean => !gaps.has(path.basename(entry, '.json'));
    const isCompared = ([entry]: [string, string]): boolean => !aside.includes(path.basename(entry, '.json'));
    assert.deepEqual(
      Object.entries(entries).filter(isCompared),
      Object.entries(whole).filter(isCompared).filter(isExpected),
    );
    assert.equal(manifest.isComplete, gaps.size === 0);
  }
});

function projectOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function podTemplate(name: string, namespace: string): KubernetesObject {
  const template = { spec: { containers: [{ name: 'main', image: 'registry.example.com/main' }] } };
  return { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name, namespace }, template };
}
