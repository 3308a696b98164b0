import { counted } from '../model/text.ts';
import { compareTexts } from '../drift/value.ts';
import { type Outcome, type TypeRecord, WHOLE_CLUSTER } from '../model/manifest.ts';
import { fitting, type Html, html, NOTHING, plain } from './html.ts';
import { tableHtml } from './table.ts';
import type { Coverage, Report } from './report.ts';

/** So much of the report the tables may be, in bytes. */
const BYTES_MAX = 60_000;
const NAMED_MAX = 3;

/** The worst first: what is to be mended stands at the top. */
const RESULTS = ['failed', 'denied', 'exported', 'empty', 'skipped'] as const;
type Result = (typeof RESULTS)[number];

const SIGNS: Readonly<Record<Result, readonly [sign: string, tone: string]>> = {
  failed: ['✗', 'failed'],
  denied: ['⊘', 'incomplete'],
  exported: ['✓', 'complete'],
  empty: ['○', 'none'],
  skipped: ['–', 'none'],
};

interface TypeRow {
  readonly type: string;
  readonly result: Result;
  readonly objectCount: number;
  readonly reason: string;
}

/** What of the cluster the newest archive holds, and why it doesn't hold the rest. */
export function coveragePart({ coverage }: Report): Html {
  if (!coverage) return NOTHING;
  const rows = coverage.types
    .flatMap(rowsOf)
    .toSorted(
      (a, b) => RESULTS.indexOf(a.result) - RESULTS.indexOf(b.result) || compareTexts(a.type, b.type),
    );
  const [bad, rest] = [rows.filter(isBad), rows.filter((row) => !isBad(row))];
  const keys = RESULTS.map((result) => {
    const count = rows.filter((row) => row.result === result).length;
    const [sign, tone] = SIGNS[result];
    return html`<li><span class="key ${tone}" aria-hidden="true">${sign}</span>${count} ${result}</li>`;
  });
  return html`<section class="card" aria-labelledby="coverage">
    <h2 id="coverage">What the newest archive holds</h2>
    <p class="note">${wordsOn(coverage)}</p>
    <ul class="legend">
      ${keys}
    </ul>
    ${bad.length === 0 ? html`<p>Nothing failed, and nothing was denied.</p>` : tableOf('Types that failed or were denied, in part or whole', bad)}
    <details>
      <summary>The other ${counted(rest.length, 'line')}: exported, empty, and left out by rules</summary>
      <div>${tableOf('Types that were exported, were empty, or are left out', rest)}</div>
    </details>
  </section>`;
}

function wordsOn({ archive, isComplete }: Coverage): Html {
  return html`<code>${plain(archive)}</code> is
    ${isComplete ? 'complete' : 'incomplete: some types failed, so what is missing here may be there'}.`;
}

function isBad({ result }: TypeRow): boolean {
  return result === 'failed' || result === 'denied';
}

function tableOf(caption: string, rows: readonly TypeRow[]): Html {
  const { shown, omittedCount } = fitting(rows.map(rowHtml), BYTES_MAX);
  return tableHtml(
    caption,
    `${caption}${omittedCount === 0 ? '' : `; ${omittedCount} are not shown`}`,
    [['Type'], ['Result'], ['Objects', 'number'], ['Reason']],
    shown,
  );
}

function rowHtml({ type, result, objectCount, reason }: TypeRow): Html {
  const [sign] = SIGNS[result];
  return html`<tr>
    <th scope="row">${plain(type, 120)}</th>
    <td><span aria-hidden="true">${sign}</span> ${result}</td>
    <td class="number">${result === 'exported' ? objectCount : '–'}</td>
    <td>${plain(reason, 300)}</td>
  </tr>`;
}

/** A line for each result that the type has in some scope: a type may be denied in one project only. */
function rowsOf({ type, outcomes, leftOut = [] }: TypeRecord): TypeRow[] {
  const byResult = Map.groupBy(outcomes, ({ result }) => result);
  const rules = leftOut.map(
    ({ rule, objectCount }) => `${counted(objectCount, 'object')} left out by ${rule}`,
  );
  return [...byResult].map(([result, own], index) => ({
    type,
    result,
    objectCount: own.reduce((sum, one) => sum + (one.result === 'exported' ? one.objectCount : 0), 0),
    reason: [...reasonsOf(own), ...(index === 0 ? rules : [])].join('; '),
  }));
}

function reasonsOf(outcomes: readonly Outcome[]): string[] {
  const [first] = outcomes;
  if (!first || first.result === 'exported' || first.result === 'empty') return [];
  const scopes = outcomes.filter(({ scope }) => scope !== WHOLE_CLUSTER).map(({ scope }) => scope);
  const more = scopes.length > NAMED_MAX ? ` and ${scopes.length - NAMED_MAX} more` : '';
  const place = scopes.length === 0 ? [] : [`in ${scopes.slice(0, NAMED_MAX).join(', ')}${more}`];
  if (first.result === 'denied') return [...place, 'the service account may not list it'];
  return [...place, first.result === 'skipped' ? `${first.rule}: ${first.reason}` : first.reason];
}
