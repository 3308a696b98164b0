/** What the name of an archive file says. */
export interface ArchiveName {
  /** The file's name, without its folder. */
  readonly file: string;
  /** The name of the backup that made it (`openshift-backup`). */
  readonly backup: string;
  /** When the run began; to the second (to the minute for `original`). */
  readonly startedAt: Date;
  /** False when the name itself says `-incomplete`. */
  readonly isComplete: boolean;
  /** `format-1` is ours; `original` is gerald1248/openshift-backup's `openshift-backupYYYYMMDDHHMM.zip`. */
  readonly grammar: 'format-1' | 'original';
}

const FORMAT_1 =
  /^(?<backup>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)-(?<stamp>\d{8}T\d{6}Z)(?<gap>-incomplete)?\.zip$/u;
/** https://github.com/gerald1248/openshift-backup/blob/8466873/bin/openshift-backup (`date +%Y%m%d%H%M`) */
const ORIGINAL = /^(?<backup>openshift-backup)(?<stamp>\d{12})\.zip$/u;

/**
 * The file name of an archive in format 1: `<backup>-20261120T001500Z.zip`, in UTC, to the second.
 *
 * @param backup a DNS label: lower-case letters, digits and `-`, at most 63 characters
 */
export function formatArchiveName(backup: string, startedAt: Date, isComplete: boolean): string {
  const stamp = `${startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/gu, '')}Z`;
  return `${backup}-${stamp}${isComplete ? '' : '-incomplete'}.zip`;
}

/** Reads a file name; undefined when it is not the name of an archive of ours or of the original's. */
export function parseArchiveName(file: string): ArchiveName | undefined {
  const own = FORMAT_1.exec(file)?.groups;
  if (own) return named(file, own, 'format-1');
  const original = ORIGINAL.exec(file)?.groups;
  return original && named(file, original, 'original');
}

/** Whether a text can be the name of a backup, the first part of its archives' names. */
export function isBackupName(text: string): boolean {
  return FORMAT_1.test(`${text}-20260101T000000Z.zip`);
}

function named(
  file: string,
  groups: Record<string, string | undefined>,
  grammar: ArchiveName['grammar'],
): ArchiveName | undefined {
  const startedAt = instant(groups['stamp'] ?? '');
  if (!startedAt) return undefined;
  return {
    file,
    backup: groups['backup'] ?? '',
    startedAt,
    isComplete: groups['gap'] === undefined,
    grammar,
  };
}

/** `20261120T001500Z` or `202611200015` as an instant; undefined for a 30 February or a 25th hour. */
function instant(stamp: string): Date | undefined {
  const digits = stamp.replaceAll(/\D/gu, '').padEnd(14, '0');
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)$/u, '$1-$2-$3T$4:$5:$6.000Z');
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) || date.toISOString() !== iso ? undefined : date;
}
