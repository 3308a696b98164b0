import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from '../support/run-program.ts';
import type { Case } from './cases.ts';
import type { RuleFile } from './rules.ts';
import { seriesOf, STEP } from './timeline.ts';

const PREFIX = 'OpenShiftBackup';
/** Rarer than in a cluster: it is what these tests spend their time on. */
const EVALUATION_MINUTES = 15;
const USUAL = 'cluster-backup/openshift-backup';

/** An alert that is to fire at a minute, with its whole text. */
export interface Text {
  readonly alert: string;
  readonly minute: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** How much it matters, by alert without its prefix. */
export const SEVERITIES: Readonly<Record<string, string>> = {
  TooOld: 'critical',
  Absent: 'critical',
  Incomplete: 'warning',
  VolumesNotCopied: 'warning',
  Failed: 'warning',
  Shrunk: 'warning',
  VolumeFilling: 'warning',
  Suspended: 'warning',
};

/** Lets promtool check the rules, and everything that its linter knows. @throws with its output */
export async function checkRules(program: string, rules: RuleFile): Promise<string> {
  return await withFiles(
    { 'rules.json': rules },
    async (folder) =>
      await runProgram(program, ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.json'], {
        cwd: folder,
      }),
  );
}

/**
 * Lets promtool run a case: which alerts fire, or, where texts are given, what they say.
 *
 * @throws with its output, which names what it expected and what it got
 */
export async function runCase(
  program: string,
  rules: RuleFile,
  { case: wanted, texts = [] }: { readonly case: Case; readonly texts?: readonly Text[] },
): Promise<void> {
  const { backups, days, others = [] } = wanted;
  const test = {
    interval: `${STEP}m`,
    input_series: [...backups.flatMap((backup) => seriesOf(backup, days)), ...others],
    promql_expr_test: texts.length > 0 ? [] : checksOf(wanted),
    alert_rule_test: texts.map(({ alert, minute, labels, annotations }) => ({
      eval_time: `${minute}m`,
      alertname: alert,
      exp_alerts: [{ exp_labels: labels, exp_annotations: annotations }],
    })),
  };
  const tests = { rule_files: ['rules.json'], evaluation_interval: `${EVALUATION_MINUTES}m`, tests: [test] };
  await withFiles(
    { 'rules.json': rules, 'tests.json': tests },
    async (folder) => await runProgram(program, ['test', 'rules', 'tests.json'], { cwd: folder }),
  );
}

function checksOf({ days, firing }: Case): object[] {
  if (firing.length > 0) return firing.map(([minute, alerts]) => firingAt(minute, alerts));
  const ever = `count_over_time(ALERTS{alertstate="firing"}[${days}d])`;
  return [{ expr: ever, eval_time: `${days * 24}h`, exp_samples: [] }];
}

function firingAt(minute: number, alerts: readonly string[]): object {
  if (minute % EVALUATION_MINUTES !== 0) throw new Error(`nothing is evaluated at the minute ${minute}`);
  const samples = alerts.map((text) => {
    const [name = '', backup = USUAL] = text.split(' of ');
    return { labels: `ALERTS${labelsOf(name, backup)}`, value: 1 };
  });
  return { expr: 'ALERTS{alertstate="firing"}', eval_time: `${minute}m`, exp_samples: samples };
}

function labelsOf(alert: string, of: string): string {
  const [namespace = '', backup = ''] = of.split('/');
  const labels = {
    alertname: PREFIX + alert,
    alertstate: 'firing',
    severity: SEVERITIES[alert],
    namespace,
    backup,
  };
  return `{${Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`;
}

/** Does something in a folder with these files; they are written as JSON, which is YAML too. */
async function withFiles<T>(
  files: Readonly<Record<string, unknown>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-alerts-'));
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(path.join(folder, name), JSON.stringify(content));
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
