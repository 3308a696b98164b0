// `make bench`: how long a run takes beside what no exporter can beat, and beside the original's way; and how long a
// comparison takes beside what else there is for it.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { OBJECTS_PER_PROJECT, projectObjects } from './bench-objects.ts';
import { benchDrift, driftLines, type DriftResult } from './drift.ts';
import { p99, startForeground } from './latency.ts';
import { commandOf, countingProxy, measure, type Measured, median } from './measure.ts';
import { oldWaySeconds } from './old-way.ts';

const ROUNDS = 5;
const PROJECTS_AT_ONCE = 50;
const CONNECTIONS = [2, 4] as const;

const objectCount = Number(process.env['OBJECTS'] ?? '10000');
/** Where the server takes the pages from: see `keepCached`. */
const pagesFrom = process.env['PAGES'] ?? 'etcd';
const projectCount = Math.ceil(objectCount / OBJECTS_PER_PROJECT);
if (!Number.isInteger(objectCount) || objectCount < 1) throw new Error('OBJECTS must be a whole number above 0');
if (pagesFrom !== 'etcd' && pagesFrom !== 'cache') throw new Error('PAGES must be etcd or cache');

execFileSync('npm', ['run', '-s', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
const TOOL = commandOf('dist/main.js');
const folder = await mkdtemp(join(tmpdir(), 'openshift-backup-bench-'));
const gates = `--feature-gates=ListFromCacheSnapshot=${pagesFrom === 'cache'}`;
const cluster = await startCluster({ log, apiServerFlags: [gates] });
try {
  await report(await bench(cluster));
} finally {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}

/** What `bench/latest.json` holds; README says what each key means. */
interface Result extends DriftResult {
  readonly objects: number;
  readonly projects: number;
  readonly pagesFrom: 'etcd' | 'cache';
  readonly machine: { readonly cpus: number; readonly memoryGiB: number; readonly node: string };
  readonly downloadSeconds: number;
  readonly runSeconds: number;
  readonly runPeakMiB: number;
  readonly runConnections: number;
  readonly archiveBytes: number;
  readonly downloadBytes: number;
  readonly oldWaySecondsExtrapolated: number | null;
  readonly ratioToDownload: number;
  readonly timesFasterThanOldWay: number | null;
  readonly idleGetP99Ms: number;
  readonly downloadGetP99Ms: number;
  readonly getP99Ms: number;
}

async function bench(on: Cluster): Promise<Result> {
  await installOpenShiftTypes(on);
  await fill(on);
  const { kubeconfig, token } = await on.serviceAccount({
    namespace: 'cluster-backup',
    name: 'openshift-backup',
    clusterRules: READ_EVERYTHING,
    expirationSeconds: 24 * 3600,
  });
  const paths = await writePaths(kubeconfig);
  // Once each, so that both begin with a warm server and a warm disk.
  await download(on, token, paths, CONNECTIONS[0]);
  await run(on, kubeconfig);
  const downloads: Measured[] = [];
  const runs: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // The faster one of two numbers of connections counts.
    const few = await download(on, token, paths, CONNECTIONS[0]);
    const many = await download(on, token, paths, CONNECTIONS[1]);
    downloads.push(few.wallSeconds < many.wallSeconds ? few : many);
    runs.push(await run(on, kubeconfig));
    log(`round ${round + 1} of ${ROUNDS}: download ${seconds(downloads.at(-1)?.wallSeconds)}, run ${seconds(runs.at(-1)?.wallSeconds)}`);
  }
  const downloadSeconds = median(downloads.map(({ wallSeconds }) => wallSeconds));
  const runSeconds = median(runs.map(({ wallSeconds }) => wallSeconds));
  log('a GET in the foreground: idle, during downloads, and during runs');
  const foreground = await foregroundP99(on, token, runSeconds, {
    download: async () => await download(on, token, paths, CONNECTIONS[0]),
    run: async () => await run(on, kubeconfig),
  });
  log('the old way, on three projects');
  const sample = [0, 1, 2].map((index) => projectObjects(index)[0]?.metadata.name ?? '');
  const oldWay = (await oldWaySeconds(on.description.binaries.kubectl, kubeconfig, sample, projectCount)) ?? null;
  const drift = await benchDrift({ tool: TOOL, folder, projectCount, rounds: ROUNDS, log });
  return {
    objects: projectCount * OBJECTS_PER_PROJECT,
    projects: projectCount,
    pagesFrom: pagesFrom === 'cache' ? 'cache' : 'etcd',
    machine: { cpus: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version },
    downloadSeconds,
    runSeconds,
    runPeakMiB: Math.max(...runs.map(({ peakMiB }) => peakMiB)),
    runConnections: await connectionsOfRun(on, kubeconfig),
    archiveBytes: (JSON.parse(runs[0]?.stdout ?? '{}') as { sizeBytes: number }).sizeBytes,
    downloadBytes: (JSON.parse(downloads[0]?.stdout ?? '{}') as { receivedBytes: number }).receivedBytes,
    oldWaySecondsExtrapolated: oldWay,
    ratioToDownload: runSeconds / downloadSeconds,
    timesFasterThanOldWay: oldWay === null ? null : oldWay / runSeconds,
    ...foreground,
    ...drift,
  };
}

async function fill(on: Cluster): Promise<void> {
  const startedMs = performance.now();
  for (let index = 0; index < projectCount; index += PROJECTS_AT_ONCE) {
    const count = Math.min(PROJECTS_AT_ONCE, projectCount - index);
    await on.create(Array.from({ length: count }, (_value, item) => projectObjects(index + item)).flat());
    if (index % 500 === 0) log(`filling: ${index * OBJECTS_PER_PROJECT} of ${projectCount * OBJECTS_PER_PROJECT} objects`);
  }
  log(`filled in ${seconds((performance.now() - startedMs) / 1000)}`);
}

/** The same lists that a run reads, for the bare download. */
async function writePaths(kubeconfig: string): Promise<string> {
  const { stdout } = await measure([...TOOL, 'types', '-o', 'json', '--kubeconfig', kubeconfig]);
  const types = JSON.parse(stdout) as { type: string; apiVersion: string; isExported: boolean }[];
  const paths = types
    .filter(({ isExported }) => isExported)
    .map(({ type, apiVersion }) => `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/${type.split('.', 1)[0] ?? ''}`);
  const file = join(folder, 'paths.json');
  await writeFile(file, JSON.stringify(paths));
  return file;
}

/**
 * Since Kubernetes 1.34 a server takes the pages of a list from memory as long as it remembers the state that the
 * list began with: it does after a change to the type, until the next compaction of etcd, some minutes later. Any
 * other list, and every one of an older server, is read from etcd, which takes the server twice the time.
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/apiserver/pkg/features/kube_features.go, ListFromCacheSnapshot)
 * A benchmark in which the one becomes the other measures neither: so it is always the one, or always the other.
 */
async function keepCached(on: Cluster): Promise<void> {
  if (pagesFrom !== 'cache') return;
  const annotations = { 'bench/changed': String(performance.now()) };
  const objects = new Map(projectObjects(0).map((object) => [object.kind, object]));
  await on.apply(
    [...objects.values()].map(({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, annotations } })),
  );
}

