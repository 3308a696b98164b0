import { parseSchedule, type Schedule } from '../../src/config/schedule.ts';
import { statusOf } from '../../src/status/backup-status.ts';
import { metricsOf } from '../../src/status/metrics.ts';
import type { RunRecord } from '../../src/status/run-record.ts';

/** One series of promtool's unit tests: https://github.com/prometheus/prometheus/blob/v2.42.0/docs/configuration/unit_testing_rules.md */
export interface Series {
  readonly series: string;
  readonly values: string;
}

/** A run of the tool. It starts when it is due, unless `atMinute` says otherwise, and takes three minutes. */
export interface Run {
  readonly atMinute?: number;
  readonly exitCode: number;
  readonly objects?: number;
  /** Volumes that should have been copied and were not; missing where none are copied. */
  readonly volumeGaps?: number;
}

/** What happens to one backup, from the first minute of the first day on. */
export interface Backup {
  /** What the runs come to, by time of the schedule; `undefined` where there is none. */
  readonly runs: readonly (Run | undefined)[];
  readonly name?: string;
  readonly namespace?: string;
  /** When runs are due, if not in every night at 00:15; `unknown` where the tool has not been told. */
  readonly schedule?: Schedule | 'unknown';
  /** When all that was known of earlier runs is lost. */
  readonly lostAtMinute?: number;
  /** Metrics that it does not have. */
  readonly without?: readonly string[];
  /** Instead of what follows from the runs, by metric. */
  readonly instead?: Readonly<Record<string, (minute: number) => number>>;
  /** The spare pod by which it is seen at a minute; undefined when there is none. */
  readonly pod?: (minute: number) => string | undefined;
}

/** Minutes between two values. */
export const STEP = 5;
/** Minutes in a day. */
export const DAY = 1440;
/** The minute of the day at which runs are due: 00:15. */
export const DUE = 15;
const RUN_MINUTES = 3;
const ARCHIVE_BYTES = 20 * 1024 ** 2;
const VOLUME_BYTES = 2 * 1024 ** 3;
const GAPS = 2;
const USUAL_NAME = 'openshift-backup';
const NIGHTLY = parseSchedule(`${DUE} 0 * * *`, 'Etc/UTC');

/** What the spare pod says of a backup, every five minutes, as promtool wants to have it. */
export function seriesOf(backup: Backup, days: number): Series[] {
  const { namespace = 'cluster-backup', without = [] } = backup;
  const minutes = minutesOf(days);
  const pods = minutes.map((minute) => (backup.pod ?? (() => 'spare-1'))(minute));
  const computed = new Map<string, Values>();
  const values = minutes.map((minute) => valuesAt(backup, minute, computed));
  const names = [...new Set(values.flatMap((at) => [...at.keys()]))].filter(
    (series) => !without.some((metric) => series.startsWith(`${metric}{`)),
  );
  return [...new Set(pods)].flatMap((pod) =>
    pod === undefined
      ? []
      : names.map((name) => ({
          series: `${name},namespace="${namespace}",pod="${pod}"}`,
          values: encoded(values.map((at, index) => (pods[index] === pod ? at.get(name) : undefined))),
        })),
  );
}

/** A series of another program, such as kube-state-metrics. */
export function otherSeries(
  series: string,
  days: number,
  value: (minute: number) => number | undefined,
): Series {
  return { series, values: encoded(minutesOf(days).map(value)) };
}

function minutesOf(days: number): number[] {
  return Array.from({ length: (days * DAY) / STEP + 1 }, (_value, index) => index * STEP);
}

/** What a spare pod says at a minute, by series without the labels that Prometheus adds. */
type Values = ReadonlyMap<string, number>;

/** The metrics of the tool itself, from the records of the runs that have ended by then. */
function valuesAt(backup: Backup, minute: number, computed: Map<string, Values>): Values {
  const { name = USUAL_NAME, lostAtMinute = Infinity, instead = {} } = backup;
  const records = recordsOf(backup).filter(({ startedAt, endedAt }) => {
    const isLost = minute >= lostAtMinute && Date.parse(startedAt) < timeOf(lostAtMinute).getTime();
    return Date.parse(endedAt) <= timeOf(minute).getTime() && !isLost;
  });
  const key = records.map(({ startedAt }) => startedAt).join(' ');
  let values = computed.get(key);
  if (values === undefined) {
    const dueAfter = scheduleOf(backup)?.nextAfter;
    const facts = { runs: records, archives: [], space: undefined };
    const status = statusOf(name, facts, { now: timeOf(minute), timeZone: 'Etc/UTC', dueAfter });
    const published = records.filter(({ isComplete }) => isComplete !== undefined).length;
    const space = {
      freeBytes: VOLUME_BYTES - Math.min(published, 8) * ARCHIVE_BYTES,
      sizeBytes: VOLUME_BYTES,
    };
    values = new Map(
      metricsOf([status], space, '0.1.0').flatMap((metric) =>
        [...metric.values].map(
          ([value, number]) => [`${metric.name}{${metric.label}="${value}"`, number] as const,
        ),
      ),
    );
    computed.set(key, values);
  }
  const replaced = Object.entries(instead).map(
    ([metric, value]) => [`${metric}{backup="${name}"`, value(minute)] as const,
  );
  return new Map([...values, ...replaced]);
}

function recordsOf(backup: Backup): RunRecord[] {
  const { runs, name = USUAL_NAME } = backup;
  const due = dueTimes(scheduleOf(backup) ?? NIGHTLY, runs.length);
  return runs.flatMap((run, index): RunRecord[] => {
    const start = run?.atMinute === undefined ? due[index] : timeOf(run.atMinute);
    if (run === undefined || start === undefined) return [];
    const { exitCode, objects = 1000, volumeGaps } = run;
    const frame = {
      startedAt: start.toISOString(),
      endedAt: new Date(start.getTime() + RUN_MINUTES * 60_000).toISOString(),
      exitCode,
      backup: name,
    };
    if (exitCode !== 0 && exitCode !== 3) return [{ ...frame, error: 'a reason' }];
    return [
      {
        ...frame,
        archive: `${name}-${index}.zip`,
        archiveBytes: ARCHIVE_BYTES,
        isComplete: exitCode === 0 || volumeGaps !== undefined,
        selection: '',
        objectCount: objects,
        gapCount: exitCode === 0 || volumeGaps !== undefined ? 0 : GAPS,
        ...(volumeGaps === undefined
          ? {}
          : { volumes: { copiedCount: 5, gapCount: volumeGaps, unaskedCount: 3 } }),
      },
    ];
  });
}

function scheduleOf({ schedule = NIGHTLY }: Backup): Schedule | undefined {
  return schedule === 'unknown' ? undefined : schedule;
}

/** The first times of a schedule. */
function dueTimes({ nextAfter }: Schedule, count: number): Date[] {
  const times: Date[] = [];
  let last: Date | undefined = timeOf(0);
  while (times.length < count && last !== undefined) {
    last = nextAfter(last);
    if (last !== undefined) times.push(last);
  }
  return times;
}

/** promtool's clock begins with the Unix epoch. */
function timeOf(minute: number): Date {
  return new Date(minute * 60_000);
}

/** Equal values together: `4+0x10` are eleven of them, `_x3` are three that are missing. */
function encoded(values: readonly (number | undefined)[]): string {
  const runs: { value: number | undefined; count: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last && last.value === value) last.count += 1;
    else runs.push({ value, count: 1 });
  }
  return runs
    .map(({ value, count }) => (value === undefined ? `_x${count}` : `${value}+0x${count - 1}`))
    .join(' ');
}
