import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchiveName, parseArchiveName } from '../model/archive-name.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { type ManifestHead, selectionOf } from '../model/manifest.ts';
import type { PassOver } from './catalog.ts';
import { reasonOf } from './damaged.ts';
import { readManifest } from './read-archive.ts';

/** A volume with more archives of other clusters and selections in a row is not searched on. */
const LOOKED_AT_MAX = 32;

/**
 * The newest complete archive before another one, of the same name, cluster and selection. Of each archive only
 * the manifest is read; those that can't be read are passed over.
 *
 * @param file the other one's name in the folder
 * @param manifest the other one's
 * @param passOver told of each that can't be read
 * @returns its file name; undefined if there is none
 */
export async function previousArchive(
  dir: string,
  file: string,
  manifest: Pick<ManifestHead, 'cluster' | 'options'>,
  passOver: PassOver = () => {},
): Promise<string | undefined> {
  const own = parseArchiveName(file);
  if (!own) return undefined;
  const earlier = (await readdir(dir))
    .flatMap((name) => parseArchiveName(name) ?? [])
    .filter((name) => isEarlier(name, own))
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  const selection = selectionOf(manifest.options);
  for (const name of earlier.slice(0, LOOKED_AT_MAX)) {
    const other = await manifestOrNone(join(dir, name.file), (reason) =>
      passOver([{ file: name.file, reason }]),
    );
    const isSame = other?.cluster.id === manifest.cluster.id && selectionOf(other.options) === selection;
    if (isSame && other.isComplete) return name.file;
  }
  return undefined;
}

function isEarlier({ grammar, backup, isComplete, startedAt }: ArchiveName, own: ArchiveName): boolean {
  return grammar === 'format-1' && isComplete && backup === own.backup && startedAt < own.startedAt;
}

async function manifestOrNone(
  path: string,
  passOver: (reason: string) => void,
): Promise<ManifestHead | undefined> {
  try {
    return await readManifest(path);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    // Another run may remove it at any moment.
    if (systemErrorCode(error.cause) !== 'ENOENT') passOver(reasonOf(error));
    return undefined;
  }
}
