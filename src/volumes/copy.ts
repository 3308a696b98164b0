import type { ApiObject } from '../kubernetes/api-object.ts';

/** The nouns of a volume copy. Raw objects of the cluster are JSON as the server sent it. */

/** What is asked for. */
export interface CopyRequest {
  readonly namespace: string;
  readonly source: string;
  readonly target: string;
  /** Only this folder of the source; empty for all. */
  readonly sub: string;
  /** The folder of the target; empty for its root. */
  readonly into: string;
  readonly mode: 'mirror' | 'generations';
  readonly keepGenerations: number;
  /** How the application is kept still: not at all, by hooks of its pods, or by scaling it to zero meanwhile. */
  readonly quiesce: 'none' | 'hooks' | 'scale';
  readonly mayShrink: boolean;
  readonly checksum: boolean;
  readonly bandwidthKiB: number;
  /** The node to copy on; empty for whichever fits. */
  readonly node: string;
  /** Seconds from the first pod to the end. */
  readonly deadlineSeconds: number;
}

/** What is copied and how where nobody says otherwise: generations are kept for a week of nights. */
export const USUAL_COPY: Omit<CopyRequest, 'namespace' | 'source' | 'target'> = {
  sub: '',
  into: '',
  mode: 'mirror',
  keepGenerations: 7,
  quiesce: 'none',
  mayShrink: false,
  checksum: false,
  bandwidthKiB: 0,
  node: '',
  deadlineSeconds: 6 * 60 * 60,
};

/** Any object of the cluster, as far as this room reads it. */
export type ClusterObject = ApiObject;

/** What the cluster says of everything that a plan depends on. */
export interface CopyFacts {
  readonly namespace: ClusterObject | undefined;
  readonly source: ClusterObject | undefined;
  readonly target: ClusterObject | undefined;
  readonly sourceVolume: ClusterObject | undefined;
  readonly targetVolume: ClusterObject | undefined;
  readonly targetClass: ClusterObject | undefined;
  /** Every pod of the project. */
  readonly pods: readonly ClusterObject[];
  /**
   * Deployments, StatefulSets, ReplicaSets and HorizontalPodAutoscalers of the project, with their kinds, which lists
   * leave out; only needed to scale. Missing where they may not be read.
   */
  readonly owners?: readonly ClusterObject[];
  /** Undefined where they may not be read. */
  readonly nodes: readonly ClusterObject[] | undefined;
  readonly attachments: readonly ClusterObject[] | undefined;
  /** Whether the caller may create pods in the project. */
  readonly isOptedIn: boolean;
  /** Whether the cluster has SCCs. */
  readonly isOpenShift: boolean;
  /** Whether the SCC of the highest tier may be used in the project; true where there are no SCCs. */
  readonly mayRunAsRoot?: boolean;
}

/** Who the BackupEr pod runs as: the project's own user, the owner that the probe found, or root with a few capabilities. */
export type Tier = 'project' | 'owner' | 'root';

/** Why a copy can't be made; the codes stand in records, metrics and documentation. */
export type DeclineReason =
  | 'project-missing'
  | 'not-opted-in'
  | 'claim-missing'
  | 'claim-terminating'
  | 'claim-pending'
  | 'claim-lost'
  | 'same-claim'
  | 'same-volume'
  | 'bad-folder'
  | 'block-mode'
  | 'mode-mismatch'
  | 'once-per-pod-in-use'
  | 'topology-mismatch'
  | 'two-nodes'
  | 'node-unsuitable'
  | 'target-too-small'
  | 'target-in-use'
  | 'target-read-only'
  | 'source-in-use-elsewhere'
  | 'mixed-owners'
  | 'pod-security'
  | 'target-lacks-room'
  | 'hook-missing'
  | 'bad-hook'
  | 'cannot-scale';

/** A copy that is not made, and what to do about it. */
export interface Declined {
  readonly kind: 'declined';
  readonly reason: DeclineReason;
  /** One line: what is the matter, and what to do. */
  readonly message: string;
}

/** A note with a reason, for people. */
export interface PlanNote {
  readonly about: 'source' | 'target' | 'placement' | 'consistency' | 'identity' | 'capacity';
  readonly text: string;
  readonly isWarning: boolean;
}

/** A copy that can be made, as far as can be told without a look into the volumes. */
export interface CopyPlan {
  readonly kind: 'copy';
  readonly request: CopyRequest;
  readonly source: ClaimSummary;
  readonly target: ClaimSummary;
  /** The only node that will do; undefined for whichever the scheduler takes. */
  readonly node: string | undefined;
  /** Of those who use the source, so that the pod may go where they are. */
  readonly tolerations: readonly unknown[];
  /** `live`: somebody may write meanwhile; `quiesced`: hooks or scaling keep the application still; `idle`: nobody mounts it. */
  readonly consistency: 'live' | 'quiesced' | 'idle';
  /** The user that mounting pods run as, when they say one. */
  readonly likelyOwner: { readonly uid: number; readonly gid: number | undefined } | undefined;
  /** The user ids that OpenShift gives the project; a pod that names none gets the first. */
  readonly projectUids?: { readonly first: number; readonly count: number } | undefined;
  /** The highest tier that the project's Pod Security level, and on OpenShift its SCCs, let in. */
  readonly highestTier: Tier;
  /** Whether it is an SCC that keeps root out, and not the level. */
  readonly lacksRootScc?: boolean;
  readonly notes: readonly PlanNote[];
}

/** What a claim is, for people and for the plan. */
export interface ClaimSummary {
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly accessModes: readonly string[];
  readonly volumeMode: string;
  readonly storageClass: string;
  readonly capacityBytes: number;
  readonly volume: string;
  /** Pods that hold it: neither ended nor BackupEr pods. */
  readonly users: readonly { readonly pod: string; readonly node: string; readonly isReadOnly: boolean }[];
}

/** Who copies, after the probe has looked into the volumes. */
export interface ChosenIdentity {
  readonly tier: Tier;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** More groups that own files, for those who are not root. */
  readonly groups?: readonly number[];
  /** The kubelet is to let this group write to the root of the target, for those who are not root. */
  readonly fsGroup?: number;
  /** Only for `root`: without the prefix CAP_. */
  readonly capabilities: readonly string[];
  readonly reason: string;
}
