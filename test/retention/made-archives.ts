import assert from 'node:assert/strict';
import type { ArchiveState, CatalogEntry } from '../../src/archive/catalog.ts';
import { formatArchiveName, parseArchiveName } from '../../src/model/archive-name.ts';
import { planRotation, type RotationContext, type RotationPolicy } from '../../src/retention/plan.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;
export const NOW_MS = Date.parse('2026-11-20T00:20:00Z');
export const POLICY: RotationPolicy = { retainDays: 7, keepLastCount: 3 };
export const CONTEXT: RotationContext = {
  now: new Date(NOW_MS),
  backup: 'prod',
  clusterId: 'cluster-a',
  selection: '',
};

interface Made {
  readonly backup?: string;
  readonly clusterId?: string | null;
  readonly selection?: string;
  readonly state?: ArchiveState['kind'];
  /** The name of an original is to the minute. */
  readonly isOriginal?: boolean;
  readonly modifiedMs?: number;
}

/** An archive that was made so many days before now. */
export function made(daysAgo: number, options: Made = {}): CatalogEntry {
  return madeAt(NOW_MS - daysAgo * DAY_MS, options);
}

export function madeAt(startedMs: number, options: Made): CatalogEntry {
  const { backup = 'prod', clusterId = 'cluster-a', selection = '', isOriginal = false } = options;
  const kind = isOriginal ? 'original' : (options.state ?? 'complete');
  const started = new Date(startedMs);
  const stamp = started.toISOString().replaceAll(/\D/gu, '').slice(0, 12);
  const file = isOriginal
    ? `openshift-backup${stamp}.zip`
    : formatArchiveName(backup, started, kind !== 'incomplete');
  const name = parseArchiveName(file);
  assert.ok(name, file);
  const modifiedAt = new Date(options.modifiedMs ?? startedMs);
  return { path: `/b/${file}`, name, sizeBytes: 1, modifiedAt, state: stateOf(kind, clusterId, selection) };
}

function stateOf(kind: ArchiveState['kind'], clusterId: string | null, selection: string): ArchiveState {
  if (kind === 'unreadable') return { kind, reason: 'cut off' };
  if (kind === 'original') return { kind };
  return {
    kind,
    clusterId,
    selection,
    objectCount: 1,
    projectCount: 1,
    gapCount: kind === 'complete' ? 0 : 1,
  };
}

export function removedFrom(
  entries: readonly CatalogEntry[],
  policy: Partial<RotationPolicy> = {},
  context: Partial<RotationContext> = {},
): string[] {
  return planRotation(entries, { ...POLICY, ...policy }, { ...CONTEXT, ...context }).flatMap(
    ({ entry, action }) => (action === 'remove' ? [entry.name.file] : []),
  );
}
