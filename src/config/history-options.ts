import type { Option } from './option.ts';
import { folder, gitAuthor } from './parse-values.ts';

/** The options of the history in git. */
export const HISTORY_OPTIONS: readonly Option[] = [
  {
    key: 'git',
    flag: '--git',
    placeholder: 'folder',
    env: 'OPENSHIFT_BACKUP_GIT',
    configKey: 'git',
    defaultText: '',
    help: 'the git repository with the history, made if it is missing; "run" adds each complete night to it',
    type: 'text',
    parse: (texts) => (texts.length === 0 ? { value: '' } : folder(texts)),
  },
  {
    key: 'gitAuthor',
    flag: '--author',
    placeholder: 'name <mail>',
    env: 'OPENSHIFT_BACKUP_GIT_AUTHOR',
    configKey: 'gitAuthor',
    defaultText: 'openshift-backup <openshift-backup@localhost>',
    help: 'who makes the commits; another one gives other commit ids',
    type: 'text',
    parse: gitAuthor,
  },
];
