import { join } from 'node:path';
import { previousArchive } from '../archive/previous-archive.ts';
import type { Settings } from '../config/options.ts';
import type { PublishedArchive } from '../export/run-backup.ts';
import type { CountedManifest } from '../model/manifest.ts';
import { ignoreRules } from './ignore-rules.ts';
import { afterPublishing, type Warn } from './after-publishing.ts';

/** What has changed since the archive before. */
export interface NightlyChanges {
  /** The file name of the archive that it was compared with. */
  readonly since: string;
  readonly changedCount: number;
  /** All of it in one line. Safe to show: it names objects and no values. */
  readonly summary: string;
}

/**
 * Compares a new complete archive with the complete one before it, of the same name, cluster and selection.
 *
 * @returns undefined if there is none before it, the new one is incomplete, or they could not be compared
 */
export async function nightlyChanges(
  settings: Settings,
  archive: PublishedArchive,
  manifest: CountedManifest,
  warn: Warn,
): Promise<NightlyChanges | undefined> {
  if (!manifest.isComplete) return undefined;
  const attempt = { message: 'Could not compare with the archive before', command: 'diff' };
  return await afterPublishing(warn, attempt, async () => {
    const since = await previousArchive(settings.dir, archive.file, manifest, ([{ file, reason }]) =>
      warn('An archive was passed over', { archive: file, problem: reason }),
    );
    return since === undefined ? undefined : await changesSince(settings, since, archive.file, warn);
  });
}

async function changesSince(
  { dir, ignoreFiles }: Settings,
  since: string,
  file: string,
  warn: Warn,
): Promise<NightlyChanges> {
  const rules = await ignoreRules(ignoreFiles, true, (problem) =>
    warn('Not every ignore rule was applied', { problem }),
  );
  // Loaded at the end of a run, when its own memory is free again.
  const { compareArchives } = await import('../drift/compare-archives.ts');
  const { changedCount, summaryLine } = await import('../drift/summary.ts');
  const drift = await compareArchives({
    before: join(dir, since),
    after: join(dir, file),
    projects: [],
    types: [],
    rules,
    findsRenames: true,
    isForced: false,
  });
  return { since, changedCount: changedCount(drift), summary: summaryLine(drift) };
}
