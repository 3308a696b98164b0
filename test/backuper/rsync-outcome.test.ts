import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rsyncVerdict } from '../../src/backuper/rsync-outcome.ts';
import { complaintOf, type ComplaintKind } from '../../src/backuper/rsync-output.ts';

/** What rsync 3.5.0 really says, as it was seen. */
const COMPLAINTS: Readonly<Record<string, ComplaintKind>> = {
  'rsync: [receiver] write failed on "/target/a": No space left on device (28)': 'full',
  'rsync: [receiver] close failed on "/target/.a.x": Disk quota exceeded (122)': 'full',
  'rsync: [generator] chown "/target/." failed: Operation not permitted (1)': 'owners',
  'rsync: [receiver] chown "/target/.x.3Zq" failed: Operation not permitted (1)': 'owners',
  'rsync: [receiver] chgrp "/target/.x.3Zq" failed: Invalid argument (22)': 'owners',
  'rsync: [sender] opendir "/source/private" failed: Permission denied (13)': 'denied-source',
  'rsync: [sender] send_files failed to open "/source/key": Permission denied (13)': 'denied-source',
  'rsync: [receiver] mkstemp "/target/.a.b" failed: Permission denied (13)': 'denied-target',
  'rsync: [generator] recv_generator: mkdir "/target/a" failed: Read-only file system (30)': 'denied-target',
  'file has vanished: "/source/tmp/1"': 'vanished',
  'directory has vanished: "/source/tmp"': 'vanished',
  'rsync: [sender] link_stat "/source/x" failed: No such file or directory (2)': 'vanished',
  'rsync: [sender] read errors mapping "/source/x": Input/output error (5)': 'other',
};
for (const [line, kind] of Object.entries(COMPLAINTS)) {
  test(`${kind}: ${line}`, () => assert.equal(complaintOf(line), kind));
}

type Complaints = Partial<Record<ComplaintKind, number>>;
interface Row {
  readonly exit: number | null;
  readonly complaints?: Complaints;
  readonly isLive?: boolean;
  readonly is: string;
}
const ROWS: readonly Row[] = [
  { exit: 0, is: 'copied' },
  ...[1, 2, 3, 4, 5, 10, 11, 12, 14, 22, 30, 35, 99].map((exit) => ({ exit, is: 'failed' })),
  { exit: 11, complaints: { full: 1 }, is: 'target-full' },
  { exit: 12, complaints: { full: 1, other: 2 }, is: 'target-full' },
  { exit: 23, complaints: { full: 1, 'denied-source': 1 }, is: 'target-full' },
  { exit: 19, is: 'interrupted' },
  { exit: 20, is: 'interrupted' },
  { exit: 23, is: 'failed' },
  { exit: 23, complaints: { owners: 1, 'denied-source': 1 }, is: 'owners-refused' },
  { exit: 23, complaints: { 'denied-source': 1 }, isLive: true, is: 'unreadable' },
  { exit: 23, complaints: { 'denied-target': 1 }, is: 'failed' },
  { exit: 23, complaints: { vanished: 2 }, is: 'vanished' },
  {
    exit: 23,
    complaints: { vanished: 2 },
    isLive: true,
    is: 'copied, 2 names vanished from the source meanwhile',
  },
  { exit: 23, complaints: { vanished: 2, other: 1 }, isLive: true, is: 'failed' },
  { exit: 24, complaints: { vanished: 1 }, is: 'vanished' },
  {
    exit: 24,
    complaints: { vanished: 1 },
    isLive: true,
    is: 'copied, 1 name vanished from the source meanwhile',
  },
  { exit: 25, is: 'shrunk' },
  { exit: null, is: 'failed' },
];
for (const { exit, complaints = {}, isLive = false, is } of ROWS) {
  const what = `${exit ?? 'killed'}${isLive ? ', live' : ''} ${JSON.stringify(complaints)}`;
  test(`rsync's end ${what} means: ${is}`, () => {
    const killedBy = exit === null ? 'SIGKILL' : null;
    const verdict = rsyncVerdict({ exit, killedBy }, { complaints }, isLive);
    const warning = verdict.kind === 'copied' && verdict.warning !== undefined ? `, ${verdict.warning}` : '';
    assert.equal(verdict.kind === 'copied' ? `copied${warning}` : verdict.outcome, is);
    if (verdict.kind === 'stopped') assert.match(verdict.message, /: \w/u, 'it says what to do');
  });
}
