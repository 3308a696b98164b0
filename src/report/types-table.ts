import { compareTexts } from '../drift/value.ts';
import { differenceText } from './figures.ts';
import { fitting, type Html, html, NOTHING, plain } from './html.ts';
import { tableHtml } from './table.ts';
import type { Report } from './report.ts';

/** So much of the report the table may be, in bytes. */
const BYTES_MAX = 120_000;
const WIDTH = 120;
const HEIGHT = 24;

/** How many objects of each type there are, what the last night changed of it, and how it went. */
export function typesPart({ nights }: Report): Html {
  const readable = nights.flatMap(({ objectCounts }) => objectCounts ?? []);
  const types = [...new Set(readable.flatMap((counts) => [...counts.keys()]))].toSorted(compareTexts);
  const rows = types.map((type) =>
    rowHtml(
      type,
      readable.map((counts) => counts.get(type) ?? 0),
    ),
  );
  const { shown, omittedCount } = fitting(rows, BYTES_MAX);
  if (rows.length === 0) return NOTHING;
  return html`<section class="card" aria-labelledby="types">
    <h2 id="types">Objects by type</h2>
    ${tableHtml(
      'Table of objects by type',
      `Objects in the newest complete archive, the difference to the one before, and the course over ${readable.length} archives${omittedCount === 0 ? '' : `; ${omittedCount} types are not shown`}`,
      [
        ['Type'],
        ['Objects', 'number'],
        ['Difference', 'number'],
        ['Course'],
        ['Least', 'number'],
        ['Most', 'number'],
      ],
      shown,
    )}
  </section>`;
}

function rowHtml(type: string, counts: readonly number[]): Html {
  const last = counts.at(-1) ?? 0;
  const before = counts.at(-2);
  const difference = before === undefined ? '' : differenceText(last - before);
  return html`<tr>
    <th scope="row">${plain(type, 120)}</th>
    <td class="number">${last}</td>
    <td class="number">${difference}</td>
    <td>${sparkline(counts)}</td>
    <td class="number">${Math.min(...counts)}</td>
    <td class="number">${Math.max(...counts)}</td>
  </tr>`;
}

/** A small curve; the numbers beside it say the same. */
function sparkline(counts: readonly number[]): Html {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const steps = Math.max(1, counts.length - 1);
  const points = counts.map((count, index) => {
    const x = 3 + (index * (WIDTH - 6)) / steps;
    const y = most === least ? HEIGHT / 2 : HEIGHT - 3 - ((count - least) * (HEIGHT - 6)) / (most - least);
    return [Math.round(x * 10) / 10, Math.round(y * 10) / 10] as const;
  });
  const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const [x = 0, y = 0] = points.at(-1) ?? [];
  return html`<svg class="spark" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" aria-hidden="true">
    <path d="${path}" />
    <circle cx="${String(x)}" cy="${String(y)}" r="2.2" />
  </svg>`;
}
