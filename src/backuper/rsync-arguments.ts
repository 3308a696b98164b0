/** How one copy is made, in all its passes. */
export interface CopyForm {
  /** Folders without a slash at their ends. */
  readonly source: string;
  readonly target: string;
  /** Names at the root of both that are neither copied nor removed. */
  readonly leftOut: readonly string[];
  /** Whether there are any, and the target can hold them. */
  readonly keepsAcls: boolean;
  readonly keepsXattrs: boolean;
  /** Whether there are any in the source: to know, rsync keeps every file of several names in mind. */
  readonly keepsLinks: boolean;
  /** Looking for holes makes large files take nearly twice as long, so it is done only where there are any. */
  readonly keepsHoles: boolean;
  /** How many decimals of a second the target keeps of a time. */
  readonly timeDigits: number;
  readonly bandwidthKiB: number;
  /**
   * Whether the target's own folder is somebody else's: its attributes can't be set then, and rsync would fail for
   * them alone. So what lies in it is copied, and not the folder.
   */
  readonly isRootForeign: boolean;
  /** A folder with an older copy, relative to the target: what is unchanged is hard-linked from there. */
  readonly linkFrom: string | undefined;
  /** Room is too scarce to keep what will be removed until the end. */
  readonly isTight: boolean;
}

type Ends = Pick<CopyForm, 'source' | 'target' | 'leftOut'>;

const OUTPUT = ['--no-h', '--info=progress2,stats2,flist0,name0,del0,nonreg0', '--outbuf=L'];
const LISTED = ['-r', '--from0', '--files-from=-', '--ignore-missing-args'];
/** Decimals of a second that a file system of Linux keeps. */
export const NANOSECOND_DIGITS = 9;

/**
 * The one pass that does all of it. What is on purpose not in it:
 * - `-z`: nothing crosses a network. `-u`: it would keep a newer but broken file. `-c`: it would read everything twice.
 * - `--fsync`: for hundreds of thousands of small files it costs more than the copy; the target's file system is
 *   synced once, at the end.
 * - `--partial-dir`: copies on one machine always write whole files, so that a part of one saves nothing; and rsync
 *   never removes it once its file has gone from the source.
 * - `--no-inc-recursive`: it would hold the whole list of files in memory.
 */
export function copyArguments(form: CopyForm, deletesMax: number | undefined): string[] {
  return [
    ...attributeArguments(form),
    ...OUTPUT,
    ...deleteArguments(form.isTight ? '--delete-before' : '--delete-delay', deletesMax),
    ...(form.bandwidthKiB > 0 ? [`--bwlimit=${form.bandwidthKiB}`] : []),
    ...(form.linkFrom === undefined ? [] : [`--link-dest=${form.linkFrom}`]),
    ...ends(form),
  ];
}

/**
 * For a foreign root, first: removes what the source doesn't have, and nothing else. Copied is afterwards, because
 * each removal changes the time of a folder.
 */
export function deleteOnlyArguments(form: CopyForm, deletesMax: number | undefined): string[] {
  return [
    '-rlx',
    '--specials',
    '--ignore-existing',
    '--ignore-non-existing',
    ...OUTPUT,
    ...deleteArguments('--delete-before', deletesMax),
    ...ends(form),
  ];
}

/**
 * For a foreign root, second: copies the entries whose names, each with a NUL at its end, come on standard input.
 * This is how VolSync copies, too: https://github.com/backube/volsync/blob/3eeaefe52d453218e2801a50cfbc21a203a5e29f/mover-rsync-tls/client.sh
 */
export function listedArguments(form: CopyForm): string[] {
  return [
    ...attributeArguments(form),
    ...OUTPUT,
    ...LISTED,
    // A folder may have become a file.
    '--force',
    ...(form.bandwidthKiB > 0 ? [`--bwlimit=${form.bandwidthKiB}`] : []),
    ...ends(form),
  ];
}

/**
 * Makes what is missing, links nothing, and touches no file that is there: an older generation may share it. The
 * times of folders are set anew.
 */
export function missingArguments(form: CopyForm): string[] {
  const listed = form.isRootForeign ? LISTED : [];
  return [...attributeArguments(form), ...OUTPUT, '--ignore-existing', ...listed, ...ends(form)];
}

/** Changes nothing, and counts what a copy would remove. */
export function countDeletesArguments(form: Ends): string[] {
  return ['-rlnx', '--specials', '--delete', '--no-h', '--info=stats2,flist0', ...ends(form)];
}

/**
 * Changes nothing: reads every file on both sides and prints a line for each entry that differs. The exit code is 0
 * all the same.
 */
export function contentArguments(form: CopyForm): string[] {
  const what = ['-nc', '--delete', '--no-h', '--info=flist0,nonreg0', '--out-format=%i %n'];
  return [...attributeArguments(form), ...what, ...ends(form)];
}

function deleteArguments(when: string, deletesMax: number | undefined): string[] {
  return [when, ...(deletesMax === undefined ? [] : [`--max-delete=${deletesMax}`])];
}

function attributeArguments({
  keepsAcls,
  keepsXattrs,
  keepsLinks,
  keepsHoles,
  timeDigits,
}: CopyForm): string[] {
  return [
    '-ax',
    ...(keepsLinks ? ['-H'] : []),
    ...(keepsHoles ? ['-S'] : []),
    // Nobody gets the right to make devices; they are counted and told of instead.
    '--no-devices',
    '--numeric-ids',
    // By default rsync compares whole seconds, and so misses a change in the second of the copy before.
    ...(timeDigits === NANOSECOND_DIGITS ? ['--modify-window=-1'] : []),
    ...(keepsAcls ? ['-A'] : []),
    ...(keepsXattrs ? ['-X', ...XATTR_FILTERS] : []),
  ];
}

/**
 * Labels of SELinux are the cluster's, and `trusted` can't be seen without more rights. The rule for `system` is
 * rsync's own, which is gone once there are others.
 */
const XATTR_FILTERS = ['security.selinux', 'trusted.*', 'system.*'].map((name) => `--filter=-x ${name}`);

/** The slash at the end of the source means what is in it. */
function ends({ source, target, leftOut }: Ends): string[] {
  return [...leftOut.map((name) => `--exclude=/${name}`), '--', `${source}/`, `${target}/`];
}
