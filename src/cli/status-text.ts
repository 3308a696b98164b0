import { byteText, counted, safeText } from '../model/text.ts';
import { styleText } from 'node:util';
import type { BackupStatus, Viewpoint, VolumeSpace } from '../status/backup-status.ts';
import { type Night, type NightState, stateOf } from '../status/nights.ts';
import type { KnownRun } from '../status/run-record.ts';
import { ageText } from './text.ts';

/** Everything that the status shows. */
export interface StatusView {
  readonly dir: string;
  readonly viewpoint: Viewpoint;
  readonly status: BackupStatus;
  readonly space: VolumeSpace | undefined;
  /** The names of other backups in the folder. */
  readonly others: readonly string[];
  readonly problem: string | undefined;
}

/** What it is shown on. */
export interface Screen {
  readonly isUtf8: boolean;
  /** Colours are for a terminal that wants them. */
  readonly stream: NodeJS.WritableStream;
}

type Style = 'green' | 'yellow' | 'red' | 'dim';

interface Sign {
  readonly utf8: string;
  readonly ascii: string;
  readonly style: Style;
  readonly meaning: string;
}

const SIGNS: Readonly<Record<NightState, Sign>> = {
  complete: { utf8: '●', ascii: '#', style: 'green', meaning: 'complete' },
  incomplete: { utf8: '◐', ascii: '~', style: 'yellow', meaning: 'incomplete' },
  failed: { utf8: '✗', ascii: 'x', style: 'red', meaning: 'failed' },
  missing: { utf8: '○', ascii: '!', style: 'red', meaning: 'missing' },
  none: { utf8: '·', ascii: '.', style: 'dim', meaning: 'none due' },
};

const STYLES: Readonly<Record<ReturnType<typeof stateOf>, Style>> = {
  complete: 'green',
  incomplete: 'yellow',
  failed: 'red',
};

/** How a backup does, for a person. */
export function statusText(view: StatusView, screen: Screen): string {
  const rows = [
    ['Backup', `${view.status.backup}, in ${safeText(view.dir)}`],
    ...lastRunRows(view, screen),
    ...archiveRows(view),
    ...gapRows(view.status),
    ...copyRows(view),
    ['Volume', spaceText(view.space)],
    ['Next due', dueText(view, screen)],
    ...(view.others.length === 0
      ? []
      : [['Also here', `${view.others.map(safeText).join(', ')} (--name shows another)`]]),
  ];
  const width = Math.max(...rows.map(([label = '']) => label.length)) + 2;
  const lines = rows.map(([label = '', text = '']) =>
    (label === '' ? '' : `${label}:`).padEnd(width).concat(text),
  );
  return [...lines, '', ...nightLines(view, screen), ''].join('\n');
}

function lastRunRows({ status, viewpoint }: StatusView, screen: Screen): string[][] {
  const { lastRun, lastComplete, lastSuccess } = status;
  if (!lastRun) return [['Last run', 'none yet: "openshift-backup run" makes an archive']];
  const state = stateOf(lastRun);
  const took = lastRun.isFromArchive === true ? '' : `, took ${secondsText(lastRun)}`;
  const how = state === 'failed' ? `failed with exit code ${lastRun.exitCode}` : state;
  return [
    [
      'Last run',
      `${colored(how, STYLES[state], screen)}, ${momentText(lastRun.startedAt, viewpoint)}${took}`,
    ],
    ...(lastRun.error === undefined ? [] : [['', safeText(lastRun.error)]]),
    ...(lastSuccess === lastComplete ? [] : [['Last archive', runText(lastSuccess, viewpoint)]]),
    ['Last complete', runText(lastComplete, viewpoint)],
  ];
}

function runText(run: KnownRun | undefined, viewpoint: Viewpoint): string {
  if (!run) return 'none';
  const { objectCount, archive = '', archiveBytes } = run;
  return [
    momentText(run.startedAt, viewpoint),
    ...(objectCount === undefined ? [] : [counted(objectCount, 'object')]),
    safeText(archive),
    ...(archiveBytes === undefined ? [] : [byteText(archiveBytes)]),
  ].join(', ');
}

function archiveRows({ status: { archives } }: StatusView): string[][] {
  const complete = archives.filter(({ name }) => name.isComplete).length;
  const bytes = archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [['Archives', `${archives.length}, ${complete} of them complete, ${byteText(bytes)}`]];
}

