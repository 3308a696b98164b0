import { ClusterObjects } from '../kubernetes/objects.ts';
import type { VolumeOutcome } from '../model/volume-outcome.ts';
import { errorText, KnownError } from '../model/known-error.ts';
import { byName, copyNight, gatherNight, type NightRequest } from '../volumes/night/copy-night.ts';
import type { CopyLimits } from '../volumes/night/in-limits.ts';
import type { ConfiguredCopy } from '../volumes/night/plan-night.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { copyContext, enduringClient } from './copy-surroundings.ts';
import { Interruption } from './exit-code.ts';
import type { CommandInput } from './process-context.ts';

/** The ledger of the last night, beside the archives: what became of every claim, and why. */
export const LEDGER_FILE = 'volumes.json';

/**
 * Copies the volumes that are to be copied after an export.
 *
 * @param onOutcome told of each claim when its end is known
 * @returns what became of every claim of the projects that let theirs be copied; undefined where there is no such
 *   project. What goes wrong is an outcome: the archive is published by now.
 */
export async function nightlyVolumes(
  input: CommandInput,
  cluster: ClusterAccess,
  onOutcome: (outcome: VolumeOutcome) => void,
): Promise<readonly VolumeOutcome[] | undefined> {
  const outcomes = await attempt(
    async () =>
      await cluster.use(async (_client, connection) => {
        // Also when the run is to end: that there is nothing to be copied must not look like a copy that is missing.
        const client = enduringClient(input, connection);
        const { veleroHooks } = input.settings;
        const access = { client, objects: new ClusterObjects(client), veleroHooks };
        const night = await gatherNight(access, requestOf(input));
        for (const outcome of night.outcomes) onOutcome(outcome);
        if (night.copies.length === 0) return byName(night.outcomes);
        const context = await copyContext(input, connection);
        const copied = await copyNight(context, night.copies, limitsOf(input), onOutcome);
        return byName([...night.outcomes, ...copied]);
      }),
    onOutcome,
  );
  return outcomes.length === 0 ? undefined : outcomes;
}

function requestOf({ settings }: CommandInput): NightRequest {
  return {
    configured: settings.volumes.map(configuredCopy),
    knownProjects: settings.namespaces.filter((name) => !/[*?]/u.test(name)),
    usual: { bandwidthKiB: settings.copyBandwidthKiB, deadlineSeconds: settings.copyDeadlineSeconds },
  };
}

function limitsOf({ settings }: CommandInput): CopyLimits {
  return {
    inAll: settings.copiesAtOnce,
    perNode: settings.copiesPerNode,
    perStorageClass: settings.copiesPerClass,
  };
}

/** Keeps the ledger of this night in the place of the last one's. */
export async function writeLedger(dir: string, outcomes: readonly VolumeOutcome[], now: Date): Promise<void> {
  const { replaceFile } = await import('../status/hidden-files.ts');
  const ledger = { format: 1, endedAt: now.toISOString(), claims: outcomes };
  await replaceFile(dir, LEDGER_FILE, `${JSON.stringify(ledger, null, 2)}\n`);
}

async function attempt(
  work: () => Promise<VolumeOutcome[]>,
  onOutcome: (outcome: VolumeOutcome) => void,
): Promise<VolumeOutcome[]> {
  try {
    return await work();
  } catch (error) {
    const outcome: VolumeOutcome = { namespace: '*', claim: '*', ...endOf(error) };
    onOutcome(outcome);
    return [outcome];
  }
}

function endOf(error: unknown): Pick<VolumeOutcome, 'result' | 'message'> {
  if (error instanceof Interruption) return { result: 'cancelled', message: errorText(error) };
  // The text of an error that the tool does not know may hold anything.
  const isKnown = error instanceof KnownError;
  const message = isKnown ? errorText(error) : 'this is a defect of openshift-backup: try "volumes status"';
  return { result: 'failed', message };
}

/** `project/claim=target`, as the option's parser has let it pass. */
function configuredCopy(text: string): ConfiguredCopy {
  const [source = '', target = ''] = text.split('=');
  const [namespace = '', claim = ''] = source.split('/');
  return { namespace, claim, target };
}
