import { byteText } from '../../model/text.ts';
import { podsText } from './check-use.ts';
import { mayBeShared } from './claim-facts.ts';
import type { ClaimSummary, CopyFacts, PlanNote, Tier } from '../copy.ts';
import { textAt } from '../fields.ts';
import { commonPlace, isSizeless } from './volume-backing.ts';

/** What a plan's notes are taken from. */
export interface NotesInput {
  readonly source: ClaimSummary;
  readonly target: ClaimSummary;
  readonly facts: CopyFacts;
  readonly highestTier: Tier;
}

/** What people should know of a copy that can be made, apart from where and how still. */
export function planNotes(input: NotesInput): PlanNote[] {
  return [
    ...unreadVolumes(input),
    ...sharedSource(input),
    ...readersOfTarget(input),
    ...samePlace(input),
    ...deletedTarget(input),
    ...smallTarget(input),
    ...identityNotes(input),
  ];
}

function unreadVolumes({ source, target, facts }: NotesInput): PlanNote[] {
  return (
    [
      ['source', source, facts.sourceVolume],
      ['target', target, facts.targetVolume],
    ] as const
  ).flatMap(([about, claim, volume]) =>
    volume || claim.volume === ''
      ? []
      : [
          warning(
            about,
            `the volume ${claim.volume} of ${claim.name} can't be read: from where it can be reached is not known`,
          ),
        ],
  );
}

function sharedSource({ source }: NotesInput): PlanNote[] {
  return mayBeShared(source)
    ? [
        warning(
          'source',
          `${source.name} is ReadWriteMany: whoever else writes to its storage is not seen here`,
        ),
      ]
    : [];
}

function readersOfTarget({ target }: NotesInput): PlanNote[] {
  const { users, name } = target;
  return users.length === 0
    ? []
    : [
        warning(
          'target',
          `${podsText(users)} read${users.length === 1 ? 's' : ''} ${name}, and will see it change`,
        ),
      ];
}

/** A copy beside the original does not outlive what both lie on. */
function samePlace({ source, target, facts }: NotesInput): PlanNote[] {
  const place = commonPlace(facts.sourceVolume, facts.targetVolume);
  const isSameClass = source.storageClass !== '' && source.storageClass === target.storageClass;
  const shared = isSameClass ? `the storage class ${source.storageClass}` : place;
  return shared === undefined
    ? []
    : [warning('target', `source and target lie on ${shared}: the copy does not help when that is lost`)];
}

function deletedTarget({ target, facts }: NotesInput): PlanNote[] {
  const policy = facts.targetVolume
    ? textAt(facts.targetVolume, 'spec', 'persistentVolumeReclaimPolicy')
    : textAt(facts.targetClass, 'reclaimPolicy');
  return policy === 'Delete'
    ? [
        warning(
          'target',
          `whoever deletes the claim ${target.name} deletes the copy: its reclaim policy is Delete`,
        ),
      ]
    : [];
}

/** Only what the source really holds must fit, and that is known when the volumes have been looked into. */
function smallTarget({ source, target, facts }: NotesInput): PlanNote[] {
  const isSmaller = target.capacityBytes > 0 && target.capacityBytes < source.capacityBytes;
  if (!isSmaller || isSizeless(facts.targetVolume, facts.targetClass)) return [];
  const sizes = `${byteText(target.capacityBytes)} of ${byteText(source.capacityBytes)}`;
  return [
    warning(
      'capacity',
      `${target.name} is smaller than ${source.name} (${sizes}): the copy is declined when what is used does not fit`,
    ),
  ];
}

function identityNotes({ highestTier, facts }: NotesInput): PlanNote[] {
  const text =
    highestTier === 'root'
      ? `up to root with a few capabilities${facts.isOpenShift ? ', by the SCC backuper-root' : ''}, if the files need it`
      : `as the owner of the files at most: ${facts.mayRunAsRoot === false ? 'root is not allowed here (make volumes-allow without ROOT=no allows it)' : "the project's Pod Security level is restricted"}`;
  return [{ about: 'identity', text, isWarning: false }];
}

function warning(about: PlanNote['about'], text: string): PlanNote {
  return { about, text, isWarning: true };
}
