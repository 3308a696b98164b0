/**
 * The version of the rules below and of `skip-types.ts`. It stands in every manifest and must change whenever
 * a rule does: two archives made under different rules differ without anybody having changed the cluster.
 */
export const RULE_SET = '1';

/** A field that is not stored, in objects of every kind. */
export interface PruneRule {
  readonly id: string;
  /** The exact path from the object's root; the name of an annotation is one step. */
  readonly path: readonly string[];
  readonly reason: string;
  readonly source: string;
}

const OBJECT_META = 'https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/apis/meta/v1/types.go#L111';

/** Fields that the server owns or that change without anybody configuring anything. */
export const PRUNE_RULES: readonly PruneRule[] = [
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
    path: ['metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration'],
    reason: 'a second copy of the object, written by kubectl apply',
    source: 'https://github.com/kubernetes/api/blob/v0.34.4/core/v1/annotation_key_constants.go#L90',
  },
  {
    id: 'status',
    path: ['status'],
    reason: 'what the cluster found, not what somebody configured',
    source:
      'https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#spec-and-status',
  },
];

function metadata(field: string, reason: string): PruneRule {
  return { id: `metadata-${field.toLowerCase()}`, path: ['metadata', field], reason, source: OBJECT_META };
}
