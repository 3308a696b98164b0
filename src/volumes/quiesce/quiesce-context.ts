import { execInPod } from '../../kubernetes/exec.ts';
import type { CopyContext } from '../run/copy-context.ts';
import { IDLE_TIMEOUT_MS, type QuiesceContext } from './quiesce.ts';
import type { RunJournal } from '../run/run-journal.ts';

/**
 * What keeping the application still, and letting it go on, needs of a run.
 *
 * @param signal ends its waits
 */
export function quiesceContext(
  context: CopyContext,
  journal: RunJournal,
  signal: AbortSignal,
): QuiesceContext {
  return {
    objects: context.objects,
    namespace: journal.record.request.namespace,
    signal,
    report: (message) => context.onNote(message),
    pollMs: context.times.pollMs,
    exec: (execution) => execInPod(context.connection, execution),
    remember: (toUndo) => journal.change({ toUndo }),
    veleroHooks: context.veleroHooks ?? false,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
  };
}
