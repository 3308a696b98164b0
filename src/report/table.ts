import { type Html, html, NOTHING } from './html.ts';

/** A column: its title, and whether its cells are numbers. */
export type Column = readonly [title: string, kind?: 'number'];

/** A table that scrolls by itself where the page is too narrow; with the keyboard too. */
export function tableHtml(
  name: string,
  caption: Html | string,
  columns: readonly Column[],
  rows: readonly Html[],
): Html {
  const heads = columns.map(
    ([title, kind]) =>
      html`<th scope="col" ${kind === undefined ? NOTHING : html` class="number"`}>${title}</th>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
