import { type KnownArchive, readCatalog } from '../archive/catalog.ts';
import { clearLeftovers, discardDraft, type Draft, newDraft, publish } from '../archive/publish.ts';
import { loadRedaction } from '../archive/redaction-key.ts';
import { type Verification, verifyArchive } from '../archive/verify-archive.ts';
import { checkVolume, volumeError } from '../archive/volume.ts';
import { type CountedManifest, gapsOf, selectionOf } from '../model/manifest.ts';
import { KnownError } from '../model/known-error.ts';
import { planRotation, type RotationPolicy } from '../retention/plan.ts';
import { executeRotation } from '../retention/rotate.ts';
import { exportCluster, type ExportRequest } from './export-cluster.ts';
import { secretOptionsOf } from './secret-options.ts';

/** One night: what to export, where to, and what to keep. */
export interface BackupRequest extends Omit<ExportRequest, 'draft' | 'fingerprint'> {
  /** The folder of archives. */
  readonly dir: string;
  /** Whether a missing folder is made. */
  readonly mayCreateDir: boolean;
  /** The first part of the archive's name. */
  readonly backup: string;
  readonly policy: RotationPolicy;
  /** Path of the key with which secret values are redacted; by default it is on the volume. */
  readonly redactionKey?: string;
  /** Called when the archive has its name and no other one is gone yet; it must not fail. */
  readonly onPublished?: (archive: PublishedArchive, manifest: CountedManifest) => Promise<void>;
}

/** What a run has published. */
export interface BackupResult {
  readonly archive: PublishedArchive;
  readonly manifest: CountedManifest;
}

/** An archive that has its final name. */
export interface PublishedArchive {
  /** The archive's file name, without its folder. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * One night: clears what dead runs have left, exports, verifies what has been written by reading it again,
 * publishes it, and only then, and only if it is complete, removes old archives.
 *
 * @throws KnownError when nothing could be published, or the reason of the client's signal when it has been
 *   aborted before that; then the folder is as it was
 */
export async function runBackup(request: BackupRequest): Promise<BackupResult> {
  const { dir, report } = request;
  await checkVolume(dir, request.mayCreateDir);
  const secrets = await secretOptionsOf(
    request.options,
    async () => await loadRedaction(dir, request.redactionKey ?? ''),
  );
  const draft = newDraft(dir, request.backup, request.now());
  try {
    const cleared = await clearLeftovers(draft);
    if (cleared.length > 0) report({ kind: 'cleared', files: cleared });
    const { fileCount } = (await exportCluster({ ...request, ...secrets, draft })).counts;
    request.client.throwIfEnded();
    report({ kind: 'verifying', fileCount });
    const { sha256, sizeBytes, manifest } = await verified(draft);
    // The last moment: from here on the archive gets its name, and the run ends well.
    request.client.throwIfEnded();
    const archive = { file: await publish(draft, manifest.isComplete, sha256), sha256, sizeBytes };
    report({ kind: 'published', path: `${dir}/${archive.file}`, ...archive });
    await request.onPublished?.(archive, manifest);
    await rotate(request, { file: archive.file, manifest });
    return { archive, manifest };
  } catch (error) {
    request.client.cancel();
    await discardDraft(draft).catch(() => undefined);
    throw volumeError(error, dir, 'failed');
  }
}

async function verified(draft: Draft): Promise<Verification & { readonly result: 'sound' }> {
  const verification = await verifyArchive(draft.path);
  if (verification.result === 'sound') return verification;
  throw new KnownError(
    'failed',
    `What was written to the volume cannot be read back, so nothing was published: ${verification.problems[0] ?? ''}. Check the storage`,
  );
}

/** The archive is safe by now: what goes wrong with the volume here is reported and does not fail the run. */
async function rotate(request: BackupRequest, published: KnownArchive): Promise<void> {
  try {
    await removeOld(request, published);
  } catch (error) {
    const known = volumeError(error, request.dir, 'failed');
    if (!(known instanceof KnownError)) throw error;
    request.report({ kind: 'rotation-skipped', reason: known.message });
  }
}

async function removeOld(
  { dir, backup, policy, now, report }: BackupRequest,
  published: KnownArchive,
): Promise<void> {
  const { manifest } = published;
  const gapCount = gapsOf(manifest.types).length;
  if (gapCount > 0) {
    report({
      kind: 'rotation-skipped',
      reason: `the archive is incomplete (${gapCount === 1 ? '1 gap' : `${gapCount} gaps`}): old archives stay`,
    });
    return;
  }
  const context = {
    now: now(),
    backup,
    clusterId: manifest.cluster.id,
    selection: selectionOf(manifest.options),
  };
  const decisions = planRotation(await readCatalog(dir, published), policy, context);
  const { problems } = await executeRotation(dir, decisions);
  report({ kind: 'rotated', decisions, problems });
}
