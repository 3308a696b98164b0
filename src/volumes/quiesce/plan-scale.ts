import { PREFIX } from '../annotations.ts';
import type { ClusterObject, Declined } from '../copy.ts';
import { declined } from '../plan/declined.ts';
import { objectsAt, textAt, valueAt } from '../fields.ts';
import { controllerOf, isBackuper, usersOf, volumesOf } from '../plan/pod-claims.ts';

/** On a workload that the tool has scaled to zero: how many replicas it had. */
export const REPLICAS = `${PREFIX}replicas`;

/** Whatever may have to stand still so that nobody uses a claim. */
export interface ScaleFacts {
  /** All of the project. */
  readonly pods: readonly ClusterObject[];
  readonly deployments: readonly ClusterObject[];
  readonly statefulSets: readonly ClusterObject[];
  readonly replicaSets: readonly ClusterObject[];
  /** HorizontalPodAutoscalers; undefined where they may not be read. */
  readonly autoscalers: readonly ClusterObject[] | undefined;
}

/** Something with replicas that uses the claim. */
export interface Workload {
  readonly apiVersion: 'apps/v1';
  readonly resource: 'deployments' | 'statefulsets' | 'replicasets';
  readonly kind: 'Deployment' | 'StatefulSet' | 'ReplicaSet';
  readonly name: string;
  readonly uid: string;
  /** More than 0. */
  readonly replicas: number;
}

/** What is scaled to zero, by name; nothing when nobody uses the claim. */
export interface ScalePlan {
  readonly kind: 'scale';
  readonly workloads: readonly Workload[];
  /** The uids of what makes the pods of these workloads: any other pod that turns up was not asked to stop. */
  readonly podMakers: readonly string[];
  /** What an administrator should know, one line each. */
  readonly notes: readonly string[];
}

/** A workload as the cluster has it, with its kind's names. */
interface Candidate {
  readonly kind: Workload['kind'];
  readonly object: ClusterObject;
}

class NotScalable extends Error {}

const RESOURCES = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ReplicaSet: 'replicasets',
} as const;
const ADVICE: Readonly<Record<string, string>> = {
  DaemonSet: 'give its pods hooks, or take its nodes away by its nodeSelector meanwhile',
  Job: 'wait until it has ended, or suspend it (and the CronJob that makes it)',
  ReplicationController: 'scale its DeploymentConfig to zero by hand (oc scale dc), or give its pods hooks',
};

/**
 * Finds what has to be scaled to zero so that nobody uses a claim: the workloads whose pods use it, and those
 * whose pods would, once they are made.
 *
 * @returns declined `cannot-scale` when something else uses it, or when scaling would do harm
 */
export function planScale(claim: string, facts: ScaleFacts): ScalePlan | Declined {
  try {
    const candidates = [...ownersOfPods(claim, facts), ...workloadsNaming(claim, facts)];
    const found = new Map(candidates.map((one) => [one.object.metadata.uid, one]));
    const running = [...found.values()].filter(({ object }) => replicasOf(object) > 0);
    for (const one of running) assertScalable(one, facts.autoscalers ?? []);
    const workloads = running.map(asWorkload).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return {
      kind: 'scale',
      workloads,
      podMakers: podMakers(found, facts.replicaSets),
      notes: [...found.values()].flatMap(notesOn),
    };
  } catch (error) {
    if (error instanceof NotScalable) return declined('cannot-scale', error.message);
    throw error;
  }
}

/** How many replicas a workload is to have. */
export function replicasOf(object: ClusterObject): number {
  const replicas = valueAt(object, 'spec', 'replicas');
  return typeof replicas === 'number' ? replicas : 1;
}

function asWorkload({ kind, object }: Candidate): Workload {
  const { name, uid = '' } = object.metadata;
  return { apiVersion: 'apps/v1', resource: RESOURCES[kind], kind, name, uid, replicas: replicasOf(object) };
}

function ownersOfPods(claim: string, facts: ScaleFacts): readonly Candidate[] {
  const users = usersOf(facts.pods, claim).filter((pod) => !isBackuper(pod));
  return users.flatMap((pod) => {
    const owner = ownerOf(pod, facts);
    return owner === undefined ? [] : [owner];
  });
}

/** @returns undefined for a pod that goes and that nobody makes anew */
function ownerOf(pod: ClusterObject, facts: ScaleFacts): Candidate | undefined {
  const { name } = pod.metadata;
  const controller = controllerOf(pod);
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  if (controller === undefined) {
    if (isGoing) return undefined;
    throw new NotScalable(
      `Pod ${name} uses it and nothing could start it again: delete the pod, or copy without scaling`,
    );
  }
  const byUid = (objects: readonly ClusterObject[]): ClusterObject | undefined =>
    objects.find(({ metadata }) => metadata.uid === controller.uid);
  const statefulSet = byUid(facts.statefulSets);
  if (statefulSet) return { kind: 'StatefulSet', object: statefulSet };
  const replicaSet = byUid(facts.replicaSets);
  if (replicaSet) return ownerOfReplicaSet(replicaSet, facts);
  if (isGoing && ADVICE[controller.kind] === undefined) return undefined;
  const advice = ADVICE[controller.kind] ?? 'give its pods hooks, or stop it by hand';
  throw new NotScalable(
    `Pod ${name} uses it and belongs to ${controller.kind} ${controller.name}: ${advice}`,
  );
}

