import { KnownError } from '../../src/model/known-error.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { fillCluster, makeServiceAccount } from './cluster-steps.ts';
import {
  changeObjects,
  compareArchives,
  lookInside,
  runFirst,
  runAgain,
  sayWhatIsNext,
} from './backup-steps.ts';
import { openStage } from './stage.ts';
import { hasUnzip } from './unzip.ts';
import { openWorkshop } from './workshop.ts';

const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/*
 * `make demo`: what the tool does, on a cluster of its own. Every command line that is printed is run as it
 * stands there. Exit code 0 only if every one did what it should.
 */
try {
  await demonstrate();
} catch (error) {
  if (!(error instanceof KnownError)) throw error;
  process.stderr.write(`The demo has failed: ${error.message}\n`);
  process.exitCode = 1;
}

async function demonstrate(): Promise<void> {
  say('openshift-backup, on a cluster of its own that is gone afterwards. Yours is not touched.');
  say('Starting etcd and kube-apiserver on loopback.');
  const cluster = await startCluster({ log: say });
  // Until here a signal just ends this process, and what the cluster has begun is cleaned up behind it.
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = SIGNAL_CODES[signal];
      interruption.abort();
    });
  }
  // As in `make demo | head`.
  process.stdout.on('error', () => {
    process.exitCode = 1;
    interruption.abort();
  });
  try {
    await showEverything(cluster, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    await cluster.stop();
  }
}

async function showEverything(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const stage = openStage(await openWorkshop(cluster, signal));
  const mayUnzip = await hasUnzip(stage.say, signal);
  await fillCluster(stage, cluster);
  await makeServiceAccount(stage, cluster, signal);
  const first = await runFirst(stage);
  await lookInside(stage, first, mayUnzip);
  await changeObjects(stage);
  const second = await runAgain(stage);
  await compareArchives(stage, [first, second], mayUnzip);
  sayWhatIsNext(stage);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
