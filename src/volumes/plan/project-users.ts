import { type ClaimUser, mountingContainers } from './claim-users.ts';
import type { ClusterObject, CopyFacts, CopyPlan, Tier } from '../copy.ts';
import { idAt, textAt } from '../fields.ts';

/** User ids that a project of OpenShift may use. */
export interface UidRange {
  readonly first: number;
  readonly count: number;
}

const ENFORCED = 'pod-security.kubernetes.io/enforce';
const UID_RANGE = 'openshift.io/sa.scc.uid-range';

/**
 * The highest tier that the project's Pod Security level and, on OpenShift, its SCCs let in; root with its few capabilities is `baseline`
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/pod-security-admission/policy/check_capabilities_baseline.go).
 * It binds on OpenShift too, beside the SCC. A level for the whole cluster can't be seen from here.
 */
export function highestTier({ namespace, mayRunAsRoot = true }: CopyFacts): Tier {
  if (!mayRunAsRoot) return 'owner';
  return textAt(namespace, 'metadata', 'labels', ENFORCED) === 'restricted' ? 'owner' : 'root';
}

/**
 * The range from which OpenShift takes the user of a pod that names none: its first id. Two forms of it are
 * allowed, `1000690000/10000` and `1000690000-1000699999`
 * (https://github.com/openshift/origin/blob/53be18cf463806ada4f30cd82f1a73cad35476a6/pkg/security/uid/uid.go).
 */
export function projectUids(namespace: ClusterObject | undefined): UidRange | undefined {
  const text = textAt(namespace, 'metadata', 'annotations', UID_RANGE);
  const { first, kind, second } =
    /^(?<first>\d{1,10})(?<kind>[/-])(?<second>\d{1,10})$/u.exec(text)?.groups ?? {};
  if (first === undefined || second === undefined) return undefined;
  const count = kind === '/' ? Number(second) : Number(second) - Number(first) + 1;
  return count > 0 ? { first: Number(first), count } : undefined;
}

/**
 * The user that a pod which uses the source says it runs as; those that may write come first, and of these the
 * first by name. Undefined where they leave it to their images.
 */
export function likelyOwner(claim: string, users: readonly ClaimUser[]): CopyPlan['likelyOwner'] {
  const ordered = users.toSorted((a, b) => Number(a.isReadOnly) - Number(b.isReadOnly));
  for (const { object } of ordered) {
    for (const container of mountingContainers(object, claim)) {
      const uid =
        idAt(container, 'securityContext', 'runAsUser') ??
        idAt(object, 'spec', 'securityContext', 'runAsUser');
      if (uid === undefined) continue;
      const gid =
        idAt(container, 'securityContext', 'runAsGroup') ??
        idAt(object, 'spec', 'securityContext', 'runAsGroup') ??
        idAt(object, 'spec', 'securityContext', 'fsGroup');
      return { uid, gid };
    }
  }
  return undefined;
}
