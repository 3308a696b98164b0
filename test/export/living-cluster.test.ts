import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '../cluster/binaries.ts';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { everyKind } from '../cluster/every-kind.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { archivesIn, assertSound, entriesOf, manifestOf } from '../support/archive-folder.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { makeNoise } from './cluster-noise.ts';
import { untilQuiet } from './quiet-cluster.ts';

const SHOWN_LINES_MAX = 6;
const skip = withoutControllers(await ensureBinaries((line) => console.error(line)));

describe('two runs on a cluster in which nobody configures anything', { skip }, () => {
  let cluster: Cluster;
  let folder: string;
  const entries: Record<string, string>[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'living-cluster-test-'));
    cluster = await startCluster({ controllers: true });
    await installOpenShiftTypes(cluster);
    await cluster.apply(everyKind());
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: 'backup',
      name: 'openshift-backup',
      clusterRules: READ_EVERYTHING,
    });
    const run = (): Promise<CliResult> => runCli(['run', '--dir', folder, '--kubeconfig', kubeconfig]);
    await untilQuiet(cluster);
    const first = await run();
    assert.equal(first.code, 0, first.stderr);
    await makeNoise(cluster);
    await untilQuiet(cluster);
    const second = await run();
    assert.equal(second.code, 0, second.stderr);
    for (const name of await archivesIn(folder)) {
      await assertSound(path.join(folder, name));
      entries.push(await entriesOf(path.join(folder, name)));
    }
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  test('find an object of every type that is exported and can be made here', async () => {
    const [archive = ''] = await archivesIn(folder);
    const { types } = await manifestOf(path.join(folder, archive));
    const empty = types.filter(({ outcomes }) => outcomes.every(({ result }) => result === 'empty'));
    assert.deepEqual(
      empty.map(({ type }) => type),
      [],
    );
    const stored = Object.keys(entries[0] ?? {}).map((entry) => path.basename(entry, '.json'));
    assert.ok(new Set(stored).size >= 60, `${new Set(stored).size} types`);
  });

  test('hold what somebody configured where the noise is', () => {
    const kept = [
      ['lab/configmaps.json', 'operator-settings', /"own": "setting"/u],
      ['lab/configmaps.json', 'trusted-ca', /"own": "kept"/u],
      ['lab/secrets.json', 'runner-key', /"type": "kubernetes.io\/service-account-token"/u],
      ['lab/secrets.json', 'own-registry', /dockercfg/u],
      ['lab/endpoints.json', 'outside', /192\.0\.2\.7/u],
      ['lab/endpointslices.discovery.k8s.io.json', 'outside-by-hand', /2001:db8::7/u],
      ['lab/pods.json', 'lonely', /example\/lab:1/u],
      ['lab/replicasets.apps.json', 'orphan', /example\/lab:1/u],
      ['lab/jobs.batch.json', 'waiting', /"suspend": true/u],
      ['_cluster/groups.user.openshift.io.json', 'synced', /anna/u],
      ['blog/imagestreams.image.openshift.io.json', 'nodejs', /"scheduled": true/u],
    ] as const;
    const missing = kept.filter(([entry, name, pattern]) => !pattern.test(objectText(entry, name)));
    assert.deepEqual(missing, []);
  });

  // An API server of OpenShift requires it, empty or not:
  // https://github.com/openshift/openshift-apiserver/blob/56aa2d9/pkg/build/apis/build/validation/validation.go
  test('keep the image trigger of a BuildConfig that names no image', () => {
    assert.match(objectText('blog/buildconfigs.build.openshift.io.json', 'blog'), /"imageChange": \{\}/u);
  });

  test('are the same but for what was noted down of each run', () => {
    const [one = {}, other = {}] = entries;
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted();
    const different = names.filter((name) => one[name] !== other[name]);
    const shown = different.map((name) => `${name}\n${differences(one[name] ?? '', other[name] ?? '')}`);
    assert.deepEqual(different, [], `${different.length} entries differ:\n${shown.join('\n')}`);
  });

  function objectText(entry: string, name: string): string {
    return (itemsOf(entries[0]?.[entry] ?? '').get(name) ?? []).join('');
  }
});

/** The objects of two lists that differ, by name, with the first lines of each that the other one doesn't have. */
function differences(one: string, other: string): string {
  const [first, second] = [one, other].map(itemsOf);
  const names = [...new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])].toSorted();
  return names
    .flatMap((name) => {
      const [old = [], now = []] = [first?.get(name), second?.get(name)];
      if (old.join('\n') === now.join('\n')) return [];
      return [`  ${name}`, ...missingIn(now, old, '-'), ...missingIn(old, now, '+')];
    })
    .join('\n');
}

function itemsOf(text: string): Map<string, string[]> {
  if (text === '') return new Map();
  const { items } = JSON.parse(text) as { items: { metadata: { name: string } }[] };
  return new Map(items.map((item) => [item.metadata.name, JSON.stringify(item, null, 1).split('\n')]));
}

function missingIn(other: readonly string[], lines: readonly string[], sign: string): string[] {
  return lines
    .filter((line) => !other.includes(line))
    .slice(0, SHOWN_LINES_MAX)
    .map((line) => `    ${sign} ${line.trim()}`);
}
