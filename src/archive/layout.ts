import { CLUSTER_FOLDER, FACTS_FOLDER } from '../model/manifest.ts';
import { isEntryPath } from './entry-path.ts';

/** How deep an item lies in the List that an entry is: `{ "items": [ item ] }`. */
export const ITEM_DEPTH = 2;

/** What stands before the first item of an entry: a List that `oc apply -f` takes as it is. */
export const LIST_HEAD = Buffer.from('{\n  "apiVersion": "v1",\n  "items": [\n    ');

/** What stands between two items. */
export const ITEM_SEPARATOR = Buffer.from(',\n    ');

/** What stands behind the last item. */
export const LIST_TAIL = Buffer.from('\n  ],\n  "kind": "List"\n}\n');

/**
 * The entry in which the objects of a type lie: `<project>/<type>.json`, or `_cluster/<type>.json` for
 * cluster-scoped ones. The names of objects never become part of a path.
 *
 * @throws RangeError when a project or type has a name that an API server would not have accepted
 */
export function entryPath(project: string | undefined, type: string): string {
  const path = `${project ?? CLUSTER_FOLDER}/${type}.json`;
  if (project !== CLUSTER_FOLDER && isEntryPath(path)) return path;
  throw new RangeError(`Cannot make a path of ${JSON.stringify(project)} and ${JSON.stringify(type)}`);
}

/** The entry in which the facts of these objects lie: `_facts/<project>/<type>.json`. Throws as `entryPath` does. */
export function factsPath(project: string | undefined, type: string): string {
  return `${FACTS_FOLDER}/${entryPath(project, type)}`;
}
