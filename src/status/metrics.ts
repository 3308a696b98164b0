import type { BackupStatus, VolumeSpace } from './backup-status.ts';

/** One metric, by the values of one label: a gauge, which says how things are, or a counter, which only grows. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** By the value of the label; a value that nobody knows is not among them. */
  readonly values: ReadonlyMap<string, number>;
  readonly isCounter?: boolean;
}

/** Every gauge of a backup, without the prefix of its name. */
const GAUGES: readonly (readonly [
  name: string,
  help: string,
  value: (status: BackupStatus, space: VolumeSpace | undefined) => number | undefined,
])[] = [
  [
    'last_run_timestamp_seconds',
    'When the last run ended, however it ended.',
    ({ lastRun }) => seconds(lastRun?.endedAt),
  ],
  ['last_run_exit_code', 'What the last run ended with.', ({ lastRun }) => lastRun?.exitCode],
  [
    'last_success_timestamp_seconds',
    'When the last run ended that published an archive, complete or not.',
    ({ lastSuccess }) => seconds(lastSuccess?.endedAt),
  ],
  [
    'last_complete_timestamp_seconds',
    'When the last run ended that published a complete archive.',
    ({ lastComplete }) => seconds(lastComplete?.endedAt),
  ],
  [
    'next_due_timestamp_seconds',
    'The first time of the schedule after the start of the last run.',
    ({ nextDueAt }) => nextDueAt && nextDueAt.getTime() / 1000,
  ],
  ['duration_seconds', 'How long the last run took.', ({ lastRun }) => duration(lastRun)],
  ['objects', 'Objects in the last complete archive.', ({ lastComplete }) => lastComplete?.objectCount],
  [
    'objects_previous',
    'Objects in the complete archive before the last complete one, of the same selection.',
    ({ previousComplete }) => previousComplete?.objectCount,
  ],
  [
    'denied_types',
    'Resource types that the last archive lacks because they may not be listed.',
    ({ lastSuccess }) => lastSuccess?.deniedCount,
  ],
  [
    'failed_parts',
    'Gaps of the last archive: parts of the cluster that it should hold and does not.',
    ({ lastSuccess }) => lastSuccess?.gapCount,
  ],
  [
    'volumes_copied',
    'Volumes that the last run that was to copy any has copied, and found equal.',
    ({ lastCopies }) => lastCopies?.volumes?.copiedCount,
  ],
  [
    'volumes_failed',
    'Volumes that the last run that was to copy any should have copied, and of which there is no copy to rely on.',
    ({ lastCopies }) => lastCopies?.volumes?.gapCount,
  ],
  [
    'volumes_unasked',
    'Volumes of projects that let theirs be copied, of which nobody has asked for a copy.',
    ({ lastCopies }) => lastCopies?.volumes?.unaskedCount,
  ],
  ['archive_bytes', 'Size of the last archive.', ({ lastSuccess }) => lastSuccess?.archiveBytes],
  ['archives', 'Archives on the volume.', ({ archives }) => archives.length],
  ['volume_free_bytes', 'Free space on the volume.', (_status, space) => space?.freeBytes],
  ['volume_size_bytes', 'Size of the volume.', (_status, space) => space?.sizeBytes],
];

const PREFIX = 'openshift_backup_';

/** The metrics of some backups on one volume. Whatever is unknown is left out. */
export function metricsOf(
  statuses: readonly BackupStatus[],
  space: VolumeSpace | undefined,
  version: string,
): Metric[] {
  const gauges = GAUGES.map(([name, help, value]) => ({
    name: `${PREFIX}${name}`,
    help,
    label: 'backup',
    values: new Map(
      statuses.flatMap((status): [string, number][] => {
        const known = value(status, space);
        return known === undefined ? [] : [[status.backup, known]];
      }),
    ),
  }));
  const info = {
    name: `${PREFIX}info`,
    help: 'The version of the tool.',
    label: 'version',
    values: new Map([[version, 1]]),
  };
  return [...gauges, info].filter(({ values }) => values.size > 0);
}

function seconds(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant) / 1000;
}

/** An archive alone does not tell how long it took. */
function duration(run: BackupStatus['lastRun']): number | undefined {
  if (run === undefined || run.isFromArchive === true) return undefined;
  // Clocks are set back.
  return Math.max(0, Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
}
