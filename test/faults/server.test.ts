import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import {
  archivesIn,
  assertSound,
  entriesOf,
  filesIn,
  gapNames,
  manifestOf,
  onlyArchive,
  outcomesOf,
} from '../support/archive-folder.ts';
import { makeMessyFolder, OLD_ARCHIVES, SHORTEST } from '../support/messy-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';
import { type Asked, type Fault, startFaultProxy } from './fault-proxy.ts';
import { faultName } from './fault-table.ts';
import {
  cutAt,
  edited,
  inLaterPages,
  inLists,
  inReviews,
  instead,
  repeated,
  shortenedTo,
  status,
} from './faults.ts';

/** More than a page. */
const CONFIG_MAPS = 1200;
const RBAC = 'rbac.authorization.k8s.io';

describe('an API server with faults', { concurrency: 2 }, () => {
  let cluster: Cluster;
  let folder: string;
  let everything: ServiceAccountLogin;
  /** May read everything in the projects `faults` and `default`. */
  let two: ServiceAccountLogin;
  /** May list ConfigMaps and projects. */
  let some: ServiceAccountLogin;
  /** What an archive without gaps holds. */
  let whole: Record<string, string>;
  let identity: Manifest['cluster'];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'server-faults-test-'));
    cluster = await startCluster();
    everything = await cluster.serviceAccount({
      namespace: 'faults',
      name: 'all',
      clusterRules: READ_EVERYTHING,
    });
    const namespaceRules = { faults: READ_EVERYTHING, default: READ_EVERYTHING };
    two = await cluster.serviceAccount({ namespace: 'faults', name: 'two', namespaceRules });
    const clusterRules = [{ apiGroups: [''], resources: ['configmaps', 'namespaces'], verbs: ['list'] }];
    some = await cluster.serviceAccount({ namespace: 'faults', name: 'some', clusterRules });
    await cluster.create(
      Array.from({ length: CONFIG_MAPS }, (_, index) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `map-${index}`, namespace: 'faults' },
        data: { index: String(index) },
      })),
    );
    await cluster.apply(
      ['faults', 'default'].flatMap((namespace) => [
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace }, data: { a: 'Yg==' } },
        {
          apiVersion: 'v1',
          kind: 'LimitRange',
          metadata: { name: 'limits', namespace },
          spec: { limits: [] },
        },
      ]),
    );
    const dir = path.join(folder, 'whole');
    const { code } = await runCli(['run', '--dir', dir, '--kubeconfig', everything.kubeconfig]);
    assert.equal(code, 0);
    whole = await entriesOf(await onlyArchive(dir));
    ({ cluster: identity } = await manifestOf(await onlyArchive(dir)));
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  /** Runs the tool through a proxy with faults; each of them must have been met. */
  async function run(
    faults: readonly Fault[],
    options: { readonly token?: string; readonly args?: readonly string[]; readonly dir?: string } = {},
  ): Promise<{ result: CliResult; dir: string; requests: readonly string[] }> {
    const proxy = await startFaultProxy(cluster, folder, options.token ?? everything.token, faults);
    try {
      const dir = options.dir ?? (await mkdtemp(path.join(folder, 'archives-')));
      const args = ['run', '--dir', dir, '--kubeconfig', proxy.kubeconfig, ...(options.args ?? [])];
      const result = await runCli(args);
      assert.ok(!proxy.changed.includes(0), `every fault was met: ${proxy.changed.join()}`);
      return { result, dir, requests: proxy.requests };
    } finally {
      await proxy.stop();
    }
  }

  function wholeWithout(...types: readonly string[]): Record<string, string> {
    const entries = Object.entries(whole).filter(([entry]) => !types.includes(path.basename(entry, '.json')));
    return Object.fromEntries(entries);
  }

  test(faultName('recovers'), async () => {
    const dir = path.join(folder, 'recovered');
    await makeMessyFolder(dir, { cluster: identity });
    const faults = [
      inLists('secrets', status(503, 'ServiceUnavailable', { 'retry-after': '1' }), 2),
      inLists('services', status(500, 'InternalError'), 1),
      inLists('serviceaccounts', cutAt(0.5), 1),
      inLists('limitranges', cutAt(0), 2),
      inLists('clusterroles', status(401, 'Unauthorized'), 1),
      inLists('clusterrolebindings', status(429, 'TooManyRequests', { 'retry-after': '0' }), 3),
      inLaterPages('configmaps', cutAt(0.9), 1),
      inReviews('roles', status(504, 'Timeout'), 1),
      { matches: ({ path: asked }: Asked) => asked === '/apis', change: status(502, 'BadGateway'), times: 1 },
    ];
    const { result, requests } = await run(faults, { dir, args: SHORTEST });
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    assert.deepEqual(await entriesOf(result.stdout.trimEnd()), whole);
    const left = (await archivesIn(dir)).filter((name) => OLD_ARCHIVES.includes(name));
    assert.deepEqual(left, [], 'and old archives are removed');
    assert.equal(requests.filter((line) => line.includes('/secrets?')).length, 3);
    assert.equal(requests.filter((line) => /\/configmaps\?.*continue=/u.test(line)).length, 3);
  });

  test(faultName('does-not-recover'), async () => {
    const reasons: Record<string, readonly [Fault, RegExp]> = {
      secrets: [inLists('secrets', status(403, 'Forbidden')), /^403 Forbidden: made up: Forbidden$/u],
      services: [inLists('services', status(500, 'InternalError')), /^500 InternalError: made up/u],
      serviceaccounts: [inLists('serviceaccounts', cutAt(0.5)), /^(?:aborted|the answer was cut off)$/u],
      limitranges: [inLists('limitranges', shortenedTo(0.8)), /cut off or not JSON$/u],
      configmaps: [inLists('configmaps', status(410, 'Expired')), /^410 Expired: /u],
      namespaces: [
        inLists(
          'namespaces',
          edited(({ items }) => items.push(...items)),
        ),
        /^the server listed .* twice$/u,
      ],
      [`roles.${RBAC}`]: [
        inLists('roles', instead({ apiVersion: 'v1', kind: 'Status', status: 'Success' })),
        /^the server answered a list with Status$/u,
      ],
      [`rolebindings.${RBAC}`]: [
        inLists('rolebindings', instead('<!doctype html>')),
        /cut off or not JSON$/u,
      ],
      [`clusterroles.${RBAC}`]: [
        inLists('clusterroles', repeated()),
        /^the server repeats a page of the list$/u,
      ],
      [`clusterrolebindings.${RBAC}`]: [
        inLists(
          'clusterrolebindings',
          edited(({ items }) => delete items[3]?.metadata.name),
        ),
        /^the list holds an object without a name$/u,
      ],
      'apiservices.apiregistration.k8s.io': [inLists('apiservices', status(302, 'Found')), /^302 Found/u],
      'flowschemas.flowcontrol.apiserver.k8s.io': [
        inLists(
          'flowschemas',
          edited(({ items }) => items.splice(1, 1, null as never)),
        ),
        /^the list holds something that is no object$/u,
      ],
      'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': [
        inLists(
          'prioritylevelconfigurations',
          edited((list) => Reflect.deleteProperty(list, 'items')),
        ),
        /no items|answered a list with/u,
      ],
      'priorityclasses.scheduling.k8s.io': [
        inLists(
          'priorityclasses',
          edited(({ items }) => (items[0] = { metadata: { name: 'a', namespace: 'b' } })),
        ),
        /^the list holds an object with a project: a$/u,
      ],
      'servicecidrs.networking.k8s.io': [inLists('servicecidrs', instead('')), /cut off or not JSON$/u],
    };
    const dir = path.join(folder, 'messy');
    await makeMessyFolder(dir, { cluster: identity });
    const files = await filesIn(dir);
    const { result } = await run(
      Object.values(reasons).map(([fault]) => fault),
      { dir, args: SHORTEST },
    );
    assert.deepEqual([result.code, messageLines(result)], [3, []]);
    const archive = result.stdout.trimEnd();
    assert.match(archive, /-incomplete\.zip$/u);
    await assertSound(archive);
    const manifest = await manifestOf(archive);
    assert.equal(manifest.isComplete, false);
    assert.deepEqual(
      gapNames(manifest),
      Object.keys(reasons)
        .map((type) => `${type} *`)
        .toSorted(),
    );
    for (const [type, [, reason]] of Object.entries(reasons)) {
      const outcome = outcomesOf(manifest, type)['*'];
      assert.match(outcome?.result === 'failed' ? outcome.reason : '', reason, type);
      assert.match(result.stderr, new RegExp(`"type":"${type}".*"msg":"Failed: not in the archive"`, 'u'));
    }
    assert.deepEqual(await entriesOf(archive), wholeWithout(...Object.keys(reasons)));
    const {
      [path.basename(archive)]: _,
      [`${path.basename(archive)}.sha256`]: __,
      ...rest
    } = await filesIn(dir);
    assert.deepEqual(rest, files);
  });

  test(faultName('one-project'), async () => {
    const { result, dir } = await run([inLists('default/secrets', status(500, 'InternalError'))], {
      token: two.token,
      args: ['-n', 'default', '-n', 'faults'],
    });
    assert.equal(result.code, 3);
    const archive = await onlyArchive(dir);
    assert.deepEqual(gapNames(await manifestOf(archive)), ['secrets default']);
    const expected = Object.entries(whole).filter(
      ([entry]) => /^(?:default|faults)\//u.test(entry) && entry !== 'default/secrets.json',
    );
    assert.deepEqual(await entriesOf(archive), Object.fromEntries(expected));
  });

  test(faultName('reviews-fail'), async () => {
    const faults = ['configmaps', 'secrets'].map((type) => inReviews(type, instead({ kind: 'Status' })));
    const { result, dir } = await run(faults, { token: some.token });
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    const manifest = await manifestOf(await onlyArchive(dir));
    assert.equal(outcomesOf(manifest, 'configmaps')['*']?.result, 'exported');
    assert.equal(outcomesOf(manifest, 'secrets')['*']?.result, 'denied');
  });
});
