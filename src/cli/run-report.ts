import { byteText, counted, safeText } from '../model/text.ts';
import type { Logger } from 'pino';
import yoctoSpinner from 'yocto-spinner';
import type { RunEvent } from '../export/run-event.ts';
import type { Outcome, TypeRecord } from '../model/manifest.ts';
import { jsonLog } from './json-log.ts';
import type { NightlyChanges } from './nightly-changes.ts';
import { isVolumeGap, type VolumeOutcome } from '../model/volume-outcome.ts';
import type { ProcessContext } from './process-context.ts';
import type { Warn } from './after-publishing.ts';

/** Shows a run while it happens. */
export interface RunReport {
  readonly on: (event: RunEvent) => void;
  /** Something besides the export has gone wrong; the fields say what, with `problem` in one line. */
  readonly warn: Warn;
  /** What has changed since the archive before; on a terminal the summary says it. */
  readonly changes: (changes: NightlyChanges) => void;
  /** What became of one volume. */
  readonly volume: (outcome: VolumeOutcome) => void;
  /** The last line: how it ended. */
  readonly end: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
  /** Clears the line on a terminal; call it however the run ends. */
  readonly stop: () => void;
}

/** A moving line where standard error is a terminal, else log lines in JSON. */
export function runReport(context: ProcessContext, clock: () => number): RunReport {
  return context.stderr.isTTY === true ? terminalReport(context, clock) : logReport();
}

function logReport(): RunReport {
  const logger = jsonLog();
  return {
    on: (event) => logEvent(logger, event),
    warn: (message, fields) => logger.warn(fields, message),
    changes: ({ since, changedCount, summary }) =>
      logger.info({ since, changedCount, changes: summary }, 'Compared with the archive before'),
    volume: (outcome) => logVolume(logger, outcome),
    end: (level, message, fields) => logger[level](fields, message),
    stop: () => undefined,
  };
}

/** The messages never change; what differs is in the fields. The original's `Skipped: …` lines are kept. */
function logEvent(logger: Logger, event: RunEvent): void {
  const { kind, ...fields } = event;
  if (event.kind === 'type')
    for (const outcome of event.record.outcomes) logOutcome(logger, event.record, outcome);
  if (event.kind === 'rotated') logRotation(logger, event);
  if (event.kind === 'gap') logger.error(event.gap, 'Failed: not in the archive');
  if (event.kind === 'context-project') logger.warn(fields, CONTEXT_PROJECT_ONLY);
  const message = LOG_MESSAGES[kind];
  if (message !== undefined) logger.info(fields, message);
}

const LOG_MESSAGES: Partial<Record<RunEvent['kind'], string>> = {
  cleared: 'Removed what an interrupted run had left',
  connected: 'Connected to the cluster',
  planned: 'Planned the export',
  verifying: 'Verifying the archive',
  published: 'Published the archive',
  'rotation-skipped': 'Rotation skipped',
};

const NOTHING_LEFT = 'Skipped: rules leave out what there is';
const CONTEXT_PROJECT_ONLY = 'Only the project of the context is exported: projects may not be listed';

function logOutcome(logger: Logger, { type, leftOut }: TypeRecord, outcome: Outcome): void {
  const { result, ...details } = outcome;
  const fields = { type, ...details, ...(leftOut === undefined ? {} : { leftOut }) };
  if (result === 'exported') logger.info(fields, 'Exported');
  else if (result === 'empty')
    logger.info(fields, leftOut === undefined ? 'Skipped: list empty' : NOTHING_LEFT);
  else if (result === 'denied') logger.info(fields, 'Skipped: not allowed to list');
  else if (result === 'failed') logger.error(fields, 'Failed: not in the archive');
}

function logVolume(logger: Logger, { message, ...fields }: VolumeOutcome): void {
  if (isVolumeGap(fields)) logger.error({ ...fields, reason: message }, 'Failed: volume not copied');
  else if (fields.result === 'complete') logger.info(fields, 'Copied a volume');
  else logger.info({ ...fields, reason: message }, 'Skipped: volume');
}

