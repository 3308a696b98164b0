import { counted, safeText } from '../model/text.ts';
import { pathText, timeText, valueText } from './display.ts';
import { type Drift, type FieldChange, type ObjectChange, SEVERITIES, type Side } from './drift.ts';
import { areLines, lineDiff } from './line-diff.ts';
import { codeSpan, fenced, htmlText, plainSentence } from './markdown-text.ts';
import { type ProjectGroup, projectGroups } from './project-groups.ts';
import { remarks } from './remarks.ts';
import { changedCount, headline, suppressedCount } from './summary.ts';
import { wholeTitle, writersText } from './text-report.ts';

/** So many characters a ticket takes at most: with more, forges refuse the whole text. */
export const MARKDOWN_CHARACTERS_MAX = 65_536;
/** What must be said with every drift may take so much, */
const REMARKS_MAX = 10_000;
/** and the tables so much, so that the details of the worst changes have a place. */
const TABLES_MAX = 24_000;
/** Of one object's fields: the next object matters too. */
const DETAILS_MAX = 8000;
/** For the sentence that says what is left out. */
const RESERVE = 2000;
/** A name or a line is shown so far, in characters. */
const TEXT_MAX = 300;

/** The last row of a table that is not whole is no longer. */
const MORE = '| … | 1,000,000,000 objects more | | |';

/** A project, and what of it is shown. */
interface Section {
  readonly heading: string;
  readonly changes: readonly ObjectChange[];
  readonly rows: string[];
  readonly details: Map<ObjectChange, string>;
}

/**
 * The drift for a ticket, in GitHub's Markdown: what changed by project, each object's fields folded away, and
 * what was not compared or not counted. No text of the cluster is markup in it. Where a ticket doesn't take it
 * all, it says what is left out, and which command shows it.
 */
export function markdownReport(drift: Drift): string {
  const head = headText(drift);
  const tail = remarksText(drift);
  const tables = new Room(TABLES_MAX);
  const all = projectGroups(drift);
  const sections = all.flatMap((group) => sectionOf(drift, group, tables) ?? []);
  const rest = new Room(MARKDOWN_CHARACTERS_MAX - RESERVE - head.length - tail.length - tables.used);
  const places = new Map(
    sections.flatMap((section) =>
      section.changes.slice(0, section.rows.length).map((change) => [change, section] as const),
    ),
  );
  let foldedCount = 0;
  for (const change of drift.changes) {
    const text = change.fields.length === 0 ? '' : detailsText(change);
    if (text === '') continue;
    const section = places.get(change);
    if (section && rest.take(text)) section.details.set(change, text);
    else foldedCount++;
  }
  const leftOut = leftOutText(drift, { all, sections, foldedCount });
  return [head, ...sections.map(sectionText), leftOut, tail].filter((part) => part !== '').join('\n');
}

/** A number of characters of which texts take their share. */
class Room {
  readonly #size: number;
  used = 0;

  constructor(size: number) {
    this.#size = size;
  }

