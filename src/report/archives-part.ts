import { byteText, counted } from '../model/text.ts';
import { momentText } from './figures.ts';
import { fitting, type Html, html, NOTHING, plain, shortened } from './html.ts';
import { tableHtml } from './table.ts';
import { type Report, type ReportNight, totalOf } from './report.ts';

/** So much of the report the table may be, in bytes. */
const BYTES_MAX = 100_000;
const WIDTH = 900;
const HEIGHT = 150;
const LEFT = 70;
const BOTTOM = 22;

/** The size of each archive as a picture, and what is to be said of each as a table. */
export function archivesPart(report: Report): Html {
  const { nights } = report;
  if (nights.length === 0) return NOTHING;
  const rows = nights.toReversed().map((night) => rowHtml(night, report));
  const { shown, omittedCount } = fitting(rows, BYTES_MAX);
  return html`<section class="card" aria-labelledby="archives">
    <h2 id="archives">The complete archives</h2>
    ${trend(report)}
    <details>
      <summary>The archives one by one: sizes, what was left out and what could not be compared</summary>
      <div>
        ${tableHtml(
          'The complete archives one by one',
          `The newest ${counted(nights.length, 'complete archive')}, the newest first${omittedCount === 0 ? '' : `; ${omittedCount} are not shown`}`,
          [
            ['Began'],
            ['Archive'],
            ['Size', 'number'],
            ['Objects', 'number'],
            ['Changed', 'number'],
            ['Left out by rules', 'number'],
            ['Not comparable', 'number'],
            ['Remarks'],
          ],
          shown,
        )}
      </div>
    </details>
  </section>`;
}

function rowHtml(night: ReportNight, { viewpoint }: Report): Html {
  const { archive, startedAt, sizeBytes, objectCounts, drift, problem } = night;
  const objects = objectCounts && [...objectCounts.values()].reduce((sum, count) => sum + count, 0);
  const changed = drift && [...drift.projects.values()].reduce((sum, one) => sum + totalOf(one), 0);
  const remarks = [...(problem === undefined ? [] : [problem]), ...(drift?.remarks ?? [])];
  return html`<tr>
    <th scope="row">${momentText(startedAt, viewpoint)}</th>
    <td><code>${plain(archive)}</code></td>
    <td class="number">${byteText(sizeBytes)}</td>
    <td class="number">${objects ?? '?'}</td>
    <td class="number">${changed ?? '–'}</td>
    <td class="number">${drift?.suppressedCount ?? '–'}</td>
    <td class="number">${drift?.notComparableCount ?? '–'}</td>
    <td>${remarks.map((line) => html`${shortened(line.trim())}<br />`)}</td>
  </tr>`;
}

function trend({ nights, viewpoint }: Report): Html {
  const most = Math.max(...nights.map(({ sizeBytes }) => sizeBytes), 1);
  const room = (WIDTH - LEFT) / nights.length;
  const tall = HEIGHT - BOTTOM - 10;
  const bars = nights.map(({ sizeBytes }, index) => {
    const height = Math.max(1, Math.round((sizeBytes * tall) / most));
    const width = Math.min(48, Math.round(room * 0.72 * 10) / 10);
    const x = Math.round((LEFT + index * room + (room - width) / 2) * 10) / 10;
    return html`<rect
      x="${String(x)}"
      y="${String(10 + tall - height)}"
      width="${String(width)}"
      height="${String(height)}"
      rx="2"
    />`;
  });
  const [first, last] = [nights[0], nights.at(-1)].map((night) =>
    night ? momentText(night.startedAt, viewpoint).slice(0, 10) : '',
  );
  const title = `Size of the archives from ${first} to ${last}: at most ${byteText(most)}, the last one ${byteText(nights.at(-1)?.sizeBytes ?? 0)}`;
  return html`<p class="note">${title}.</p>
    <svg class="trend" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${title}">
      <line x1="${String(LEFT)}" x2="${String(WIDTH)}" y1="10" y2="10" />
      <line x1="${String(LEFT)}" x2="${String(WIDTH)}" y1="${String(10 + tall)}" y2="${String(10 + tall)}" />
      <text x="${String(LEFT - 8)}" y="14" text-anchor="end">${byteText(most)}</text>
      <text x="${String(LEFT - 8)}" y="${String(14 + tall)}" text-anchor="end">0</text>
      ${bars}
      <text x="${String(LEFT)}" y="${String(HEIGHT - 4)}">${first ?? ''}</text>
      <text x="${String(WIDTH)}" y="${String(HEIGHT - 4)}" text-anchor="end">${last ?? ''}</text>
    </svg>`;
}
