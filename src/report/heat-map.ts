import { momentText } from './figures.ts';
import { fitting, type Html, html, NOTHING, plain } from './html.ts';
import type { ProjectRow, ProjectRows } from './projects.ts';
import { type Report, type ReportNight, totalOf } from './report.ts';

/** So much of the report the map may be, in bytes. */
const BYTES_MAX = 250_000;
/** From so many changed objects on a cell has the next colour. */
const LEVELS = [1, 3, 10, 50] as const;

/**
 * Projects and nights, in each cell how many objects changed since the night before.
 *
 * @param ids of the elements that cells can lead to
 */
export function heatMapPart(report: Report, projects: ProjectRows, ids: ReadonlySet<string>): Html {
  const { nights } = report;
  const rows = projects.rows.map((row) => rowHtml(row, nights, ids));
  const { shown, omittedCount } = fitting(rows, BYTES_MAX);
  const hidden = projects.otherCount + omittedCount;
  const others =
    projects.otherCount === 0
      ? NOTHING
      : html`<tr>
          <th scope="row">${projects.otherCount} other projects</th>
          ${nights.map(
            (night, place) =>
              html`<td>${night.drift ? (projects.others.get(place) ?? 0) : unknown(night)}</td>`,
          )}
          <td class="sum">${[...projects.others.values()].reduce((sum, count) => sum + count, 0)}</td>
        </tr>`;
  const body =
    shown.length === 0
      ? html`<p>Nothing has changed between the archives that could be compared.</p>`
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Projects and nights">
            <table class="heat">
              <caption>
                Changed objects by project and night
              </caption>
              <thead>
                <tr>
                  <th scope="col">Project</th>
                  ${headers(report)}
                  <th scope="col">Sum</th>
                </tr>
              </thead>
              <tbody>
                ${shown}${others}
              </tbody>
            </table>
          </div>
          ${legend()}`;
  return html`<section class="card" aria-labelledby="map">
    <h2 id="map">What changed, by project and night</h2>
    <p class="note">
      How many objects have changed since the complete archive before; a number leads to what changed. Times
      are those of ${report.viewpoint.timeZone}. Only projects in which something changed are
      shown${hidden === 0 ? '' : `, and of those the ones with the most changes; ${hidden} are not shown by themselves`}.
    </p>
    ${body}
  </section>`;
}

function headers({ nights, viewpoint }: Report): Html[] {
  const moments = nights.map(({ startedAt }) => momentText(startedAt, viewpoint));
  return moments.map((moment, place) => {
    const before = moments[place - 1];
    const [date = '', time = ''] = moment.split(' ');
    const month = before?.slice(0, 7) === date.slice(0, 7) ? '' : monthText(date);
    // Two archives of one day are told apart by their times.
    const isSameDay = [before, moments[place + 1]].some((other) => other?.startsWith(date));
    return html`<th scope="col" title="${moment}">
      <span aria-hidden="true"
        >${month === '' ? NOTHING : html`${month}<br />`}${date.slice(8)}${isSameDay ? html`<br />${time}` : NOTHING}</span
      ><span class="hidden">${moment}</span>
    </th>`;
  });
}

function monthText(date: string): string {
  return new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`),
  );
}

function rowHtml(
  { project, id, nights: own, total }: ProjectRow,
  nights: readonly ReportNight[],
  ids: ReadonlySet<string>,
): Html {
  const name = project === undefined ? 'Outside of projects' : plain(project, 80);
  const cells = nights.map((night, place) => {
    const drift = own.get(place);
    if (!drift) return html`<td>${night.drift ? '0' : unknown(night)}</td>`;
    const count = totalOf(drift);
    const level = LEVELS.filter((from) => count >= from).length;
    const target = `${id}-n${place + 1}`;
    return html`<td class="h${level}"><a href="#${ids.has(target) ? target : id}">${count}</a></td>`;
  });
  return html`<tr>
    <th scope="row"><a href="#${id}" title="${name}">${name}</a></th>
    ${cells}
    <td class="sum">${total}</td>
  </tr>`;
}

/** The oldest night has none before it; another may have been unreadable. */
function unknown(night: ReportNight): Html {
  return night.problem === undefined
    ? html`<span aria-hidden="true">–</span><span class="hidden">nothing before it</span>`
    : html`<span aria-hidden="true">?</span><span class="hidden">not known</span>`;
}

function legend(): Html {
  const keys = LEVELS.map((from, index) => {
    const next = LEVELS[index + 1];
    const text = next === undefined ? `${from} or more` : `${from} to ${next - 1}`;
    return html`<li><span class="key h${index + 1}" aria-hidden="true">${from}</span>${text} objects</li>`;
  });
  return html`<ul class="legend">
    ${keys}
    <li><span class="key none" aria-hidden="true">–</span>nothing to compare with</li>
    <li><span class="key none" aria-hidden="true">?</span>could not be compared</li>
  </ul>`;
}
