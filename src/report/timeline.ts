import { counted } from '../model/text.ts';
import { momentText } from './figures.ts';
import { byteLength, type Html, html, NOTHING, plain, shortened } from './html.ts';
import type { ProjectRow, ProjectRows } from './projects.ts';
import { type ChangeText, type ProjectDrift, type Report, type ReportNight, totalOf } from './report.ts';

/** So much of the report the timelines may be, in bytes. */
const BYTES_MAX = 480_000;
/** What one project's heading takes at most. */
const HEADING_BYTES = 1500;

/** The line of a night names so many objects. */
const NAMED_MAX = 3;

/** The timelines, and the ids that can be led to. */
export interface Timeline {
  readonly part: Html;
  readonly ids: ReadonlySet<string>;
}

/** What changed in each project, the newest night first; the newest nights have the first claim on the room. */
export function timelinePart(report: Report, { rows }: ProjectRows): Timeline {
  const blocks = new Map<string, Html>();
  let bytes = rows.length * HEADING_BYTES;
  for (let place = report.nights.length - 1; place >= 0; place--) {
    for (const row of rows) {
      const block = [true, false]
        .map((isWhole) => blockOf(report, row, { place, isWhole }))
        .find((one) => one && bytes + byteLength(one) <= BYTES_MAX);
      if (!block) continue;
      bytes += byteLength(block);
      blocks.set(blockId(row, place), block);
    }
  }
  const sections = rows.map((row) => projectHtml(row, report.nights, blocks));
  const part =
    rows.length === 0
      ? NOTHING
      : html`<section class="card" aria-labelledby="projects">
          <h2 id="projects">What changed in each project</h2>
          <p class="note">
            The newest night first. Values of secrets are never shown, and only the worst changes of a night:
            the command beside them shows all.
          </p>
          ${sections}
        </section>`;
  return { part, ids: new Set(blocks.keys()) };
}

function blockId({ id }: ProjectRow, place: number): string {
  return `${id}-n${place + 1}`;
}

function projectHtml(
  row: ProjectRow,
  nights: readonly ReportNight[],
  blocks: ReadonlyMap<string, Html>,
): Html {
  const places = [...row.nights.keys()].toSorted((a, b) => b - a);
  const shown = places.flatMap((place) => blocks.get(blockId(row, place)) ?? []);
  const missing = places.length - shown.length;
  const title = row.project === undefined ? 'Outside of projects' : html`Project ${plain(row.project)}`;
  const more =
    missing === 0
      ? NOTHING
      : html`<p class="note">
          ${counted(missing, 'more night')} with changes; there is no room for them here.
        </p>`;
  return html`<h3 id="${row.id}">${title}</h3>
    <p class="note">
      ${counted(row.total, 'change')} in ${places.length} of
      ${counted(nights.filter(({ drift }) => drift).length, 'night')}
    </p>
    ${shown}${more}`;
}

interface Block {
  readonly place: number;
  /** With the objects, or only how many there are. */
  readonly isWhole: boolean;
}

function blockOf(
  { nights, viewpoint }: Report,
  row: ProjectRow,
  { place, isWhole }: Block,
): Html | undefined {
  const drift = row.nights.get(place);
  const night = nights[place];
  if (!drift || !night?.drift) return undefined;
  const [worst] = drift.changes;
  const sign = worst ? html`<span class="tag ${worst.severity}">${worst.severity}</span>` : NOTHING;
  const title = html`${sign}${momentText(night.startedAt, viewpoint)}: ${countsText(drift)}
    <span class="by">${namesText(drift)}</span>`;
  const changes = isWhole ? drift.changes : [];
  const missing = totalOf(drift) - changes.length;
  const scope = row.project === undefined ? '' : ` -n ${plain(row.project, 80)}`;
  const command = `openshift-backup diff ${night.drift.beforeArchive} ${night.archive}${scope}`;
  const more = missing === 0 ? '' : `${counted(missing, 'more object')}. All of it: `;
  return html`<details>
    <summary>${title}</summary>
    <div id="${blockId(row, place)}">
      ${changes.map(changeHtml)}
      <p class="note">${more}<code>${command}</code></p>
    </div>
  </details>`;
}

/** The objects with the worst changes. */
function namesText({ changes }: ProjectDrift): string {
  const names = changes.slice(0, NAMED_MAX).map(({ object }) => shortened(object, 60));
  return `${names.join(', ')}${changes.length > names.length ? ', …' : ''}`;
}

function countsText({ added, removed, changed, renamed }: ProjectDrift): string {
  const parts = Object.entries({ changed, added, removed, renamed }).flatMap(([word, count]) =>
    count === 0 ? [] : [`${count.toLocaleString('en')} ${word}`],
  );
  return parts.join(', ');
}

function changeHtml({ change, severity, object, writers, fields, moreFieldCount }: ChangeText): Html {
  const more = moreFieldCount === 0 ? [] : [`… ${counted(moreFieldCount, 'more field')}`];
  const lines = [...fields.flatMap((field) => field.split('\n')), ...more];
  const block = lines.length === 0 ? NOTHING : html`<pre>${lines.map(lineHtml)}</pre>`;
  return html`<p class="object">
      <span class="tag ${severity}">${severity}</span>${change}
      <code>${object}</code>${writers === '' ? NOTHING : html` <span class="by">${writers}</span>`}
    </p>
    ${block}`;
}

function lineHtml(line: string): Html {
  const kind = line.startsWith('+') ? 'came' : line.startsWith('-') ? 'went' : 'same';
  return html`<span class="${kind}">${line}${'\n'}</span>`;
}
