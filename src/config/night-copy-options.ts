import type { Option } from './option.ts';
import { type Parsed, integer } from './parse-values.ts';

const NAME = '[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?';
const COPY = new RegExp(`^${NAME}/${NAME}=${NAME}$`, 'u');

/** Copies of volumes as `project/claim=target`, separated by commas or spaces, or each a text of its own. */
export function volumeCopies(texts: readonly string[]): Parsed {
  const copies = texts.flatMap((given) => given.split(/[,\s]+/u)).filter((copy) => copy !== '');
  const wrong = copies.find((copy) => !COPY.test(copy));
  if (wrong !== undefined)
    return { problem: `${JSON.stringify(wrong)} names no copy: give project/claim=target` };
  return { value: [...new Set(copies)] };
}

/** The options of the copies of volumes that a run makes. */
export const NIGHT_COPY_OPTIONS: readonly Option[] = [
  {
    key: 'volumes',
    flag: '--volume',
    placeholder: 'project/claim=target',
    env: 'OPENSHIFT_BACKUP_VOLUMES',
    configKey: 'volumes',
    defaultText: '',
    help: 'also copy this volume (repeatable), as the annotation openshift-backup.io/copy-to on the claim does; the project must let its volumes be copied',
    type: 'list',
    parse: volumeCopies,
  },
  {
    key: 'copiesAtOnce',
    flag: '--copies-at-once',
    placeholder: 'count',
    env: 'OPENSHIFT_BACKUP_COPIES_AT_ONCE',
    configKey: 'copiesAtOnce',
    defaultText: '2',
    help: 'so many volumes are copied at the same time',
    type: 'number',
    parse: integer(1, 100),
  },
  {
    key: 'copiesPerNode',
    flag: '--copies-per-node',
    placeholder: 'count',
    env: 'OPENSHIFT_BACKUP_COPIES_PER_NODE',
    configKey: 'copiesPerNode',
    defaultText: '1',
    help: 'of them, so many on one node that holds the volume',
    type: 'number',
    parse: integer(1, 100),
  },
  {
    key: 'copiesPerClass',
    flag: '--copies-per-class',
    placeholder: 'count',
    env: 'OPENSHIFT_BACKUP_COPIES_PER_CLASS',
    configKey: 'copiesPerClass',
    defaultText: '2',
    help: 'of them, so many that read or write one storage class',
    type: 'number',
    parse: integer(1, 100),
  },
];
