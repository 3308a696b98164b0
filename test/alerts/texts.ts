import { at, type Case } from './cases.ts';
import { alerts } from './rules.ts';
import type { Text } from './run-cases.ts';
import { otherSeries, type Run } from './timeline.ts';

/** When an alert fires, and what its template makes of the values. */
export interface TextCase {
  readonly name: string;
  readonly alert: string;
  readonly minute: number;
  readonly case: Case;
  /** What stands in the place of each part of the template. */
  readonly parts: Readonly<Record<string, string>>;
  /** Whether the alert knows which backup it is. */
  readonly isNamed?: boolean;
}

const GOOD: Run = { exitCode: 0 };
const LABELS = { namespace: 'cluster-backup', backup: 'openshift-backup' };
const AGE = '{{ $value | humanizeDuration }}';
const BYTES = '{{ $value | humanize1024 }}';
const GAPS = '{{ if gt $value 0.0 }}, gaps: {{ $value }}{{ end }}';
const BACKUP_OR_ALL = '{{ with $labels.backup }}backup {{ . }}{{ else }}openshift-backup{{ end }}';
const PROJECT_OR_NONE = '{{ with $labels.namespace }} in project {{ . }}{{ end }}';

function days(count: number, ...runs: readonly (Run | undefined)[]): Case {
  return { name: '', days: count, backups: [{ runs }], firing: [] };
}

/** Each of the texts, once for each of its forms. */
export const TEXTS: readonly TextCase[] = [
  {
    name: 'a missed night: how old the newest complete archive is',
    alert: 'OpenShiftBackupTooOld',
    minute: at(1, 2, 45),
    case: days(2, GOOD, undefined),
    parts: { [AGE]: '1d 2h 27m 0s' },
  },
  {
    name: 'an incomplete night: how many gaps',
    alert: 'OpenShiftBackupIncomplete',
    minute: at(1, 0, 45),
    case: days(2, GOOD, { exitCode: 3 }),
    parts: { [GAPS]: ', gaps: 2' },
  },
  {
    name: 'an incomplete night whose gaps nobody has counted',
    alert: 'OpenShiftBackupIncomplete',
    minute: at(1, 0, 45),
    case: {
      ...days(2),
      backups: [{ runs: [GOOD, { exitCode: 3 }], without: ['openshift_backup_failed_parts'] }],
    },
    parts: { [GAPS]: '' },
  },
  {
    name: 'volumes that were not copied: how many',
    alert: 'OpenShiftBackupVolumesNotCopied',
    minute: at(1, 0, 45),
    case: days(2, GOOD, { exitCode: 3, volumeGaps: 2 }),
    parts: { '{{ $value }}': '2' },
  },
  {
    name: 'a failed night: its exit code',
    alert: 'OpenShiftBackupFailed',
    minute: at(1, 0, 45),
    case: days(2, GOOD, { exitCode: 4 }),
    parts: { '{{ $value }}': '4' },
  },
  {
    name: 'fewer objects: how many are left',
    alert: 'OpenShiftBackupShrunk',
    minute: at(1, 0, 45),
    case: days(2, GOOD, { exitCode: 0, objects: 415 }),
    parts: { '{{ $value | humanizePercentage }}': '41.5%' },
  },
  {
    name: 'a full volume: how much is left',
    alert: 'OpenShiftBackupVolumeFilling',
    minute: at(0, 2, 0),
    case: {
      ...days(1),
      backups: [{ runs: [GOOD], instead: { openshift_backup_volume_free_bytes: () => 250 * 1024 ** 2 } }],
    },
    parts: { [BYTES]: '250Mi' },
  },
  {
    name: 'a suspended CronJob: how to end it',
    alert: 'OpenShiftBackupSuspended',
    minute: at(0, 5, 0),
    case: {
      ...days(1, GOOD),
      others: [
        otherSeries(
          'kube_cronjob_spec_suspend{namespace="cluster-backup",cronjob="openshift-backup"}',
          1,
          () => 1,
        ),
      ],
    },
    parts: {},
  },
  {
    name: 'no metrics of any backup',
    alert: 'OpenShiftBackupAbsent',
    minute: at(0, 3, 0),
    case: { ...days(1), backups: [] },
    parts: { [BACKUP_OR_ALL]: 'openshift-backup', [PROJECT_OR_NONE]: '' },
    isNamed: false,
  },
  {
    name: 'no metrics of one backup of two',
    alert: 'OpenShiftBackupAbsent',
    minute: at(0, 15, 0),
    case: {
      ...days(1),
      backups: [
        { runs: [GOOD], name: 'other', pod: () => 'spare-2' },
        { runs: [GOOD], pod: (minute) => (minute < 720 ? 'spare-1' : undefined) },
      ],
    },
    parts: { [BACKUP_OR_ALL]: 'backup openshift-backup', [PROJECT_OR_NONE]: ' in project cluster-backup' },
  },
];

/** What is to come out of a template. @throws where a part of it is not accounted for */
export function textOf({ alert, minute, parts, isNamed = true }: TextCase): Text {
  const rule = alerts().find((candidate) => candidate.alert === alert);
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  const replaced = {
    ...parts,
    '{{ $labels.backup }}': LABELS.backup,
    '{{ $labels.namespace }}': LABELS.namespace,
  };
  const annotations = Object.entries(rule.annotations).map(([name, template]) => {
    const text = Object.entries(replaced).reduce((so, [part, with_]) => so.replaceAll(part, with_), template);
    if (text.includes('{{')) throw new Error(`${alert}: ${name}: not accounted for: ${text}`);
    return [name, text] as const;
  });
  const labels = { severity: rule.labels['severity'] ?? '', ...(isNamed ? LABELS : {}) };
  return { alert, minute, labels, annotations: Object.fromEntries(annotations) };
}
