import type { CatalogEntry } from '../archive/catalog.ts';
import { KnownError } from '../model/known-error.ts';
import type { Committed } from './commit-message.ts';

/** What is to be done with the archives of a volume. */
export interface HistoryPlan {
  /** Those that become commits, the oldest first. */
  readonly pending: readonly CatalogEntry[];
  /** The archive of the newest commit, if it is still there. */
  readonly previous: CatalogEntry | undefined;
  /** Those that are older than the newest commit, and are not in the history. */
  readonly late: readonly string[];
  readonly damaged: readonly { readonly archive: string; readonly problem: string }[];
}

/**
 * Decides which archives become commits: the complete ones of this name that are of the same cluster and
 * selection as the newest of them. What became of secret values is no matter: none gets into the history.
 *
 * @param catalog the archives, in any order
 * @param committed what is in the history, the oldest first
 * @throws KnownError `refused` when the history is of another cluster
 */
export function planHistory(
  catalog: readonly CatalogEntry[],
  backup: string,
  committed: readonly Committed[],
): HistoryPlan {
  const own = catalog
    .filter(({ name }) => name.backup === backup && name.grammar === 'format-1')
    .toSorted((a, b) => a.name.startedAt.getTime() - b.name.startedAt.getTime());
  const damaged = own.flatMap(({ name, state }) =>
    state.kind === 'unreadable' && name.isComplete ? [{ archive: name.file, problem: state.reason }] : [],
  );
  const complete = own.filter(({ state }) => state.kind === 'complete');
  const kind = kindOf(complete.at(-1));
  const fitting = complete.filter((entry) => kindOf(entry) === kind);
  const last = committed.at(-1);
  refuseOther(fitting.at(-1), last);
  const known = new Set(committed.map(({ archive }) => archive));
  const fresh = fitting.filter(({ name }) => !known.has(name.file));
  const isLate = ({ name }: CatalogEntry): boolean => name.startedAt.getTime() / 1000 < (last?.seconds ?? 0);
  return {
    pending: fresh.filter((entry) => !isLate(entry)),
    previous: fitting.find(({ name }) => name.file === last?.archive),
    late: fresh.filter(isLate).map(({ name }) => name.file),
    damaged,
  };
}

/** Equal for archives that are of one cluster and selection. */
function kindOf(entry: CatalogEntry | undefined): string {
  if (entry?.state.kind !== 'complete') return '';
  const { clusterId, selection } = entry.state;
  return JSON.stringify([clusterId, selection.replace(/(?:^|; )secrets: (?:redact|exclude)$/u, '')]);
}

function refuseOther(newest: CatalogEntry | undefined, last: Committed | undefined): void {
  if (newest?.state.kind !== 'complete' || last === undefined) return;
  const { clusterId } = newest.state;
  if (clusterId === null || last.clusterId === '' || clusterId === last.clusterId) return;
  throw new KnownError(
    'refused',
    'The history is of another cluster than the archives: name a new folder with --git',
  );
}
