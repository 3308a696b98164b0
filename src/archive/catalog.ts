import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ArchiveName, parseArchiveName } from '../model/archive-name.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { type CountedManifest, gapsOf, selectionOf } from '../model/manifest.ts';
import { named, reasonOf } from './damaged.ts';
import { readManifest } from './read-archive.ts';

/** An error is one line: it names the newest archives only. */
const MAX_NAMED = 5;

/** One archive in the folder. */
export interface CatalogEntry {
  readonly path: string;
  readonly name: ArchiveName;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  readonly state: ArchiveState;
}

/** What is remembered of a manifest: whole, those of thirty nights would take more memory than all the rest. */
export interface ManifestSummary {
  readonly clusterId: string | null;
  /** Of projects, see `selectionOf`. */
  readonly selection: string;
  readonly objectCount: number;
  readonly projectCount: number;
  readonly gapCount: number;
}

/** What an archive's manifest says; archives of the original tool have none, and are taken as they are. */
export type ArchiveState =
  | ({ readonly kind: 'complete' | 'incomplete' } & ManifestSummary)
  | { readonly kind: 'original' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** An archive that is passed over, and why: it is of a newer format, or damaged. */
export interface PassedOver {
  readonly file: string;
  readonly reason: string;
}

/** An archive that has just been verified, so that its manifest need not be read again. */
export interface KnownArchive {
  /** Its name. */
  readonly file: string;
  readonly manifest: CountedManifest;
}

/** Told of the archives that are passed over, the newest first, if there are any. */
export type PassOver = (passed: readonly [PassedOver, ...PassedOver[]]) => void;

/**
 * Every archive in the folder, the newest first (by the instant in the name, then by name). Other files are
 * left out, whatever they hold. Of each archive only the manifest is read.
 *
 * @param known one of them
 * @throws KnownError `usage` when the folder can't be read
 */
export async function readCatalog(dir: string, known?: KnownArchive): Promise<CatalogEntry[]> {
  const names = await archiveNames(dir);
  const entries: CatalogEntry[] = [];
  // One by one: parsing takes longer than the storage does, and each takes memory while it is parsed.
  for (const name of names) {
    const manifest = name.file === known?.file ? known.manifest : undefined;
    const entry = await readEntry(join(dir, name.file), name, manifest);
    if (entry) entries.push(entry);
  }
  return entries;
}

/**
 * Finds one archive.
 *
 * @param reference `latest` (the newest complete one), `previous` (the complete one before it), a file name
 *   in the folder with or without `.zip`, or a path
 * @param passOver told of the archives that would come before the one that is found, and can't be read
 * @throws KnownError `usage` when there is no such archive, with what there is; `failed` for a path to a
 *   file under a foreign name that is no archive
 */
export async function resolveArchive(
  dir: string,
  reference: string,
  passOver: PassOver = () => {},
): Promise<CatalogEntry> {
  if (reference === 'latest') return nthComplete(dir, 0, passOver);
  if (reference === 'previous') return nthComplete(dir, 1, passOver);
  const isPath = basename(reference) !== reference;
  const entry = (isPath ? undefined : await entryNamed(dir, reference)) ?? (await entryAt(reference));
  if (entry) return entry;
  if (isPath) throw new KnownError('usage', `${reference} does not exist`);
  const there = thereIs(dir, await archiveNames(dir));
  throw new KnownError('usage', `There is no archive ${JSON.stringify(reference)}: ${there}`);
}

async function nthComplete(dir: string, index: number, passOver: PassOver): Promise<CatalogEntry> {
  const names = await archiveNames(dir);
  let skip = index;
  const passed: PassedOver[] = [];
  for (const name of names) {
    if (name.grammar === 'original' || !name.isComplete) continue;
    const entry = await readEntry(join(dir, name.file), name);
    if (entry?.state.kind === 'unreadable') passed.push({ file: name.file, reason: entry.state.reason });
    if (entry?.state.kind !== 'complete' || skip-- > 0) continue;
    const [first, ...others] = passed;
    if (first) passOver([first, ...others]);
    return entry;
  }
  const problem = index === 0 ? 'There is no complete archive' : 'There are no two complete archives';
  const [first] = passed;
  const why = first ? `; ${first.file} can't be read: ${first.reason}` : '';
  throw new KnownError('usage', `${problem}: ${thereIs(dir, names)}${why}`);
}

async function entryNamed(dir: string, reference: string): Promise<CatalogEntry | undefined> {
  const name = parseArchiveName(reference) ?? parseArchiveName(`${reference}.zip`);
  return name && (await readEntry(join(dir, name.file), name));
}

/** An archive may have been fetched under any name; then the manifest says what a name would say. */
async function entryAt(path: string): Promise<CatalogEntry | undefined> {
  const file = basename(path);
  const known = parseArchiveName(file);
  if (known) return await readEntry(path, known);
  if (!(await exists(path))) return undefined;
  const manifest = await readManifest(path);
  const { isComplete } = manifest;
  const startedAt = new Date(manifest.startedAt);
  const name = { file, backup: '', startedAt, isComplete, grammar: 'format-1' } as const;
  const { mtime, size } = await stat(path);
  const state = stateOf(manifest);
  return { path, name, sizeBytes: size, modifiedAt: mtime, state };
}

async function archiveNames(dir: string): Promise<ArchiveName[]> {
  const files = await readFolder(dir);
  const names = files.flatMap((file) => parseArchiveName(file) ?? []);
  return names.toSorted(
    (a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.file < b.file ? -1 : 1),
  );
}

async function readFolder(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    const advice = FOLDER_ERRORS[systemErrorCode(error) ?? ''];
    if (advice === undefined) throw error;
    throw new KnownError('usage', `The folder of archives ${dir} ${advice}`, { cause: error });
  }
}

