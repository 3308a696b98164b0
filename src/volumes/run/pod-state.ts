import type { BackuperReport } from '../../model/backuper.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt } from '../fields.ts';
import { hasEnded } from '../plan/pod-claims.ts';

/** What a pod's status says of it, as far as a copy depends on it. */
export interface PodState {
  /** `waiting`: the container has not begun; `ended`: it never will again. */
  readonly phase: 'waiting' | 'running' | 'ended';
  /** Somebody has deleted it, and it has not gone yet. */
  readonly isDeleted: boolean;
  readonly node: string | undefined;
  /** The last words of the program; undefined where there are none that can be read. */
  readonly report: BackuperReport | undefined;
  /** `OOMKilled`, `Evicted`, `DeadlineExceeded` and the like; empty for none. */
  readonly reason: string;
}

interface Terminated {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerState {
  readonly running?: object;
  readonly terminated?: Terminated;
}

interface PodStatus {
  readonly reason?: string;
  readonly containerStatuses?: readonly { readonly state?: ContainerState }[];
}

/** Reads a pod as the server sent it. */
export function podState(pod: ClusterObject): PodState {
  const status: PodStatus = pod.status ?? {};
  const state = status.containerStatuses?.[0]?.state;
  const terminated = state?.terminated;
  const node = textAt(pod.spec, 'nodeName');
  return {
    phase: phaseOf(pod, state ?? {}),
    isDeleted: pod.metadata.deletionTimestamp !== undefined,
    node: node === '' ? undefined : node,
    report: reportOf(terminated?.message),
    reason: status.reason ?? terminated?.reason ?? '',
  };
}

function phaseOf(pod: ClusterObject, { running, terminated }: ContainerState): PodState['phase'] {
  if (terminated !== undefined || hasEnded(pod)) return 'ended';
  return running === undefined ? 'waiting' : 'running';
}

/** A termination message may be anything: the pod's image is whatever an administrator has named. */
function reportOf(message: string | undefined): BackuperReport | undefined {
  try {
    const value: unknown = JSON.parse(message ?? '');
    return isReport(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isReport(value: unknown): value is BackuperReport {
  if (typeof value !== 'object' || value === null) return false;
  const { task, outcome, message, warnings, errors } = value as Partial<
    Record<keyof BackuperReport, unknown>
  >;
  return (
    [task, outcome, message].every((text) => typeof text === 'string') &&
    Array.isArray(warnings) &&
    Array.isArray(errors)
  );
}
