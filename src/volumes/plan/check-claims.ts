import { declined } from './declined.ts';
import type { ClusterObject, CopyFacts, CopyRequest, Declined } from '../copy.ts';
import { textAt, textsAt, valueAt } from '../fields.ts';
import { isSameData } from './volume-backing.ts';

/** The two claims, once both are there. */
export interface Claims {
  readonly kind: 'claims';
  readonly source: ClusterObject;
  readonly target: ClusterObject;
}

/** Why nothing can be copied between claims of this project at all; otherwise the claims. */
export function presentClaims(request: CopyRequest, facts: CopyFacts): Claims | Declined {
  const { namespace, source, target } = request;
  if (!facts.namespace)
    return declined('project-missing', `there is no project ${namespace}: check the name`);
  if (isTerminating(facts.namespace) || textAt(facts.namespace, 'status', 'phase') === 'Terminating')
    return declined('project-missing', `the project ${namespace} is being deleted: name another one`);
  if (!facts.isOptedIn) {
    const advice = `an administrator allows it with make volumes-allow PROJECT=${namespace}`;
    return declined('not-opted-in', `the project ${namespace} does not let its volumes be copied: ${advice}`);
  }
  if (source === target)
    return declined('same-claim', `${source} can't be copied onto itself: name another claim as the target`);
  const [one, other] = [
    presentClaim(facts.source, source, `check the name in the project ${namespace}`),
    presentClaim(facts.target, target, `create it in the project ${namespace} first`),
  ];
  if (one.kind === 'declined') return one;
  return other.kind === 'declined' ? other : { kind: 'claims', source: one.claim, target: other.claim };
}

function presentClaim(
  claim: ClusterObject | undefined,
  name: string,
  advice: string,
): { readonly kind: 'claim'; readonly claim: ClusterObject } | Declined {
  if (!claim) return declined('claim-missing', `there is no claim ${name}: ${advice}`);
  if (!isTerminating(claim)) return { kind: 'claim', claim };
  return declined(
    'claim-terminating',
    `the claim ${name} is being deleted: name another one, or wait until it has gone and create it anew`,
  );
}

/** Why the claims don't lead to volumes, or not to two that can be copied file by file. */
export function unfitClaims(
  { source, target }: Omit<Claims, 'kind'>,
  facts: CopyFacts,
): Declined | undefined {
  return (
    lost(source) ??
    lost(target) ??
    sourcePending(source) ??
    targetPending(target, facts.targetClass) ??
    unfitModes(source, target) ??
    sameVolume({ source, target }, facts) ??
    targetReadOnly(target, facts.targetVolume)
  );
}

function lost(claim: ClusterObject): Declined | undefined {
  if (textAt(claim, 'status', 'phase') !== 'Lost') return undefined;
  const volume = textAt(claim, 'spec', 'volumeName');
  return declined(
    'claim-lost',
    `the claim ${nameOf(claim)} has lost its volume${volume === '' ? '' : ` ${volume}`}: its data is gone unless the storage still has it; restore the volume, or name another claim`,
  );
}

function sourcePending(source: ClusterObject): Declined | undefined {
  if (textAt(source, 'status', 'phase') === 'Bound') return undefined;
  return declined(
    'claim-pending',
    `the claim ${nameOf(source)} was never bound to a volume, so there is nothing to copy: start the application that writes to it first`,
  );
}

/** A target that waits for its first pod is bound by the BackupEr pod; any other that waits, waits for something else. */
function targetPending(target: ClusterObject, storageClass: ClusterObject | undefined): Declined | undefined {
  if (textAt(target, 'status', 'phase') === 'Bound') return undefined;
  const name = nameOf(target);
  const className = textAt(target, 'spec', 'storageClassName');
  const see = `see oc describe pvc ${name}`;
  const volume = textAt(target, 'spec', 'volumeName');
  if (volume !== '')
    return declined('claim-pending', `the claim ${name} waits for the volume ${volume}: ${see}`);
  if (!storageClass) {
    const why =
      className === ''
        ? 'it names no storage class, so only a volume that is made by hand will do'
        : `its storage class ${className} can't be read or does not exist`;
    return declined('claim-pending', `the claim ${name} is not bound: ${why}; ${see}`);
  }
  if (textAt(storageClass, 'volumeBindingMode') === 'WaitForFirstConsumer') return undefined;
  return declined(
    'claim-pending',
    `the claim ${name} is not bound, though its storage class ${textAt(storageClass, 'metadata', 'name')} binds at once: its volume could not be made; ${see}`,
  );
}

function unfitModes(source: ClusterObject, target: ClusterObject): Declined | undefined {
  const [one, other] = [volumeMode(source), volumeMode(target)];
  if (one !== other)
    return declined(
      'mode-mismatch',
      `the claim ${nameOf(source)} is a ${one} volume and ${nameOf(target)} a ${other} volume: create a target with volumeMode: ${one}`,
    );
  if (one !== 'Block') return undefined;
  return declined(
    'block-mode',
    `${nameOf(source)} is a Block volume, which has no files to copy: take a VolumeSnapshot or a clone of it, or use the application's own backup`,
  );
}

function sameVolume({ source, target }: Omit<Claims, 'kind'>, facts: CopyFacts): Declined | undefined {
  const volume = textAt(source, 'spec', 'volumeName');
  const isSame =
    (volume !== '' && volume === textAt(target, 'spec', 'volumeName')) ||
    isSameData(facts.sourceVolume, facts.targetVolume);
  return isSame
    ? declined(
        'same-volume',
        `behind ${nameOf(source)} and ${nameOf(target)} lies the same data: name a target with a volume of its own`,
      )
    : undefined;
}

function targetReadOnly(target: ClusterObject, volume: ClusterObject | undefined): Declined | undefined {
  const given = textsAt(target, 'status', 'accessModes');
  const modes = given.length > 0 ? given : textsAt(target, 'spec', 'accessModes');
  const why =
    modes.length > 0 && modes.every((mode) => mode === 'ReadOnlyMany')
      ? 'its only access mode is ReadOnlyMany'
      : readOnlyVolume(volume);
  return why === undefined
    ? undefined
    : declined(
        'target-read-only',
        `nothing can be written to ${nameOf(target)}, ${why}: name a target with ReadWriteOnce or ReadWriteMany`,
      );
}

function readOnlyVolume(volume: ClusterObject | undefined): string | undefined {
  if (textsAt(volume, 'spec', 'mountOptions').includes('ro'))
    return 'its volume is mounted with the option ro';
  const isReadOnly = ['csi', 'nfs', 'iscsi', 'rbd', 'cephfs', 'fc'].some(
    (kind) => valueAt(volume, 'spec', kind, 'readOnly') === true,
  );
  return isReadOnly ? 'its volume says readOnly' : undefined;
}

function isTerminating(object: ClusterObject): boolean {
  return textAt(object, 'metadata', 'deletionTimestamp') !== '';
}

function volumeMode(claim: ClusterObject): string {
  return textAt(claim, 'spec', 'volumeMode') || 'Filesystem';
}

function nameOf(claim: ClusterObject): string {
  return textAt(claim, 'metadata', 'name');
}
