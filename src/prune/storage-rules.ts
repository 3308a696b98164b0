import { annotation, type FieldRule, type RuleGroup } from './rule.ts';
import { SOURCE } from './sources.ts';

const CLAIMS = ['persistentvolumeclaims'];
const VOLUMES = ['persistentvolumes'];
const BINDING = `${SOURCE.kubernetes}/staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go#L39`;

/**
 * PersistentVolumeClaims and PersistentVolumes. What is stored says which volume a claim has; what is applied
 * finds itself one. A claim that says it is bound already, to a volume that is not there, is lost.
 */
export const STORAGE_RULES: RuleGroup = {
  prune: [
    provisioner('claim-provisioner', 'volume.kubernetes.io/storage-provisioner'),
    provisioner('claim-provisioner-beta', 'volume.beta.kubernetes.io/storage-provisioner'),
    {
      id: 'volume-migrated-to',
      types: [...CLAIMS, ...VOLUMES],
      path: annotation('pv.kubernetes.io/migrated-to'),
      reason: 'says which driver stands in for the one that made the volume; follows from the version',
      source: `${SOURCE.kubernetes}/staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go#L69`,
    },
  ],
  apply: [
    {
      id: 'claim-volume',
      types: CLAIMS,
      path: ['spec', 'volumeName'],
      reason: 'the volume that the claim has got; where it is applied, it gets another one',
      source: `${SOURCE.velero}/pkg/restore/actions/pvc_action.go`,
    },
    binding('claim-bind-completed', CLAIMS, 'pv.kubernetes.io/bind-completed'),
    binding('claim-bound-by-controller', CLAIMS, 'pv.kubernetes.io/bound-by-controller'),
    binding('claim-selected-node', CLAIMS, 'volume.kubernetes.io/selected-node'),
    binding('volume-bound-by-controller', VOLUMES, 'pv.kubernetes.io/bound-by-controller'),
    claimRef('volume-claim-uid', 'uid'),
    claimRef('volume-claim-version', 'resourceVersion'),
  ],
};

function provisioner(id: string, name: string): FieldRule {
  const reason = 'set from the StorageClass, to wake its provisioner';
  return { id, types: CLAIMS, path: annotation(name), reason, source: `${BINDING.split('#')[0] ?? ''}#L75` };
}

function binding(id: string, types: readonly string[], name: string): FieldRule {
  const reason = 'says how claim and volume found each other, which happens anew';
  return { id, types, path: annotation(name), reason, source: BINDING };
}

/** Its namespace and name stay: so the volume waits for its claim. */
function claimRef(id: string, field: string): FieldRule {
  return {
    id,
    types: VOLUMES,
    path: ['spec', 'claimRef', field],
    reason: 'of the claim that was; with another one there the volume would be released',
    source: `${SOURCE.velero}/pkg/restore/restore.go#L2078`,
  };
}