function ownerOfReplicaSet(replicaSet: ClusterObject, { deployments }: ScaleFacts): Candidate {
  const controller = controllerOf(replicaSet);
  const deployment = deployments.find(({ metadata }) => metadata.uid === controller?.uid);
  // One whose owner is something else is caught later, by that owner.
  return deployment ? { kind: 'Deployment', object: deployment } : { kind: 'ReplicaSet', object: replicaSet };
}

/** Workloads whose pods will use the claim, though there may be none of them at the moment. */
function workloadsNaming(claim: string, facts: ScaleFacts): readonly Candidate[] {
  const names = (object: ClusterObject): boolean => namesClaim(object, claim);
  return [
    ...facts.deployments.filter(names).map((object) => ({ kind: 'Deployment', object }) as const),
    ...facts.statefulSets.filter(names).map((object) => ({ kind: 'StatefulSet', object }) as const),
    ...facts.replicaSets
      .filter((object) => controllerOf(object) === undefined && names(object))
      .map((object) => ({ kind: 'ReplicaSet', object }) as const),
  ];
}

/** Whether the pods of a workload use a claim, also when there is none of them at the moment. */
export function namesClaim(workload: ClusterObject, claim: string): boolean {
  const isMounted = volumesOf(valueAt(workload.spec, 'template', 'spec'), '', claim).length > 0;
  return isMounted || isMadeFor(workload, claim);
}

/** Whether a claim is one of a StatefulSet's own: `<template>-<StatefulSet>-<number>`. */
function isMadeFor(statefulSet: ClusterObject, claim: string): boolean {
  return objectsAt(statefulSet.spec, 'volumeClaimTemplates').some((template) => {
    const prefix = `${textAt(template, 'metadata', 'name')}-${statefulSet.metadata.name}-`;
    return claim.startsWith(prefix) && /^\d+$/u.test(claim.slice(prefix.length));
  });
}

function assertScalable({ kind, object }: Candidate, autoscalers: readonly ClusterObject[]): void {
  const { name } = object.metadata;
  const owner = controllerOf(object);
  if (owner !== undefined) {
    throw new NotScalable(
      `${kind} ${name} belongs to ${owner.kind} ${owner.name}, whose operator would scale it back: stop it there, or use hooks`,
    );
  }
  // The claims would be deleted with the pods:
  // https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/controller/statefulset/stateful_set_utils.go
  if (textAt(object.spec, 'persistentVolumeClaimRetentionPolicy', 'whenScaled') === 'Delete') {
    throw new NotScalable(
      `StatefulSet ${name} deletes its claims when it is scaled down: set spec.persistentVolumeClaimRetentionPolicy.whenScaled to Retain first`,
    );
  }
  for (const autoscaler of autoscalers) assertIdleAtZero(autoscaler, kind, name);
}

/**
 * An autoscaler leaves a target alone that has no replicas, unless it may itself go down to 0:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/controller/podautoscaler/horizontal.go#L831-L835
 */
function assertIdleAtZero(autoscaler: ClusterObject, kind: string, name: string): void {
  const { spec, metadata } = autoscaler;
  if (textAt(spec, 'scaleTargetRef', 'kind') !== kind || textAt(spec, 'scaleTargetRef', 'name') !== name)
    return;
  const owner = controllerOf(autoscaler);
  if (owner?.kind === 'ScaledObject') {
    throw new NotScalable(
      `${kind} ${name} is scaled by KEDA, which would start it again: annotate ScaledObject ${owner.name} with autoscaling.keda.sh/paused-replicas: "0" first`,
    );
  }
  if (valueAt(spec, 'minReplicas') === 0) {
    throw new NotScalable(
      `HorizontalPodAutoscaler ${metadata.name} may scale ${kind} ${name} up from 0: set its minReplicas to 1 first`,
    );
  }
}

function podMakers(
  found: ReadonlyMap<string | undefined, Candidate>,
  replicaSets: readonly ClusterObject[],
): readonly string[] {
  const theirs = replicaSets.filter((replicaSet) => found.has(controllerOf(replicaSet)?.uid ?? ''));
  return [...found.values().map(({ object }) => object), ...theirs].map(({ metadata }) => metadata.uid ?? '');
}

function notesOn({ kind, object }: Candidate): readonly string[] {
  const { name, annotations = {} } = object.metadata;
  const before = annotations[REPLICAS];
  if (before === undefined || replicasOf(object) > 0) return [];
  return [`${kind} ${name} was scaled to zero by another run and had ${before} replicas`];
}
