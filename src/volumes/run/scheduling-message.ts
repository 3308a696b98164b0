/**
 * What the scheduler says of a pod that fits no node: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had
 * volume node affinity conflict. preemption: …` (https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/scheduler/framework/types.go).
 */

/** Whether waiting can help. */
export interface SchedulingVerdict {
  /** `stuck`: nothing will change by itself; `full`: there may be room later. */
  readonly kind: 'stuck' | 'full';
  /** What to do about it. */
  readonly advice: string;
}

/** Parts of the message, for 1.30 to 1.34 and what came after; each with what it means. */
const STUCK: readonly (readonly [text: RegExp, advice: string])[] = [
  [
    // The first up to 1.32 or so, then the second.
    /volume node affinity conflict|didn't match PersistentVolume's node affinity/u,
    'no node reaches both volumes: create the target where the source is',
  ],
  [
    /didn't find available persistent volumes/u,
    'no volume fits the target: make one, or take a storage class that makes them',
  ],
  [
    /ReadWriteOncePod/u,
    'another pod holds a ReadWriteOncePod volume: scale the application to zero and copy then',
  ],
  [/persistentvolumeclaim ".*" not found/u, 'a claim has gone meanwhile: create it anew'],
  [/persistentvolumeclaim ".*" is being deleted/u, 'a claim is being deleted: wait until it has gone'],
  [
    /bound to non-existent persistentvolume|non-existent pv/u,
    'a claim has lost its volume: restore the volume, or name another claim',
  ],
  [
    /had no available volume zone/u,
    'the volumes lie in different zones: create the target where the source is',
  ],
  [
    /did not have enough free storage/u,
    'the storage of the target has no room for it: take another storage class',
  ],
  [/had no available disk/u, 'another pod has the disk, and it is for one pod: scale the application down'],
];
/** Nodes that are left out because the pod names another one: they say nothing. */
const OTHER_NODES =
  /didn't match Pod's node affinity|didn't satisfy plugin\(s\) \[NodeAffinity\]|didn't match node selector/u;
const UNBOUND = /unbound immediate PersistentVolumeClaims/u;

/** Judges the message of an unschedulable pod; what is not known is taken for something that passes. */
export function schedulingVerdict(message: string): SchedulingVerdict {
  const reasons = reasonsOf(message).filter((reason) => !OTHER_NODES.test(reason));
  if (UNBOUND.test(message))
    return { kind: 'full', advice: 'a claim waits for its volume: see oc describe pvc of the target' };
  if (reasons.length === 0 && OTHER_NODES.test(message))
    return {
      kind: 'stuck',
      advice: 'the node of the volumes has gone: copy again, so that another one is chosen',
    };
  // A node that has no room now reaches the volumes all the same.
  const known = reasons.map((reason) => STUCK.find(([text]) => text.test(reason))?.[1]);
  const [advice] = known;
  return advice !== undefined && known.every((one) => one !== undefined)
    ? { kind: 'stuck', advice }
    : { kind: 'full', advice: 'no node has room for it now: make room, or add a node' };
}

/** The reasons, each for some nodes, without what preemption could do. */
function reasonsOf(message: string): string[] {
  const own = message.split(/\.\s+preemption:/u)[0] ?? '';
  const list = own.replace(/^\d+\/\d+ nodes are available:\s*/u, '');
  // A comma parts reasons only before the next count: taints and names of plugins have commas too.
  return list
    .split(/,\s+(?=\d+ )/u)
    .map((reason) => reason.trim())
    .filter((reason) => reason !== '');
}
