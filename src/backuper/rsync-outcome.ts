import type { BackuperOutcome } from '../model/backuper.ts';
import { counted } from '../model/text.ts';
import type { RsyncOutput } from './rsync-output.ts';
import type { Ended } from './run-program.ts';

/** What an end of rsync means: the copy is as good as the source lets it be, or the task is over. */
export type RsyncVerdict =
  | { readonly kind: 'copied'; readonly warning?: string }
  | { readonly kind: 'stopped'; readonly outcome: BackuperOutcome; readonly message: string };

type Output = Pick<RsyncOutput, 'complaints'>;

/** Exit codes that mean the same whatever rsync has said: https://github.com/RsyncProject/rsync/blob/v3.4.1/errcode.h */
const BY_EXIT: Readonly<Record<number, readonly [outcome: BackuperOutcome, message: string]>> = {
  1: ['failed', 'rsync did not understand its arguments: this is a defect, report it'],
  2: ['failed', 'rsync found a protocol it does not speak: this is a defect, report it'],
  3: [
    'failed',
    'rsync refused one of the two folders: look whether both are folders that the user may enter',
  ],
  4: ['failed', 'rsync lacks something it was asked to do: build the image with rsync 3.1 or newer'],
  5: ['failed', 'rsync could not begin: this is a defect, report it'],
  10: ['failed', 'rsync lost the connection between its processes: try again'],
  11: ['failed', 'rsync could not read or write: look at the storage of both volumes'],
  12: ['failed', 'rsync broke off: it may have lacked memory, or the storage has failed; try again'],
  14: ['failed', 'rsync lost the connection between its processes: try again'],
  19: ['interrupted', 'rsync was ended from outside: try again'],
  20: ['interrupted', 'rsync was ended from outside: try again'],
  22: ['failed', 'rsync lacked memory: give the pod more'],
  25: [
    'shrunk',
    'The copy would lose most of its entries: look at the source, and allow it if that is right',
  ],
  30: ['failed', 'rsync waited for too long: look at the storage of both volumes, and try again'],
  35: ['failed', 'rsync waited for too long: look at the storage of both volumes, and try again'],
};

/** Judges how rsync has ended; without signals of our own, which end the task before anybody asks. */
export function rsyncVerdict(
  { exit, killedBy }: Ended,
  { complaints }: Output,
  isLive: boolean,
): RsyncVerdict {
  if (exit === 0) return { kind: 'copied' };
  // It ends with 11, 12 or 23, depending on who of its processes has noticed.
  if (complaints.full !== undefined) {
    return stopped(
      'target-full',
      'The target is full: give it a larger claim, or remove what it need not hold',
    );
  }
  if (killedBy !== null)
    return stopped('failed', `rsync was killed by ${killedBy}: give the pod more memory`);
  if (exit === 23) return partial(complaints, isLive);
  if (exit === 24) return vanished(complaints.vanished ?? 1, isLive);
  const [outcome, message] = BY_EXIT[exit ?? -1] ?? ['failed', `rsync ended with ${exit}: see the errors`];
  return stopped(outcome, message);
}

/** 23: some of it could not be transferred. What it was decides what is to be done. */
function partial(complaints: Output['complaints'], isLive: boolean): RsyncVerdict {
  if (complaints.owners !== undefined) {
    return stopped(
      'owners-refused',
      'The target takes no other owners: choose one that does, or copy as its owner',
    );
  }
  if (complaints['denied-source'] !== undefined) {
    const count = counted(complaints['denied-source'], 'time');
    return stopped('unreadable', `The source could not be read ${count}: copy as root, or as its owner`);
  }
  if (complaints['denied-target'] !== undefined) {
    return stopped('failed', 'The target could not be written to: copy as root, or as its owner');
  }
  if (complaints.vanished !== undefined && complaints.other === undefined) {
    return vanished(complaints.vanished, isLive);
  }
  return stopped('failed', 'Some of it could not be copied: see the errors');
}

function vanished(count: number, isLive: boolean): RsyncVerdict {
  if (isLive)
    return { kind: 'copied', warning: `${counted(count, 'name')} vanished from the source meanwhile` };
  const message =
    'Files vanished from a source that nobody was to write to: find out who does, and copy again';
  return stopped('vanished', message);
}

function stopped(outcome: BackuperOutcome, message: string): RsyncVerdict {
  return { kind: 'stopped', outcome, message };
}
