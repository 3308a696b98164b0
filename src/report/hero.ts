import { byteText, counted } from '../model/text.ts';
import type { BackupStatus } from '../status/backup-status.ts';
import { type NightState, stateOf } from '../status/nights.ts';
import { agoText, momentText } from './figures.ts';
import { type Html, html, NOTHING, plain } from './html.ts';
import type { Report, ReportNight } from './report.ts';

interface Look {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly sign: string;
  readonly text: string;
}

const SIGNS: Readonly<Record<NightState, { readonly sign: string; readonly meaning: string }>> = {
  complete: { sign: '✓', meaning: 'complete' },
  incomplete: { sign: '◐', meaning: 'incomplete' },
  failed: { sign: '✗', meaning: 'failed' },
  missing: { sign: '!', meaning: 'missing' },
  none: { sign: '·', meaning: 'none due' },
};

/** How the backup does, in one line, and the last archive that one can rely on. */
export function heroPart({ status, viewpoint }: Report): Html {
  const { tone, sign, text } = lookOf(status);
  const { lastComplete } = status;
  const last = lastComplete
    ? html`Last complete archive: <b>${momentText(lastComplete.startedAt, viewpoint)}</b>
        (${agoText(viewpoint.now.getTime() - Date.parse(lastComplete.startedAt))}),
        <code>${plain(lastComplete.archive ?? '')}</code>`
    : html`There is no complete archive.`;
  const error = status.lastRun?.error;
  return html`<div class="hero ${tone}">
    <span class="sign" aria-hidden="true">${sign}</span>
    <p class="state">${text}</p>
    <p class="last">
      ${last}${error === undefined ? NOTHING : html`<br />The last run said: ${plain(error)}`}
    </p>
  </div>`;
}

function lookOf({ lastRun, isOverdue, nextDueAt }: BackupStatus): Look {
  if (!lastRun) return { tone: 'warn', sign: '·', text: 'No run yet' };
  if (isOverdue && nextDueAt) return { tone: 'bad', sign: '!', text: 'Overdue: the next run has not begun' };
  const state = stateOf(lastRun);
  if (state === 'complete') return { tone: 'good', sign: '✓', text: 'Complete: every type was read' };
  const gaps = lastRun.gapCount === undefined ? '' : `: ${counted(lastRun.gapCount, 'gap')}`;
  if (state === 'incomplete') return { tone: 'warn', sign: '◐', text: `Incomplete${gaps}` };
  return { tone: 'bad', sign: '✗', text: `Failed with exit code ${lastRun.exitCode}` };
}

/** What else one wants to know at a glance. */
export function factsPart(report: Report): Html {
  const facts = [
    driftFact(report),
    objectsFact(report),
    archivesFact(report),
    spaceFact(report),
    dueFact(report),
  ];
  return html`<dl class="facts">${facts}</dl>`;
}

function driftFact({ nights }: Report): Html {
  const [changed = 'not known', severities = ''] = nights.at(-1)?.drift?.headline.split(': ') ?? [];
  return fact('Since the night before', changed, severities);
}

function objectsFact({ status: { lastComplete }, nights }: Report): Html {
  const { objectCount = countOf(nights.at(-1)), deniedCount = 0 } = lastComplete ?? {};
  const denied = deniedCount === 0 ? '' : `of ${counted(deniedCount, 'type')} something was denied`;
  return fact('Objects', objectCount === undefined ? 'not known' : objectCount.toLocaleString('en'), denied);
}

/** As the archive itself says it, where there is no record of the run. */
function countOf(night: ReportNight | undefined): number | undefined {
  return night?.objectCounts && [...night.objectCounts.values()].reduce((sum, count) => sum + count, 0);
}

function archivesFact({ status: { archives } }: Report): Html {
  const sizeBytes = archives.reduce((sum, archive) => sum + archive.sizeBytes, 0);
  return fact('Archives', archives.length.toLocaleString('en'), `${byteText(sizeBytes)} in all`);
}

function spaceFact({ space }: Report): Html {
  if (!space) return fact('Volume', 'not known', 'the file system does not say');
  return fact('Volume', `${byteText(space.freeBytes)} free`, `of ${byteText(space.sizeBytes)}`);
}

function dueFact({ status, viewpoint }: Report): Html {
  const due = status.nextDueAt ?? viewpoint.dueAfter?.(viewpoint.now);
  if (!due) return fact('Next run due', 'not known', 'no schedule was given');
  return fact('Next run due', momentText(due, viewpoint), viewpoint.timeZone);
}

function fact(label: string, value: string, remark: string): Html {
  return html`<div>
    <dt>${label}</dt>
    <dd>${value}${remark === '' ? NOTHING : html` <small>${remark}</small>`}</dd>
  </div>`;
}

/** The last nights, one sign for each. */
export function stripPart({ status: { nights }, viewpoint }: Report): Html {
  const cells = nights.map(({ date, state, runCount }) => {
    const { sign, meaning } = SIGNS[state];
    const text = `${date}: ${meaning}${runCount > 1 ? `, ${runCount} runs` : ''}`;
    return html`<li class="${state}" title="${text}">
      <span aria-hidden="true">${sign}</span><span class="hidden">${text}</span>
    </li>`;
  });
  const keys = Object.entries(SIGNS).map(
    ([state, { sign, meaning }]) =>
      html`<li><span class="key ${state}" aria-hidden="true">${sign}</span>${meaning}</li>`,
  );
  return html`<section class="card" aria-labelledby="nights">
    <h2 id="nights">The last ${nights.length} nights</h2>
    <p class="note">Each night by its last run; days as they are in ${viewpoint.timeZone}.</p>
    <ol class="strip">
      ${cells}
    </ol>
    <p class="ends"><span>${nights[0]?.date ?? ''}</span><span>${nights.at(-1)?.date ?? ''}</span></p>
    <ul class="legend">
      ${keys}
    </ul>
  </section>`;
}
