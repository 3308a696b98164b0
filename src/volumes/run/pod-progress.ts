import { followLogs } from '../../kubernetes/pod-logs.ts';
import type { BackuperProgress } from '../../model/backuper.ts';
import type { CopyContext } from './copy-context.ts';
import type { ClusterObject } from '../copy.ts';
import { fieldsOf } from '../fields.ts';

/** What a pod tells of its work while it works. */
export interface PodProgress {
  /** Call it when the container runs; more than once does no harm. */
  readonly start: () => void;
  readonly stop: () => void;
  /** How long it has told of nothing new; 0 before the start. */
  readonly idleMs: () => number;
}

/** Reads a pod's log for people, and for nothing else: a log that can't be read changes nothing about the copy. */
export function followProgress(context: CopyContext, { metadata }: ClusterObject): PodProgress {
  const canceller = new AbortController();
  let newsMs: number | undefined;
  let last = '';
  const onLine = (line: string): void => {
    if (line === last) return;
    last = line;
    newsMs = performance.now();
    const progress = progressOf(line);
    if (progress) context.onProgress(progress);
  };
  return {
    start() {
      if (newsMs !== undefined) return;
      newsMs = performance.now();
      const { namespace = '', name } = metadata;
      followLogs(context.client, { namespace, name, container: 'backuper' }, onLine, canceller.signal).catch(
        () => {
          // Without its log nobody can tell a pod that is stuck from one that works; the deadline stays.
          newsMs = Number.POSITIVE_INFINITY;
        },
      );
    },
    stop: () => canceller.abort(),
    idleMs: () => (newsMs === undefined ? 0 : Math.max(0, performance.now() - newsMs)),
  };
}

function progressOf(line: string): BackuperProgress['progress'] | undefined {
  try {
    const { sizeBytes, percent, bytesPerSecond } = fieldsOf(fieldsOf(JSON.parse(line))['progress']);
    return typeof sizeBytes === 'number' && typeof percent === 'number' && typeof bytesPerSecond === 'number'
      ? { sizeBytes, percent, bytesPerSecond }
      : undefined;
  } catch {
    return undefined;
  }
}
