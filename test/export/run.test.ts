import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { countingProxy } from '../bench/measure.ts';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { sampleProjects } from '../cluster/sample-projects.ts';
import { archivesIn, assertSound, gapNames, manifestOf, namesIn } from '../support/archive-folder.ts';
import { type CliResult, messageLines, runCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';
import { clusterContent, type Content, listedTypes, unpackedContent } from './cluster-content.ts';
import { NASTY_PROJECT, nastyObjects } from './nasty-objects.ts';

/** Types that can be listed, fetched and created, and are left out nevertheless. */
const LEFT_OUT = [
  'builds.build.openshift.io',
  'certificatesigningrequests.certificates.k8s.io',
  'controllerrevisions.apps',
  'csinodes.storage.k8s.io',
  'csistoragecapacities.storage.k8s.io',
  'events',
  'events.events.k8s.io',
  'images.image.openshift.io',
  'ipaddresses.networking.k8s.io',
  'leases.coordination.k8s.io',
  'nodes',
  'resourceslices.resource.k8s.io',
  'templateinstances.template.openshift.io',
  'volumeattachments.storage.k8s.io',
];

describe('two runs on a quiet cluster', { skip: missing('unzip') }, () => {
  let cluster: Cluster;
  let folder: string;
  let runs: CliResult[];
  let kubeconfig: string;
  /** The archives of both runs, and where they are unpacked. */
  const archives: string[] = [];
  const unpacked: string[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'run-test-'));
    cluster = await startCluster();
    await installOpenShiftTypes(cluster);
    await cluster.apply(sampleProjects());
    await cluster.create(nastyObjects());
    ({ kubeconfig } = await cluster.serviceAccount({
      namespace: 'backup',
      name: 'openshift-backup',
      clusterRules: READ_EVERYTHING,
    }));
    const dir = path.join(folder, 'archives');
    // A umask that takes nothing away: the modes are the tool's own.
    const wrapper = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];
    const run = (): Promise<CliResult> =>
      runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig], { wrapper });
    runs = [await run(), await run()];
    for (const name of await archivesIn(dir)) {
      const target = path.join(folder, `unpacked-${archives.length}`);
      await runProgram('unzip', ['-q', path.join(dir, name), '-d', target]);
      archives.push(path.join(dir, name));
      unpacked.push(target);
    }
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  test('are complete, print the names of their archives and leave nothing else', async () => {
    assert.deepEqual(
      runs.map(({ code, stdout }) => ({ code, stdout })),
      [
        { code: 0, stdout: `${archives[0]}\n` },
        { code: 0, stdout: `${archives[1]}\n` },
      ],
    );
    assert.deepEqual(runs.flatMap(messageLines), []);
    const expected = archives.flatMap((archive) => [
      path.basename(archive),
      `${path.basename(archive)}.sha256`,
    ]);
    assert.deepEqual(await namesIn(path.join(folder, 'archives')), expected);
    for (const archive of archives) await assertSound(archive);
  });

  test('open no more than four connections', async () => {
    const proxy = await countingProxy(Number(new URL(cluster.server).port));
    try {
      const redirected = path.join(folder, 'proxied.kubeconfig');
      const text = await readFile(kubeconfig, 'utf8');
      await writeFile(redirected, text.replace(cluster.server, `https://127.0.0.1:${proxy.port}`));
      const dir = path.join(folder, 'proxied');
      await mkdir(dir);
      const { code, stderr } = await runCli(['run', '--dir', dir, '--kubeconfig', redirected]);
      assert.equal(code, 0, stderr);
      const count = proxy.connectionCount();
      assert.ok(count > 0 && count <= 4, `${count} connections`);
    } finally {
      proxy.close();
    }
  });

  test('hold every object, and of it every field that no rule prunes', async () => {
    const types = await listedTypes(cluster, ['--verbs=list,get,create']);
    const exported = types.filter(({ type }) => !LEFT_OUT.includes(type));
    assert.equal(exported.length, types.length - LEFT_OUT.length, 'LEFT_OUT names what the cluster has');
    const expected = await clusterContent(cluster, exported);
    const actual = await unpackedContent(unpacked[0] ?? '');
    assert.deepEqual([...actual.keys()].toSorted(), [...expected.keys()].toSorted());
    for (const [key, object] of expected) assert.deepEqual(actual.get(key), object, key);
    assertNasty(actual);
  });

  test('say in the manifest what happened to every type', async () => {
    const manifest = await manifestOf(archives[0] ?? '');
    const records = manifest.types.map(({ type, apiVersion, kind }) => ({ type, apiVersion, kind }));
    assert.deepEqual(records, await listedTypes(cluster));
    assert.deepEqual(gapNames(manifest), []);
    const skipped = manifest.types.filter(({ outcomes }) =>
      outcomes.some(({ result }) => result === 'skipped'),
    );
    const virtual = skipped.filter(({ outcomes }) =>
      outcomes.some((outcome) => 'rule' in outcome && outcome.rule === 'virtual'),
    );
    const names = skipped.filter((record) => !virtual.includes(record)).map(({ type }) => type);
    assert.deepEqual(names, [...LEFT_OUT, 'componentstatuses'].toSorted());
    const uid = await cluster.kubectl(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
    assert.equal(manifest.cluster.id, uid);
  });

  test('differ in the manifest alone', async () => {
    const files = (await readdir(unpacked[0] ?? '', { recursive: true })).toSorted();
    assert.ok(files.length > 90, `${files.length} files`);
    assert.deepEqual((await readdir(unpacked[1] ?? '', { recursive: true })).toSorted(), files);
    for (const file of files.filter((name) => name.endsWith('.json') && name !== 'manifest.json')) {
      const [first, second] = await Promise.all(unpacked.map((target) => readFile(path.join(target, file))));
      assert.ok(first && second && first.equals(second), `${file} is the same in both`);
    }
  });

  test('give files of mode 0640, packed and unpacked', async () => {
    const dir = path.join(folder, 'archives');
    assert.equal((await stat(dir)).mode & 0o777, 0o770);
    for (const file of await readdir(dir)) {
      assert.equal((await stat(path.join(dir, file))).mode & 0o777, 0o640, file);
    }
    const listing = await runProgram('unzip', ['-Z', archives[0] ?? '']);
    const modes = listing
      .split('\n')
      .filter((line) => line.endsWith('.json'))
      .map((line) => line.slice(0, 10));
    assert.ok(modes.length > 90);
    assert.deepEqual([...new Set(modes)], ['-rw-r-----']);
  });

  test('can be checked with sha256sum -c', { skip: missing('sha256sum') }, async () => {
    const sums = archives.map((archive) => `${path.basename(archive)}.sha256`);
    const text = await runProgram('sha256sum', ['--check', '--strict', ...sums], {
      cwd: path.join(folder, 'archives'),
    });
    assert.equal(text, archives.map((archive) => `${path.basename(archive)}: OK\n`).join(''));
  });

  test('can be read with jq', { skip: missing('jq') }, async () => {
    const files = (await readdir(unpacked[0] ?? '', { recursive: true })).filter((name) =>
      name.endsWith('.json'),
    );
    const cwd = unpacked[0] ?? '';
    const args = ['-r', '.data["__proto__"], .data["10"]'];
    await runProgram('jq', ['-e', '.', ...files], { cwd });
    const filter = '.items[] | select(.metadata.name == "keys")';
    const map = await runProgram('jq', [filter, `${NASTY_PROJECT}/configmaps.json`], { cwd });
    await writeFile(path.join(folder, 'keys.json'), map);
    assert.equal(await runProgram('jq', [...args, 'keys.json'], { cwd: folder }), 'a\nb\n');
  });

  test('can be given to kubectl apply', async () => {
    const source = unpacked[1] ?? '';
    await rm(path.join(source, 'manifest.json'));
    // kubectl checks a List itself, and takes null for a fault ("unknown object type nil"): real objects have it.
    const args = ['apply', '--dry-run=server', '--validate=ignore', '--recursive', '-f', source];
    const message = await cluster.kubectl(args).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    const refused = [...message.matchAll(/^Name: "(.*)", Namespace: /gmu)].map(([, name = '']) => name);
    // Client-side apply keeps a copy of the object in an annotation, of 256 KiB at most, and takes a null that the
    // type requires for a field to be removed. Server-side apply does neither.
    assert.deepEqual(refused.toSorted(), ['large', 'node-exporter']);
    const content = await unpackedContent(source);
    const target = path.join(folder, 'refused');
    await mkdir(target);
    for (const key of [
      `configmaps ${NASTY_PROJECT}/large`,
      'securitycontextconstraints.security.openshift.io /node-exporter',
    ]) {
      await writeFile(
        path.join(target, `${key.replaceAll('/', ' ')}.json`),
        JSON.stringify(content.get(key)),
      );
    }
    const server = ['apply', '--dry-run=server', '--server-side', '--force-conflicts', '-f', target];
    assert.equal((await cluster.kubectl(server)).match(/serverside-applied \(server dry run\)/gu)?.length, 2);
  });
});

