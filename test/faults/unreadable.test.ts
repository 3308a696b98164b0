import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gapsOf, type ManifestHead } from '../../src/model/manifest.ts';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { assertSound, entriesOf, outcomesOf } from '../support/archive-folder.ts';
import { definitionOf } from './custom-type.ts';
import { writeValue } from './etcd.ts';
import { faultName } from './fault-table.ts';
import { backUp, HASTY } from './in-process.ts';
import { type ServerProcess, serverProcessOf } from './restart.ts';

const GROUP = 'faults.example.com';
const PROJECT = 'unreadable';
/** The server itself takes three seconds to say that it can't read a type: twice is enough. */
const IMPATIENT = { ...HASTY, attemptsMax: 1 };
/** Nobody listens there. */
const DEAD_WEBHOOK = 'https://127.0.0.1:1/convert';

/** A cluster of its own, which gets worse from test to test. */
describe('what the API server can not read', () => {
  let cluster: Cluster;
  let server: ServerProcess;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'unreadable-test-'));
    cluster = await startCluster();
    server = await serverProcessOf(cluster);
    const request = { namespace: PROJECT, name: 'all', clusterRules: READ_EVERYTHING };
    ({ kubeconfig } = await cluster.serviceAccount(request));
  });
  after(async () => {
    await server.stop();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function run(): Promise<{ manifest: ManifestHead; entries: Record<string, string> }> {
    const dir = await mkdtemp(path.join(folder, 'archives-'));
    const { manifest, archive } = await backUp({ kubeconfig, dir, settings: IMPATIENT });
    const file = path.join(dir, archive.file);
    await assertSound(file);
    return { manifest, entries: await entriesOf(file) };
  }

  test(faultName('dead-webhook'), async () => {
    await cluster.create([definition('gadgets', 'Gadget')]);
    await cluster.create([gadget('Gadget', 'first')]);
    const { manifest, entries } = await run();
    assert.deepEqual(gapsOf(manifest.types), []);
    const record = manifest.types.find(({ type }) => type === `gadgets.${GROUP}`);
    assert.equal(record?.apiVersion, `${GROUP}/v1beta1`);
    const { '*': outcome, ...others } = outcomesOf(manifest, `gadgets.${GROUP}`);
    assert.deepEqual(others, {});
    assert.ok(outcome?.result === 'exported');
    assert.deepEqual([outcome.objectCount, outcome.readVersion], [1, 'v1beta1']);
    const { items } = JSON.parse(entries[`${PROJECT}/gadgets.${GROUP}.json`] ?? '') as { items: object[] };
    assert.deepEqual(items, [gadget('Gadget', 'first')]);
  });

  test(faultName('dead-webhook-mixed'), async () => {
    await cluster.create([definition('mixtures', 'Mixture')]);
    await cluster.create([gadget('Mixture', 'old')]);
    const stored = { ...gadget('Mixture', 'new'), apiVersion: `${GROUP}/v1` };
    await writeValue(cluster, `/registry/${GROUP}/mixtures/${PROJECT}/new`, JSON.stringify(stored));
    const { manifest, entries } = await run();
    const [gap, ...others] = gapsOf(manifest.types);
    assert.deepEqual([gap?.type, gap?.scope, others], [`mixtures.${GROUP}`, '*', []]);
    assert.match(
      gap?.reason ?? '',
      /^500 .*: conversion webhook for faults.example.com\/v1beta1, Kind=Mixture failed: .* \(nor can it be read in v1beta1\)$/u,
    );
    assert.ok(!(`${PROJECT}/mixtures.${GROUP}.json` in entries));
    assert.ok(`${PROJECT}/gadgets.${GROUP}.json` in entries);
  });

  test(faultName('unreadable'), async () => {
    await cluster.kubectl(['delete', 'crd', `mixtures.${GROUP}`, '--wait=false']);
    await cluster.apply(['good', 'bad'].map(secret));
    await writeValue(cluster, `/registry/secrets/${PROJECT}/bad`, 'k8s:enc:aescbc:v1:lost:gone');
    const { manifest, entries } = await run();
    const reasons = reasonsOf(manifest);
    assert.deepEqual(Object.keys(reasons), ['secrets *']);
    assert.match(reasons['secrets *'] ?? '', /^500 .*unreadable\/bad/u);
    assert.ok(!(`${PROJECT}/secrets.json` in entries));
    assert.ok(`${PROJECT}/serviceaccounts.json` in entries);
  });

  test(faultName('unreadable-many'), async () => {
    await cluster.apply(['worse'].map(secret));
    await writeValue(cluster, `/registry/secrets/${PROJECT}/worse`, 'k8s:enc:aescbc:v1:lost:gone');
    await server.kill();
    await server.start(['--feature-gates=AllowUnsafeMalformedObjectDeletion=true']);
    const { manifest } = await run();
    const reasons = reasonsOf(manifest);
    assert.deepEqual(Object.keys(reasons), ['secrets *']);
    assert.match(
      reasons['secrets *'] ?? '',
      /^500 StorageReadError: .* \(2: .*unreadable\/bad, .*unreadable\/worse\)$/u,
    );
  });
});

function reasonsOf({ types }: ManifestHead): Record<string, string> {
  return Object.fromEntries(gapsOf(types).map(({ type, scope, reason }) => [`${type} ${scope}`, reason]));
}

function definition(plural: string, kind: string): KubernetesObject {
  return definitionOf({ group: GROUP, plural, kind, versions: ['v1', 'v1beta1'], webhookUrl: DEAD_WEBHOOK });
}

function gadget(kind: string, name: string): KubernetesObject {
  return {
    apiVersion: `${GROUP}/v1beta1`,
    kind,
    metadata: { name, namespace: PROJECT },
    spec: { wheels: 3 },
  };
}

function secret(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: PROJECT }, data: { a: 'Yg==' } };
}
