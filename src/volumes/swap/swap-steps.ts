import type { ClusterObject } from '../copy.ts';
import { textAt } from '../fields.ts';
import { awaitBound, makeClaim, removeClaim } from './swap-claims.ts';
import { claimNamed, type ObjectContext } from './swap-objects.ts';
import { SWAP, type SwapRecord } from './swap-record.ts';
import { markReplaced, reserve, restorePolicy, retain } from './swap-volumes.ts';
import { standStill, startAgain, type SwapWork } from './swap-workloads.ts';

/** A step. Taken again, however far it got before, it ends the same. */
export interface SwapStep {
  readonly name: string;
  readonly text: (record: SwapRecord) => string;
  readonly take: (work: SwapWork) => Promise<void>;
}

const QUIET: SwapStep = {
  name: 'quiet',
  text: ({ claim }) => `what uses ${claim} is stopped`,
  take: standStill,
};
const RETAIN: SwapStep = {
  name: 'retain',
  text: () => 'both volumes are kept from being deleted',
  take: async ({ context, record: { kept } }) => {
    await retain(context, kept.claimVolume);
    await retain(context, kept.copyVolume);
  },
};
const RESUME: SwapStep = {
  name: 'resume',
  text: () => 'what was stopped is started again',
  take: startAgain,
};

/**
 * The claim gets the copy's volume. The copy's claim goes first, and its volume is reserved before the claim itself
 * goes: so the application's claim is missing for a moment only, and whoever makes it anew meanwhile (GitOps) gets
 * the right volume.
 */
export const FORWARD: readonly SwapStep[] = [
  QUIET,
  RETAIN,
  {
    name: 'drop-copy',
    text: ({ copy }) => `claim ${copy} is deleted`,
    take: ({ context, record: { kept } }) => removeIf(context, kept.copy, kept.copyVolume),
  },
  {
    name: 'reserve',
    text: ({ claim, kept }) => `volume ${kept.copyVolume.metadata.name} is reserved for ${claim}`,
    take: ({ context, record: { claim, kept } }) => reserve(context, kept.copyVolume, claim),
  },
  {
    name: 'drop-claim',
    text: ({ claim }) => `claim ${claim} is deleted`,
    take: ({ context, record: { kept } }) => removeIf(context, kept.claim, kept.claimVolume),
  },
  {
    name: 'make-claim',
    text: ({ claim }) => `claim ${claim} is made again`,
    take: ({ context, record: { id, kept } }) =>
      makeClaim(context, kept.claim, { volume: kept.copyVolume, id }),
  },
  {
    name: 'bind',
    text: ({ claim, kept }) => `claim ${claim} is bound to ${kept.copyVolume.metadata.name}`,
    take: ({ context, record: { claim, kept } }) => awaitBound(context, claim, kept.copyVolume),
  },
  {
    name: 'settle',
    text: ({ kept }) => `${kept.claimVolume.metadata.name} is marked as replaced`,
    take: async ({ context, record: { id, claim, kept } }) => {
      await markReplaced(context, kept.claimVolume, { name: claim, id });
      await restorePolicy(context, kept.copyVolume, claim);
    },
  },
  RESUME,
];

/** The same the other way, from wherever the swap has got to. */
export const BACKWARD: readonly SwapStep[] = [
  QUIET,
  RETAIN,
  {
    name: 'reserve-old',
    text: ({ claim, kept }) => `volume ${kept.claimVolume.metadata.name} is reserved for ${claim}`,
    take: ({ context, record: { claim, kept } }) => reserve(context, kept.claimVolume, claim),
  },
  {
    name: 'drop-new-claim',
    text: ({ claim }) => `claim ${claim} is deleted`,
    take: dropNewClaim,
  },
  {
    name: 'make-old-claim',
    text: ({ claim }) => `claim ${claim} is made again`,
    take: ({ context, record: { id, kept } }) =>
      makeClaim(context, kept.claim, { volume: kept.claimVolume, id }),
  },
  {
    name: 'bind-old',
    text: ({ claim, kept }) => `claim ${claim} is bound to ${kept.claimVolume.metadata.name}`,
    take: ({ context, record: { claim, kept } }) => awaitBound(context, claim, kept.claimVolume),
  },
  { name: 'make-copy', text: ({ copy }) => `claim ${copy} is made again`, take: makeCopy },
  { name: 'settle-back', text: () => 'the volumes get their reclaim policies back', take: settleBack },
  RESUME,
];

/** Removes the very claim that was there when the swap began; one that somebody has made since stays. */
async function removeIf(context: ObjectContext, claim: ClusterObject, volume: ClusterObject): Promise<void> {
  const found = await claimNamed(context, claim.metadata.name);
  if (found?.metadata.uid !== claim.metadata.uid || !found) return;
  await removeClaim(context, found, volume);
}

async function dropNewClaim({ context, record: { id, claim, kept } }: SwapWork): Promise<void> {
  const found = await claimNamed(context, claim);
  if (!found || textAt(found.spec, 'volumeName') === kept.claimVolume.metadata.name) return;
  const isOurs = found.metadata.annotations?.[SWAP] === id;
  if (!isOurs && textAt(found.spec, 'volumeName') !== kept.copyVolume.metadata.name) return;
  await removeClaim(context, found, kept.copyVolume);
}

/** Whether the copy's claim can have its volume again: not when somebody has made another one of its name. */
async function mayHaveCopy({ context, record: { copy, kept } }: SwapWork): Promise<boolean> {
  const found = await claimNamed(context, copy);
  return found === undefined || textAt(found.spec, 'volumeName') === kept.copyVolume.metadata.name;
}

async function makeCopy(work: SwapWork): Promise<void> {
  const { context, record } = work;
  const { id, copy, kept } = record;
  if (!(await mayHaveCopy(work))) {
    const volume = kept.copyVolume.metadata.name;
    context.report(`There is another claim ${copy} now: volume ${volume} stays without a claim, with Retain`);
    return;
  }
  await reserve(context, kept.copyVolume, copy);
  await makeClaim(context, kept.copy, { volume: kept.copyVolume, id });
  await awaitBound(context, copy, kept.copyVolume);
}

async function settleBack(work: SwapWork): Promise<void> {
  const { context, record } = work;
  const { id, claim, copy, kept } = record;
  await restorePolicy(context, kept.claimVolume, claim);
  if (await mayHaveCopy(work)) await restorePolicy(context, kept.copyVolume, copy);
  else await markReplaced(context, kept.copyVolume, { name: copy, id });
}
