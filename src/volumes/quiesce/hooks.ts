import { PREFIX } from '../annotations.ts';
import { isBackuper, mountingContainer, runningContainers, usersOf, volumesOf } from '../plan/pod-claims.ts';
import type { ClusterObject, Declined } from '../copy.ts';

const TIMEOUT_SECONDS = 30;
const TIMEOUT_SECONDS_MAX = 3600;
const EXAMPLE = '["psql","-c","CHECKPOINT"]';
const IS_PLAIN_WORD = /^[A-Za-z0-9_./-]+$/u;
const IS_WHOLE_NUMBER = /^[1-9]\d{0,4}$/u;
/** https://github.com/golang/go/blob/go1.25.0/src/time/format.go, ParseDuration. */
const IS_DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/u;
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Where hooks are read besides the tool's own annotations. */
export interface HookOptions {
  /** Velero's annotations too, on pods that have none of the tool's own. */
  readonly veleroHooks: boolean;
}

/** A command in a container of the application; never passed to a shell. */
export interface HookCommand {
  readonly container: string;
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
  /** A failure is a warning and does not end the copy; only Velero's hooks can say so. */
  readonly mayFail: boolean;
}

/** What runs in one pod before the copy and after it; at least one of them. */
export interface PodHooks {
  readonly pod: string;
  readonly pre: HookCommand | undefined;
  readonly post: HookCommand | undefined;
}

/** The hooks of all pods that mount the source, by the pods' names. */
export interface HookPlan {
  readonly kind: 'hooks';
  readonly hooks: readonly PodHooks[];
  /** Running pods that mount the source and have no hooks: they may write meanwhile. */
  readonly without: readonly string[];
}

interface Names {
  readonly command: string;
  readonly container: string;
  readonly timeout: string;
  /** Undefined where a failure always counts. */
  readonly onError: string | undefined;
}

class BadHook extends Error {}

/**
 * Finds the hooks of the running pods that mount a claim.
 *
 * @param pods of the project, all of them
 * @returns the hooks, without any when no running pod mounts the claim; declined `bad-hook` when one can't be
 *   understood, `hook-missing` when pods mount the claim and none of them has a hook
 */
export function planHooks(
  pods: readonly ClusterObject[],
  claim: string,
  options: HookOptions,
): HookPlan | Declined {
  const users = usersOf(pods, claim)
    .filter(({ metadata, status }) => status?.['phase'] === 'Running' && !metadata.deletionTimestamp)
    .filter((pod) => !isBackuper(pod))
    .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  try {
    const all = users.map((pod) => hooksOf(pod, claim, options));
    const hooks = all.filter(({ pre, post }) => pre !== undefined || post !== undefined);
    const without = all.filter((one) => !hooks.includes(one)).map(({ pod }) => pod);
    if (hooks.length > 0 || without.length === 0) return { kind: 'hooks', hooks, without };
    return declined(
      'hook-missing',
      `None of the pods that mount ${claim} has a hook (${without.join(', ')}): annotate the pod template with ` +
        `${PREFIX}pre-hook and ${PREFIX}post-hook, as in ${EXAMPLE}, or copy without quiescing`,
    );
  } catch (error) {
    if (error instanceof BadHook) return declined('bad-hook', error.message);
    throw error;
  }
}

/**
 * The command that a pod asks to be run after a copy of a claim; undefined when it asks for none, or can't be
 * understood.
 */
export function presentPostHook(
  pod: ClusterObject,
  claim: string,
  options: HookOptions,
): HookCommand | undefined {
  try {
    return hooksOf(pod, claim, options).post;
  } catch (error) {
    if (error instanceof BadHook) return undefined;
    throw error;
  }
}

function declined(reason: Declined['reason'], message: string): Declined {
  return { kind: 'declined', reason, message };
}

