import { formatArchiveName, parseArchiveName } from '../../src/model/archive-name.ts';
import type { StoredArchive } from '../../src/status/backup-status.ts';
import type { RunRecord } from '../../src/status/run-record.ts';

/** How a run is to have ended, and what else is to be said of it. */
export type MadeRun = Partial<RunRecord> & { readonly ended?: 'complete' | 'incomplete' | 'failed' };

/** The record of a run that began at an instant and took 42 seconds. */
export function runAt(startedAt: string, { ended = 'complete', ...more }: MadeRun = {}): RunRecord {
  const start = new Date(startedAt);
  const frame = {
    id: `run of ${startedAt}`,
    startedAt: start.toISOString(),
    endedAt: new Date(start.getTime() + 42_000).toISOString(),
    backup: more.backup ?? 'prod',
  };
  if (ended === 'failed')
    return { ...frame, exitCode: 4, error: 'Cannot reach https://api: it is away', ...more };
  const isComplete = ended === 'complete';
  return {
    ...frame,
    exitCode: isComplete ? 0 : 3,
    archive: formatArchiveName(frame.backup, start, isComplete),
    sha256: 'ab'.repeat(32),
    archiveBytes: 2_000_000,
    isComplete,
    selection: '',
    objectCount: 1234,
    leftOutCount: 5,
    fileCount: 67,
    deniedCount: 0,
    gapCount: isComplete ? 0 : 1,
    gaps: isComplete ? [] : [{ type: 'routes.route.openshift.io', scope: '*', reason: 'HTTP 503' }],
    ...more,
  };
}

/** An archive as it lies on the volume. */
export function archiveAt(startedAt: string, backup = 'prod', isComplete = true): StoredArchive {
  const name = parseArchiveName(formatArchiveName(backup, new Date(startedAt), isComplete));
  if (!name) throw new Error(`${backup} is no name`);
  return { name, sizeBytes: 1000 };
}
