import type { SecretsMode } from '../model/manifest.ts';
import {
  backupName,
  file,
  folder,
  integer,
  labelSelector,
  type Parsed,
  projects,
  secretsMode,
  text,
  typeNames,
  types,
} from './parse-values.ts';

/** The values of all options, checked. */
export interface Settings {
  readonly config: string;
  readonly dir: string;
  /** Whether `dir` was given as a flag; only then may the folder be made. */
  readonly isDirGiven: boolean;
  readonly name: string;
  readonly retainDays: number;
  readonly keepLast: number;
  readonly namespaces: readonly string[];
  readonly excludeNamespaces: readonly string[];
  readonly selector: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly require: readonly string[];
  readonly secrets: SecretsMode;
  /** Path of the key; empty for the one on the volume. */
  readonly redactionKey: string;
  readonly kubeconfig: string;
  readonly context: string;
}

/** One option that has a value. */
export interface Option {
  readonly key: Exclude<keyof Settings, 'isDirGiven'>;
  readonly flag: string;
  /** The flag's one-letter form, if it has one. */
  readonly short?: string;
  /** What stands for the value in the help text; it names the unit. */
  readonly placeholder: string;
  readonly env?: string;
  /** Its key in the config file; none for what can't stand there. */
  readonly configKey?: string;
  readonly defaultText: string;
  readonly help: string;
  /** What the config file holds under the key. A flag of a list can be given several times. */
  readonly type: 'text' | 'number' | 'list';
  readonly parse: (texts: readonly string[]) => Parsed;
}

/**
 * Every option that has a value, once. Flags, environment, config file, help texts and the README's table come
 * from here. A flag comes before the environment, the environment before the config file, and that before the
 * default.
 */
export const OPTIONS: readonly Option[] = [
  {
    key: 'config',
    flag: '--config',
    placeholder: 'file',
    env: 'OPENSHIFT_BACKUP_CONFIG',
    defaultText: '',
    help: 'a YAML file with the options below, by their keys',
    type: 'text',
    parse: file,
  },
  {
    key: 'dir',
    flag: '--dir',
    placeholder: 'folder',
    env: 'OPENSHIFT_BACKUP_DIR',
    configKey: 'dir',
    defaultText: '/openshift-backup',
    help: 'the folder of archives',
    type: 'text',
    parse: folder,
  },
  {
    key: 'name',
    flag: '--name',
    placeholder: 'name',
    env: 'OPENSHIFT_BACKUP_NAME',
    configKey: 'name',
    defaultText: 'openshift-backup',
    help: "the first part of the archives' names; one for each cluster that shares a volume",
    type: 'text',
    parse: backupName,
  },
  {
    key: 'retainDays',
    flag: '--retain-days',
    placeholder: 'days',
    env: 'OPENSHIFT_BACKUP_RETAIN_DAYS',
    configKey: 'retainDays',
    defaultText: '7',
    help: 'archives older than so many days are removed after a complete run',
    type: 'number',
    parse: integer(0, 36_500),
  },
  {
    key: 'keepLast',
    flag: '--keep-last',
    placeholder: 'count',
    env: 'OPENSHIFT_BACKUP_KEEP_LAST',
    configKey: 'keepLast',
    defaultText: '3',
    help: 'so many complete archives stay however old they are; at least 1',
    type: 'number',
    parse: integer(1, 100_000),
  },
  {
    key: 'namespaces',
    flag: '--namespace',
    short: '-n',
    placeholder: 'project',
    env: 'OPENSHIFT_BACKUP_NAMESPACES',
    configKey: 'namespaces',
    defaultText: '',
    help: 'only this project (repeatable; globs like "dev-*"); default: the whole cluster',
    type: 'list',
    parse: projects('the whole cluster'),
  },
  {
    key: 'excludeNamespaces',
    flag: '--exclude-namespace',
    placeholder: 'project',
    env: 'OPENSHIFT_BACKUP_EXCLUDE_NAMESPACES',
    configKey: 'excludeNamespaces',
    defaultText: '',
    help: 'not this project (repeatable; globs like "tmp-*"); it comes before --namespace',
    type: 'list',
    parse: projects('none'),
  },
  {
    key: 'selector',
    flag: '--selector',
    short: '-l',
    placeholder: 'labels',
    env: 'OPENSHIFT_BACKUP_SELECTOR',
    configKey: 'selector',
    defaultText: '',
    help: 'only objects with these labels, such as "app=web,tier!=cache"; as with "oc get -l" it holds for each object, projects themselves included, and not for what lies in them',
    type: 'text',
    parse: labelSelector,
  },
  {
    key: 'include',
    flag: '--include',
    placeholder: 'type',
    env: 'OPENSHIFT_BACKUP_INCLUDE',
    configKey: 'include',
    defaultText: '',
    help: 'only this resource type (repeatable; globs like "*.openshift.io"); an exact name brings back a type that is left out otherwise',
    type: 'list',
    parse: types,
  },
  {
    key: 'exclude',
    flag: '--exclude',
    placeholder: 'type',
    env: 'OPENSHIFT_BACKUP_EXCLUDE',
    configKey: 'exclude',
    defaultText: '',
    help: 'not this resource type (repeatable; globs); it comes before --include',
    type: 'list',
    parse: types,
  },
  {
    key: 'require',
    flag: '--require',
    placeholder: 'type',
    env: 'OPENSHIFT_BACKUP_REQUIRE',
    configKey: 'require',
    defaultText: '',
    help: 'the archive is incomplete when a part of this resource type may not be listed, or there is no object of it (repeatable)',
    type: 'list',
    parse: typeNames,
  },
  {
    key: 'secrets',
    flag: '--secrets',
    placeholder: 'include|redact|exclude',
    env: 'BACKUP_SECRETS',
    configKey: 'secrets',
    defaultText: 'include',
    help: 'what becomes of secret values, also of those outside Secrets; redacted, they become texts that only tell whether a value has changed ("true" and "false" mean include and exclude)',
    type: 'text',
    parse: secretsMode,
  },
  {
    key: 'redactionKey',
    flag: '--redaction-key',
    placeholder: 'file',
    env: 'OPENSHIFT_BACKUP_REDACTION_KEY',
    configKey: 'redactionKey',
    defaultText: '',
    help: 'a file of at least 32 bytes, with which secret values are redacted; default: one in the folder of archives, made when it is needed',
    type: 'text',
    parse: file,
  },
  {
    key: 'kubeconfig',
    flag: '--kubeconfig',
    placeholder: 'file',
    env: 'KUBECONFIG',
    configKey: 'kubeconfig',
    defaultText: '',
    help: "how to reach the cluster; default: ~/.kube/config, or the pod's service account",
    type: 'text',
    parse: text,
  },
  {
    key: 'context',
    flag: '--context',
    placeholder: 'name',
    configKey: 'context',
    defaultText: '',
    help: "the kubeconfig's context to use; default: its current one",
    type: 'text',
    parse: text,
  },
];
