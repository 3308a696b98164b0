import { byteText, counted, safeText } from '../model/text.ts';
import type { ChosenIdentity, ClaimSummary, CopyPlan } from '../volumes/copy.ts';
import type { RunRecord } from '../volumes/run-record.ts';
import { ageText, table } from './text.ts';

const CONSISTENCY: Readonly<Record<CopyPlan['consistency'], string>> = {
  idle: 'idle: nobody mounts the source',
  quiesced: 'quiesced: the application is kept still meanwhile',
  live: 'live: somebody may write to the source meanwhile',
};

/** A plan for a person: both claims, what will be done, and every reason and warning. */
export function planText(plan: CopyPlan, prober: ChosenIdentity): string {
  const { request, source, target, notes } = plan;
  const claims = table(
    ['', 'CLAIM', 'STATE', 'ACCESS', 'CLASS', 'SIZE', 'USED BY'],
    [claimRow('from', source), claimRow('to', target)],
  );
  const facts = [
    ['Copies', request.sub === '' ? 'all of it' : `the folder ${request.sub}`],
    ['Into', request.into === '' ? 'the root of the target' : `the folder ${request.into}`],
    ['Mode', request.mode === 'mirror' ? 'mirror' : `generations, of which ${request.keepGenerations} stay`],
    ['Node', plan.node ?? 'whichever the scheduler takes'],
    ['Source is', CONSISTENCY[plan.consistency]],
    ['Looks as', `${prober.tier}${prober.uid === undefined ? '' : `, user ${prober.uid}`}: ${prober.reason}`],
  ];
  const lines = notes.map(({ about, text, isWarning }) => [isWarning ? 'warning' : 'note', about, text]);
  return [claims, '\n', plain(facts), ...(lines.length === 0 ? [] : ['\n', plain(lines)])].join('');
}

function claimRow(side: string, claim: ClaimSummary): string[] {
  const users = claim.users.map(({ pod, isReadOnly }) => `${pod}${isReadOnly ? ' (reads)' : ''}`);
  return [
    side,
    claim.name,
    claim.phase,
    claim.accessModes.map((mode) => SHORT_MODES[mode] ?? mode).join(','),
    claim.storageClass === '' ? '-' : claim.storageClass,
    byteText(claim.capacityBytes),
    users.length === 0 ? 'nobody' : users.join(', '),
  ];
}

/** As kubectl prints them. */
const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** Columns without a header. */
function plain(rows: readonly (readonly string[])[]): string {
  const [first = [], ...rest] = rows;
  return safeLines(table(first, rest));
}

/** The runs of a project, the newest first, each with its message below it. */
export function runsText(runs: readonly RunRecord[], now: Date): string {
  if (runs.length === 0) return 'No volume of this project has been copied yet\n';
  const rows = runs.map((run) => [
    run.id,
    `${run.request.source} -> ${run.request.target}${run.request.into === '' ? '' : `/${run.request.into}`}`,
    run.phase === 'ended' ? (run.result ?? '') : run.phase,
    copiedText(run),
    ageText(now.getTime() - Date.parse(run.startedAt)),
    durationText(run, now),
    run.message,
  ]);
  return safeLines(table(['RUN', 'COPY', 'RESULT', 'COPIED', 'AGE', 'TOOK', 'MESSAGE'], rows));
}

/** How a run ended, for a person. */
export function endText(run: RunRecord): string {
  const { result = 'failed', request, report, message } = run;
  const { source, copied, verification, warnings = [], errors = [] } = report ?? {};
  const lines = [
    `${RESULT_WORDS[result]}: ${request.source} -> ${request.target}: ${message}`,
    ...(source
      ? [
          `Source: ${counted(source.entryCount, 'entry')}, ${byteText(source.sizeBytes)}`.replace(
            'entrys',
            'entries',
          ),
        ]
      : []),
    ...(copied
      ? [
          `Copied: ${counted(copied.fileCount, 'file')}, ${byteText(copied.sizeBytes)}; ${copied.deletedCount} deleted`,
        ]
      : []),
    ...(verification
      ? [
          `Compared: ${counted(verification.differenceCount, 'difference')}${verification.hasReadContents ? ', contents included' : ''}`,
          ...verification.differences.map((text) => `  ${text}`),
        ]
      : []),
    ...warnings.map((text) => `Warning: ${text}`),
    ...errors.map((text) => `Error: ${text}`),
    `Run: ${run.id}${run.tier === undefined ? '' : `, as ${run.tier}`}${run.node === undefined ? '' : `, on ${run.node}`}`,
  ];
  return lines.map((line) => `${safeText(line)}\n`).join('');
}

const RESULT_WORDS: Readonly<Record<NonNullable<RunRecord['result']>, string>> = {
  complete: 'Complete',
  fuzzy: 'Fuzzy',
  declined: 'Declined',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

function copiedText({ report }: RunRecord): string {
  if (report?.copied === undefined) return '-';
  const { fileCount, sizeBytes } = report.copied;
  return `${counted(fileCount, 'file')}, ${byteText(sizeBytes)}`;
}

function durationText({ startedAt, endedAt }: RunRecord, now: Date): string {
  const endMs = endedAt === undefined ? now.getTime() : Date.parse(endedAt);
  return ageText(endMs - Date.parse(startedAt));
}

function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line))
    .join('\n');
}