/** The objects that were made to break an exporter are there as they were made: kubectl may break them too. */
function assertNasty(content: Content): void {
  const get = (type: string, name: string): Record<string, unknown> =>
    content.get(`${type} ${NASTY_PROJECT}/${name}`) ?? {};
  const numbers = get('oddities.nasty.example.com', 'numbers')['spec'];
  assert.deepEqual((numbers as { integers: bigint[] }).integers.slice(0, 4), [
    9007199254740993n,
    -9007199254740993n,
    9223372036854775807n,
    -9223372036854775808n,
  ]);
  const data = get('configmaps', 'keys')['data'] as Record<string, string>;
  assert.deepEqual(Object.keys(data).toSorted(), ['-', '.a', '10', '9', '__proto__', 'toString']);
  const spec = get('oddities.nasty.example.com', 'structure')['spec'] as Record<string, unknown>;
  assert.deepEqual([spec['object'], spec['list'], spec['status']], [{}, [], { stays: true }]);
  const { text = '' } = get('configmaps', 'large')['data'] as { text?: string };
  assert.equal(text.length, 1024 * 1024 - 'text'.length);
  for (const name of ['__proto__', '...', '\u{1f512}', '\uff5e', 'Größe "10" & mehr?#*']) {
    assert.equal(get('roles.rbac.authorization.k8s.io', name)['kind'], 'Role', name);
  }
  assert.ok(content.has('clusterroles.rbac.authorization.k8s.io /nasty:with:colons'));
  assert.deepEqual(get('configmaps', 'annotated')['metadata'], {
    finalizers: ['nasty.example.com/keep'],
    labels: { empty: '' },
    name: 'annotated',
    namespace: NASTY_PROJECT,
  });
}
