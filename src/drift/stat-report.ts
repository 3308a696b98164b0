import { safeText } from '../model/text.ts';
import type { Drift } from './drift.ts';

/** The headers of `statRows`. */
export const STAT_HEADERS: readonly string[] = ['PROJECT', 'TYPE', 'ADDED', 'REMOVED', 'CHANGED', 'RENAMED'];

/** How many objects of each type have changed in each project, as the cells of a table. Safe to show. */
export function statRows({ counts }: Pick<Drift, 'counts'>): string[][] {
  return counts.map(({ project, type, added, removed, changed, renamed }) => [
    project === undefined ? '-' : safeText(project),
    safeText(type),
    ...[added, removed, changed, renamed].map(String),
  ]);
}
