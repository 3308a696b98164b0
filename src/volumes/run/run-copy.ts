import { setTimeout as sleep } from 'node:timers/promises';
import type { BackuperReport } from '../../model/backuper.ts';
import { chooseIdentity, firstProber } from '../plan/choose-identity.ts';
import type { CopyContext } from './copy-context.ts';
import type { ChosenIdentity, ClusterObject, CopyFacts, CopyPlan } from '../copy.ts';
import type { RunEnd } from './finish-run.ts';
import type { PodEnd } from './follow-pod.ts';
import { interpretReport } from './interpret-report.ts';
import { markOf, markTarget, type TargetMark } from './mark-target.ts';
import { hasEnded, isBackuper, volumesOf } from '../plan/pod-claims.ts';
import { quiesceContext } from '../quiesce/quiesce-context.ts';
import { quiesce } from '../quiesce/quiesce.ts';
import { RUN_LABEL } from './record-store.ts';
import { generationName } from './run-id.ts';
import type { RunJournal } from './run-journal.ts';
import { type PodTask, removePod, runPod } from './run-pod.ts';

/** What a run is made of, once it is planned. */
export interface Planned {
  readonly plan: CopyPlan;
  readonly facts: CopyFacts;
}

interface Probed {
  readonly identity: ChosenIdentity;
  readonly probe: BackuperReport;
}

/** The identities that a probe may be run as, one after the other. */
const PROBES_MAX = 3;
/** With these outcomes the program has ended before it touched the target. */
const UNTOUCHED: ReadonlySet<BackuperReport['outcome']> = new Set([
  'bad-request',
  'bad-folder',
  'missing-folder',
  'shrunk',
]);

/** Probes, keeps the application still, and copies. Clears up nothing: that is `finishRun`'s. */
export async function runCopy(
  context: CopyContext,
  journal: RunJournal,
  { plan, facts }: Planned,
): Promise<RunEnd> {
  // A volume for one pod alone can't even be looked at before the application has let it go.
  const isQuietFirst =
    plan.request.quiesce === 'scale' && plan.source.accessModes.includes('ReadWriteOncePod');
  if (isQuietFirst) await keepStill(context, journal, plan);
  const probed = await probe(context, journal, { plan, facts });
  if ('result' in probed) return probed;
  if (!isQuietFirst) await keepStill(context, journal, plan);
  return await copy(context, journal, { plan, facts }, probed);
}

async function keepStill(context: CopyContext, journal: RunJournal, plan: CopyPlan): Promise<void> {
  if (plan.request.quiesce === 'none') return;
  await journal.change({ phase: 'quiescing', message: 'Keeps the application still' });
  await quiesce(quiesceContext(context, journal, context.signal), plan);
}

async function probe(
  context: CopyContext,
  journal: RunJournal,
  { plan, facts }: Planned,
): Promise<Probed | RunEnd> {
  const { isOpenShift } = facts;
  let identity = firstProber(plan, { isOpenShift });
  for (let count = 1; ; count++) {
    await journal.change({ phase: 'probing', message: `Looks into both volumes, ${identity.reason}` });
    const task: PodTask = {
      task: 'probe',
      plan,
      identity,
      probe: undefined,
      generation: '',
      isOpenShift,
      doublings: 0,
    };
    const { report, end } = await tryTask(context, journal, task);
    if (report?.source === undefined || report.target === undefined)
      return { ...end, ...(report && { report }) };
    const choice = chooseIdentity(plan, report, identity.tier, { isOpenShift });
    if (choice.kind === 'declined')
      return { result: 'declined', declined: choice.reason, message: choice.message, report };
    if (choice.kind === 'identity') return { identity: choice.identity, probe: report };
    if (count === PROBES_MAX) return { result: 'failed', message: end.message, report };
    identity = choice.as;
  }
}

async function copy(
  context: CopyContext,
  journal: RunJournal,
  { plan, facts }: Planned,
  { identity, probe: found }: Probed,
): Promise<RunEnd> {
  const { isOpenShift, target } = facts;
  await removeOtherWriters(context, plan, journal.record.id);
  await journal.change({
    phase: 'copying',
    tier: identity.tier,
    message: `Copies ${plan.source.name} into ${plan.target.name}, ${identity.reason}`,
  });
  await markTarget(context, plan.request, journal.record.id, 'incomplete');
  const generation = generationName(context.now());
  const task: PodTask = { task: 'copy', plan, identity, probe: found, generation, isOpenShift, doublings: 0 };
  const { report, end, hasBegun } = await tryTask(context, journal, task);
  const untouched: TargetMark | undefined =
    !hasBegun || (report && UNTOUCHED.has(report.outcome)) ? markOf(target) : undefined;
  return { ...end, ...(report && { report }), ...(untouched && { untouched }) };
}

interface Tried {
  readonly report: BackuperReport | undefined;
  readonly end: RunEnd;
  /** Whether a container of it may have run. */
  readonly hasBegun: boolean;
}

/** Runs a task in a pod, again after a while where that may help. */
async function tryTask(context: CopyContext, journal: RunJournal, first: PodTask): Promise<Tried> {
  let task = first;
  let hasBegun = false;
  for (let attempt = 0; ; attempt++) {
    const end = await runPod(context, journal, task);
    hasBegun ||= end.kind !== 'unstarted';
    if (end.kind !== 'ended') return { report: undefined, end: endOfPod(end), hasBegun };
    const { report, reason } = end.state;
    const { result, message, mayRetry } = interpretReport(report, end.pod.status);
    const pauseMs = mayRetry ? context.times.retryMs[attempt] : undefined;
    if (pauseMs === undefined || context.signal.aborted)
      return { report, end: { result, message }, hasBegun };
    await journal.change({ attempts: journal.record.attempts + 1, message: `${message}; begins again` });
    context.onNote(`${message}; begins again`);
    await sleep(pauseMs, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted)
      return { report, end: { result: 'cancelled', message: 'The copy was cancelled' }, hasBegun };
    if (reason === 'OOMKilled') task = { ...task, doublings: task.doublings + 1 };
  }
}

/** How a run ends whose pod did not end by itself. */
export function endOfPod(end: Exclude<PodEnd, { kind: 'ended' }>): RunEnd {
  const isFailure = end.kind === 'unstarted' || end.kind === 'stalled' || end.kind === 'late';
  return { result: isFailure ? 'failed' : 'cancelled', message: end.message };
}

/** Under the lock, whoever else writes to the target belongs to nobody any more; two would ruin each other's copy. */
async function removeOtherWriters(context: CopyContext, plan: CopyPlan, run: string): Promise<void> {
  const { namespace, target } = plan.request;
  const pods = await context.objects.list({ apiVersion: 'v1', plural: 'pods', namespace });
  const isOther = (pod: ClusterObject): boolean =>
    isBackuper(pod) &&
    !hasEnded(pod) &&
    pod.metadata.labels?.[RUN_LABEL] !== run &&
    volumesOf(pod.spec, pod.metadata.name, target).length > 0;
  for (const { metadata } of pods.filter(isOther)) await removePod(context, namespace, metadata.name);
}
