import type { SideFacts } from '../../model/backuper.ts';
import { byteText } from '../../model/text.ts';
import type { CopyPlan, Declined } from '../copy.ts';
import { declined } from './declined.ts';

/** Metadata of the file system, and what grows meanwhile. */
const MARGIN = 1.05;
/** File systems that have a fixed number of inodes; others say 0 where they have no limit. */
const HAS_INODES = /^(?:ext[234]|xfs)/u;

/**
 * Why the target can't hold what the source holds now. What a mirror has there already is replaced; generations
 * share what has not changed, so that for another one nothing can be said before.
 */
export function lacksRoom(plan: CopyPlan, source: SideFacts, target: SideFacts): Declined | undefined {
  if (target.totalBytes > 0 && source.allocatedBytes > target.totalBytes)
    return declined(
      'target-too-small',
      `${plan.source.name} holds ${byteText(source.allocatedBytes)}, and the volume of ${plan.target.name} has ${byteText(target.totalBytes)} in all: name a larger target, or expand this one`,
    );
  const isNextGeneration = plan.request.mode === 'generations' && (target.generations?.length ?? 0) > 0;
  if (isNextGeneration) return undefined;
  const present = plan.request.mode === 'mirror' ? target : { allocatedBytes: 0, entryCount: 0 };
  const needed = Math.max(0, source.allocatedBytes * MARGIN - present.allocatedBytes);
  if (needed > target.freeBytes)
    return declined(
      'target-lacks-room',
      `the copy needs ${byteText(needed)} more on ${plan.target.name}, and ${byteText(target.freeBytes)} are free: expand the target, or remove what does not belong there`,
    );
  const inodes = Math.max(0, Math.ceil(source.entryCount * MARGIN) - present.entryCount);
  const isLimited = target.freeInodes > 0 || HAS_INODES.test(target.fileSystem);
  if (!isLimited || inodes <= target.freeInodes) return undefined;
  return declined(
    'target-lacks-room',
    `the copy needs ${inodes} more inodes on ${plan.target.name}, and ${target.freeInodes} are free: name a target whose file system has more`,
  );
}
