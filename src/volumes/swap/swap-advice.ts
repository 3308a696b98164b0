import type { SwapRecord } from './swap-record.ts';
import { REPLACED } from './swap-volumes.ts';

/** What people have to know after a swap, one line each: what is where now, and how to go back. */
export function adviceAfter({ namespace, claim, copy, kept }: SwapRecord): readonly string[] {
  const [old, next] = [kept.claimVolume.metadata.name, kept.copyVolume.metadata.name];
  const policy = `'{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'`;
  return [
    `Claim ${claim} has volume ${next} now, and there is no claim ${copy} any more`,
    `The old volume ${old} is kept with all its data: Released, with Retain, and labelled ${REPLACED}`,
    `To go back to it: openshift-backup volumes swap -n ${namespace} ${claim} ${copy} --rollback`,
    `To give it up for good, with its data: kubectl patch pv ${old} -p ${policy}`,
  ];
}

/** What people have to know after a rollback, one line each. */
export function adviceBack({ claim, copy, kept }: SwapRecord): readonly string[] {
  const [old, next] = [kept.claimVolume.metadata.name, kept.copyVolume.metadata.name];
  return [
    `Claim ${claim} has its volume ${old} again`,
    `What was written to ${claim} while it had volume ${next} is there still, in claim ${copy} if it could be made`,
  ];
}
