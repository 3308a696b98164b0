import type { Option } from './option.ts';
import { age, file, files, types } from './parse-values.ts';

/** The options that only `diff` has. */
export const DIFF_OPTIONS: readonly Option[] = [
  {
    key: 'types',
    flag: '--type',
    placeholder: 'type',
    defaultText: '',
    help: 'compare only this resource type (repeatable; globs); "deployments" means all types with this plural',
    type: 'list',
    parse: types,
  },
  {
    key: 'since',
    flag: '--since',
    placeholder: 'age',
    defaultText: '',
    help: 'compare with the newest complete archive that is at least so old: 12h, 7d, 4w',
    type: 'text',
    parse: age,
  },
  {
    key: 'ignoreFiles',
    flag: '--ignore',
    placeholder: 'file',
    env: 'OPENSHIFT_BACKUP_IGNORE',
    configKey: 'ignoreFiles',
    defaultText: '',
    help: "a YAML file of changes that don't count (repeatable)",
    type: 'list',
    parse: files,
  },
  {
    key: 'writeIgnore',
    flag: '--write-ignore',
    placeholder: 'file',
    defaultText: '',
    help: 'write a new file of ignore rules that leaves out every change found',
    type: 'text',
    parse: file,
  },
];
