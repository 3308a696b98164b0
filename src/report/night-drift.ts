import { safeText } from '../model/text.ts';
import { pathText, valueText } from '../drift/display.ts';
import type { Drift, FieldChange, ObjectChange } from '../drift/drift.ts';
import { areLines, lineDiff } from '../drift/line-diff.ts';
import { remarks } from '../drift/remarks.ts';
import { headline, suppressedCount } from '../drift/summary.ts';
import { writersText } from '../drift/text-report.ts';
import type { ChangeText, NightDrift, ProjectDrift } from './report.ts';
import { shortened } from './html.ts';

/** Of one project in one night so many objects are shown, */
const CHANGES_MAX = 20;
/** of one night so many, */
const NIGHT_CHANGES_MAX = 200;
/** and of an object so many fields. */
const FIELDS_MAX = 8;
const LINES_MAX = 12;
const VALUE_MAX = 160;
const REMARKS_MAX = 12;
/** What is kept of all objects of a night, in characters. */
const CHARACTERS_MAX = 250_000;

/** What of a drift stays in memory until the report is written: counts, and the worst changes as short texts. */
export function nightDrift(drift: Drift): NightDrift {
  const told = remarks(drift).map((line) => shortened(line));
  const more = told.length > REMARKS_MAX ? [`… ${told.length - REMARKS_MAX} more lines`] : [];
  return {
    beforeArchive: drift.before.name,
    headline: headline(drift),
    projects: projectsOf(drift),
    suppressedCount: suppressedCount(drift),
    notComparableCount: drift.notComparable.length,
    remarks: [...told.slice(0, REMARKS_MAX), ...more],
  };
}

function projectsOf({ counts, changes }: Drift): NightDrift['projects'] {
  const kept = new Map<string | undefined, ChangeText[]>();
  let characters = 0;
  for (const change of keptOf(changes)) {
    const text = changeText(change);
    characters += text.fields.reduce((sum, field) => sum + field.length, 0);
    if (characters > CHARACTERS_MAX) break;
    kept.set(change.project, [...(kept.get(change.project) ?? []), text]);
  }
  const byProject = Map.groupBy(counts, ({ project }) => project);
  return new Map(
    [...byProject].map(([project, own]): [string | undefined, ProjectDrift] => {
      const sum = (key: 'added' | 'removed' | 'changed' | 'renamed'): number =>
        own.reduce((total, count) => total + count[key], 0);
      return [
        project,
        {
          added: sum('added'),
          removed: sum('removed'),
          changed: sum('changed'),
          renamed: sum('renamed'),
          changes: kept.get(project) ?? [],
        },
      ];
    }),
  );
}

/** The worst changes: of each project some, and not too many of all. */
function keptOf(changes: readonly ObjectChange[]): ObjectChange[] {
  const counts = new Map<string | undefined, number>();
  const own = changes.filter(({ project }) => {
    const count = (counts.get(project) ?? 0) + 1;
    counts.set(project, count);
    return count <= CHANGES_MAX;
  });
  return own.slice(0, NIGHT_CHANGES_MAX);
}

function changeText(change: ObjectChange): ChangeText {
  const { type, name, previousName, severity, fields } = change;
  const renamed = previousName === undefined ? '' : `${safeText(previousName)} → `;
  return {
    change: change.change,
    severity,
    object: shortened(`${safeText(type)}/${renamed}${safeText(name)}`),
    writers: shortened(writersText(change).replaceAll(/^ *\(|\)$/gu, '')),
    fields: fields.slice(0, FIELDS_MAX).map(fieldText),
    moreFieldCount: Math.max(0, fields.length - FIELDS_MAX),
  };
}

/** A change of a field as lines: a minus before what went, a plus before what came. */
function fieldText({ path, op, before, after, hidden, note }: FieldChange): string {
  const name = shortened(pathText(path));
  const remark = note === undefined ? '' : `  (${shortened(safeText(note))})`;
  if (hidden) return `! ${name}: ${op} (secret, not shown)${remark}`;
  if (op === 'changed' && typeof before === 'string' && typeof after === 'string' && areLines(before, after))
    return [`  ${name}:${remark}`, ...firstLines(lineDiff(before, after))].join('\n');
  return [
    ...(before === undefined ? [] : [`- ${name}: ${shortened(valueText(before), VALUE_MAX)}`]),
    ...(after === undefined ? [] : [`+ ${name}: ${shortened(valueText(after), VALUE_MAX)}`]),
    ...(remark === '' ? [] : [`  ${remark.trim()}`]),
  ].join('\n');
}

function firstLines(lines: readonly string[]): string[] {
  const shown = lines.slice(0, LINES_MAX).map((line) => shortened(line, VALUE_MAX));
  return lines.length > shown.length ? [...shown, `… ${lines.length - shown.length} more lines`] : shown;
}
