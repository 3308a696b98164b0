import { parseSchedule } from '../../src/config/schedule.ts';
import { type Backup, DAY, DUE, otherSeries, type Run, type Series } from './timeline.ts';

/** What happens, and which alerts there are when. */
export interface Case {
  readonly name: string;
  readonly days: number;
  readonly backups: readonly Backup[];
  readonly others?: readonly Series[];
  /**
   * The alerts that fire at a minute, without `OpenShiftBackup`, sorted; those of another backup than the usual
   * one as `Failed of project/name`. At none of these minutes: none at all, from beginning to end.
   */
  readonly firing: readonly (readonly [minute: number, alerts: readonly string[]])[];
}

/** The minute of a time of a day; the first day is 0. */
export function at(day: number, hour: number, minute: number): number {
  return day * DAY + hour * 60 + minute;
}

const GOOD: Run = { exitCode: 0 };
const INCOMPLETE: Run = { exitCode: 3 };
const FAILED: Run = { exitCode: 4 };
/** The first day is a Thursday. */
const WEEKLY = parseSchedule(`${DUE} 0 * * 4`, 'Etc/UTC');

function week(...runs: readonly (Run | undefined)[]): Backup {
  return { runs };
}

function counting(...objects: readonly number[]): Backup {
  return { runs: objects.map((count) => ({ exitCode: 0, objects: count })) };
}

/** What kube-state-metrics says of a CronJob that begins a run every night. */
function scheduled(days: number, cronjob = 'openshift-backup', namespace = 'cluster-backup'): Series {
  const series = `kube_cronjob_status_last_schedule_time{namespace="${namespace}",cronjob="${cronjob}"}`;
  return otherSeries(series, days, (minute) =>
    minute < DUE ? undefined : (Math.floor((minute - DUE) / DAY) * DAY + DUE) * 60,
  );
}

/** Too old, incomplete, failed: what becomes of the nights. */
export const NIGHTS: readonly Case[] = [
  {
    name: 'a good week, from the hour of the installation on',
    days: 8,
    backups: [{ runs: Array.from({ length: 9 }, () => GOOD) }],
    others: [scheduled(8)],
    firing: [],
  },
  {
    name: 'a missed night, and a run in the next',
    days: 4,
    backups: [week(GOOD, GOOD, undefined, GOOD)],
    firing: [
      [at(2, 2, 30), []],
      [at(2, 2, 45), ['TooOld']],
      [at(3, 0, 15), ['TooOld']],
      [at(3, 0, 30), []],
    ],
  },
  {
    name: 'a run that starts an hour late',
    days: 3,
    backups: [week(GOOD, { atMinute: at(1, 1, 15), exitCode: 0 }, GOOD)],
    firing: [],
  },
  {
    name: 'a run by hand in the afternoon, and the nightly one after it',
    days: 3,
    backups: [week(GOOD, GOOD, { atMinute: at(1, 16, 0), exitCode: 0 }, { ...GOOD, atMinute: at(2, 0, 15) })],
    firing: [],
  },
  {
    name: 'a failed night, and a good one',
    days: 4,
    backups: [week(GOOD, GOOD, FAILED, GOOD)],
    firing: [
      [at(2, 0, 30), []],
      [at(2, 0, 45), ['Failed']],
      [at(3, 0, 15), ['Failed']],
      [at(3, 0, 30), []],
    ],
  },
  ...[2, 5, 130, 143].map((exitCode) => ({
    name: `a night that ends with exit code ${exitCode}`,
    days: 2,
    backups: [week(GOOD, { exitCode })],
    firing: [[at(1, 0, 45), ['Failed']]] as const,
  })),
  {
    name: 'failing nights: in the second they are too many',
    days: 5,
    backups: [week(GOOD, FAILED, FAILED, FAILED, GOOD)],
    firing: [
      [at(1, 0, 45), ['Failed']],
      [at(2, 2, 30), ['Failed']],
      [at(2, 2, 45), ['Failed', 'TooOld']],
      [at(4, 0, 15), ['Failed', 'TooOld']],
      [at(4, 0, 30), []],
    ],
  },
  {
    name: 'a failed night, and a try by hand, which fails too, short before the next one',
    days: 3,
    backups: [week(GOOD, FAILED, { ...FAILED, atMinute: at(1, 22, 0) }, { ...GOOD, atMinute: at(2, 0, 15) })],
    firing: [
      [at(1, 23, 45), ['Failed']],
      [at(2, 0, 30), []],
    ],
  },
  {
    name: 'an incomplete night, and a complete one',
    days: 4,
    backups: [week(GOOD, GOOD, INCOMPLETE, GOOD)],
    firing: [
      [at(2, 0, 30), []],
      [at(2, 0, 45), ['Incomplete']],
      [at(3, 0, 15), ['Incomplete']],
      [at(3, 0, 30), []],
    ],
  },
  {
    name: 'a night in which volumes were not copied, and one in which they were',
    days: 4,
    backups: [
      week(GOOD, { ...GOOD, volumeGaps: 0 }, { exitCode: 3, volumeGaps: 2 }, { ...GOOD, volumeGaps: 0 }),
    ],
    firing: [
      [at(2, 0, 30), []],
      [at(2, 0, 45), ['VolumesNotCopied']],
      [at(3, 0, 15), ['VolumesNotCopied']],
      [at(3, 0, 30), []],
    ],
  },
  {
    name: 'an incomplete night of which the number of gaps is not known',
    days: 2,
    backups: [{ ...week(GOOD, INCOMPLETE), without: ['openshift_backup_failed_parts'] }],
    firing: [[at(1, 0, 45), ['Incomplete']]],
  },
  {
    name: 'incomplete nights: in the second they are too many',
    days: 3,
    backups: [week(GOOD, INCOMPLETE, INCOMPLETE)],
    firing: [
      [at(2, 2, 30), ['Incomplete']],
      [at(2, 2, 45), ['Incomplete', 'TooOld']],
    ],
  },
  {
    name: 'a schedule that is not known: two missed nights',
    days: 4,
    backups: [{ ...week(GOOD, undefined, undefined, GOOD), schedule: 'unknown' }],
    firing: [
      [at(2, 2, 30), []],
      [at(2, 2, 45), ['TooOld']],
      [at(3, 0, 30), []],
    ],
  },
  {
    name: 'a run by hand from before to after the time at which one is due, and none at that time',
    days: 3,
    backups: [week(GOOD, { atMinute: at(1, 0, 14), exitCode: 0 }, GOOD)],
    firing: [],
  },
  {
    name: 'good weeks of a weekly schedule',
    days: 8,
    backups: [{ ...week(GOOD, GOOD), schedule: WEEKLY }],
    firing: [],
  },
  {
    name: 'failing weeks of a weekly schedule',
    days: 15,
    backups: [{ ...week(GOOD, FAILED, FAILED), schedule: WEEKLY }],
    firing: [
      [at(13, 23, 0), ['Failed']],
      [at(14, 2, 45), ['Failed', 'TooOld']],
    ],
  },
];

