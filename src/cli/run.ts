import { byteText, counted, safeText } from '../model/text.ts';
import { constants, setPriority } from 'node:os';
import type { Settings } from '../config/options.ts';
import { type BackupRequest, type BackupResult, runBackup } from '../export/run-backup.ts';
import {
  countLeftOut,
  type ExportOptions,
  gapsOf,
  type Outcome,
  type TypeRecord,
  WHOLE_CLUSTER,
} from '../model/manifest.ts';
import { withCluster } from './cluster-access.ts';
import { COMPLETE, INCOMPLETE } from './exit-code.ts';
import { type NightlyChanges, nightlyChanges } from './nightly-changes.ts';
import { nightlyHistory } from './nightly-history.ts';
import { nightlyReport } from './nightly-report.ts';
import { type CommandInput, print } from './process-context.ts';
import { recordRun } from './record-run.ts';
import { runReport } from './run-report.ts';
import { table } from './text.ts';
import { toolVersion } from './tool-version.ts';

/** `openshift-backup run`: exports the cluster into a new archive and rotates the old ones. */
export async function run(input: CommandInput): Promise<number> {
  const startedAt = new Date();
  const startedMs = performance.now();
  yieldToOthers();
  const report = runReport(input.process, () => performance.now());
  try {
    let changes: NightlyChanges | undefined;
    const compare: BackupRequest['onPublished'] = async (archive, manifest) => {
      changes = await nightlyChanges(input.settings, archive, manifest, report.warn);
      if (changes) report.changes(changes);
    };
    const ended = await endOf(backup(input, report.on, compare));
    const durationMs = Math.round(performance.now() - startedMs);
    const end = { startedAt, endedAt: new Date(), changedCount: changes?.changedCount, ...ended };
    await recordRun(input.settings, end, report.warn);
    if ('error' in ended) throw ended.error;
    const { result } = ended;
    const gaps = gapsOf(result.manifest.types);
    await nightlyReport(input.settings, gaps.length === 0, report.warn);
    await nightlyHistory(input, gaps.length === 0, report.warn);
    const fields = {
      file: result.archive.file,
      objectCount: result.manifest.counts.objectCount,
      leftOutCount: countLeftOut(result.manifest.types),
      gapCount: gaps.length,
      durationMs,
    };
    if (gaps.length === 0) report.end('info', 'Complete', fields);
    else report.end('warn', 'Incomplete', fields);
    await print(input.process, rendered(input, { ...result, changes, durationMs }));
    return gaps.length === 0 ? COMPLETE : INCOMPLETE;
  } finally {
    report.stop();
  }
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
  input: CommandInput,
  report: BackupRequest['report'],
  onPublished: BackupRequest['onPublished'],
): Promise<BackupResult> {
  const { settings } = input;
  return await withCluster(
    input,
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

interface Outcomes extends BackupResult {
  readonly changes: NightlyChanges | undefined;
  readonly durationMs: number;
}

function rendered({ output, settings }: CommandInput, result: Outcomes): string {
  const path = `${settings.dir}/${result.archive.file}`;
  if (output === 'name') return `${path}\n`;
  const { manifest, archive, changes, durationMs } = result;
  const gaps = gapsOf(manifest.types);
  if (output === 'json') {
    const summary = {
      path,
      ...archive,
      isComplete: manifest.isComplete,
      objectCount: manifest.counts.objectCount,
      leftOutCount: countLeftOut(manifest.types),
      gaps,
      ...(changes && { changes }),
      durationMs,
    };
    return `${JSON.stringify(summary, null, 2)}\n`;
  }
  const rows = manifest.types.flatMap(summaryRow);
  const leftOut = countLeftOut(manifest.types);
  return [
    table(['TYPE', 'OBJECTS', 'RESULT'], rows),
    '\n',
    `${manifest.isComplete ? 'Complete' : `Incomplete, ${counted(gaps.length, 'gap')}`}: `,
    `${counted(manifest.counts.objectCount, 'object')} in ${counted(manifest.counts.objectFileCount, 'file')}, ${(durationMs / 1000).toFixed(1)} s\n`,
    leftOut === 0
      ? ''
      : `Left out by rules: ${counted(leftOut, 'object')} ("openshift-backup rules" says which and why)\n`,
    `Archive: ${path}, ${byteText(archive.sizeBytes)}, sha256 ${archive.sha256}\n`,
    changes ? `${changes.summary}\n` : '',
  ].join('');
}

/** One line for a type; none for those that are empty or skipped by a rule (`types` lists them). */
function summaryRow(record: TypeRecord): string[][] {
  const { type, outcomes } = record;
  const count = outcomes.reduce(
    (sum, outcome) => sum + (outcome.result === 'exported' ? outcome.objectCount : 0),
    0,
  );
  const leftOut = countLeftOut([record]);
  const notes = [
    ...noteOf(outcomes, 'denied'),
    ...noteOf(outcomes, 'failed'),
    ...(leftOut === 0 ? [] : [`${count === 0 ? '' : 'exported; '}${leftOut} left out by rules`]),
  ];
  if (count === 0 && notes.length === 0) return [];
  return [[type, String(count), notes.length === 0 ? 'exported' : notes.join('; ')]];
}

function noteOf(outcomes: readonly Outcome[], result: 'denied' | 'failed'): string[] {
  const matching = outcomes.filter((outcome) => outcome.result === result);
  const [first] = matching;
  if (!first) return [];
  const reason = first.result === 'failed' ? `: ${safeText(first.reason)}` : '';
  const where = first.scope === WHOLE_CLUSTER ? '' : ` in ${counted(matching.length, 'project')}`;
  return [`${result}${where}${reason}`];
}