  take(text: string): boolean {
    // Each text is followed by a line break or two.
    const size = text.length + 2;
    if (this.used + size > this.#size) return false;
    this.used += size;
    return true;
  }
}

function headText(drift: Drift): string {
  const { before, after, comparedCount, notComparable } = drift;
  const facts = [
    ['Objects compared', comparedCount],
    ['Objects changed', changedCount(drift)],
    ...SEVERITIES.map((severity) => {
      const count = drift.changes.filter((change) => change.severity === severity).length;
      return [`… ${severity}`, count] as const;
    }),
    ['Changes left out by ignore rules', suppressedCount(drift)],
    ['Parts not comparable', notComparable.length],
  ] as const;
  return [
    `## ${plainSentence(headline(drift))}`,
    '',
    '| | archive | began | |',
    '| --- | --- | --- | --- |',
    sideRow('before', before),
    sideRow('after', after),
    '',
    '| | count |',
    '| --- | ---: |',
    ...facts.map(([label, count]) => `| ${label} | ${count.toLocaleString('en')} |`),
    '',
  ].join('\n');
}

function sideRow(label: string, { name, startedAt, isComplete }: Side): string {
  const state = isComplete ? 'complete' : '**incomplete**';
  return `| ${label} | ${codeSpan(short(safeText(name)))} | ${plainSentence(timeText(startedAt))} | ${state} |`;
}

/** Undefined when there is no room for it. */
function sectionOf(drift: Drift, { project, whole, changes }: ProjectGroup, room: Room): Section | undefined {
  const title =
    project === undefined
      ? 'Outside of projects'
      : whole === undefined
        ? `Project ${codeSpan(short(safeText(project)))}`
        : plainSentence(short(wholeTitle(drift, project, whole)));
  const table =
    changes.length === 0 ? '' : '\n| change | object | severity | last written |\n| --- | --- | --- | --- |';
  const heading = `### ${title}\n${table}`;
  if (!room.take(`${heading}${MORE}`)) return undefined;
  const rows: string[] = [];
  for (const change of changes) {
    const row = rowText(change);
    if (!room.take(row)) break;
    rows.push(row);
  }
  return { heading, changes, rows, details: new Map() };
}

function rowText(change: ObjectChange): string {
  const object = codeSpan(objectText(change));
  const by = writersText(change).replaceAll(/^ *\(|\)$/gu, '');
  const severity = change.severity === 'critical' ? '**critical**' : change.severity;
  return `| ${change.change} | ${object} | ${severity} | ${plainSentence(short(by))} |`;
}

function objectText({ type, name, previousName }: ObjectChange): string {
  const renamed = previousName === undefined ? '' : `${safeText(previousName)} → `;
  return short(`${safeText(type)}/${renamed}${safeText(name)}`);
}

/** An object's fields, folded away. */
function detailsText(change: ObjectChange): string {
  const room = new Room(DETAILS_MAX);
  const lines: string[] = [];
  let fieldCount = 0;
  for (const field of change.fields) {
    const own = fieldLines(field).map(short);
    if (!room.take(own.join('\n'))) break;
    lines.push(...own);
    fieldCount++;
  }
  const missing = change.fields.length - fieldCount;
  if (missing > 0) lines.push(`… ${counted(missing, 'field')} more`);
  const title = `${change.change} <code>${htmlText(objectText(change))}</code>`;
  const summary = `<details><summary>${title}: ${counted(change.fields.length, 'field')}</summary>`;
  return `${summary}\n\n${fenced('diff', lines)}\n\n</details>\n`;
}

function fieldLines({ path, op, before, after, hidden, note }: FieldChange): string[] {
  const name = pathText(path);
  const remark = note === undefined ? '' : `  (${safeText(note)})`;
  if (hidden) return [`! ${name}: ${op} (secret, not shown)${remark}`];
  if (op === 'changed' && typeof before === 'string' && typeof after === 'string' && areLines(before, after))
    return [`  ${name}:${remark}`, ...lineDiff(before, after)];
  return [
    ...(before === undefined ? [] : [`- ${name}: ${valueText(before)}${op === 'removed' ? remark : ''}`]),
    ...(after === undefined ? [] : [`+ ${name}: ${valueText(after)}${remark}`]),
  ];
}

function sectionText({ heading, rows, details, changes }: Section): string {
  const missing = changes.length - rows.length;
  const more = missing === 0 ? [] : [`| … | ${counted(missing, 'object')} more | | |`];
  const folded = changes.flatMap((change) => details.get(change) ?? []);
  return [heading, ...rows, ...more, '', ...folded].join('\n');
}

interface LeftOut {
  readonly all: readonly ProjectGroup[];
  readonly sections: readonly Section[];
  readonly foldedCount: number;
}

function leftOutText(drift: Drift, { all, sections, foldedCount }: LeftOut): string {
  const total = all.reduce((sum, { changes }) => sum + changes.length, 0);
  const shown = sections.reduce((sum, { rows }) => sum + rows.length, 0);
  const parts = [
    ...(all.length > sections.length ? [counted(all.length - sections.length, 'project')] : []),
    ...(total > shown ? [counted(total - shown, 'object')] : []),
    ...(foldedCount > 0 ? [`the fields of ${counted(foldedCount, 'object')}`] : []),
  ];
  if (parts.length === 0) return '';
  const limit = MARKDOWN_CHARACTERS_MAX.toLocaleString('en');
  return `**Left out**, to stay below ${limit} characters: ${parts.join(', ')}. All of it: ${codeSpan(commandOf(drift))}\n`;
}

function commandOf({ before, after }: Drift): string {
  return `openshift-backup diff ${shellWord(before.name)} ${shellWord(after.name)}`;
}

function shellWord(text: string): string {
  return /^[\w.+:-]+$/u.test(text) ? text : `'${short(safeText(text)).replaceAll("'", String.raw`'\''`)}'`;
}

/** What could not be compared, what rules kept out, and notes: always there. */
function remarksText(drift: Drift): string {
  const lines = remarks(drift).map(short);
  const room = new Room(REMARKS_MAX);
  const cut = lines.findIndex((line) => !room.take(line));
  const shown = cut === -1 ? lines : lines.slice(0, cut);
  const more = shown.length < lines.length ? [`… ${lines.length - shown.length} more lines`] : [];
  const none = [
    ...(drift.notComparable.length === 0 ? ['Not comparable: nothing'] : []),
    ...(drift.suppressed.length === 0 ? ['Left out by ignore rules: nothing'] : []),
  ];
  return `### What this does not show\n\n${fenced('text', [...shown, ...more, ...none])}\n`;
}

/** A text that is cut where it is too long to read. */
function short(text: string): string {
  if (text.length <= TEXT_MAX) return text;
  return `${text.slice(0, TEXT_MAX).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}
