import { counted, safeText } from '../model/text.ts';
import type { Drift, NotComparable } from './drift.ts';
import { suppressedCount } from './summary.ts';

/** So many types or projects are named where several have one reason. */
const NAMED_MAX = 6;

/**
 * What must be said with every drift, as lines: what could not be compared, what rules kept out, what was only
 * counted, and notes. Safe to show.
 */
export function remarks(drift: Drift): string[] {
  const { notComparable, suppressed, notes, omittedCount } = drift;
  return [
    ...(notComparable.length === 0 ? [] : ['Not comparable:', ...missingLines(notComparable)]),
    ...(suppressed.length === 0
      ? []
      : [
          `Left out by ignore rules: ${counted(suppressedCount(drift), 'change')} (--no-default-ignores shows what the built-in ones leave out)`,
        ]),
    ...suppressed.map(
      ({ rule, reason, count }) =>
        `  ${count.toLocaleString('en')} by ${safeText(rule)}: ${safeText(reason)}`,
    ),
    ...(omittedCount === 0
      ? []
      : [
          `Only counted: ${counted(omittedCount, 'changed object')} beyond those shown; choose less with -n or --type`,
        ]),
    ...notes.map((note) => `Note: ${safeText(note)}`),
  ];
}

/** One line for all that have a side and a reason in common. */
function missingLines(all: readonly NotComparable[]): string[] {
  const groups = Map.groupBy(all, ({ side, reason, scope, type }) =>
    JSON.stringify([side, reason, scope === '*' || type !== '*' ? scope : '']),
  );
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (!first) return '';
    const isOfProjects = first.type === '*' && first.scope !== '*';
    const names = group.map(({ type, scope }) => (isOfProjects ? `project ${scope}` : typeText(type)));
    const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '';
    const place = isOfProjects || first.scope === '*' ? '' : ` in project ${first.scope}`;
    const side = { before: 'the archive before', after: 'the archive after', both: 'both archives' }[
      first.side
    ];
    return `  ${safeText(`${names.slice(0, NAMED_MAX).join(', ')}${more}${place}; ${side}: ${first.reason}`)}`;
  });
}

function typeText(type: string): string {
  if (type === '*') return 'everything else';
  return type.startsWith('*.') ? `all types of ${type.slice(2)}` : type;
}
