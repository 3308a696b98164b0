import { counted, safeText } from '../model/text.ts';
import { timeText } from './display.ts';
import { type ChangeCount, type Drift, type ObjectChange, SEVERITIES } from './drift.ts';

/** A summary names so many objects. */
const NAMED_MAX = 5;
/** Of `2026-11-20 00:15:00Z`, without the seconds. */
const MINUTES_LENGTH = 16;

/** How many objects have changed, those that are not kept included. */
export function changedCount({ counts }: Pick<Drift, 'counts'>): number {
  return counts.reduce((sum, count) => sum + totalOf(count), 0);
}

/** How many changes rules have kept out. */
export function suppressedCount({ suppressed }: Pick<Drift, 'suppressed'>): number {
  return suppressed.reduce((sum, { count }) => sum + count, 0);
}

/** `3 objects changed in 2 projects: 1 critical, 2 high`. */
export function headline(drift: Drift): string {
  const count = changedCount(drift);
  if (count === 0) return `No difference in ${counted(drift.comparedCount, 'object')}`;
  const severities = SEVERITIES.flatMap((severity) => {
    const own = drift.changes.filter((change) => change.severity === severity).length;
    return own === 0 ? [] : [`${own.toLocaleString('en')} ${severity}`];
  });
  const omitted =
    drift.omittedCount === 0 ? '' : `, and ${counted(drift.omittedCount, 'other')} that were only counted`;
  return `${counted(count, 'object')} changed${placesText(drift)}: ${severities.join(', ')}${omitted}`;
}

/**
 * The drift in one line, for a log: `3 objects changed in 2 projects since 2026-11-19 00:15: deployments.apps
 * shop/web, …`, the most severe first.
 */
export function summaryLine(drift: Drift): string {
  const since = ` since ${timeText(drift.before.startedAt).slice(0, MINUTES_LENGTH)}`;
  const count = changedCount(drift);
  const missing = drift.notComparable.length;
  const unknown = missing === 0 ? '' : `; ${counted(missing, 'part')} not comparable`;
  if (count === 0) return `No object changed${since}${unknown}`;
  const named = drift.changes.slice(0, NAMED_MAX).map(objectText);
  const more = count > named.length ? ', …' : '';
  return `${counted(count, 'object')} changed${placesText(drift)}${since}: ${named.join(', ')}${more}${unknown}`;
}

/** `deployments.apps shop/web`. Safe to show. */
function objectText({ type, project, name }: ObjectChange): string {
  return safeText(`${type} ${project === undefined ? '' : `${project}/`}${name}`);
}

function placesText({ counts }: Pick<Drift, 'counts'>): string {
  const projects = new Set(counts.flatMap(({ project }) => project ?? [])).size;
  const isClusterWide = counts.some(({ project }) => project === undefined);
  if (projects === 0) return ' outside of projects';
  return ` in ${counted(projects, 'project')}${isClusterWide ? ' and outside of projects' : ''}`;
}

function totalOf({ added, removed, changed, renamed }: ChangeCount): number {
  return added + removed + changed + renamed;
}
