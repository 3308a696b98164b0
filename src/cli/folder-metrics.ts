import type { Settings } from '../config/options.ts';
import { backupNames, statusOf } from '../status/backup-status.ts';
import { readFacts } from '../status/folder-facts.ts';
import { metricsOf } from '../status/metrics.ts';
import { metricsText } from '../status/metrics-text.ts';
import { toolVersion } from './tool-version.ts';
import { viewpointOf } from './viewpoint.ts';

/** The metrics, beside the archives, for a collector that reads files. */
export const METRICS_FILE = 'openshift-backup.prom';

/**
 * The metrics of the backup that the settings name, or of every backup in the folder of archives, read anew.
 * A server tells of its own backup alone: each of those that share a volume has its own, and one that was
 * renamed has none. When a run is due is known of the own one only.
 *
 * @throws the file system's error when the folder can't be read
 */
export async function folderMetrics(
  settings: Settings,
  now: Date,
  whose: 'own' | 'all',
): Promise<{ readonly text: string; readonly problem?: string }> {
  const facts = await readFacts(settings.dir);
  const viewpoint = viewpointOf(settings, now);
  const names = new Set([settings.name, ...(whose === 'all' ? backupNames(facts) : [])]);
  const statuses = [...names].toSorted().map((name) => {
    const dueAfter = name === settings.name ? viewpoint.dueAfter : undefined;
    return statusOf(name, facts, { ...viewpoint, dueAfter });
  });
  const text = await metricsText(metricsOf(statuses, facts.space, toolVersion()));
  return facts.problem === undefined ? { text } : { text, problem: facts.problem };
}
