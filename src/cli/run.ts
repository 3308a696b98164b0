import { randomUUID } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import type { Settings } from '../config/options.ts';
import { type BackupRequest, type BackupResult, runBackup } from '../export/run-backup.ts';
import { countLeftOut, type ExportOptions, gapsOf } from '../model/manifest.ts';
import { countResults, type VolumeOutcome } from '../model/volume-outcome.ts';
import { afterPublishing, type Warn } from './after-publishing.ts';
import { ClusterAccess } from './cluster-access.ts';
import { COMPLETE } from './exit-code.ts';
import { type NightlyChanges, nightlyChanges } from './nightly-changes.ts';
import { nightlyHistory } from './nightly-history.ts';
import { nightlyReport } from './nightly-report.ts';
import { nightlyVolumes, writeLedger } from './nightly-volumes.ts';
import { type CommandInput, print } from './process-context.ts';
import { codeOf, recordRun, type RunEnd } from './record-run.ts';
import { type Outcomes, runText } from './run-text.ts';
import { type RunReport, runReport } from './run-report.ts';
import { toolVersion } from './tool-version.ts';

/** `openshift-backup run`: exports the cluster into a new archive and rotates the old ones. */
export async function run(input: CommandInput): Promise<number> {
  const startedAt = new Date();
  const startedMs = performance.now();
  yieldToOthers();
  const report = runReport(input.process, () => performance.now());
  const cluster = new ClusterAccess(input);
  try {
    let changes: NightlyChanges | undefined;
    const compare: BackupRequest['onPublished'] = async (archive, manifest) => {
      changes = await nightlyChanges(input.settings, archive, manifest, report.warn);
      if (changes) report.changes(changes);
    };
    const ended = await endOf(backup(input, cluster, { report: report.on, onPublished: compare }));
    const made = { id: randomUUID(), startedAt, changedCount: changes?.changedCount, ...ended };
    await recordRun(input.settings, { ...made, endedAt: new Date() }, report.warn);
    if ('error' in made) throw made.error;
    const volumes = await nightlyVolumes(input, cluster, report.volume);
    if (volumes) await recordVolumes(input, { ...made, volumes, endedAt: new Date() }, report.warn);
    const isComplete = gapsOf(made.result.manifest.types).length === 0;
    await nightlyReport(input.settings, isComplete, report.warn);
    await nightlyHistory(input, isComplete, report.warn);
    // An archive that is there stays there; what was still to be done is told as interrupted.
    if (volumes?.some(({ result }) => result === 'cancelled')) input.process.signal.throwIfAborted();
    const durationMs = Math.round(performance.now() - startedMs);
    const outcomes = { ...made.result, changes, volumes, durationMs };
    const code = codeOf({ ...made, volumes, endedAt: new Date() });
    report.end(...endLine(code, outcomes));
    await print(input.process, runText(input, outcomes));
    return code;
  } finally {
    report.stop();
    await cluster.close();
  }
}

/** A run whose archive is there is recorded again when its volumes are copied: that may take hours. */
async function recordVolumes(
  { settings }: CommandInput,
  end: RunEnd & { readonly volumes: readonly VolumeOutcome[] },
  warn: Warn,
): Promise<void> {
  await afterPublishing(
    warn,
    { message: 'Could not write the ledger of volumes', command: 'volumes status' },
    async () => await writeLedger(settings.dir, end.volumes, end.endedAt),
  );
  await recordRun(settings, end, warn);
}

/** The last line of a log. */
function endLine(
  code: number,
  { archive, manifest, volumes, durationMs }: Outcomes,
): Parameters<RunReport['end']> {
  const fields = {
    file: archive.file,
    objectCount: manifest.counts.objectCount,
    leftOutCount: countLeftOut(manifest.types),
    gapCount: gapsOf(manifest.types).length,
    ...(volumes && { volumes: Object.fromEntries(countResults(volumes)) }),
    durationMs,
  };
  return code === COMPLETE ? ['info', 'Complete', fields] : ['warn', 'Incomplete', fields];
}

/** However a run ends, it is recorded before anybody hears of it. */
async function endOf(
  work: Promise<BackupResult>,
): Promise<{ readonly result: BackupResult } | { readonly error: unknown }> {
  try {
    return { result: await work };
  } catch (error) {
    return { error };
  }
}

/** Whoever works on this machine at the same time comes first: nobody waits for a nightly export. */
function yieldToOthers(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox may refuse it, and then the run is no worse than others.
  }
}

/** The options that stand in the manifest. */
function exportOptions(settings: Settings): ExportOptions {
  const { namespaces, excludeNamespaces, selector, include, exclude, require, secrets } = settings;
  return { namespaces, excludeNamespaces, selector, include, exclude, require, secrets };
}

async function backup(
  { settings }: CommandInput,
  cluster: ClusterAccess,
  { report, onPublished }: Pick<BackupRequest, 'report' | 'onPublished'>,
): Promise<BackupResult> {
  return await cluster.use(
    async (client, connection) =>
      await runBackup({
        client,
        dir: settings.dir,
        mayCreateDir: settings.isDirGiven,
        backup: settings.name,
        options: exportOptions(settings),
        redactionKey: settings.redactionKey,
        ownProject: connection.namespace,
        policy: { retainDays: settings.retainDays, keepLastCount: settings.keepLast },
        tool: { name: 'openshift-backup', version: toolVersion() },
        now: () => new Date(),
        report,
        ...(onPublished && { onPublished }),
      }),
  );
}
