import { annotation, type FieldRule, label, type RuleGroup } from './rule.ts';
import { SOURCE } from './sources.ts';

const OBJECT_META = 'https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/apis/meta/v1/types.go#L111';

/** Finalizers that a controller of the cluster sets, and sets again on the cluster where the object is applied. */
const SYSTEM_FINALIZER =
  /^(?:foregroundDeletion|orphan|kubernetes\.io\/pvc?-protection|service\.kubernetes\.io\/load-balancer-cleanup|external-provisioner\.volume\.kubernetes\.io\/finalizer|external-attacher\/.+|snapshot\.storage\.kubernetes\.io\/.+-protection)$/u;

/** Fields of every kind that the server owns or that change without anybody configuring anything. */
export const METADATA_RULES: RuleGroup = {
  prune: [
    metadata('uid', 'set by the server, new for every object that is made again'),
    metadata('resourceVersion', 'changes with every write, also of the status'),
    metadata('generation', 'a counter of the server'),
    metadata('creationTimestamp', 'set by the server'),
    metadata('deletionTimestamp', 'set while the object is being deleted'),
    metadata('deletionGracePeriodSeconds', 'set while the object is being deleted'),
    metadata('selfLink', "the object's address, no longer filled since Kubernetes 1.20"),
    metadata('managedFields', 'bookkeeping of server-side apply, with times'),
    metadata('ownerReferences', 'names its owner by uid, which is another one on every cluster'),
    metadata('generateName', 'the name has been generated and is stored'),
    {
      id: 'last-applied',
      types: '*',
      path: annotation('kubectl.kubernetes.io/last-applied-configuration'),
      reason: 'a second copy of the object, written by kubectl apply',
      source: `${SOURCE.kubernetesApi}/core/v1/annotation_key_constants.go#L90`,
    },
    veleroLabel('backup'),
    veleroLabel('restore'),
    {
      id: 'status',
      types: '*',
      path: ['status'],
      reason: 'what the cluster found, not what somebody configured',
      source:
        'https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#spec-and-status',
    },
  ],
  apply: [
    {
      id: 'system-finalizers',
      types: '*',
      path: ['metadata', 'finalizers', { elements: { field: [], matches: SYSTEM_FINALIZER } }],
      reason: 'set by a controller of the cluster, which sets it again; the finalizers of others stay',
      source: `${SOURCE.kubernetes}/pkg/volume/util/finalizer.go#L20`,
    },
  ],
};

function metadata(field: string, reason: string): FieldRule {
  return {
    id: `metadata-${field.toLowerCase()}`,
    types: '*',
    path: ['metadata', field],
    reason,
    source: OBJECT_META,
  };
}

/** Velero's other labels and annotations are settings of the user: what is backed up, and how. */
function veleroLabel(what: 'backup' | 'restore'): FieldRule {
  return {
    id: `velero-${what}-name`,
    types: '*',
    path: label(`velero.io/${what}-name`),
    reason: `says which ${what} of Velero the object came from`,
    source: `${SOURCE.velero}/pkg/apis/velero/v1/labels_annotations.go#L21`,
  };
}
