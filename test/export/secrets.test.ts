import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openArchive } from '../../src/archive/read-archive.ts';
import { type Cluster, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { startFaultProxy } from '../faults/fault-proxy.ts';
import { manifestOf } from '../support/archive-folder.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { type Canary, CANARY_PROJECT, canaryObjects, readableForms } from './canaries.ts';

const { canaries, objects } = canaryObjects();

describe('secret values', { concurrency: 2 }, () => {
  let cluster: Cluster;
  let folder: string;
  let kubeconfig: string;
  let token: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'secrets-test-'));
    cluster = await sharedCluster();
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: CANARY_PROJECT } }]);
    await cluster.apply(objects);
    ({ kubeconfig, token } = await cluster.serviceAccount({
      namespace: CANARY_PROJECT,
      name: 'reader',
      clusterRules: READ_EVERYTHING,
    }));
  });
  after(() => rm(folder, { recursive: true }));

  /**
   * Everything that a run leaves to be read: the archive's entries, what it prints, what other commands print,
   * and what it writes down of itself.
   */
  async function traces(
    name: string,
    args: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<string> {
    const dir = path.join(folder, name);
    const log = ['--termination-log', `${dir}.log`];
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, ...log, ...args], {
      environment,
    });
    assert.equal(result.code, 0, result.stderr);
    const entries = await allEntries(result);
    const records = await recordsOf(dir);
    const others = [
      await runCli(['show', 'latest', '--dir', dir]),
      await runCli(['verify', 'latest', '--dir', dir]),
      await runCli(['status', '--dir', dir]),
      await runCli(['status', '--dir', dir, '-o', 'json']),
      await runCli(['show', 'latest', 'secrets', '--dir', dir, '-n', CANARY_PROJECT]),
      await runCli(['show', 'latest', 'routes/shop', '--dir', dir, '-n', CANARY_PROJECT, '--apply-ready']),
    ];
    const printed = [result, ...others].map(({ stdout, stderr }) => `${stdout}\n${stderr}`);
    return [...entries, ...records, ...printed].join('\n');
  }

  test('are in an archive that includes them', async () => {
    const text = await traces('include', []);
    const found = canaries.filter(({ value }) => isReadable(text, value) || isGzipped(text, value));
    // All but the one that only the annotation of kubectl holds, which is never stored.
    assert.deepEqual(placesOf(canaries.filter((one) => !found.includes(one))), [
      'stringData in the last-applied annotation',
    ]);
    assert.ok(canaries.length >= 20, `${canaries.length} canaries`);
  });

  for (const [name, args, environment] of [
    ['redacted', ['--secrets', 'redact'], {}],
    ['redacted as the environment says', [], { BACKUP_SECRETS: 'redact' }],
    ['excluded', ['--secrets', 'exclude'], {}],
    ['excluded as the environment of the original says', [], { BACKUP_SECRETS: 'false' }],
  ] as const) {
    test(`leave no trace when they are ${name}`, async () => {
      const text = await traces(name.replaceAll(' ', '-'), args, environment);
      const found = canaries.filter(({ value }) => isReadable(text, value) || isGzipped(text, value));
      assert.deepEqual(placesOf(found), []);
      // What is left is not nothing.
      assert.match(text, /"kind": "BuildConfig"/u);
      assert.match(text, /redacted/u);
    });
  }

  test('stay recognisable when they are redacted: the same one night, another when one changes', async () => {
    const dir = path.join(folder, 'nights');
    const night = async (): Promise<Record<string, string>> => {
      const result = await runCli([
        'run',
        '--dir',
        dir,
        '--kubeconfig',
        kubeconfig,
        '--secrets',
        'redact',
        '-n',
        CANARY_PROJECT,
      ]);
      assert.equal(result.code, 0, result.stderr);
      const archive = result.stdout.trim();
      assert.equal((await manifestOf(archive)).options.secrets, 'redact');
      const shown = await runCli(['show', path.basename(archive), 'secrets/plain', '--dir', dir]);
      return (JSON.parse(shown.stdout) as { data: Record<string, string> }).data;
    };
    const [first, second] = [await night(), await night()];
    assert.deepEqual(first, second);
    assert.deepEqual(Object.keys(first), ['key.pem', 'password']);
    const changed = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'plain', namespace: CANARY_PROJECT },
    };
    await cluster.apply([{ ...changed, data: { password: Buffer.from('another').toString('base64') } }]);
    const third = await night();
    assert.notEqual(third['password'], second['password']);
    const shown = await runCli(['show', 'latest', '-n', CANARY_PROJECT, '--dir', dir, '--apply-ready']);
    assert.equal(shown.code, 5, 'redacted objects must not be applied');
    assert.match(shown.stderr, /without secret values/u);
  });

  test('are not in what a run writes down of itself, also where they are included, and where it fails', async () => {
    const dir = path.join(folder, 'recorded');
    const args = ['--dir', dir, '--kubeconfig', kubeconfig, '--termination-log', `${dir}.log`];
    const proxy = await startFaultProxy(cluster, folder, token, []);
    const runs = [
      [0, ...args],
      [4, ...args, '-l', 'app=nowhere', '-n', CANARY_PROJECT],
      [2, ...args, '--redaction-key', path.join(folder, 'no-key'), '--secrets', 'redact'],
      [4, ...args, '--kubeconfig', proxy.kubeconfig],
    ] as const;
    await proxy.goAway();
    for (const [code, ...given] of runs) {
      const result = await runCli(['run', ...given]);
      assert.equal(result.code, code, result.stderr);
      const text = (await recordsOf(dir)).join('\n');
      const found = canaries.filter((one) => isReadable(text, one.value));
      assert.deepEqual(placesOf(found), []);
      assert.ok(!text.includes(token));
    }
    await proxy.stop();
    const { runs: records } = JSON.parse((await recordsOf(dir))[0] ?? '') as { runs: unknown[] };
    assert.equal(records.length, runs.length);
  });

  for (const [name, content, message] of [
    ['is too short', 'short', /has 5 bytes, and 32 are needed/u],
    ['does not exist', undefined, /There is no redaction key/u],
  ] as const) {
    test(`are not exported with a key that ${name}`, async () => {
      const key = path.join(folder, `key-${name.length}`);
      if (content !== undefined) await writeFile(key, content);
      const dir = path.join(folder, `refused-${name.length}`);
      const args = ['--secrets', 'redact', '--redaction-key', key, '--dir', dir, '--kubeconfig', kubeconfig];
      const result = await runCli(['run', ...args]);
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, message);
    });
  }

  test('are not exported in a way that nobody knows', async () => {
    const result = await runCli(['run', '--secrets', 'maybe', '--dir', folder, '--kubeconfig', kubeconfig]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /--secrets is "maybe": give include, redact or exclude/u);
  });
});