const FOLDER_ERRORS: Record<string, string> = {
  ENOENT: 'does not exist: mount the volume there, or name another folder with --dir',
  ENOTDIR: 'is not a folder: give the folder of the archives with --dir',
  EACCES: 'may not be read: run as a user with permission to read it, or name another folder with --dir',
};

/** Undefined when the file is gone: another run may remove it at any moment. */
async function readEntry(
  path: string,
  name: ArchiveName,
  known?: CountedManifest,
): Promise<CatalogEntry | undefined> {
  try {
    const stats = await lstat(path);
    const state = stats.isFile() ? await readState(path, name, known) : unreadable('not a plain file');
    return state && { path, name, sizeBytes: stats.size, modifiedAt: stats.mtime, state };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw named(path, error);
  }
}

async function readState(
  path: string,
  name: ArchiveName,
  known: CountedManifest | undefined,
): Promise<ArchiveState | undefined> {
  if (name.grammar === 'original') return { kind: 'original' };
  try {
    const manifest = known ?? (await readManifest(path));
    if (manifest.isComplete !== name.isComplete) {
      const [said, is] = name.isComplete ? ['complete', 'incomplete'] : ['incomplete', 'complete'];
      return unreadable(`its name says ${said}, its manifest says ${is}`);
    }
    return stateOf(manifest);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return systemErrorCode(error.cause) === 'ENOENT' ? undefined : unreadable(reasonOf(error));
  }
}

function stateOf({ isComplete, cluster, options, counts, types }: CountedManifest): ArchiveState {
  return {
    kind: isComplete ? 'complete' : 'incomplete',
    clusterId: cluster.id,
    selection: selectionOf(options),
    objectCount: counts.objectCount,
    projectCount: counts.projectCount,
    gapCount: gapsOf(types).length,
  };
}

function unreadable(reason: string): ArchiveState {
  return { kind: 'unreadable', reason };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(systemErrorCode(error) ?? '')) return false;
    throw named(path, error);
  }
}

/** What is in the folder, for an error message. */
function thereIs(dir: string, names: readonly ArchiveName[]): string {
  if (names.length === 0) return `${dir} holds no archives (another folder: --dir)`;
  const first = names.slice(0, MAX_NAMED).map(({ file }) => file);
  const more = names.length - first.length;
  return `${dir} holds ${first.join(', ')}${more > 0 ? ` and ${more} older ones` : ''}`;
}
