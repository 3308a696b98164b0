import { millisecondsInDay } from 'date-fns/constants';
import type { CatalogEntry } from '../archive/catalog.ts';

/** How long archives are kept. */
export interface RotationPolicy {
  /** Archives up to this age stay: days of 24 hours, 0 or more. */
  readonly retainDays: number;
  /** So many of the newest complete archives stay at any age: 1 or more. */
  readonly keepLastCount: number;
}

/** Whose archives may be removed, and when it is. */
export interface RotationContext {
  readonly now: Date;
  readonly backup: string;
  /** The id of the cluster; null where it may not be read, and then only archives without one may go. */
  readonly clusterId: string | null;
  /** The projects that are backed up, see `selectionOf`; empty for the whole cluster. */
  readonly selection: string;
}

/** What is to happen to one archive, and why, in one sentence. */
export interface RotationDecision {
  readonly entry: CatalogEntry;
  readonly action: 'keep' | 'remove';
  readonly reason: string;
}

/** The file server's clock may run ahead of ours; more than this is a sign of a wrong clock. */
const FILE_CLOCK_TOLERANCE_MS = millisecondsInDay;

/**
 * Decides which archives go: none but those of this backup, cluster and selection of projects (and those of the original tool under
 * the same name) that are older than the policy keeps. Age is counted back from the newest complete archive,
 * not from now, so that nights without a backup remove nothing; and an archive is as young as the younger of
 * its name and its file. Archives dated later than now stay and don't count. Without a complete archive
 * nothing goes.
 *
 * @throws RangeError for a policy that would keep nothing
 */
export function planRotation(
  entries: readonly CatalogEntry[],
  policy: RotationPolicy,
  context: RotationContext,
): RotationDecision[] {
  requireSafe(policy);
  const counting = entries.filter((entry) => counts(entry, context));
  const last = newest(counting, policy.keepLastCount);
  const newestMs = Math.max(...counting.map(namedMs));
  return entries.map((entry) => {
    const ageMs = newestMs - youngerMs(entry);
    const isOld = ageMs > policy.retainDays * millisecondsInDay;
    const keepReason =
      untouchableReason(entry, context) ??
      (counting.length === 0 ? 'There is no complete archive to stay in its place' : undefined) ??
      (last.has(entry)
        ? `One of the newest complete archives (${policy.keepLastCount} always stay)`
        : undefined) ??
      (isOld ? undefined : ageReason(ageMs, policy));
    return keepReason === undefined
      ? { entry, action: 'remove', reason: ageReason(ageMs, policy) }
      : { entry, action: 'keep', reason: keepReason };
  });
}

function requireSafe({ retainDays, keepLastCount }: RotationPolicy): void {
  if (!(retainDays >= 0) || !Number.isSafeInteger(keepLastCount) || keepLastCount < 1) {
    throw new RangeError(`Unsafe rotation policy: retain ${retainDays} days, keep the last ${keepLastCount}`);
  }
}

/** Why an archive may not be removed at all, however old it is. */
function untouchableReason(entry: CatalogEntry, context: RotationContext): string | undefined {
  const { name, state } = entry;
  if (state.kind === 'unreadable') return `Never removed, because it can't be read: ${state.reason}`;
  if (name.backup !== context.backup) return `Of another backup (${name.backup})`;
  if (state.kind !== 'original' && state.clusterId !== context.clusterId) return 'Of another cluster';
  const selection = state.kind === 'original' ? '' : state.selection;
  if (selection !== context.selection)
    return selection === '' ? 'Of the whole cluster' : `Of another selection (${selection})`;
  return isInFuture(entry, context) ? 'Dated in the future: a clock is or was wrong' : undefined;
}

/** Only complete archives make others dispensable. */
function counts(entry: CatalogEntry, context: RotationContext): boolean {
  return entry.state.kind === 'complete' && untouchableReason(entry, context) === undefined;
}

/**
 * The newest archives, by name and by file. In one order alone, old archives that were copied back, or
 * whose dates were set, would push out those that are newest in truth.
 */
function newest(counting: readonly CatalogEntry[], count: number): ReadonlySet<CatalogEntry> {
  const orders = [namedMs, youngerMs].map((order) =>
    counting.toSorted((a, b) => descending(order(a), order(b)) || (a.name.file < b.name.file ? 1 : -1)),
  );
  return new Set(orders.flatMap((order) => order.slice(0, count)));
}

function isInFuture(entry: CatalogEntry, { now }: RotationContext): boolean {
  return (
    namedMs(entry) > now.getTime() || entry.modifiedAt.getTime() > now.getTime() + FILE_CLOCK_TOLERANCE_MS
  );
}

function namedMs({ name }: CatalogEntry): number {
  return name.startedAt.getTime();
}

function youngerMs(entry: CatalogEntry): number {
  return Math.max(namedMs(entry), entry.modifiedAt.getTime());
}

function descending(a: number, b: number): number {
  return b - a;
}

function ageReason(ageMs: number, { retainDays }: RotationPolicy): string {
  const age =
    ageMs <= 0
      ? 'Not older than the newest backup'
      : `${(ageMs / millisecondsInDay).toFixed(1)} days older than the newest backup`;
  return `${age}; archives are kept for ${retainDays} days`;
}
