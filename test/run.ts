import { type ChildProcess, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism, constants, devNull } from 'node:os';
import path from 'node:path';
import { KnownError } from '../src/model/known-error.ts';
import type { Cluster } from './cluster/cluster.ts';

const ROOT = path.join(import.meta.dirname, '..');
const OLDEST_NODE = 24;

/*
 * Runs the tests: `node test/run.ts [--no-cluster] [options of node] [files]`, all test files by default.
 * They share one cluster, which is started here and ends here, whatever happens. Without a cluster the
 * tests that need one fail, and so does this. Only tests that need a real node are skipped where there can be
 * none; with NODE_TESTS=required that is a failure too.
 */
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof KnownError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function run(args: readonly string[]): Promise<number> {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    const message = `the tests need Node ${OLDEST_NODE}, and this is ${process.version}: use make test, which brings it`;
    throw new KnownError('usage', message);
  }
  const nodeOptions = args.filter((arg) => arg.startsWith('--') && arg !== '--no-cluster');
  const files = args.filter((arg) => !arg.startsWith('--')).map((file) => path.resolve(file));
  if (files.length === 0) files.push(...globSync('test/**/*.test.ts', { cwd: ROOT }).toSorted());
  if (args.includes('--no-cluster')) return runTests(nodeOptions, files, {});
  const { SKIPPED_VARIABLE, whyNoNode } = await import('./cluster/node/why-no-node.ts');
  // Here, once: it may install packages.
  const reason = await whyNoNode();
  const cluster = await sharedCluster();
  try {
    const line = reason === undefined ? 'node tests: will run' : `node tests skipped: ${reason}`;
    process.stdout.write(`${line}\n`);
    return await runTests(nodeOptions, files, {
      TEST_CLUSTER: cluster.description.files.description,
      [SKIPPED_VARIABLE]: reason ?? '',
    });
  } finally {
    await cluster.stop();
  }
}

async function sharedCluster(): Promise<Cluster> {
  // Loaded only now: with an older Node the message above must come first.
  const [{ startCluster }, { installOpenShiftTypes }] = await Promise.all([
    import('./cluster/cluster.ts'),
    import('./cluster/openshift-types.ts'),
  ]);
  const cluster = await startCluster();
  try {
    await installOpenShiftTypes(cluster);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** @returns node's exit code, 128 + the signal's number if a signal ended it */
async function runTests(
  nodeOptions: readonly string[],
  files: readonly string[],
  variables: NodeJS.ProcessEnv,
): Promise<number> {
  // One file more than there are cores: some of them mostly wait, for pods or for a minute to pass.
  const options = ['--test', '--test-reporter=spec', `--test-concurrency=${availableParallelism() + 1}`];
  const child = spawn(process.execPath, [...options, ...nodeOptions, ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    // A test that forgets to say which cluster it means must not find the developer's own.
    env: { ...process.env, KUBECONFIG: devNull, ...variables },
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    return await exitCodeOf(child);
  } finally {
    process.off('SIGINT', forward).off('SIGTERM', forward);
  }
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
