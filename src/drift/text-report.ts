import { counted, safeText } from '../model/text.ts';
import { pathText, timeText, valueText } from './display.ts';
import type { Drift, FieldChange, ObjectChange, Severity, Side } from './drift.ts';
import { areLines, lineDiff } from './line-diff.ts';
import { remarks } from './remarks.ts';
import { type ProjectGroup, projectGroups } from './project-groups.ts';
import { headline } from './summary.ts';

/** What a part of the text is. */
export type Style = 'heading' | 'added' | 'removed' | 'faint' | Severity;

/** Puts colour around a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** So many types of a project that came or went are named. */
const TYPES_NAMED_MAX = 8;

/**
 * The drift for a person: a headline, then by project what changed, the most severe first, then what was not
 * compared or not counted. Every text of the cluster in it is safe for a terminal.
 */
export function textReport(drift: Drift, paint: Paint): string {
  const groups = projectGroups(drift).map((group) => groupLines(drift, group, paint));
  const blocks = [headLines(drift, paint), ...groups, remarks(drift)];
  return blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
    .join('\n');
}

function headLines(drift: Drift, paint: Paint): string[] {
  return [
    paint('heading', headline(drift)),
    sideLine('before', drift.before),
    sideLine('after', drift.after),
  ];
}

function sideLine(label: string, { name, startedAt, isComplete }: Side): string {
  return `  ${label.padEnd(6)}  ${safeText(name)}  ${timeText(startedAt)}${isComplete ? '' : '  (incomplete)'}`;
}

function groupLines(drift: Drift, { project, whole, changes }: ProjectGroup, paint: Paint): string[] {
  const title = project === undefined ? 'Outside of projects' : `Project ${safeText(project)}`;
  const isWhole = whole !== undefined && project !== undefined;
  const first = isWhole ? wholeTitle(drift, project, whole) : title;
  return [paint('heading', first), ...changes.flatMap((change) => changeLines(change, paint))];
}

/** A project that came or went is one change, whatever was in it. Safe to show. */
export function wholeTitle(
  { counts }: Pick<Drift, 'counts'>,
  project: string,
  whole: 'added' | 'removed',
): string {
  const own = counts.filter(
    (count) => count.project === project && count.type !== 'namespaces' && count[whole] > 0,
  );
  const total = own.reduce((sum, count) => sum + count[whole], 0);
  const named = own
    .toSorted((a, b) => b[whole] - a[whole])
    .slice(0, TYPES_NAMED_MAX)
    .map((count) => `${count[whole].toLocaleString('en')} ${safeText(count.type)}`);
  const more = own.length > named.length ? ', …' : '';
  const held = total === 0 ? 'nothing in it' : `${counted(total, 'object')} (${named.join(', ')}${more})`;
  return `Project ${safeText(project)} was ${whole}, with ${held}`;
}

function changeLines(change: ObjectChange, paint: Paint): string[] {
  const { severity, fields } = change;
  const head = `  ${titleOf(change, paint)}  ${paint(severity, severity)}${paint('faint', writersText(change))}`;
  return [head, ...fields.flatMap((field) => fieldLines(field, paint))];
}

function titleOf({ type, name, previousName, change }: ObjectChange, paint: Paint): string {
  const title = `${safeText(type)}/${safeText(name)}`;
  if (change === 'renamed')
    return `renamed  ${safeText(type)}/${safeText(previousName ?? '')} → ${safeText(name)}`;
  return `${change === 'changed' ? change : paint(change, change)}  ${title}`;
}

/** Who wrote the object between the two archives, and when, as far as that is known. Safe to show. */
export function writersText({ attribution }: Pick<ObjectChange, 'attribution'>): string {
  if (!attribution) return '';
  const writers = attribution.managers
    .slice(0, 3)
    .map(({ manager, time }) => `${safeText(manager)} at ${timeText(time)}`);
  const created = attribution.created === undefined ? [] : [`created ${timeText(attribution.created)}`];
  const parts = [...writers.map((writer) => `by ${writer}`), ...created];
  return parts.length === 0 ? '' : `  (${parts.join(', ')})`;
}

function fieldLines(field: FieldChange, paint: Paint): string[] {
  const { path, op, before, after, hidden, note } = field;
  const head = `      ${pathText(path)}:`;
  const remark = note === undefined ? '' : `  (${safeText(note)})`;
  if (hidden) return [`${head} ${op} (secret, not shown)${remark}`];
  if (op === 'changed' && typeof before === 'string' && typeof after === 'string' && areLines(before, after))
    return [
      `${head}${remark}`,
      ...lineDiff(before, after).map((line) => `        ${paintLine(line, paint)}`),
    ];
  const old = before === undefined ? '' : paint('removed', valueText(before));
  const present = after === undefined ? '' : paint('added', valueText(after));
  if (op === 'changed') return [`${head} ${old} → ${present}${remark}`];
  return [`${head} ${op} ${op === 'added' ? present : old}${remark}`];
}

function paintLine(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('added', line);
  return line.startsWith('-') ? paint('removed', line) : paint('faint', line);
}
