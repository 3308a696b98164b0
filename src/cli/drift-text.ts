import { safeText } from '../model/text.ts';
import type { Drift, ObjectChange } from '../drift/drift.ts';
import type { ObjectPatch } from '../drift/json-patch.ts';
import { jsonReport } from '../drift/json-report.ts';
import { markdownReport } from '../drift/markdown-report.ts';
import { patchReport } from '../drift/patch-report.ts';
import { remarks } from '../drift/remarks.ts';
import { STAT_HEADERS, statRows } from '../drift/stat-report.ts';
import { headline, summaryLine } from '../drift/summary.ts';
import { type Paint, type Style, textReport } from '../drift/text-report.ts';
import { CLUSTER_FOLDER } from '../model/manifest.ts';
import type { CommandInput, ProcessContext } from './process-context.ts';
import { table } from './text.ts';

/** SGR parameters (ECMA-48): as git colours a diff. */
const COLOURS: Readonly<Record<Style, string>> = {
  heading: '1',
  added: '32',
  removed: '31',
  faint: '2',
  critical: '1;31',
  high: '31',
  medium: '33',
  low: '2',
};

/** The drift as it is printed: in the format, and by the switches `stat` and `oneLine`. */
export function driftText(
  drift: Drift,
  { process, output }: Pick<CommandInput, 'process' | 'output'>,
  switches: ReadonlySet<string>,
  patches: ReadonlyMap<ObjectChange, ObjectPatch>,
): string {
  if (switches.has('oneLine')) return `${summaryLine(drift)}\n`;
  if (output === 'json') return jsonReport(drift);
  if (output === 'markdown') return markdownReport(drift);
  if (output === 'patch') return patchReport(drift, patches);
  if (output === 'name') return drift.changes.map(nameLine).join('');
  return switches.has('stat') ? statText(drift) : textReport(drift, painter(process));
}

function nameLine({ project, type, name }: ObjectChange): string {
  return `${safeText(`${project ?? CLUSTER_FOLDER}/${type}/${name}`)}\n`;
}

function statText(drift: Drift): string {
  const rows = statRows(drift);
  const told = remarks(drift).map((line) => `${line}\n`);
  return [`${headline(drift)}\n`, ...(rows.length === 0 ? [] : [table(STAT_HEADERS, rows)]), ...told].join(
    '',
  );
}

/** Colour only for a terminal that has it, and for people who want it: https://no-color.org */
function painter({ stdout, environment }: ProcessContext): Paint {
  const { NO_COLOR = '', TERM = '' } = environment;
  if (stdout.isTTY !== true || NO_COLOR !== '' || TERM === 'dumb') return (_style, text) => text;
  return (style, text) => (text === '' ? '' : `\u001B[${COLOURS[style]}m${text}\u001B[0m`);
}