/** What the last archive lacks, by name. */
function gapRows({ lastSuccess }: BackupStatus): string[][] {
  if (lastSuccess?.gapCount === undefined) return [];
  const { gapCount, gaps = [], deniedCount = 0 } = lastSuccess;
  const lines = gaps.map(({ type, scope, reason }) =>
    safeText(`${type}${scope === '*' ? '' : ` in ${scope}`}: ${reason}`),
  );
  if (gapCount > gaps.length) lines.push(`and ${gapCount - gaps.length} more, which the archive names`);
  const denied = deniedCount === 0 ? 'no type' : counted(deniedCount, 'type');
  return [
    ['Gaps', gapCount === 0 ? 'none' : counted(gapCount, 'gap')],
    ...lines.map((line) => ['', line]),
    ['Denied', `${denied} of which something may not be listed`],
  ];
}

/** What became of the volumes of the last run that was to copy any. */
function copyRows({ status: { lastCopies, lastRun }, viewpoint }: StatusView): string[][] {
  if (lastCopies?.volumes === undefined) return [];
  const { copiedCount, gapCount, unaskedCount } = lastCopies.volumes;
  const { volumeGaps = [] } = lastCopies;
  const when = lastCopies === lastRun ? '' : `, ${momentText(lastCopies.startedAt, viewpoint)}`;
  const gaps = gapCount === 0 ? 'none is missing' : `${gapCount} should have been and can't be relied on`;
  const lines = volumeGaps.map(({ namespace, claim, result, message }) =>
    safeText(`${namespace}/${claim}: ${result}: ${message}`),
  );
  if (gapCount > volumeGaps.length) lines.push(`and ${gapCount - volumeGaps.length} more`);
  return [
    [
      'Copies',
      `${counted(copiedCount, 'volume')} copied, ${gaps}; of ${unaskedCount} nobody wants a copy${when}`,
    ],
    ...lines.map((line) => ['', line]),
  ];
}

function spaceText(space: VolumeSpace | undefined): string {
  if (!space) return 'the file system does not say';
  return `${byteText(space.freeBytes)} free of ${byteText(space.sizeBytes)}`;
}

function dueText({ status, viewpoint }: StatusView, screen: Screen): string {
  const { dueAfter, now } = viewpoint;
  if (!dueAfter) return 'unknown, as no --schedule is given';
  const due = status.nextDueAt ?? dueAfter(now);
  if (!due) return 'never';
  const aheadMs = due.getTime() - now.getTime();
  const moment = dateText(due, viewpoint);
  if (aheadMs > 0) return `${moment} (in ${ageText(aheadMs)})`;
  const late = `${ageText(-aheadMs)} ago`;
  return status.isOverdue
    ? `${moment} ${colored(`OVERDUE: it should have begun ${late}`, 'red', screen)}`
    : `${moment} (${late}: it may be running)`;
}

function nightLines({ status, viewpoint }: StatusView, screen: Screen): string[] {
  const { nights } = status;
  const strip = nights.map(({ state }) => signText(state, screen)).join('');
  const legend = Object.entries(SIGNS).map(
    ([state, { meaning }]) => `${signText(state as NightState, screen)} ${meaning}`,
  );
  return [
    `The last ${nights.length} nights (${viewpoint.timeZone}), each by its last run:`,
    `  ${dateOf(nights[0])} ${strip} ${dateOf(nights.at(-1))}`,
    `  ${legend.join('   ')}`,
  ];
}

function signText(state: NightState, screen: Screen): string {
  const { utf8, ascii, style } = SIGNS[state];
  return colored(screen.isUtf8 ? utf8 : ascii, style, screen);
}

function dateOf(night: Night | undefined): string {
  return night?.date ?? '';
}

function momentText(instant: string, viewpoint: Viewpoint): string {
  const date = new Date(instant);
  return `${dateText(date, viewpoint)} (${ageText(viewpoint.now.getTime() - date.getTime())} ago)`;
}

/** As in `2026-11-20 00:15`. */
function dateText(instant: Date, { timeZone }: Viewpoint): string {
  // Swedish dates are written as ISO 8601 has them.
  const format = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'short', timeZone });
  return format.format(instant);
}

function secondsText({ startedAt, endedAt }: KnownRun): string {
  return `${Math.max(0, (Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
}

function colored(text: string, style: Style, { stream }: Screen): string {
  return styleText(style, text, { stream });
}
