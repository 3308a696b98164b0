import { readdir } from 'node:fs/promises';
import type { CatalogEntry } from '../archive/catalog.ts';
import type { DriftQuestion } from '../drift/compare-archives.ts';
import { parseArchiveName } from '../model/archive-name.ts';
import { KnownError } from '../model/known-error.ts';
import { ArchiveFinder } from './find-archive.ts';
import type { CommandInput } from './process-context.ts';

/** The word for the cluster as it is now. */
const LIVE = 'live';

/** Paths of the two archives that are compared, and which of them is of the cluster as it is now. */
export type ChosenPair = Pick<DriftQuestion, 'before' | 'after' | 'live'>;

/**
 * Finds the two archives that were asked for, without names the two latest complete ones, for as long as the
 * work takes: for `live`, the cluster is exported into an archive that is gone afterwards.
 *
 * @throws KnownError `usage` for archives that there are not
 */
export async function withChosenPair<T>(
  input: CommandInput,
  args: readonly string[],
  work: (pair: ChosenPair) => Promise<T>,
): Promise<T> {
  const [before, after] = await chosenPair(input, args);
  if (before !== LIVE && after !== LIVE) return await work({ before: before.path, after: after.path });
  const known = before === LIVE ? after : before;
  if (known === LIVE)
    throw new KnownError('usage', 'The cluster as it is now cannot be compared with itself: name an archive');
  // Loaded only now: the client library alone takes most of a second.
  const { withLive } = await import('./live-side.ts');
  return await withLive(input, known, async (live) =>
    before === LIVE
      ? await work({ before: live, after: known.path, live: 'before' })
      : await work({ before: known.path, after: live, live: 'after' }),
  );
}

type Chosen = CatalogEntry | typeof LIVE;

async function chosenPair(
  input: CommandInput,
  [first, second]: readonly string[],
): Promise<readonly [Chosen, Chosen]> {
  const { dir, since } = input.settings;
  const finder = new ArchiveFinder(input);
  const chosen = async (reference: string): Promise<Chosen> =>
    reference === LIVE ? LIVE : comparable(await finder.find(reference));
  if (since === 0) {
    if (first === LIVE && second === undefined) return [await chosen('latest'), LIVE];
    return [await chosen(first ?? 'previous'), await chosen(second ?? 'latest')];
  }
  if (second !== undefined)
    throw new KnownError(
      'usage',
      '--since chooses the earlier archive: name the later one only, or leave --since out',
    );
  const after = await chosen(first ?? 'latest');
  return [comparable(await atLeastSoOld({ dir, finder }, after, since)), after];
}

function comparable(entry: CatalogEntry): CatalogEntry {
  if (entry.state.kind !== 'original') return entry;
  throw new KnownError(
    'usage',
    `${entry.name.file} was made by the original openshift-backup and cannot be compared: name another archive`,
  );
}

/** The newest complete archive that is at least so old, of the same name if that is known. */
async function atLeastSoOld(
  { dir, finder }: { readonly dir: string; readonly finder: ArchiveFinder },
  after: Chosen,
  ageMs: number,
): Promise<CatalogEntry> {
  const { backup, file } = after === LIVE ? { backup: '', file: '' } : after.name;
  const limit = Date.now() - ageMs;
  const older = (await readdir(dir))
    .flatMap((name) => parseArchiveName(name) ?? [])
    .filter(
      ({ grammar, isComplete, startedAt }) =>
        grammar === 'format-1' && isComplete && startedAt.getTime() <= limit,
    )
    .filter((name) => (name.backup === backup || backup === '') && name.file !== file)
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  for (const name of older) {
    const entry = await finder.find(name.file);
    if (entry.state.kind === 'complete') return entry;
    if (entry.state.kind === 'unreadable') finder.passOver([{ file: name.file, reason: entry.state.reason }]);
  }
  throw new KnownError(
    'usage',
    `There is no complete archive that old in ${dir}: "openshift-backup list" shows what there is`,
  );
}
