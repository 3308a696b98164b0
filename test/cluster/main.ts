import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KnownError, systemErrorCode } from '../../src/model/known-error.ts';
import { cacheFolder } from './binaries.ts';
import { openCluster } from './cluster.ts';
import { type ClusterDescription, isAlive, startControlPlane, stopControlPlane } from './control-plane.ts';
import { installOpenShiftTypes } from './openshift-types.ts';

// A cluster for people: it runs in the background until it is taken down. One per user; this file says where.
const STATE_FILE = path.join(cacheFolder(), 'cluster.json');

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { up, down, status };

try {
  const command = COMMANDS[process.argv[2] ?? ''];
  if (!command) throw new KnownError('usage', 'usage: node test/cluster/main.ts up|down|status');
  await command();
} catch (error) {
  if (!(error instanceof KnownError)) throw error;
  say(error.message);
  process.exitCode = error.kind === 'usage' ? 2 : 1;
}

/** Starts the cluster unless it runs; its last and only line on stdout is for the shell. */
async function up(): Promise<void> {
  let state = await readState();
  if (!state || !(await answers(state))) {
    if (state) await forget(state);
    say('Starting a cluster (etcd, kube-apiserver, OpenShift types)');
    state = await start();
    say(`It runs at ${state.server}; logs and data: ${state.folder}`);
    say('Take it down with: make cluster-down');
  }
  process.stdout.write(`export KUBECONFIG=${shellWord(state.files.adminKubeconfig)}\n`);
}

async function down(): Promise<void> {
  const state = await readState();
  if (!state) return say('There is no cluster to take down');
  await forget(state);
  say('The cluster is down, and its data is gone');
}

async function status(): Promise<void> {
  const state = await readState();
  const isUp = state !== undefined && (await answers(state));
  process.stdout.write(isUp ? `up at ${state.server}, data and logs in ${state.folder}\n` : 'down\n');
  process.exitCode = isUp ? 0 : 1;
}

async function start(): Promise<ClusterDescription> {
  const controlPlane = await startControlPlane({ log: say });
  try {
    await installOpenShiftTypes(await openCluster(controlPlane.description));
    await mkdir(path.dirname(STATE_FILE), { recursive: true });
    await writeFile(STATE_FILE, `${JSON.stringify(controlPlane.description)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    await controlPlane.stop();
    const other = systemErrorCode(error) === 'EEXIST' ? await readState() : undefined;
    if (!other) throw error;
    say('Another one was started meanwhile');
    return other;
  }
  controlPlane.outlive();
  return controlPlane.description;
}

async function readState(): Promise<ClusterDescription | undefined> {
  try {
    return JSON.parse(await readFile(STATE_FILE, 'utf8')) as ClusterDescription;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new KnownError('failed', `${STATE_FILE} can't be read: remove it`, { cause: error });
  }
}

async function answers(state: ClusterDescription): Promise<boolean> {
  if (!isAlive(state)) return false;
  try {
    const { api } = await openCluster(state);
    return (await api.request('GET', '/readyz')).status === 200;
  } catch {
    return false;
  }
}

/** Ends what is left of a cluster, also of one that has crashed. */
async function forget(state: ClusterDescription): Promise<void> {
  await stopControlPlane(state);
  await rm(STATE_FILE, { force: true });
}

function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
