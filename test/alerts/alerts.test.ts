import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BEGINNINGS, type Case, NIGHTS, OBJECTS } from './cases.ts';
import { PRESENCE, SUSPENDED, VOLUMES } from './cluster-cases.ts';
import { promtool } from './promtool.ts';
import { alerts, metricsIn, readRules } from './rules.ts';
import { checkRules, runCase, SEVERITIES } from './run-cases.ts';
import { TEXTS, textOf } from './texts.ts';

const tool = await promtool((line) => void process.stderr.write(`${line}\n`));
const program = 'program' in tool ? tool.program : '';
const skip = 'missing' in tool ? tool.missing : false;
const rules = readRules();

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'What becomes of the nights': NIGHTS,
  'Where there has never been a complete archive': BEGINNINGS,
  'How many objects there are': OBJECTS,
  'Room on the volume': VOLUMES,
  'A suspended CronJob': SUSPENDED,
  'Which backups are there': PRESENCE,
};

test('promtool takes the rules, and its linter too', { skip }, async () => {
  assert.match(await checkRules(program, rules), /SUCCESS: 8 rules found/u);
});

for (const [group, cases] of Object.entries(CASES)) {
  describe(group, { skip, concurrency: 2 }, () => {
    for (const each of cases)
      test(each.name, async () => {
        await runCase(program, rules, { case: each });
      });
  });
}

describe('What the alerts say', { skip, concurrency: 2 }, () => {
  for (const text of TEXTS)
    test(text.name, async () => {
      await runCase(program, rules, { case: text.case, texts: [textOf(text)] });
    });

  test('Each has its text tested', () => {
    const tested = new Set(TEXTS.map(({ alert }) => alert));
    assert.deepEqual(
      [...tested].toSorted(),
      alerts()
        .map(({ alert }) => alert)
        .toSorted(),
    );
  });
});

test('A rule that is wrong is found', { skip }, async () => {
  const [shrunk] = OBJECTS;
  assert.ok(shrunk);
  const wrong = JSON.parse(JSON.stringify(rules).replace('< 0.5', '< 0.3')) as typeof rules;
  await assert.rejects(runCase(program, wrong, { case: shrunk }), /OpenShiftBackupShrunk/u);
});

describe('Each alert', () => {
  for (const { alert, expr, labels, annotations, for: delay } of alerts()) {
    const name = alert.replace(/^OpenShiftBackup/u, '');

    test(`${name} has its severity, a delay, and the annotations that people read`, () => {
      assert.equal(labels['severity'], SEVERITIES[name]);
      assert.match(delay, /^\d+[mh]$/u);
      assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook_url']);
    });

    test(`${name} keeps backup and project, and loses the pod`, () => {
      const grouped = [...expr.matchAll(/\b(?:max|min|group) by \((?<labels>[^)]*)\)/gu)];
      assert.notEqual(grouped.length, 0);
      for (const { groups } of grouped) assert.equal(groups?.['labels'], 'cluster, namespace, backup');
      assert.notEqual(metricsIn(expr).length, 0);
    });
  }
});
