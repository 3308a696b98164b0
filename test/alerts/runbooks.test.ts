import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-code.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { metricsOf } from '../../src/status/metrics.ts';
import { commandLineProblems, missingTargets } from '../docs/checks.ts';
import { readMarkdown } from '../docs/markdown.ts';
import { alerts, metricsIn } from './rules.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const RUNBOOKS = path.join('docs', 'runbooks');
const OVERVIEW = path.join('docs', 'alerts.md');

/** Not the tool's: https://github.com/kubernetes/kube-state-metrics/blob/1f66d9abe8a8d975d3e20e9b0ac6cff8d694feec/docs/metrics/workload/cronjob-metrics.md */
const OF_KUBE_STATE_METRICS = ['kube_cronjob_spec_suspend', 'kube_cronjob_status_last_schedule_time'];

/** What each runbook has, in this order; between them may stand more. */
const HEADINGS = [/^What is at stake$/u, /^How to look$/u, /^Causes, /u, /^How to see that it is mended$/u];

const names = alerts().map(({ alert }) => alert);
const files = readdirSync(path.join(ROOT, RUNBOOKS)).map((file) => path.join(RUNBOOKS, file));

test('Each alert has a runbook, and each runbook an alert', () => {
  const expected = names.map((name) => path.join(RUNBOOKS, `${name}.md`));
  assert.deepEqual(files.toSorted(), expected.toSorted());
  for (const { alert, annotations } of alerts())
    assert.ok(annotations['runbook_url']?.endsWith(`docs/runbooks/${alert}.md`), alert);
});

test('The rules name only metrics that the tool writes, and those of kube-state-metrics', () => {
  const known = [...everyMetric(), ...OF_KUBE_STATE_METRICS];
  const used = alerts().flatMap(({ expr }) => metricsIn(expr));
  assert.deepEqual(
    used.filter((metric) => !known.includes(metric)),
    [],
  );
});

test('The commands in the alerts are such that the tool takes', async () => {
  for (const { alert, annotations } of alerts()) {
    const markdown = readMarkdown(annotations['description'] ?? '');
    assert.notEqual(markdown.codeSpans.length, 0, `${alert} does not say what to do first`);
    assert.deepEqual(await commandLineProblems(markdown), [], alert);
  }
});

for (const file of [OVERVIEW, ...files]) {
  describe(file, () => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const markdown = readMarkdown(text);

    test('shows only command lines that the tool takes, and make targets that there are', async () => {
      assert.deepEqual(await commandLineProblems(markdown), []);
      const makefile = readFileSync(path.join(ROOT, 'Makefile'), 'utf8');
      assert.deepEqual(missingTargets(markdown, makefile), []);
    });

    test('has no link to nothing', () => {
      const targets = markdown.links.filter((link) => !/^[a-z]+:/u.test(link));
      const folder = path.join(ROOT, path.dirname(file));
      assert.deepEqual(
        targets.filter((target) => !existsSync(path.join(folder, target))),
        [],
      );
    });

    test('names only variables and metrics that there are', () => {
      const variables = [...text.matchAll(/\bOPENSHIFT_BACKUP_[A-Z_]+/gu)].map(([name]) => name);
      const known = OPTIONS.map(({ env }) => env);
      assert.deepEqual(
        variables.filter((name) => !known.includes(name)),
        [],
      );
      assert.deepEqual(
        metricsIn(text).filter((metric) => metric.startsWith('openshift') && !everyMetric().includes(metric)),
        [],
      );
    });
  });
}

for (const file of files) {
  test(`${path.basename(file)} says what it means, what is at stake, how to look, why, and when it is mended`, () => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const [title, ...headings] = readMarkdown(text).headings;
    const alert = alerts().find((candidate) => candidate.alert === path.basename(file, '.md'));
    assert.equal(title, alert?.alert);
    const places = HEADINGS.map((heading) => headings.findIndex((candidate) => heading.test(candidate)));
    assert.ok(!places.includes(-1), `it has the headings ${headings.join('; ')}`);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    const severity = alert?.labels['severity'] ?? '';
    assert.match(text, new RegExp(`^# \\w+\n\n${severity}\\. `, 'iu'));
  });
}

test('The table of alerts has their severities and delays', () => {
  const text = readFileSync(path.join(ROOT, OVERVIEW), 'utf8');
  const rows = [...text.matchAll(/^\| \[(\w+)\]\([^)]*\) \| (\w+) \| (\w+) \|/gmu)].map(([, ...row]) =>
    row.join(' '),
  );
  const expected = alerts().map(({ alert, labels, for: delay }) => `${alert} ${labels['severity']} ${delay}`);
  assert.deepEqual(rows.toSorted(), expected.toSorted());
});

test('The runbook of failed runs has a row for each exit code that it is about', () => {
  const text = readFileSync(path.join(ROOT, RUNBOOKS, 'OpenShiftBackupFailed.md'), 'utf8');
  const cells = [...text.matchAll(/^\| ([\d, ]+) \|/gmu)].flatMap(([, codes = '']) => codes.split(', '));
  // A run never ends with 1, which only says that `diff` has found something.
  const expected = EXIT_CODES.map(({ code }) => code).filter((code) => ![0, 1, 3].includes(code));
  const shown = [...new Set(cells.map(Number))].toSorted((a, b) => a - b);
  assert.deepEqual(shown, expected);
});

test('The runbook of failed runs quotes messages that the tool has', () => {
  const text = readFileSync(path.join(ROOT, RUNBOOKS, 'OpenShiftBackupFailed.md'), 'utf8');
  const causes = [...text.matchAll(/^\| \d[^|]*\|([^|]*)\|/gmu)].map(([, cause = '']) => cause);
  const quotes = readMarkdown(causes.join('\n\n')).codeSpans;
  const source = globSync('src/**/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
    .join('\n');
  assert.notEqual(quotes.length, 0);
  assert.deepEqual(
    quotes.filter((quote) => !source.includes(quote)),
    [],
  );
});

/** The names of all metrics: those of a backup of which everything is known. */
function everyMetric(): string[] {
  const run = {
    startedAt: '2026-11-20T00:15:00.000Z',
    endedAt: '2026-11-20T00:16:00.000Z',
    exitCode: 0,
    backup: 'openshift-backup',
    archiveBytes: 1,
    isComplete: true,
    objectCount: 1,
    deniedCount: 0,
    gapCount: 0,
    volumes: { copiedCount: 1, gapCount: 0, unaskedCount: 0 },
  };
  const status = {
    backup: run.backup,
    lastRun: run,
    lastSuccess: run,
    lastComplete: run,
    previousComplete: run,
    lastCopies: run,
    nextDueAt: new Date(0),
    isOverdue: false,
    archives: [],
    nights: [],
  };
  return metricsOf([status], { freeBytes: 1, sizeBytes: 2 }, '0.1.0').map(({ name }) => name);
}
