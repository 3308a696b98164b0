import type { BackuperReport, BackuperRequest } from '../../model/backuper.ts';
import type { ChosenIdentity, CopyPlan } from '../copy.ts';

/** Node.js, three processes of rsync, and an inventory of some thousand entries. */
const MEMORY_MIB_MIN = 256;
const MEMORY_MIB_MAX = 8192;
/** rsync keeps about 100 B an entry in each of its processes, and so does the comparison afterwards. */
const BYTES_PER_ENTRY = 500;
/** Those are looked up by inode besides (rsync -H). */
const BYTES_PER_HARD_LINK = 200;

/** What a BackupEr pod is told to do. */
export interface TaskInput {
  readonly task: 'probe' | 'copy';
  readonly plan: CopyPlan;
  readonly identity: ChosenIdentity;
  /** What the probe has found; undefined for the probe itself. */
  readonly probe: BackuperReport | undefined;
  /** The name of the generation that is begun, if it comes to one. */
  readonly generation: string;
}

/** The request to the program in a BackupEr pod. */
export function backuperRequest({ task, plan, identity, probe, generation }: TaskInput): BackuperRequest {
  const { sub, into, mode, keepGenerations, mayShrink, checksum, bandwidthKiB } = plan.request;
  const isGeneration = mode === 'generations' && task === 'copy';
  const there = probe?.target?.generations ?? [];
  // The new one counts too. The program removes them after the copy is complete, never before.
  const expiredCount = Math.max(0, there.length + 1 - keepGenerations);
  return {
    task,
    identity: identity.tier === 'root' ? 'root' : 'owner',
    sub,
    into,
    mode,
    generation: isGeneration ? generation : '',
    expired: isGeneration ? there.slice(0, expiredCount) : [],
    isLive: plan.consistency === 'live',
    mayShrink,
    checksum,
    bandwidthKiB,
  };
}

/**
 * The memory of a pod that copies what the probe has found; of the probe itself, when nothing is known.
 *
 * @param doublings how often it was too little
 */
export function memoryMiB(probe: BackuperReport | undefined, doublings: number): number {
  const { source, target } = probe ?? {};
  const entryCount = Math.max(source?.entryCount ?? 0, target?.entryCount ?? 0);
  const bytes = entryCount * BYTES_PER_ENTRY + (source?.hardLinkCount ?? 0) * BYTES_PER_HARD_LINK;
  const neededMiB = MEMORY_MIB_MIN + Math.ceil(bytes / 2 ** 20);
  return Math.min(neededMiB * 2 ** doublings, MEMORY_MIB_MAX);
}
