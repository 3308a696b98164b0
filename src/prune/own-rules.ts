import { annotation, type Condition, type FieldRule, label, type RuleGroup } from './rule.ts';

const PREFIX = 'openshift-backup.io/';
const CLAIMS = ['persistentvolumeclaims'];
/** What the labels mean by which the tool's own objects are known. */
const MANAGED =
  'https://kubernetes.io/docs/reference/labels-annotations-taints/#app-kubernetes-io-managed-by';
const IS_OURS: Condition = { field: label('app.kubernetes.io/managed-by'), is: 'openshift-backup' };

/** What the tool itself writes on a cluster while it copies volumes: it changes every night and is nobody's wish. */
export const OWN_RULES: RuleGroup = {
  prune: [
    ...['state', 'of', 'time', 'run'].map(copyNote),
    {
      id: 'copy-replicas',
      types: ['deployments.apps', 'statefulsets.apps', 'replicasets.apps'],
      path: annotation(`${PREFIX}replicas`),
      reason: 'how many pods there were before a copy of a volume stopped them, for as long as it takes',
      source: MANAGED,
    },
  ],
  skip: [
    {
      id: 'copy-record',
      types: ['configmaps'],
      when: { all: [IS_OURS, { field: label(`${PREFIX}record`), is: 'true' }] },
      reason: 'the record of one copy of a volume, made by the tool itself',
      source: MANAGED,
    },
    {
      id: 'backuper-pod',
      types: ['pods'],
      when: { all: [IS_OURS, { field: label('app.kubernetes.io/name'), is: 'backuper' }] },
      reason: 'copies a volume and is gone when it has',
      source: MANAGED,
    },
  ],
};

function copyNote(what: string): FieldRule {
  return {
    id: `copy-${what}`,
    types: CLAIMS,
    path: annotation(`${PREFIX}copy-${what}`),
    reason: 'how the last copy into the claim went, written by the tool itself after each',
    source: MANAGED,
  };
}
