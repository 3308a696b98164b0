import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, type Connection } from '../../src/kubernetes/connect.ts';
import type { BackupResult } from '../../src/export/run-backup.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { entriesOf } from '../support/archive-folder.ts';
import { chanceOf } from './chance.ts';
import { definitionOf } from './custom-type.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { faultName } from './fault-table.ts';
import { edited, inLists } from './faults.ts';
import { backUpOver, HASTY } from './in-process.ts';
import { omissions, type Oracle } from './omissions.ts';
import { type Places, randomSchedule, type Schedule } from './random-schedule.ts';

/** `FAULT_RUNS=1000 FAULT_SEED=…` makes more of them, as `.ci/run` does, or the same again. */
const RUNS = Number(process.env['FAULT_RUNS'] ?? 300);
const SEED = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** So many at a time, each with a proxy of its own: most of their time they wait for each other's server. */
const LANES = 4;
const GROUP = 'faults.example.com';
const PROJECT = 'random-faults';
const GADGET_TYPE = { group: GROUP, plural: 'gadgets', kind: 'Gadget', versions: ['v1', 'v1beta1'] };
const CORE = ['resourcequotas', 'secrets', 'limitranges', 'podtemplates'];
const SETTINGS = { ...HASTY, attemptsMax: 3, stallTimeoutMs: 300, pageObjects: 5 };

interface Lane {
  readonly proxy: FaultProxy;
  readonly connection: Connection;
  readonly dir: string;
}

interface Ran {
  readonly result: 'complete' | 'incomplete' | 'failed';
  readonly problems: readonly string[];
}

describe('runs with random faults', () => {
  let cluster: Cluster;
  let folder: string;
  let token: string;
  let oracle: Oracle;
  const lanes: Lane[] = [];
  const places: Places = {
    types: [...CORE, 'gadgets'],
    converted: 'gadgets',
    discovery: edited((document) => narrow(document as unknown as Discovered)),
  };

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'random-faults-test-'));
    cluster = await startCluster();
    const clusterRules = [{ apiGroups: ['', GROUP], resources: ['*'], verbs: ['get', 'list'] }];
    ({ token } = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', clusterRules }));
    await cluster.create([definitionOf(GADGET_TYPE), ...objects()]);
    for (let index = 0; index < LANES; index++) {
      const proxy = await startFaultProxy(cluster, folder, token, []);
      const connection = await connect({ kubeconfig: proxy.kubeconfig, context: '' });
      lanes.push({ proxy, connection, dir: await mkdtemp(path.join(folder, 'archives-')) });
    }
    oracle = await undisturbed();
  });
  after(async () => {
    for (const { proxy, connection } of lanes) {
      connection.close();
      await proxy.stop();
    }
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function undisturbed(): Promise<Oracle> {
    const [lane] = lanes;
    assert.ok(lane);
    const { result, entries } = await archive(lane, scheduleOf([]));
    assert.ok(result.manifest.isComplete);
    const types = [...CORE, `gadgets.${GROUP}`].toSorted();
    assert.deepEqual(
      result.manifest.types.map(({ type }) => type),
      types,
    );
    const files = types.flatMap((type) => ['default', PROJECT].map((project) => `${project}/${type}.json`));
    assert.deepEqual(Object.keys(entries).toSorted(), files.toSorted());
    return { entries, types };
  }

  function scheduleOf(faults: readonly Fault[]): Schedule {
    const discovery: Fault = {
      matches: ({ path: asked }) => /^\/apis?$/u.test(asked),
      change: places.discovery,
    };
    return { faults: [...faults, discovery], names: [], mayFail: false };
  }

  /** One run, whose archive is read and removed. */
  async function archive(
    { proxy, connection, dir }: Lane,
    { faults }: Schedule,
  ): Promise<{ result: BackupResult; entries: Record<string, string> }> {
    proxy.use(faults);
    const result = await backUpOver(connection, { dir, settings: SETTINGS });
    const entries = await entriesOf(path.join(dir, result.archive.file));
    for (const name of await readdir(dir)) await rm(path.join(dir, name));
    return { result, entries };
  }

  async function ran(lane: Lane, schedule: Schedule): Promise<Ran> {
    try {
      const { result, entries } = await archive(lane, schedule);
      const problems = omissions(oracle, result.manifest, entries);
      return { result: result.manifest.isComplete ? 'complete' : 'incomplete', problems };
    } catch (error) {
      const left = await readdir(lane.dir);
      const problems = [
        ...(schedule.mayFail ? [] : [`it failed: ${String(error)}`]),
        ...left.map((name) => `${name} is left`),
      ];
      return { result: 'failed', problems };
    }
  }

  test(`${faultName('random')} (${RUNS} runs, FAULT_SEED=${SEED})`, async (t) => {
    const counts = { complete: 0, incomplete: 0, failed: 0 };
    const found: string[] = [];
    let index = 0;
    const work = async (lane: Lane): Promise<void> => {
      while (index < RUNS && found.length < 5) {
        const seed = SEED + index++;
        const schedule = randomSchedule(chanceOf(seed), places, () => lane.proxy);
        const { result, problems } = await ran(lane, schedule);
        counts[result] += 1;
        if (problems.length > 0)
          found.push(
            `FAULT_RUNS=1 FAULT_SEED=${seed}: ${problems.join('; ')} (${schedule.names.join('; ')})`,
          );
      }
    };
    await Promise.all(lanes.map(work));
    t.diagnostic(`${counts.complete} complete, ${counts.incomplete} with gaps, ${counts.failed} failed`);
    assert.deepEqual(found, []);
    if (RUNS >= 100) assert.ok(counts.complete > RUNS / 20 && counts.incomplete > RUNS / 20, 'both were met');
  });

  test('are compared so that a server that leaves out an object, and does not say so, is seen', async () => {
    const [lane] = lanes;
    assert.ok(lane);
    const lie = inLists(
      'resourcequotas',
      edited(({ items }) => void items.pop()),
      1,
    );
    const { problems } = await ran(lane, scheduleOf([lie]));
    assert.deepEqual(problems, ["resourcequotas differs from the oracle's"]);
  });
});

