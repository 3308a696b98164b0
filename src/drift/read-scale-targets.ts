import type { Archive } from '../archive/read-archive.ts';
import { CLUSTER_FOLDER } from '../model/manifest.ts';
import type { FilePair } from './file-plan.ts';
import { itemSource } from './read-items.ts';
import { isScalerType, type ScaleTarget, scaleTargetOf } from './scale-target.ts';
import { parseValue, scalarText, valueAt } from './value.ts';

/** What is scaled by something else in either archive, in the projects in which something differs. */
export async function readScaleTargets(
  { before, after }: { readonly before: Archive; readonly after: Archive },
  differing: readonly FilePair[],
): Promise<ScaleTarget[]> {
  const folders = new Set(differing.map(({ project }) => project ?? CLUSTER_FOLDER));
  return [...(await targetsIn(before, folders)), ...(await targetsIn(after, folders))];
}

async function targetsIn(archive: Archive, folders: ReadonlySet<string>): Promise<ScaleTarget[]> {
  const places = [...archive.entries]
    .map(({ path }) => ({ path, folder: path.slice(0, path.indexOf('/')), type: typeOf(path) }))
    .filter(({ folder, type }) => folders.has(folder) && isScalerType(type));
  const source = itemSource(
    archive,
    places.map(({ path }) => path),
  );
  const targets: ScaleTarget[] = [];
  for (const { path, folder, type } of places) {
    for await (const item of source.items(path)) {
      const object = parseValue(item);
      const kind = scalarText(valueAt(object, 'kind')) ?? '';
      const name = scalarText(valueAt(object, 'metadata', 'name')) ?? '';
      const target = scaleTargetOf({ type, kind, project: folder, name }, object);
      if (target) targets.push(target);
    }
  }
  return targets;
}

function typeOf(path: string): string {
  return path.slice(path.indexOf('/') + 1, -'.json'.length);
}
