import { constants } from 'node:fs';
import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discardDraft, newDraft } from '../archive/publish.ts';
import { findRedaction, randomRedaction } from '../archive/redaction-key.ts';
import { volumeError } from '../archive/volume.ts';
import type { ExportOptions } from '../model/manifest.ts';
import { exportCluster, type ExportRequest } from './export-cluster.ts';
import { secretOptionsOf } from './secret-options.ts';

/** The first part of the name under which the cluster as it is now is written down; never a published one. */
const LIVE = 'live';

/** What is read of the cluster as it is now. */
export interface LiveRequest extends Omit<ExportRequest, 'draft' | 'fingerprint'> {
  /** The folder of archives: what is written goes there if it can, hidden, else into the system's folder. */
  readonly dir: string;
  /** Where the key lies with which the other archive's secret values were redacted. */
  readonly keyDir: string;
  /** Path of the key if it lies elsewhere; empty if it doesn't. */
  readonly redactionKey: string;
  /** Those of the archive that it is compared with. */
  readonly options: ExportOptions;
}

/**
 * Exports the cluster as it is now into an archive that is never published, and is gone when the work is done
 * or has failed. If the process is killed before that, the next run clears it like every other draft.
 *
 * @param work gets the path of the archive
 * @throws KnownError as `exportCluster` does, and when it can't be written
 */
export async function withLiveArchive<T>(
  request: LiveRequest,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const secrets = await secretOptionsOf(
    plainOptions(request.options),
    async () => (await findRedaction(request.keyDir, request.redactionKey)) ?? randomRedaction(),
  );
  return await withFolder(request.dir, async (dir) => {
    const draft = newDraft(dir, LIVE, request.now());
    try {
      await exportCluster({ ...request, ...secrets, draft }).catch((error: unknown) => {
        // Nothing may be written any more when the draft is removed.
        request.client.cancel();
        throw volumeError(error, dir, 'failed');
      });
      request.client.throwIfEnded();
      return await work(draft.path);
    } finally {
      await discardDraft(draft);
    }
  });
}

/** What decides the content. What was required decides only whether an archive is complete. */
function plainOptions(options: ExportOptions): ExportOptions {
  const { contextProject: _project, redactionKeyId: _keyId, ...plain } = options;
  return { ...plain, require: [] };
}

/** In the system's folder, which others may look into, the archive lies in a folder of its own. */
async function withFolder<T>(preferred: string, work: (dir: string) => Promise<T>): Promise<T> {
  if (await isWritable(preferred)) return await work(preferred);
  const dir = await mkdtemp(join(tmpdir(), 'openshift-backup-live-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function isWritable(dir: string): Promise<boolean> {
  try {
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    return (await stat(dir)).isDirectory();
  } catch {
    return false;
  }
}