interface Discovered {
  items: {
    metadata?: { name?: string };
    versions: { version: string; resources: { resource: string }[] }[];
  }[];
}

/** A cluster of five types: reading sixty of them takes ten times as long and shows no more. */
function narrow(document: Discovered): void {
  const wanted: Readonly<Record<string, readonly string[]>> = { '': CORE, [GROUP]: ['gadgets'] };
  document.items = document.items.filter(({ metadata }) => (metadata?.name ?? '') in wanted);
  for (const { metadata, versions } of document.items) {
    for (const version of versions)
      version.resources = version.resources.filter(({ resource }) =>
        wanted[metadata?.name ?? '']?.includes(resource),
      );
  }
  // The last one: discovery without any group at all is no answer.
  if (document.items.length === 0) document.items.push({ metadata: { name: 'none' }, versions: [] });
}

/** One to three pages of each type, in two projects. */
function objects(): KubernetesObject[] {
  const kinds: readonly (readonly [number, Omit<KubernetesObject, 'metadata'>])[] = [
    [6, { apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard: {} } }],
    [3, { apiVersion: 'v1', kind: 'Secret', data: { a: 'Yg==' } }],
    [1, { apiVersion: 'v1', kind: 'LimitRange', spec: { limits: [] } }],
    [
      3,
      {
        apiVersion: 'v1',
        kind: 'PodTemplate',
        template: { spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    ],
    [4, { apiVersion: `${GROUP}/v1`, kind: 'Gadget', spec: { wheels: 3 } }],
  ];
  return kinds.flatMap(([count, object]) =>
    ['default', PROJECT].flatMap((namespace) =>
      Array.from({ length: count }, (_, index) => ({
        ...object,
        apiVersion: String(object['apiVersion']),
        kind: String(object['kind']),
        metadata: { name: `object-${index}`, namespace },
      })),
    ),
  );
}
