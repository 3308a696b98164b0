import { annotation, type FieldRule } from './rule.ts';

const OBJECT_META = 'https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/apis/meta/v1/types.go#L111';

/** Fields of every kind that the server owns or that change without anybody configuring anything. */
export const METADATA_RULES: readonly FieldRule[] = [
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
    source: 'https://github.com/kubernetes/api/blob/v0.34.4/core/v1/annotation_key_constants.go#L90',
  },
  {
    id: 'status',
    types: '*',
    path: ['status'],
    reason: 'what the cluster found, not what somebody configured',
    source:
      'https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#spec-and-status',
  },
];

function metadata(field: string, reason: string): FieldRule {
  return {
    id: `metadata-${field.toLowerCase()}`,
    types: '*',
    path: ['metadata', field],
    reason,
    source: OBJECT_META,
  };
}
