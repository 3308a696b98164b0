import { errorText } from '../../model/known-error.ts';
import type { ClusterObject } from '../copy.ts';
import { presentPostHook } from './hooks.ts';
import { namesClaim, REPLICAS, replicasOf } from './plan-scale.ts';
import { hasEnded } from '../plan/pod-claims.ts';
import type { QuiesceContext } from './quiesce.ts';
import type { Undo } from '../run-record.ts';
import type { ScaleContext } from './scale.ts';

type ScaleUndo = Extract<Undo, { kind: 'scale' }>;
type HookUndo = Extract<Undo, { kind: 'hook' }>;

/** What became of the undos of a record that another process has written, or somebody who may write ConfigMaps. */
export interface Believed {
  /** What the cluster itself bears out: it may be taken back. */
  readonly believed: readonly Undo[];
  /** What could not be looked at now. */
  readonly unknown: readonly Undo[];
  /** Why the others are not taken back, one line each. */
  readonly doubts: readonly string[];
}

const RESOURCES: ReadonlySet<unknown> = new Set(['deployments', 'statefulsets', 'replicasets']);
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u;
/** More than any workload has; the server's own limit is that of an int32. */
const REPLICAS_MAX = 100_000;

/**
 * Tells which undos of a record may be carried out by a process that did not write it. Whoever may write ConfigMaps
 * in a project could have written it, and must not get commands run or workloads scaled that way: a hook is only
 * believed if its pod's annotation says the same, a number of replicas if the workload bears it out.
 *
 * @param claim the source of the record
 */
export async function believeUndos(
  context: Pick<QuiesceContext, 'objects' | 'namespace' | 'veleroHooks'>,
  claim: string,
  undos: readonly Undo[],
): Promise<Believed> {
  const believed: Undo[] = [];
  const unknown: Undo[] = [];
  const doubts: string[] = [];
  for (const one of undos) {
    try {
      const doubt =
        one.kind === 'scale'
          ? await doubtOfScaling(context, claim, one)
          : await doubtOfHook(context, claim, one);
      if (doubt === undefined) believed.push(one);
      else doubts.push(doubt);
    } catch (error) {
      unknown.push(one);
      doubts.push(`What is to be undone could not be checked: ${errorText(error)}`);
    }
  }
  return { believed, unknown, doubts };
}

/**
 * Why a scaling that a record tells of is not taken back; undefined when it may be. It may where the workload carries
 * the tool's note of the same number, or stands at zero and uses the claim.
 *
 * @throws ApiError
 */
export async function doubtOfScaling(
  { objects, namespace }: Pick<ScaleContext, 'objects' | 'namespace'>,
  claim: string,
  undo: ScaleUndo,
): Promise<string | undefined> {
  if (!isOfWorkload(undo))
    return 'The record names no workload that could have been scaled: nothing is done about it';
  const { apiVersion, resource, name, replicas } = undo;
  const found = await objects.get({ apiVersion, plural: resource, namespace, name });
  // Of one that is gone, whoever would take it back says so.
  if (!found) return undefined;
  const note = found.metadata.annotations?.[REPLICAS];
  if (note === String(replicas)) return undefined;
  if (note === undefined && (replicasOf(found) > 0 || namesClaim(found, claim))) return undefined;
  const why =
    note === undefined
      ? `it neither carries the annotation ${REPLICAS} nor uses ${claim}`
      : `its annotation ${REPLICAS} says ${note}`;
  return `${resource} ${name} is not scaled back to ${replicas}: ${why}. Do it by hand if it should run: kubectl scale ${resource}/${name} --replicas=${replicas}`;
}

function isOfWorkload({ apiVersion, resource, name, replicas }: ScaleUndo): boolean {
  const isCount = Number.isSafeInteger(replicas) && replicas > 0 && replicas <= REPLICAS_MAX;
  return apiVersion === 'apps/v1' && RESOURCES.has(resource) && isName(name) && isCount;
}

async function doubtOfHook(
  { objects, namespace, veleroHooks }: Pick<QuiesceContext, 'objects' | 'namespace' | 'veleroHooks'>,
  claim: string,
  hook: HookUndo,
): Promise<string | undefined> {
  if (!isName(hook.pod)) return 'The record names no pod that could have a hook: nothing is run';
  const pod = await objects.get({ apiVersion: 'v1', plural: 'pods', namespace, name: hook.pod });
  // Of one that is gone, whoever would run it says so.
  if (!pod || hasEnded(pod) || isOf(pod, claim, hook, veleroHooks)) return undefined;
  return `The post hook of pod ${hook.pod} has not run: the pod's annotations don't say what the record says. Run it by hand if the application stands still`;
}

function isOf(pod: ClusterObject, claim: string, hook: HookUndo, veleroHooks: boolean): boolean {
  const present = presentPostHook(pod, claim, { veleroHooks });
  if (!present || present.container !== hook.container) return false;
  return JSON.stringify(present.command) === JSON.stringify(hook.command);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && NAME.test(value);
}
