import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** The file with the alerts, from the project's folder. */
export const RULES_FILE = 'openshift/components/monitoring/prometheus-rule.yml';

/** An alert, as it stands in a PrometheusRule. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a PrometheusRule and a rule file of Prometheus have in common. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

/** The rules of the PrometheusRule, as Prometheus itself reads them from a file. */
export function readRules(): RuleFile {
  const object = parse(readFileSync(path.join(ROOT, RULES_FILE), 'utf8')) as { readonly spec: RuleFile };
  return object.spec;
}

/** Every alert in the file. */
export function alerts(): readonly Alert[] {
  return readRules().groups.flatMap(({ rules }) => rules);
}

/** The metrics that an expression names; comments don't count. */
export function metricsIn(expression: string): string[] {
  const code = expression.replaceAll(/#.*$/gmu, '');
  const names = [...code.matchAll(/\b(?:openshift_backup|kube)_\w+/gu)].map(([name]) => name);
  return [...new Set(names)];
}
