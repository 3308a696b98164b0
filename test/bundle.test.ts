import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { openArchive } from '../src/archive/read-archive.ts';
import { MANIFEST_ENTRY } from '../src/model/manifest.ts';
import { READ_EVERYTHING, sharedCluster } from './cluster/cluster.ts';

const run = promisify(execFile);
const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-bundle-'));
after(() => rm(folder, { recursive: true }));

/** The bundle, far away from any node_modules. */
async function bundle(): Promise<string> {
  const dist = path.join(folder, 'dist');
  await run('npm', ['run', '-s', 'build', '--', '--dir', dist]);
  return path.join(dist, 'main.js');
}

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

test('The bundle needs no node_modules, and exports what the source exports', async () => {
  const main = await bundle();
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
