import { isBackupName } from '../model/archive-name.ts';

/** The values of all options, checked. */
export interface Settings {
  readonly dir: string;
  /** Whether `dir` was given as a flag; only then may the folder be made. */
  readonly isDirGiven: boolean;
  readonly name: string;
  readonly retainDays: number;
  readonly keepLast: number;
  readonly namespaces: readonly string[];
  readonly kubeconfig: string;
  readonly context: string;
}

/** A value, or what is wrong with the text that was given. */
export type Parsed = { readonly value: string | number | readonly string[] } | { readonly problem: string };

/** One option that has a value. */
export interface Option {
  readonly key: Exclude<keyof Settings, 'isDirGiven'>;
  readonly flag: string;
  /** The flag's one-letter form, if it has one. */
  readonly short?: string;
  /** What stands for the value in the help text; it names the unit. */
  readonly placeholder: string;
  readonly env?: string;
  readonly defaultText: string;
  readonly help: string;
  readonly isRepeatable?: boolean;
  readonly parse: (texts: readonly string[]) => Parsed;
}

/**
 * Every option that has a value, once. Flags, environment, help texts and the README's table come from here.
 * A flag comes before the environment, and the environment before the default.
 */
export const OPTIONS: readonly Option[] = [
  {
    key: 'dir',
    flag: '--dir',
    placeholder: 'folder',
    env: 'OPENSHIFT_BACKUP_DIR',
    defaultText: '/openshift-backup',
    help: 'the folder of archives',
    parse: folder,
  },
  {
    key: 'name',
    flag: '--name',
    placeholder: 'name',
    env: 'OPENSHIFT_BACKUP_NAME',
    defaultText: 'openshift-backup',
    help: "the first part of the archives' names; one for each cluster that shares a volume",
    parse: backupName,
  },
  {
    key: 'retainDays',
    flag: '--retain-days',
    placeholder: 'days',
    env: 'OPENSHIFT_BACKUP_RETAIN_DAYS',
    defaultText: '7',
    help: 'archives older than so many days are removed after a complete run',
    parse: (texts) => integer(texts, 0, 36_500),
  },
  {
    key: 'keepLast',
    flag: '--keep-last',
    placeholder: 'count',
    env: 'OPENSHIFT_BACKUP_KEEP_LAST',
    defaultText: '3',
    help: 'so many complete archives stay however old they are; at least 1',
    parse: (texts) => integer(texts, 1, 100_000),
  },
  {
    key: 'namespaces',
    flag: '--namespace',
    short: '-n',
    placeholder: 'project',
    env: 'OPENSHIFT_BACKUP_NAMESPACES',
    defaultText: '',
    help: 'only this project (repeatable; globs like "dev-*"); default: the whole cluster',
    isRepeatable: true,
    parse: projects,
  },
  {
    key: 'kubeconfig',
    flag: '--kubeconfig',
    placeholder: 'file',
    env: 'KUBECONFIG',
    defaultText: '',
    help: "how to reach the cluster; default: ~/.kube/config, or the pod's service account",
    parse: text,
  },
  {
    key: 'context',
    flag: '--context',
    placeholder: 'name',
    defaultText: '',
    help: "the kubeconfig's context to use; default: its current one",
    parse: text,
  },
];

function text(texts: readonly string[]): Parsed {
  return { value: texts.at(-1) ?? '' };
}

function folder(texts: readonly string[]): Parsed {
  const path = texts.at(-1) ?? '';
  return path === '' ? { problem: 'give the path of a folder' } : { value: path };
}

function backupName(texts: readonly string[]): Parsed {
  const name = texts.at(-1) ?? '';
  return isBackupName(name)
    ? { value: name }
    : { problem: 'give lower-case letters, digits and "-", at most 63 characters' };
}

function integer(texts: readonly string[], min: number, max: number): Parsed {
  const given = texts.at(-1) ?? '';
  const value = Number(given);
  return /^\d+$/u.test(given) && value >= min && value <= max
    ? { value }
    : { problem: `give a whole number from ${min} to ${max}` };
}

/** From the environment come several in one text, separated by commas or spaces. */
function projects(texts: readonly string[]): Parsed {
  // "-n $PROJECT" with an empty variable must not mean the whole cluster.
  if (texts.some((given) => given.trim() === ''))
    return { problem: 'give the name of a project, or leave the option out for the whole cluster' };
  const names = texts.flatMap((given) => given.split(/[,\s]+/u)).filter((name) => name !== '');
  const wrong = names.find((name) => !/^[a-z0-9*?](?:[-a-z0-9*?]{0,61}[a-z0-9*?])?$/u.test(name));
  return wrong === undefined
    ? { value: names }
    : { problem: `${JSON.stringify(wrong)} can't be the name of a project` };
}