function placesOf(found: readonly Canary[]): string[] {
  return found.map(({ place }) => place);
}

function isReadable(text: string, value: string): boolean {
  return readableForms(value).some((form) => text.includes(form));
}

/** Whether it stands in something that has been gzipped and encoded twice, as Helm does it. */
function isGzipped(text: string, value: string): boolean {
  return [...text.matchAll(/"release": "(?<data>[^"]+)"/gu)].some(({ groups }) => {
    const inner = Buffer.from(Buffer.from(groups?.['data'] ?? '', 'base64').toString(), 'base64');
    return inner[0] === 0x1f && gunzipSync(inner).includes(value);
  });
}

/** The history, the metrics and the termination message of a run into this folder. */
async function recordsOf(dir: string): Promise<string[]> {
  const files = [path.join(dir, 'status.json'), path.join(dir, 'openshift-backup.prom'), `${dir}.log`];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  for (const text of texts) assert.notEqual(text, '');
  return texts;
}

async function allEntries({ stdout }: CliResult): Promise<string[]> {
  const file = stdout.trim();
  const archive = await openArchive(file);
  const texts = [(await readFile(file)).toString('latin1')];
  for (const { path: entry } of archive.entries) texts.push((await archive.read(entry)).toString());
  await archive.close();
  return texts;
}
