import type { Option } from './option.ts';
import { file, type Parsed } from './parse-values.ts';

/** Names of images, users or groups, separated by commas; each may hold colons, and spaces inside. */
function names(texts: readonly string[]): Parsed {
  const all = texts.flatMap((given) => given.split(',')).map((name) => name.trim());
  const wrong = all.find((name) => name === '' || /[\p{C}"\\]/u.test(name));
  return wrong === undefined
    ? { value: [...new Set(all)] }
    : { problem: 'give names, separated by commas, without quotes and control characters' };
}

/** The options of the guard. */
export const GUARD_OPTIONS: readonly Option[] = [
  {
    key: 'guardImages',
    flag: '--guard-image',
    placeholder: 'image',
    env: 'OPENSHIFT_BACKUP_GUARD_IMAGES',
    configKey: 'guardImages',
    defaultText: 'openshift-backup:latest',
    help: 'an image that pods which copy volumes may have, exactly as they name it; best by its digest (repeatable: two while one replaces the other)',
    type: 'list',
    parse: names,
  },
  {
    key: 'guardCreators',
    flag: '--guard-creator',
    placeholder: 'user',
    env: 'OPENSHIFT_BACKUP_GUARD_CREATORS',
    configKey: 'guardCreators',
    defaultText: 'system:serviceaccount:cluster-backup:openshift-backup',
    help: "who may make such pods: the user name of the backup's service account (repeatable)",
    type: 'list',
    parse: names,
  },
  {
    key: 'guardAdministrators',
    flag: '--guard-administrator',
    placeholder: 'user',
    env: 'OPENSHIFT_BACKUP_GUARD_ADMINISTRATORS',
    configKey: 'guardAdministrators',
    defaultText: 'system:admin',
    help: 'a user who may make such pods too, and get into them (repeatable)',
    type: 'list',
    parse: names,
  },
  {
    key: 'guardAdministratorGroups',
    flag: '--guard-administrator-group',
    placeholder: 'group',
    env: 'OPENSHIFT_BACKUP_GUARD_ADMINISTRATOR_GROUPS',
    configKey: 'guardAdministratorGroups',
    defaultText: 'system:masters,system:cluster-admins',
    help: 'the same for a group (repeatable)',
    type: 'list',
    parse: names,
  },
  {
    key: 'tlsCertificate',
    flag: '--tls-cert',
    placeholder: 'file',
    env: 'OPENSHIFT_BACKUP_TLS_CERT',
    configKey: 'tlsCert',
    defaultText: '/var/run/openshift-backup-guard/tls.crt',
    help: 'the certificate of the guard, as PEM; read again when it changes',
    type: 'text',
    parse: file,
  },
  {
    key: 'tlsKey',
    flag: '--tls-key',
    placeholder: 'file',
    env: 'OPENSHIFT_BACKUP_TLS_KEY',
    configKey: 'tlsKey',
    defaultText: '/var/run/openshift-backup-guard/tls.key',
    help: 'its key',
    type: 'text',
    parse: file,
  },
];
