import { at, type Case } from './cases.ts';
import { type Backup, DAY, otherSeries, type Run, type Series } from './timeline.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const GOOD: Run = { exitCode: 0 };
const WEEK: readonly Run[] = Array.from({ length: 8 }, () => GOOD);
const FREE = 'openshift_backup_volume_free_bytes';
const SIZE = 'openshift_backup_volume_size_bytes';
const ARCHIVE_BYTES = 'openshift_backup_archive_bytes';

/** A backup with archives of 20 MiB on a volume of so many bytes, of which so many are free at a minute. */
function volume(sizeBytes: number, freeBytes: (minute: number) => number): Backup {
  return { runs: WEEK, instead: { [SIZE]: () => sizeBytes, [FREE]: freeBytes } };
}

/** Free bytes that become less at an even pace. */
function falling(fromBytes: number, bytesPerDay: number): (minute: number) => number {
  return (minute) => fromBytes - (bytesPerDay * minute) / DAY;
}

function silent(name: string, backup: Backup, days = 3): Case {
  return { name, days, backups: [backup], firing: [] };
}

/** Room on the volume. */
export const VOLUMES: readonly Case[] = [
  {
    name: 'less than 15 % of the volume, until somebody makes room',
    days: 2,
    backups: [volume(2 * GIB, (minute) => (minute < at(1, 9, 0) ? 300 : 1500) * MIB)],
    firing: [
      [at(0, 0, 45), []],
      [at(0, 1, 0), ['VolumeFilling']],
      [at(1, 8, 45), ['VolumeFilling']],
      [at(1, 9, 15), []],
    ],
  },
  {
    name: 'less than 15 % before the first archive, whose size nobody knows',
    days: 1,
    backups: [{ ...volume(100 * GIB, () => 14 * GIB), without: [ARCHIVE_BYTES] }],
    firing: [[at(0, 1, 0), ['VolumeFilling']]],
  },
  {
    name: 'room for less than three archives, although it is more than 15 %',
    days: 1,
    backups: [volume(100 * MIB, () => 59 * MIB)],
    firing: [[at(0, 2, 15), ['VolumeFilling']]],
  },
  {
    name: 'half empty, and full in three days if it goes on',
    days: 2,
    backups: [volume(100 * GIB, falling(60 * GIB, 20 * GIB))],
    firing: [
      [at(0, 11, 0), []],
      [at(0, 14, 0), ['VolumeFilling']],
    ],
  },
  silent(
    '15.5 % of the volume',
    volume(2 * GIB, () => 318 * MIB),
  ),
  silent(
    'a tenth of a file server, on which archives are small',
    volume(1024 * GIB, () => 102 * GIB),
  ),
  silent(
    'room for more than three archives',
    volume(100 * MIB, () => 61 * MIB),
  ),
  silent('half empty, and full in four days', volume(100 * GIB, falling(50 * GIB, 10 * GIB)), 1),
  silent('a young volume that fills quickly', volume(100 * GIB, falling(99 * GIB, 40 * GIB)), 1),
  silent(
    'a run that needs nearly all of the room for half an hour',
    volume(2 * GIB, (minute) => (minute % DAY < 45 && minute % DAY > 15 ? 30 * MIB : 900 * MIB)),
  ),
];

function suspended(
  value: (minute: number) => number,
  cronjob = 'openshift-backup',
  namespace = 'cluster-backup',
): Series {
  return otherSeries(`kube_cronjob_spec_suspend{namespace="${namespace}",cronjob="${cronjob}"}`, 2, value);
}

/** A CronJob that is not to run. */
export const SUSPENDED: readonly Case[] = [
  {
    name: 'a CronJob that is suspended from 10:00 to 18:00',
    days: 2,
    backups: [{ runs: WEEK }],
    others: [suspended((minute) => Number(minute >= at(0, 10, 0) && minute < at(0, 18, 0)))],
    firing: [
      [at(0, 13, 45), []],
      [at(0, 14, 15), ['Suspended']],
      [at(0, 17, 45), ['Suspended']],
      [at(0, 18, 15), []],
    ],
  },
  {
    name: 'other CronJobs that are suspended, in the project and elsewhere',
    days: 2,
    backups: [{ runs: WEEK }],
    others: [
      suspended(() => 0),
      suspended(() => 1, 'report'),
      suspended(() => 1, 'openshift-backup', 'shop'),
    ],
    firing: [],
  },
];

/** Which of them are there at all. */
export const PRESENCE: readonly Case[] = [
  {
    name: 'nothing from the beginning',
    days: 1,
    backups: [],
    firing: [
      [at(0, 1, 45), []],
      [at(0, 2, 0), ['Absent of /']],
    ],
  },
  {
    name: 'a spare pod that is away from 12:00 to 20:00',
    days: 2,
    backups: [
      {
        runs: WEEK,
        pod: (minute) => (minute >= at(1, 12, 0) && minute < at(1, 20, 0) ? undefined : 'spare-1'),
      },
    ],
    firing: [
      [at(1, 13, 45), []],
      [at(1, 14, 30), ['Absent of /']],
      [at(1, 19, 45), ['Absent of /']],
      [at(1, 20, 15), []],
    ],
  },
  {
    name: 'a new spare pod every afternoon, after half an hour without one',
    days: 3,
    backups: [
      {
        runs: WEEK,
        pod: (minute) =>
          minute % DAY > 900 && minute % DAY < 930 ? undefined : `spare-${Math.floor((minute + 540) / DAY)}`,
      },
    ],
    firing: [],
  },
  {
    name: 'two spare pods at once, and one alert',
    days: 2,
    backups: ['spare-1', 'spare-2'].map((pod) => ({ runs: [GOOD, { exitCode: 4 }], pod: () => pod })),
    firing: [[at(1, 0, 45), ['Failed']]],
  },
  {
    name: 'two backups, of which one is gone',
    days: 2,
    backups: [
      { runs: WEEK },
      { runs: WEEK, namespace: 'shop', name: 'own', pod: (minute) => (minute < 720 ? 'spare-9' : undefined) },
    ],
    firing: [
      [at(0, 13, 45), []],
      [at(0, 14, 30), ['Absent of shop/own']],
      [at(1, 23, 0), ['Absent of shop/own']],
    ],
  },
  {
    name: 'two backups in two projects, and two in one, of which one each is broken',
    days: 3,
    backups: [
      { runs: WEEK },
      { runs: [GOOD, { exitCode: 3 }, undefined], namespace: 'shop' },
      { runs: [GOOD, { exitCode: 4 }, GOOD], name: 'second' },
    ],
    firing: [
      [at(1, 0, 45), ['Failed of cluster-backup/second', 'Incomplete of shop/openshift-backup']],
      [at(2, 0, 30), ['Incomplete of shop/openshift-backup']],
      [at(2, 2, 45), ['Incomplete of shop/openshift-backup', 'TooOld of shop/openshift-backup']],
    ],
  },
  {
    name: 'a volume in the place of the one with the archives',
    days: 5,
    backups: [{ runs: [GOOD, GOOD, GOOD, GOOD], lostAtMinute: at(3, 12, 0) }],
    others: [
      otherSeries(
        'kube_cronjob_status_last_schedule_time{namespace="cluster-backup",cronjob="openshift-backup"}',
        5,
        (minute) => Math.floor(minute / DAY) * 86_400,
      ),
    ],
    firing: [
      [at(3, 11, 0), []],
      [at(3, 12, 30), ['TooOld']],
      [at(4, 0, 0), ['TooOld']],
    ],
  },
];
