import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ThreadTask } from '../src/archive/entry-checks.ts';
import { newFacts, SOUND } from '../src/archive/entry-facts.ts';
import { openArchive } from '../src/archive/read-archive.ts';
import { MANIFEST_ENTRY } from '../src/model/manifest.ts';
import { commandOf } from './bench/measure.ts';
import { archiveOf, SMALL, writeArchive } from './archive/zip-fixtures.ts';
import { READ_EVERYTHING, sharedCluster } from './cluster/cluster.ts';

const run = promisify(execFile);
const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-bundle-'));
after(() => rm(folder, { recursive: true }));

/** The bundle, far away from any node_modules. */
const dist = path.join(folder, 'dist');
await run('npm', ['run', '-s', 'build', '--', '--dir', dist]);

async function entriesOf(dir: string): Promise<Record<string, string>> {
  const [file = ''] = (await readdir(dir)).filter((name) => name.endsWith('.zip'));
  const archive = await openArchive(path.join(dir, file));
  const entries: Record<string, string> = {};
  for (const { path: name } of archive.entries) {
    if (name !== MANIFEST_ENTRY) entries[name] = (await archive.read(name)).toString();
  }
  await archive.close();
  return entries;
}

test('The work tree starts the program as its first line says, and so does the bundle', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: { start: string } };
  const flags = commandOf('src/main.ts').slice(1, -1);
  assert.equal(scripts.start, ['node', ...flags, 'src/main.ts'].join(' '));
  assert.deepEqual(commandOf(path.join(dist, 'main.js')).slice(1, -1), flags);
});

test('The bundle needs no node_modules, and exports what the source exports', async () => {
  const main = path.join(dist, 'main.js');
  const cluster = await sharedCluster();
  const { kubeconfig } = await cluster.serviceAccount({
    namespace: 'bundle',
    name: 'reader',
    clusterRules: READ_EVERYTHING,
  });
  const dirs = { bundle: path.join(folder, 'of-bundle'), source: path.join(folder, 'of-source') };
  const options = ['--kubeconfig', kubeconfig, '--namespace', 'bundle'];
  await run(process.execPath, [main, 'run', '--dir', dirs.bundle, ...options], { cwd: folder });
  await run(process.execPath, ['src/main.ts', 'run', '--dir', dirs.source, ...options]);
  const entries = await entriesOf(dirs.bundle);
  assert.ok('bundle/serviceaccounts.json' in entries);
  assert.deepEqual(entries, await entriesOf(dirs.source));
});

test('The bundle goes through a proxy', async () => {
  const { kubeconfig } = await (
    await sharedCluster()
  ).serviceAccount({ namespace: 'bundle', name: 'behind-proxy', clusterRules: READ_EVERYTHING });
  let tunnelCount = 0;
  const proxy = createServer().on('connect', ({ url = '' }: IncomingMessage, client: Socket) => {
    tunnelCount++;
    const { hostname, port } = new URL(`tcp://${url}`);
    const upstream = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const proxied = path.join(folder, 'proxied.kubeconfig');
  const text = await readFile(kubeconfig, 'utf8');
  await writeFile(proxied, withProxy(text, `http://127.0.0.1:${port}`));
  const main = path.join(dist, 'main.js');
  const { stdout } = await run(process.execPath, [main, 'types', '--kubeconfig', proxied], { cwd: folder });
  assert.match(stdout, /^configmaps /mu);
  assert.ok(tunnelCount > 0, 'the proxy was asked');
  proxy.close();
});

test('The bundle has the thread that checks entries, where it is looked for', async () => {
  const file = await writeArchive(folder, 'x.zip', await archiveOf(SMALL));
  const archive = await openArchive(file);
  const handle = await open(file);
  const facts = newFacts(archive.entries.length - 1);
  const checking = { entries: archive.entries.columns, facts, level: 'contents' as const };
  const workerData: ThreadTask = { fd: handle.fd, sizeBytes: archive.sizeBytes, checking };
  const thread = new Worker(path.join(dist, 'verify-thread.js'), { workerData });
  const [reasons] = (await once(thread, 'message')) as unknown[];
  assert.deepEqual(reasons, new Map());
  assert.deepEqual([...facts.states], [SOUND, SOUND, SOUND]);
  await thread.terminate();
  await handle.close();
  await archive.close();
});

/** The kubeconfig of a test cluster, with a proxy before its only server. */
function withProxy(kubeconfig: string, proxyUrl: string): string {
  const config = JSON.parse(kubeconfig) as { clusters: { cluster: Record<string, unknown> }[] };
  for (const { cluster } of config.clusters) cluster['proxy-url'] = proxyUrl;
  return JSON.stringify(config);
}