function logRotation(logger: Logger, { decisions, problems }: Extract<RunEvent, { kind: 'rotated' }>): void {
  for (const { entry, action, reason } of decisions) {
    if (action === 'remove') logger.info({ file: entry.name.file, reason }, 'Removed an old archive');
  }
  for (const problem of problems) logger.warn({ problem }, 'Could not remove an old archive');
}

function terminalReport({ stderr }: ProcessContext, clock: () => number): RunReport {
  const startedMs = clock();
  const spinner = yoctoSpinner({ text: 'Connecting', stream: stderr as NodeJS.WriteStream }).start();
  let objectCount = 0;
  const line = (text: string): void => {
    spinner.clear();
    stderr.write(`${safeText(text)}\n`);
  };
  return {
    on(event) {
      if (event.kind === 'page') objectCount += event.objectCount;
      const seconds = Math.max(0.001, (clock() - startedMs) / 1000);
      const rate = `${counted(objectCount, 'object')}, ${Math.round(objectCount / seconds)}/s`;
      const text = movingText(event, rate);
      // A line that wraps could not be cleared again; the sign before it takes two columns.
      if (text !== undefined) spinner.text = safeText(text).slice(0, (stderr.columns ?? 80) - 3);
      showLines(event, line);
    },
    warn: (message, { problem }) => line(`${message}: ${String(problem)}`),
    changes: () => undefined,
    volume: (outcome) => showVolume(outcome, line),
    end: () => spinner.stop(),
    stop: () => spinner.stop(),
  };
}

function showVolume({ namespace, claim, target, result, message }: VolumeOutcome, line: Line): void {
  if (result === 'complete') line(`Copied the volume ${namespace}/${claim} into ${target ?? ''}`);
  else if (isVolumeGap({ result }))
    line(`Failed: the volume ${namespace}/${claim} is not copied: ${message}`);
}

/** Writes what stays on the screen. */
type Line = (text: string) => void;

/** What the moving line says from an event on; undefined when it stays as it is. */
function movingText(event: RunEvent, rate: string): string | undefined {
  if (event.kind === 'connected') return 'Asking what there is';
  if (event.kind === 'planned') return `Asking for ${counted(event.typeCount, 'type')}`;
  if (event.kind === 'page') return `${rate}, ${byteText(event.receivedBytes)} received: ${event.type}`;
  if (event.kind === 'verifying') return 'Verifying the archive';
  return event.kind === 'published' ? 'Rotating' : undefined;
}

/** What stays on the screen. */
function showLines(event: RunEvent, line: (text: string) => void): void {
  if (event.kind === 'connected') line(`Connected to ${event.server} (${event.serverVersion})`);
  if (event.kind === 'cleared') {
    line(`Removed what an interrupted run had left: ${counted(event.files.length, 'file')}`);
  }
  if (event.kind === 'context-project') line(`${CONTEXT_PROJECT_ONLY} (${event.project})`);
  if (event.kind === 'gap') showOutcome(line, event.gap, { ...event.gap, result: 'failed' });
  if (event.kind === 'rotation-skipped') line(`Rotation skipped: ${event.reason}`);
  if (event.kind === 'type') {
    for (const outcome of event.record.outcomes) showOutcome(line, event.record, outcome);
  }
  if (event.kind === 'rotated') {
    for (const problem of event.problems) line(`Could not remove an old archive: ${problem}`);
  }
}

function showOutcome(
  line: (text: string) => void,
  { type }: Pick<TypeRecord, 'type'>,
  outcome: Outcome,
): void {
  const where = outcome.scope === '*' ? '' : ` in ${outcome.scope}`;
  if (outcome.result === 'denied') line(`Skipped: not allowed to list ${type}${where}`);
  if (outcome.result === 'failed') line(`Failed: ${type}${where} is not in the archive: ${outcome.reason}`);
}