function hooksOf(pod: ClusterObject, claim: string, { veleroHooks }: HookOptions): PodHooks {
  const fallback = mountingContainer(pod, volumesOf(pod.spec, pod.metadata.name, claim));
  const own = {
    pod: pod.metadata.name,
    pre: commandOf(pod, ownNames('pre'), fallback),
    post: commandOf(pod, ownNames('post'), fallback),
  };
  if (!veleroHooks || own.pre !== undefined || own.post !== undefined) return own;
  return {
    pod: own.pod,
    pre: commandOf(pod, veleroNames('pre.'), undefined) ?? commandOf(pod, veleroNames(''), undefined),
    post: commandOf(pod, veleroNames('post.'), undefined),
  };
}

function ownNames(phase: 'pre' | 'post'): Names {
  return {
    command: `${PREFIX}${phase}-hook`,
    container: `${PREFIX}hook-container`,
    timeout: `${PREFIX}hook-timeout`,
    onError: undefined,
  };
}

/** https://github.com/vmware-tanzu/velero/blob/0b8f19e4d470e3642fc69fd41df44ac4fb44b617/internal/hook/item_hook_handler.go */
function veleroNames(phase: string): Names {
  const name = (key: string): string => `${phase}hook.backup.velero.io/${key}`;
  return {
    command: name('command'),
    container: name('container'),
    timeout: name('timeout'),
    onError: name('on-error'),
  };
}

/** @param fallback the container when none is named; undefined for the pod's first, which is Velero's choice */
function commandOf(pod: ClusterObject, names: Names, fallback: string | undefined): HookCommand | undefined {
  const { name, annotations = {} } = pod.metadata;
  const text = annotations[names.command];
  if (text === undefined) return undefined;
  const containers = runningContainers(pod).map((container) => container.name);
  const container = annotations[names.container] ?? fallback ?? containers[0] ?? '';
  if (!containers.includes(container)) {
    throw new BadHook(
      `Pod ${name}: ${names.container} names ${JSON.stringify(container)}, and its containers are ${containers.join(', ')}`,
    );
  }
  return {
    container,
    command: argumentsIn(text, `Pod ${name}: ${names.command}`),
    timeoutSeconds: secondsIn(annotations[names.timeout], names, `Pod ${name}: ${names.timeout}`),
    mayFail: mayFail(annotations, names, name),
  };
}

function argumentsIn(text: string, place: string): readonly string[] {
  if (IS_PLAIN_WORD.test(text)) return [text];
  const value = parsed(text);
  if (Array.isArray(value) && value.every(isArgument) && value[0] !== undefined && value[0] !== '')
    return value as string[];
  throw new BadHook(
    `${place} is no command: give a JSON array of texts such as ${EXAMPLE}, or a single word; no shell reads it`,
  );
}

function isArgument(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function secondsIn(text: string | undefined, { onError }: Names, place: string): number {
  if (text === undefined) return TIMEOUT_SECONDS;
  const seconds = onError === undefined ? wholeSeconds(text) : durationSeconds(text);
  if (seconds > 0 && seconds <= TIMEOUT_SECONDS_MAX) return Math.ceil(seconds);
  const form = onError === undefined ? 'seconds, such as 60,' : 'a duration such as 90s or 2m';
  throw new BadHook(`${place} is ${JSON.stringify(text)}: give ${form} of at most an hour`);
}

function wholeSeconds(text: string): number {
  return IS_WHOLE_NUMBER.test(text) ? Number(text) : 0;
}

function durationSeconds(text: string): number {
  if (!IS_DURATION.test(text)) return 0;
  const parts = [...text.matchAll(/(?<count>[\d.]+)(?<unit>[a-zµ]+)/gu)];
  return parts.reduce(
    (sum, { groups }) => sum + Number(groups?.['count']) * (UNIT_SECONDS[groups?.['unit'] ?? ''] ?? 0),
    0,
  );
}

function mayFail(annotations: Readonly<Record<string, string>>, { onError }: Names, pod: string): boolean {
  const text = onError === undefined ? undefined : annotations[onError];
  if (text === undefined || text === 'Fail') return false;
  if (text === 'Continue') return true;
  throw new BadHook(`Pod ${pod}: ${onError} is ${JSON.stringify(text)}: give Fail or Continue`);
}
