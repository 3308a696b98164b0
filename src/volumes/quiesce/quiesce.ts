import type { ExecRequest, ExecResult } from '../../kubernetes/exec.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import type { CopyRequest, Declined } from '../copy.ts';
import { type HookCommand, type HookPlan, planHooks } from './hooks.ts';
import { planScale, type ScalePlan } from './plan-scale.ts';
import { hasEnded } from '../plan/pod-claims.ts';
import type { Undo } from '../run-record.ts';
import {
  awaitUnused,
  gatherScaleFacts,
  listPods,
  scaleBack,
  type ScaleContext,
  scaleToZero,
  scaleUndo,
} from './scale.ts';

/** What keeping an application still needs of its surroundings. */
export interface QuiesceContext extends ScaleContext {
  /** Runs a command. @throws when it can't be started, or does not end in its time */
  readonly exec: (request: ExecRequest) => Promise<ExecResult>;
  /** Saves what has to be undone; nothing is done before it has returned. */
  readonly remember: (undos: readonly Undo[]) => Promise<void>;
  /** Reads Velero's hook annotations too. */
  readonly veleroHooks: boolean;
  /** For so long pods may take to end after their workload was scaled to zero. */
  readonly idleTimeoutMs: number;
}

/** How long pods may take to end when nobody says otherwise, in milliseconds. */
export const IDLE_TIMEOUT_MS = 10 * 60_000;

/** What will be done to keep the application still. */
export type QuiescePlan = { readonly kind: 'none' } | HookPlan | ScalePlan;

/** What came of taking things back. */
export interface UndoResult {
  /** What could not be undone and may be tried again. */
  readonly remaining: readonly Undo[];
  /** What people have to know, one line each. */
  readonly errors: readonly string[];
}

type Wish = Pick<CopyRequest, 'quiesce' | 'source'>;

/** Looks at what would have to be done, and does nothing. @returns declined when it can't be done */
export async function planQuiesce(
  context: Pick<QuiesceContext, 'objects' | 'namespace' | 'veleroHooks'>,
  request: Wish,
): Promise<QuiescePlan | Declined> {
  if (request.quiesce === 'none') return { kind: 'none' };
  if (request.quiesce === 'scale')
    return planScale(request.source, await gatherScaleFacts(context.objects, context.namespace));
  const pods = await listPods(context.objects, context.namespace);
  return planHooks(pods, request.source, { veleroHooks: context.veleroHooks });
}

/**
 * Keeps the application still, by what the request says: pre hooks run one after the other, or everything that
 * uses the source is scaled to zero and has ended. When this fails, what was done is taken back first.
 *
 * @returns what has to be undone, which `remember` has been told before
 * @throws KnownError `refused` when it can't be done, `failed` when a pre hook fails or pods don't end
 */
export async function quiesce(
  context: QuiesceContext,
  { request }: { readonly request: Wish },
): Promise<readonly Undo[]> {
  const plan = await planQuiesce(context, request);
  if (plan.kind === 'declined') throw new KnownError('refused', plan.message);
  if (plan.kind === 'none') return [];
  return plan.kind === 'hooks' ? await runPreHooks(context, plan) : await scaleDown(context, request, plan);
}

/**
 * Takes back what was done to the application, all of it, the last first, whatever fails. To be called until
 * nothing remains; doing it twice does no harm, but for a post hook, which may then run twice.
 */
export async function undo(context: QuiesceContext, undos: readonly Undo[]): Promise<UndoResult> {
  const errors: string[] = [];
  let remaining = [...undos];
  for (const one of undos.toReversed()) {
    try {
      const note = one.kind === 'scale' ? await scaleBack(context, one) : await runPostHook(context, one);
      if (note !== undefined) errors.push(note);
      remaining = remaining.filter((other) => other !== one);
    } catch (error) {
      errors.push(`${undoName(one)}: ${errorText(error)}`);
    }
  }
  try {
    await context.remember(remaining);
  } catch (error) {
    errors.push(`What was undone could not be recorded: ${errorText(error)}`);
  }
  return { remaining, errors };
}

async function runPreHooks(context: QuiesceContext, { hooks, without }: HookPlan): Promise<readonly Undo[]> {
  for (const pod of without)
    context.report(`Pod ${pod} mounts the source and has no hooks: it may write meanwhile`);
  const undos: Undo[] = [];
  for (const { pod, pre, post } of hooks) {
    if (post) {
      undos.push(postHookOf(pod, post));
      await context.remember([...undos]);
    }
    if (pre) await orTakeBack(context, undos, () => runPreHook(context, pod, pre));
  }
  return undos;
}

async function scaleDown(
  context: QuiesceContext,
  { source }: Wish,
  plan: ScalePlan,
): Promise<readonly Undo[]> {
  for (const note of plan.notes) context.report(note);
  const undos = plan.workloads.map(scaleUndo);
  if (undos.length > 0) await context.remember(undos);
  await orTakeBack(context, undos, async () => {
    await scaleToZero(context, plan.workloads);
    await awaitUnused(context, source, plan, context.idleTimeoutMs);
  });
  return undos;
}

async function orTakeBack(
  context: QuiesceContext,
  undos: readonly Undo[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { errors } = await undo(context, undos);
    if (errors.length === 0) throw error;
    const kind = error instanceof KnownError ? error.kind : 'failed';
    throw new KnownError(kind, `${errorText(error)}; and on the way back: ${errors.join('; ')}`, {
      cause: error,
    });
  }
}

async function runPreHook(context: QuiesceContext, pod: string, hook: HookCommand): Promise<void> {
  context.signal.throwIfAborted();
  try {
    await run(context, { pod, ...hook });
    context.report(`The pre hook of pod ${pod} has run`);
  } catch (error) {
    const message = `The pre hook of pod ${pod} failed: ${errorText(error)}`;
    if (!hook.mayFail) throw new KnownError('failed', message, { cause: error });
    context.report(message);
  }
}

/** @returns what a person has to know when it can't run any more */
async function runPostHook(
  context: QuiesceContext,
  hook: Extract<Undo, { kind: 'hook' }>,
): Promise<string | undefined> {
  const { objects, namespace } = context;
  const pod = await objects.get({ apiVersion: 'v1', plural: 'pods', namespace, name: hook.pod });
  if (pod === undefined || hasEnded(pod)) return `Pod ${hook.pod} is gone: its post hook has not run`;
  await run(context, hook);
  context.report(`The post hook of pod ${hook.pod} has run`);
  return undefined;
}

async function run(
  { exec, namespace }: QuiesceContext,
  { pod, container, command, timeoutSeconds }: Omit<HookCommand, 'mayFail'> & { readonly pod: string },
): Promise<void> {
  // Without the context's signal: a hook that has begun is waited for, so that its post hook comes after it.
  const timeoutMs = timeoutSeconds * 1000;
  const { exitCode, stderr, stdout } = await exec({ namespace, pod, container, command, timeoutMs });
  if (exitCode === 0) return;
  const text = errorText(stderr.trim() === '' ? stdout : stderr);
  throw new KnownError(
    'failed',
    `${command[0] ?? ''} ended with ${exitCode}${text === '' ? '' : `: ${text}`}`,
  );
}

function postHookOf(pod: string, { container, command, timeoutSeconds }: HookCommand): Undo {
  return { kind: 'hook', pod, container, command, timeoutSeconds };
}

function undoName(one: Undo): string {
  return one.kind === 'hook' ? `The post hook of pod ${one.pod}` : `Scaling ${one.resource} ${one.name} back`;
}
