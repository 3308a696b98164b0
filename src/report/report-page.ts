import { archivesPart } from './archives-part.ts';
import { coveragePart } from './coverage-part.ts';
import { momentText } from './figures.ts';
import { heatMapPart } from './heat-map.ts';
import { factsPart, heroPart, stripPart } from './hero.ts';
import { html, plain } from './html.ts';
import { projectRows } from './projects.ts';
import type { Report } from './report.ts';
import { STYLE } from './style.ts';
import { timelinePart } from './timeline.ts';
import { typesPart } from './types-table.ts';

/** The report is smaller, whatever is in the archives, in bytes. */
export const REPORT_BYTES_MAX = 1_000_000;

/**
 * The report as one HTML file that needs nothing else: no script, no network, no font. The same facts at the same
 * time give the same text. Every value of the cluster in it is a text, whatever it holds.
 */
export function reportPage(report: Report): string {
  const { status, viewpoint, toolVersion } = report;
  const projects = projectRows(report);
  const timeline = timelinePart(report, projects);
  const name = plain(status.backup);
  const moment = momentText(viewpoint.now, viewpoint);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${name}: what changed, night by night</title>
        <style>
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        <a class="skip" href="#map">To what changed</a>
        <header>
          <h1><b>${name}</b> · written ${moment} (${viewpoint.timeZone})</h1>
        </header>
        <main>
          ${heroPart(report)} ${factsPart(report)} ${stripPart(report)}
          ${heatMapPart(report, projects, timeline.ids)} ${timeline.part} ${typesPart(report)}
          ${archivesPart(report)} ${coveragePart(report)}
        </main>
        <footer>
          <p>
            openshift-backup ${toolVersion}. This file stands alone: it loads nothing, runs nothing and sends
            nothing. Values of secrets are not in it.
          </p>
        </footer>
      </body>
    </html> `;
  return `${page.html.trim()}\n`;
}
