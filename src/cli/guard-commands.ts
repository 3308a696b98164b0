import type { Option } from '../config/options.ts';
import { CLUSTER, type CommandSpec } from './command-spec.ts';

/** Whom the rules let make BackupEr pods, and with which image. */
const RULE_OPTIONS: readonly Option['key'][] = [
  'guardImages',
  'guardCreators',
  'guardAdministrators',
  'guardAdministratorGroups',
];

/** The commands of the group `guard`, in the order of the help text. */
export const GUARD_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'guard check',
    description:
      'say whether the guard is in force, by trying requests that it must refuse (as server-side dry runs)',
    options: ['config', 'namespaces', 'image', ...CLUSTER],
    outputs: ['table', 'json'],
    load: async () => (await import('./guard-check.ts')).guardCheck,
  },
  {
    name: 'guard rules',
    description: 'list what a BackupEr pod must be like, and what each rule stops',
    options: [],
    outputs: ['table', 'json'],
    load: async () => (await import('./guard-rules.ts')).guardRules,
  },
  {
    name: 'guard policies',
    description: 'print the guard as ValidatingAdmissionPolicies, for "oc apply -f -"',
    options: ['config', ...RULE_OPTIONS],
    switches: [{ flags: '--audit', help: 'note in the audit log what breaks a rule, and refuse nothing' }],
    outputs: ['json'],
    load: async () => (await import('./guard-rules.ts')).guardPolicyList,
  },
  {
    name: 'guard serve',
    description:
      'answer the API server over HTTPS whether a request keeps to the rules, until it is stopped: /validate; and /metrics, /readyz, /livez',
    options: ['config', ...RULE_OPTIONS, 'tlsCertificate', 'tlsKey', 'port'],
    load: async () => (await import('./guard-serve.ts')).guardServe,
  },
];
