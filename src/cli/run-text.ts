import type { BackupResult } from '../export/run-backup.ts';
import { countLeftOut, gapsOf, type Outcome, type TypeRecord, WHOLE_CLUSTER } from '../model/manifest.ts';
import { byteText, counted, safeText } from '../model/text.ts';
import { countResults, type VolumeOutcome } from '../model/volume-outcome.ts';
import type { NightlyChanges } from './nightly-changes.ts';
import { LEDGER_FILE } from './nightly-volumes.ts';
import type { CommandInput } from './process-context.ts';
import { table } from './text.ts';

/** Everything that a run has done. */
export interface Outcomes extends BackupResult {
  readonly changes: NightlyChanges | undefined;
  readonly volumes: readonly VolumeOutcome[] | undefined;
  readonly durationMs: number;
}

/** What a run prints on standard output, in the format that was asked for. */
export function runText({ output, settings }: CommandInput, result: Outcomes): string {
  const path = `${settings.dir}/${result.archive.file}`;
  if (output === 'name') return `${path}\n`;
  const { manifest, archive, changes, volumes, durationMs } = result;
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
      ...(volumes && { volumes }),
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
    volumes ? volumesText(volumes) : '',
  ].join('');
}

/** A line for each volume that somebody wants to have copied, and how many others there are. */
function volumesText(volumes: readonly VolumeOutcome[]): string {
  const asked = volumes.filter(({ result }) => result !== 'unasked' && result !== 'copy');
  const rows = asked.map(({ namespace, claim, target = '', result, message }) => [
    `${namespace}/${claim}`,
    target,
    result === 'complete' ? 'copied' : `${result}: ${safeText(message)}`,
  ]);
  const unasked = countResults(volumes).get('unasked') ?? 0;
  return [
    rows.length === 0 ? '' : `\n${table(['VOLUME', 'COPY', 'RESULT'], rows)}`,
    unasked === 0
      ? ''
      : `Not asked for: copies of ${counted(unasked, 'volume')} (${LEDGER_FILE} names them)\n`,
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
