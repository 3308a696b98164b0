import { COPY, WISHES } from '../annotations.ts';
import { quantityBytes } from '../plan/claim-facts.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt, textsAt } from '../fields.ts';
import { isBackuper, usersOf } from '../plan/pod-claims.ts';
import type { SwapDeclineReason, SwapFacts, SwapObjection, SwapRequest } from './swap-facts.ts';
import type { SwapKept } from './swap-record.ts';

type Objections = readonly (SwapObjection | undefined)[];

function objection(reason: SwapDeclineReason, message: string): SwapObjection {
  return { reason, message };
}

/** What stands against the claims themselves; with anything of it, the rest can't be judged. */
export function objectionsToClaims(request: SwapRequest, facts: SwapFacts): SwapObjection[] {
  return claimsObjections(request, facts).filter((one) => one !== undefined);
}

/** What stands against giving the one claim the volume of the other, apart from whether everything can be stopped. */
export function objectionsToKept(request: SwapRequest, facts: SwapFacts, kept: SwapKept): SwapObjection[] {
  const { claim, copy } = kept;
  const objections: Objections = [
    ...objectionsToVolumes(kept),
    ...(request.isForced ? [] : objectionsToCopy(request, facts, copy)),
    ...[claim, copy].map(objectionToOwner),
    copyInUse(request, facts),
    claimInCopy(request, facts),
  ];
  return objections.filter((one) => one !== undefined);
}

function claimsObjections(request: SwapRequest, facts: SwapFacts): Objections {
  if (request.claim === request.copy)
    return [
      objection('same-claim', `${request.claim} can't take its own place: name the claim and its copy`),
    ];
  const busy = facts.swaps.find(
    (swap) =>
      swap.state === 'running' &&
      [swap.claim, swap.copy].some((name) => name === request.claim || name === request.copy),
  );
  if (busy)
    return [
      objection(
        'swap-under-way',
        `Swap ${busy.id} of ${busy.claim} and ${busy.copy} has not ended: end it first`,
      ),
    ];
  return [
    objectionToClaim(request.claim, facts.claim, facts.claimVolume),
    objectionToClaim(request.copy, facts.copy, facts.copyVolume),
  ];
}

function objectionToClaim(
  name: string,
  claim: ClusterObject | undefined,
  volume: ClusterObject | undefined,
): SwapObjection | undefined {
  if (!claim) return objection('claim-missing', `There is no claim ${name}: see "kubectl get pvc"`);
  if (claim.metadata.deletionTimestamp !== undefined)
    return objection('claim-terminating', `Claim ${name} is being deleted: wait, or take another one`);
  const phase = textAt(claim.status, 'phase');
  if (phase !== 'Bound' || !volume || textAt(volume.spec, 'claimRef', 'uid') !== claim.metadata.uid) {
    return objection(
      'claim-not-bound',
      `Claim ${name} is ${phase || 'in no phase'} and has no volume that is bound to it: mend that first`,
    );
  }
  if (volume.metadata.deletionTimestamp === undefined) return undefined;
  return objection('volume-terminating', `Volume ${volume.metadata.name} of ${name} is being deleted`);
}

function objectionsToVolumes({ claim, claimVolume, copyVolume }: SwapKept): Objections {
  const [old, next] = [claimVolume.metadata.name, copyVolume.metadata.name];
  if (old === next) return [objection('same-volume', `Both claims have volume ${old}`)];
  const modes = textsAt(copyVolume.spec, 'accessModes');
  const missing = textsAt(claim.spec, 'accessModes').filter((mode) => !modes.includes(mode));
  const [oldMode, newMode] = [claim, copyVolume].map((one) => textAt(one.spec, 'volumeMode') || 'Filesystem');
  const wanted = textAt(claim.spec, 'resources', 'requests', 'storage');
  const size = textAt(copyVolume.spec, 'capacity', 'storage');
  return [
    missing.length > 0
      ? objection(
          'mode-mismatch',
          `Volume ${next} of the copy can't be mounted as ${missing.join(', ')}, which the claim asks for: copy to a claim that can`,
        )
      : undefined,
    oldMode === newMode
      ? undefined
      : objection('mode-mismatch', `The claim is a ${oldMode} and the copy a ${newMode}`),
    quantityBytes(size) < quantityBytes(wanted)
      ? objection(
          'too-small',
          `Volume ${next} of the copy has ${size} and the claim asks for ${wanted}: copy to a claim of that size`,
        )
      : undefined,
  ];
}

function objectionsToCopy(request: SwapRequest, facts: SwapFacts, copy: ClusterObject): Objections {
  const { annotations = {} } = copy.metadata;
  const state = annotations[COPY.state] ?? 'unknown';
  const of = annotations[COPY.of] ?? request.claim;
  return [
    state === 'complete'
      ? undefined
      : objection(
          'copy-not-complete',
          `The state of the copy ${request.copy} is ${state}: copy again, or add --force to take it as it is`,
        ),
    of === request.claim
      ? undefined
      : objection(
          'copy-of-another',
          `${request.copy} is a copy of ${of}: add --force to take it all the same`,
        ),
    isWhole(facts)
      ? undefined
      : objection(
          'copy-not-whole',
          `${request.copy} does not hold the claim's files where the application looks for them (a folder, or generations): copy all of it, as a mirror, to a claim of its own`,
        ),
  ];
}

/** Whether the copy's root is the root of what was copied: else the application would find nothing there. */
function isWhole({ claim, copyRequest }: SwapFacts): boolean {
  const wishes = claim?.metadata.annotations ?? {};
  const asked = copyRequest ?? {
    mode: wishes[WISHES.mode],
    into: wishes[WISHES.into],
    sub: wishes[WISHES.folder],
  };
  return asked.mode !== 'generations' && [asked.into, asked.sub].every((folder) => (folder ?? '') === '');
}

/** What made such a claim would make it again, and empty, as soon as it is gone. */
function objectionToOwner({ metadata }: ClusterObject): SwapObjection | undefined {
  const owner = metadata.ownerReferences?.find(({ kind }) => kind !== 'StatefulSet');
  if (!owner) return undefined;
  const advice =
    owner.kind === 'DataVolume' || owner.kind === 'VirtualMachine'
      ? 'clone it with a new DataVolume, and let the virtual machine use that one'
      : 'change the volume there, or take it from its owner first';
  return objection(
    'claim-owned',
    `Claim ${metadata.name} belongs to ${owner.kind} ${owner.name}, which would make it anew: ${advice}`,
  );
}

function copyInUse({ copy }: SwapRequest, { pods }: SwapFacts): SwapObjection | undefined {
  const users = usersOf(pods, copy).map(({ metadata }) => metadata.name);
  if (users.length === 0) return undefined;
  return objection('copy-in-use', `The copy ${copy} is used by ${users.join(', ')}: stop that first`);
}

/** A BackupEr pod ends on its own, and is never scaled. */
function claimInCopy({ claim }: SwapRequest, { pods }: SwapFacts): SwapObjection | undefined {
  const users = usersOf(pods, claim).filter(isBackuper);
  if (users.length === 0) return undefined;
  return objection(
    'copy-in-use',
    `Claim ${claim} is being copied by ${users[0]?.metadata.name}: wait until it has ended`,
  );
}