async function download(on: Cluster, token: string, paths: string, connections: number): Promise<Measured> {
  await keepCached(on);
  return await measure([process.execPath, 'test/bench/download.ts', on.server, on.caFile, token, paths, String(connections)]);
}

async function run(on: Cluster, kubeconfig: string): Promise<Measured> {
  await keepCached(on);
  const dir = await mkdtemp(join(folder, 'archives-'));
  try {
    return await measure([...TOOL, 'run', '--dir', dir, '--kubeconfig', kubeconfig, '-o', 'json']);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** As long idle as a run takes, then three downloads, and three runs. */
async function foregroundP99(
  on: Cluster,
  token: string,
  runSeconds: number,
  { download: downloadOnce, run: runOnce }: Readonly<Record<'download' | 'run', () => Promise<unknown>>>,
): Promise<Pick<Result, 'idleGetP99Ms' | 'downloadGetP99Ms' | 'getP99Ms'>> {
  const during = async (work: () => Promise<unknown>): Promise<number> => {
    const foreground = startForeground(on, token);
    await work();
    return p99(await foreground.stop());
  };
  return {
    idleGetP99Ms: await during(async () => await sleep(3000 * runSeconds)),
    downloadGetP99Ms: await during(async () => await thrice(downloadOnce)),
    getP99Ms: await during(async () => await thrice(runOnce)),
  };
}

async function thrice(work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 3; round++) await work();
}

async function connectionsOfRun(on: Cluster, kubeconfig: string): Promise<number> {
  const { port } = new URL(on.server);
  const proxy = await countingProxy(Number(port));
  const redirected = join(folder, 'proxied.kubeconfig');
  await writeFile(redirected, (await readFile(kubeconfig, 'utf8')).replace(on.server, `https://127.0.0.1:${proxy.port}`));
  await run(on, redirected);
  proxy.close();
  return proxy.connectionCount();
}

async function report(result: Result): Promise<void> {
  const { oldWaySecondsExtrapolated: oldWay, timesFasterThanOldWay: times } = result;
  await mkdir('bench', { recursive: true });
  await writeFile('bench/latest.json', `${JSON.stringify(result, null, 2)}\n`);
  const lines = [
    `${result.objects} objects in ${result.projects} projects, pages from ${result.pagesFrom === 'etcd' ? 'etcd' : "the server's cache"}; ${result.machine.cpus} CPUs, ${result.machine.memoryGiB} GiB, Node.js ${result.machine.node}`,
    `(a) bare download of the same pages    ${seconds(result.downloadSeconds)}   ${(result.downloadBytes / 1e6).toFixed(0)} MB`,
    `(b) openshift-backup run               ${seconds(result.runSeconds)}   ${result.runPeakMiB.toFixed(0)} MiB at most, ${result.runConnections} connections, archive ${(result.archiveBytes / 1e6).toFixed(1)} MB`,
    oldWay === null
      ? '(c) the old way                        not measured: there is no jq here'
      : `(c) the old way, extrapolated          ${seconds(oldWay)}   (from 3 projects)`,
    `GET in the foreground, p99: ${result.idleGetP99Ms.toFixed(1)} ms idle, ${result.downloadGetP99Ms.toFixed(1)} ms during bare downloads, ${result.getP99Ms.toFixed(1)} ms during runs`,
    `run : download = ${result.ratioToDownload.toFixed(2)}${times === null ? '' : `; ${times.toFixed(0)} times faster than the old way`}`,
    ...driftLines(result),
    `Medians of ${ROUNDS} rounds; written to bench/latest.json`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function seconds(value: number | undefined): string {
  return `${(value ?? Number.NaN).toFixed(2)} s`;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
