import { dirname } from 'node:path';
import type { CatalogEntry } from '../archive/catalog.ts';
import { readWholeManifest } from '../archive/read-archive.ts';
import { type LiveRequest, withLiveArchive } from '../export/export-live.ts';
import { CLUSTER_FOLDER, objectFiles } from '../model/manifest.ts';
import { withCluster } from './cluster-access.ts';
import type { CommandInput } from './process-context.ts';
import { runReport } from './run-report.ts';
import { toolVersion } from './tool-version.ts';

/** The options of an archive, and the projects in it. Its files are not held while the cluster is read. */
async function knownSide(path: string): Promise<Pick<LiveRequest, 'options' | 'mayBeGone'>> {
  const { options, files } = await readWholeManifest(path);
  const folders = new Set(objectFiles(files).map((file) => file.path.slice(0, file.path.indexOf('/'))));
  folders.delete(CLUSTER_FOLDER);
  return { options, mayBeGone: [...folders] };
}

/**
 * Exports the cluster as it is now, with the options of an archive, for as long as the work takes. What happens
 * is shown as `run` shows it.
 *
 * @param work gets the path of an archive that is gone afterwards
 * @throws KnownError for everything that an administrator can mend
 */
export async function withLive<T>(
  input: CommandInput,
  known: CatalogEntry,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const { settings, process } = input;
  const { options, mayBeGone } = await knownSide(known.path);
  const report = runReport(process, () => performance.now());
  try {
    return await withCluster(
      input,
      async (client, connection) =>
        await withLiveArchive(
          {
            client,
            dir: settings.dir,
            keyDir: dirname(known.path),
            redactionKey: settings.redactionKey,
            options,
            mayBeGone,
            ownProject: options.contextProject ?? connection.namespace,
            tool: { name: 'openshift-backup', version: toolVersion() },
            now: () => new Date(),
            report: report.on,
          },
          async (path) => {
            report.stop();
            const result = await work(path);
            process.signal.throwIfAborted();
            return result;
          },
        ),
    );
  } finally {
    report.stop();
  }
}
