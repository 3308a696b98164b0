import { CLUSTER_FOLDER, FACTS_FOLDER } from '../model/manifest.ts';

/**
 * The paths that `entryPath` and `factsPath` make: a project or `_cluster`, and a type. Each part begins with a letter or
 * digit and has no `/` or `\`, so no path is absolute or leads out of the folder it is unpacked in.
 */
export const ENTRY_PATH = new RegExp(
  `^(?:${FACTS_FOLDER}/)?(?:${CLUSTER_FOLDER}|[a-z0-9][-a-z0-9.]{0,252})/[a-z0-9][-a-z0-9.]{0,252}\\.json$`,
  'u',
);

/** Whether a text is the path of an entry that holds objects (the manifest is not one of them). */
export function isEntryPath(path: string): boolean {
  return ENTRY_PATH.test(path);
}
