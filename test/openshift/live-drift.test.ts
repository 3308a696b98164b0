import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { requestOk } from '../cluster/api-client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import type { JsonDrift } from '../drift/json-drift.ts';
import { archivesIn, manifestOf } from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';
import { untilAllowed } from './access-sweep.ts';
import { inNamespace, templateFile } from './kustomize.ts';
import { processTemplate } from './process-template.ts';

const NAME = 'cluster-backup';
const SHOP = 'shop';
const CANARY = 'canary-of-the-shipped-account';

function settings(color: string): KubernetesObject {
  const metadata = { namespace: SHOP, name: 'settings' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { color } };
}

function role(verbs: readonly string[]): KubernetesObject {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs }];
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'pod-people' },
    rules,
  };
}

function secret(name: string): KubernetesObject {
  const metadata = { namespace: SHOP, name };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData: { password: CANARY } };
}

const LINES = [
  '3 objects changed in 1 project and outside of projects: 1 critical, 1 high, 1 medium',
  '  before  ARCHIVE  TIME',
  '  after   live  TIME',
  'Outside of projects',
  '  changed  clusterroles.rbac.authorization.k8s.io/pod-people  critical  (by test-cluster at TIME)',
  '      rules[0].verbs[list]: added "list"',
  'Project shop',
  '  removed  secrets/old  high',
  '  changed  configmaps/settings  medium  (by test-cluster at TIME)',
  '      data.color: "blue" → "green"',
];

/* A cluster of its own: what is found must be what was done, and no more. */
describe('diff with the cluster as it is now, as the ServiceAccount that is installed', () => {
  let cluster: Cluster;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    cluster = await startCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'shipped-live-test-'));
    const namespaces = [NAME, SHOP].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    }));
    await cluster.apply(namespaces);
    const parameters = { NAME, NAMESPACE: NAME };
    const installed = processTemplate(templateFile('template-kubernetes.yml'), parameters);
    await cluster.apply(inNamespace(NAME, installed));
    // No rules: what it may do is what the template gives, and what everybody may.
    const login = await cluster.serviceAccount({ namespace: NAME, name: NAME });
    ({ kubeconfig } = login);
    await untilAllowed(cluster, login.token, { verb: 'list', resource: 'secrets' });
    await cluster.apply([settings('blue'), role(['get']), secret('old')]);
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function call(command: string, ...args: readonly string[]): Promise<CliResult> {
    const result = await runCli([command, '--dir', folder, '--kubeconfig', kubeconfig, ...args]);
    assert.equal(`${result.stdout}${result.stderr}`.includes(CANARY), false);
    return result;
  }

  test('says what has changed since the archive, line by line', async () => {
    const night = await call('run');
    assert.equal(night.code, 0, night.stderr);
    const [archive = ''] = await archivesIn(folder);
    const { types } = await manifestOf(path.join(folder, archive));
    const refused = types.filter(({ outcomes }) => outcomes.some(({ result }) => result === 'denied'));
    assert.deepEqual(refused, [], 'it may list every type');
    const quiet = await call('diff', 'latest', 'live', '-o', 'name');
    assert.deepEqual([quiet.code, quiet.stdout, messageLines(quiet)], [0, '', []]);

    await cluster.apply([settings('green'), role(['get', 'list'])]);
    await requestOk(cluster.api, 'DELETE', `/api/v1/namespaces/${SHOP}/secrets/old`);

    const { code, stdout, stderr } = await call('diff', 'latest', 'live');
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replaceAll(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ/gu, 'TIME'));
    assert.deepEqual([code, lines], [1, LINES.map((line) => line.replace('ARCHIVE', archive))], stderr);
    assert.deepEqual(await archivesIn(folder), [archive]);
    const machine = await call('diff', 'latest', 'live', '-o', 'json');
    const { notComparable, notes } = JSON.parse(machine.stdout) as JsonDrift;
    assert.deepEqual([notComparable, notes], [[], []]);
  });
});
