import { ApiError } from '../../kubernetes/api-error.ts';
import { mayDo } from '../../kubernetes/may-list.ts';
import { errorText } from '../../model/known-error.ts';
import type { VolumeOutcome } from '../../model/volume-outcome.ts';
import { VOLUMES_LABEL } from '../annotations.ts';
import type { CopyContext } from '../run/copy-context.ts';
import { copyVolume } from '../run/copy-volume.ts';
import type { ClusterObject, CopyPlan, CopyRequest, Declined } from '../copy.ts';
import { gatherFacts } from '../plan/gather-facts.ts';
import { type CopyLimits, type CopyPlace, withinLimits } from './in-limits.ts';
import { planCopy } from '../plan/plan-copy.ts';
import { type ConfiguredCopy, type NightFacts, planNight } from './plan-night.ts';
import type { RunRecord } from '../run-record.ts';

/** What a night of copies is to do. */
export interface NightRequest {
  /** What nobody has written on a claim. */
  readonly configured: readonly ConfiguredCopy[];
  /** Projects that may be looked into if nobody may list them all. */
  readonly knownProjects: readonly string[];
  readonly usual: NightFacts['usual'];
}

/** A night of copies that has been thought through. */
export interface PlannedNight {
  readonly copies: readonly PlannedCopy[];
  /** Of the claims that are not copied. */
  readonly outcomes: readonly VolumeOutcome[];
}

/** How planning speaks to the cluster. */
type Access = Pick<CopyContext, 'objects' | 'client' | 'veleroHooks'>;

/**
 * Looks for what is to be copied in the projects that let their volumes be copied. Every claim of theirs is among
 * the copies or the outcomes; where no project takes part, there are none.
 */
export async function gatherNight(
  access: Access,
  { configured, knownProjects, usual }: NightRequest,
): Promise<PlannedNight> {
  const known = [...knownProjects, ...configured.map(({ namespace }) => namespace)];
  const projects = await optedIn(access, known);
  const { claims, unread } = await claimsOf(access, projects);
  const night = planNight({ claims, projects: new Set(projects), configured, usual });
  const outcomes = [...unread, ...night.outcomes];
  const copies: PlannedCopy[] = [];
  for (const request of night.requests) {
    const planned = await placeOf(access, request);
    if ('request' in planned) copies.push(planned);
    else outcomes.push(planned);
  }
  return { copies, outcomes };
}

/**
 * Makes the copies of a night.
 *
 * @param onOutcome told of each when its end is known
 */
export async function copyNight(
  context: CopyContext,
  copies: readonly PlannedCopy[],
  limits: CopyLimits,
  onOutcome: (outcome: VolumeOutcome) => void,
): Promise<VolumeOutcome[]> {
  return await withinLimits(copies, limits, async ({ request }) => {
    const outcome = await copied(context, request);
    onOutcome(outcome);
    return outcome;
  });
}

/** In the order in which people look for them. */
export function byName(outcomes: readonly VolumeOutcome[]): VolumeOutcome[] {
  return outcomes.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
}

/** A copy, and where it works. */
export interface PlannedCopy extends CopyPlace {
  readonly request: CopyRequest;
}

/** The projects whose label lets their volumes be copied. */
async function optedIn(access: Access, known: readonly string[]): Promise<string[]> {
  const ref = { apiVersion: 'v1', plural: 'namespaces' };
  try {
    const found = await access.objects.list(ref, { labelSelector: `${VOLUMES_LABEL}=allowed` });
    return found.map(({ metadata }) => metadata.name).toSorted(compare);
  } catch (error) {
    // Whoever backs up only his own projects may not list them all.
    if (!isForbidden(error)) throw error;
  }
  const names = [...new Set(known)].toSorted(compare);
  const found = await Promise.all(names.map(async (name) => await isOptedIn(access, name)));
  return names.filter((_, index) => found[index]);
}

/** Whether a project's label lets its volumes be copied; where it may not be read, the rights in it tell. */
async function isOptedIn({ objects, client }: Access, name: string): Promise<boolean> {
  try {
    const project = await objects.get({ apiVersion: 'v1', plural: 'namespaces', name });
    return project?.metadata.labels?.[VOLUMES_LABEL] === 'allowed';
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return (await mayDo(client, { group: '', version: 'v1', plural: 'pods' }, 'create', name)) === 'allowed';
  }
}

/** Every claim of some projects. One whose claims can't be read is a gap, and holds back no other. */
async function claimsOf(
  { objects }: Access,
  projects: readonly string[],
): Promise<{ readonly claims: readonly ClusterObject[]; readonly unread: readonly VolumeOutcome[] }> {
  const claims: ClusterObject[] = [];
  const unread: VolumeOutcome[] = [];
  for (const namespace of projects) {
    try {
      claims.push(
        ...(await objects.list({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace }, {})),
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const message = isForbidden(error)
        ? `its claims may not be listed: make volumes-allow PROJECT=${namespace}`
        : `its claims could not be listed: ${errorText(error)}`;
      unread.push({ namespace, claim: '*', result: 'failed', message });
    }
  }
  return { claims, unread };
}

/** Where a copy would work, or why it can't be made. */
async function placeOf(access: Access, request: CopyRequest): Promise<PlannedCopy | VolumeOutcome> {
  try {
    const { objects, client, veleroHooks = false } = access;
    const plan = planCopy(request, await gatherFacts(objects, client, request), { veleroHooks });
    return plan.kind === 'declined' ? declinedOf(request, plan) : { request, ...place(plan) };
  } catch (error) {
    return failed(request, error);
  }
}

function place({ node, source, target }: CopyPlan): CopyPlace {
  return { node, storageClasses: [source.storageClass, target.storageClass] };
}

async function copied(context: CopyContext, request: CopyRequest): Promise<VolumeOutcome> {
  if (context.signal.aborted)
    return {
      ...named(request),
      result: 'cancelled',
      message: 'the run was ended before this copy had begun',
    };
  try {
    return outcomeOf(await copyVolume(context, request));
  } catch (error) {
    return failed(request, error);
  }
}

/** What the record of an ended copy says, for the ledger. */
function outcomeOf(record: RunRecord): VolumeOutcome {
  const { request, result = 'failed', message, report, startedAt, endedAt } = record;
  return {
    ...named(request),
    result,
    message,
    ...(report?.source === undefined ? {} : { sizeBytes: report.source.sizeBytes }),
    ...(endedAt === undefined ? {} : { durationMs: Date.parse(endedAt) - Date.parse(startedAt) }),
  };
}

function declinedOf(request: CopyRequest, { message }: Declined): VolumeOutcome {
  return { ...named(request), result: 'declined', message };
}

function failed(request: CopyRequest, error: unknown): VolumeOutcome {
  return { ...named(request), result: 'failed', message: errorText(error) };
}

function named({ namespace, source, target }: CopyRequest) {
  return { namespace, claim: source, target };
}

function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403;
}

function keyOf({ namespace, claim }: VolumeOutcome): string {
  return `${namespace}/${claim}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