/** Where there has never been a complete archive. */
export const BEGINNINGS: readonly Case[] = [
  {
    name: 'a first night that is missed',
    days: 2,
    backups: [week(INCOMPLETE, undefined)],
    firing: [
      [at(1, 2, 30), ['Incomplete']],
      [at(1, 2, 45), ['Incomplete', 'TooOld']],
    ],
  },
  {
    name: 'only incomplete nights since the installation',
    days: 3,
    backups: [week(INCOMPLETE, INCOMPLETE, GOOD)],
    others: [scheduled(3)],
    firing: [
      [at(1, 2, 15), ['Incomplete']],
      [at(1, 2, 45), ['Incomplete', 'TooOld']],
      [at(2, 0, 15), ['Incomplete', 'TooOld']],
      [at(2, 0, 30), []],
    ],
  },
  {
    name: 'a CronJob whose pods never start',
    days: 3,
    backups: [week()],
    others: [scheduled(3)],
    firing: [
      [at(1, 2, 15), []],
      [at(1, 2, 45), ['TooOld']],
      [at(2, 1, 0), ['TooOld']],
    ],
  },
  {
    name: 'another CronJob in the project, which has been at work for long',
    days: 3,
    backups: [week()],
    others: [scheduled(3, 'report'), scheduled(3, 'openshift-backup', 'shop')],
    firing: [],
  },
];

/** How many objects there are. */
export const OBJECTS: readonly Case[] = [
  {
    name: 'two fifths of the objects, and as many in the next night',
    days: 4,
    backups: [counting(1000, 1000, 400, 400)],
    firing: [
      [at(2, 0, 30), []],
      [at(2, 0, 45), ['Shrunk']],
      [at(3, 0, 15), ['Shrunk']],
      [at(3, 0, 30), []],
    ],
  },
  {
    name: 'no object at all',
    days: 2,
    backups: [counting(1000, 0)],
    firing: [[at(1, 0, 45), ['Shrunk']]],
  },
  {
    name: 'half of the objects, none before, many more',
    days: 4,
    backups: [counting(1000, 500, 500, 250), { ...counting(0, 0, 1000, 900), name: 'new' }],
    firing: [],
  },
];
