import type { Option } from '../config/options.ts';
import { CLUSTER, type CommandSpec } from './command-spec.ts';
import { GUARD_COMMANDS } from './guard-commands.ts';
import { VOLUMES_COMMANDS } from './volumes-commands.ts';

export type { CommandSpec } from './command-spec.ts';

/** What decides the content of an archive, and so which archives stand for each other. */
const CONTENT: readonly Option['key'][] = [
  'namespaces',
  'excludeNamespaces',
  'selector',
  'include',
  'exclude',
  'secrets',
];
/** What tells when runs are due. */
const DUE: readonly Option['key'][] = ['schedule', 'timeZone'];
const ARCHIVE_HELP = '"latest", "previous", or the name of an archive';
const SIDE_HELP = '"latest", "previous", the name of an archive, or "live" for the cluster as it is now';

/** What decides about the volumes that a run copies. */
const NIGHT_COPIES: readonly Option['key'][] = [
  'volumes',
  'copiesAtOnce',
  'copiesPerNode',
  'copiesPerClass',
  'copyBandwidthKiB',
  'copyDeadlineSeconds',
  'veleroHooks',
  'image',
];

/** Every command, in the order of the help text. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'run',
    description:
      'export the cluster into a new archive, verify it, remove old archives, and copy the volumes that are to be copied (the default command)',
    options: [
      'config',
      'dir',
      'name',
      'retainDays',
      'keepLast',
      ...CONTENT,
      'redactionKey',
      'require',
      ...CLUSTER,
      ...DUE,
      'terminationLog',
      'report',
      'git',
      'gitAuthor',
      'ignoreFiles',
      ...NIGHT_COPIES,
    ],
    outputs: ['table', 'json', 'name'],
    pipedOutput: 'name',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'list',
    description: 'list the archives',
    options: ['config', 'dir'],
    outputs: ['table', 'json', 'name'],
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'fetch',
    description:
      'write an archive to standard output (redirect it into a file); its checksum goes to standard error',
    arguments: [{ name: '[archive]', help: `${ARCHIVE_HELP}; default: latest` }],
    options: ['config', 'dir'],
    load: async () => (await import('./fetch.ts')).fetchArchive,
  },
  {
    name: 'show',
    description: 'print what an archive holds: its content, the objects of one type, or one object',
    arguments: [
      { name: '[archive]', help: `${ARCHIVE_HELP}; default: latest` },
      { name: '[object]', help: 'a type (deployments.apps) or an object of it (deployments.apps/web)' },
    ],
    options: ['config', 'dir', 'namespaces'],
    switches: [
      {
        flags: '--apply-ready',
        help: 'without what the server or a controller chose, for "oc create -f -"; without an object: all of them, in order',
      },
    ],
    outputs: ['table', 'json'],
    load: async () => (await import('./show.ts')).show,
  },
  {
    name: 'verify',
    description: 'read an archive whole and compare it with its checksums',
    arguments: [{ name: '[archive...]', help: `${ARCHIVE_HELP}; default: latest` }],
    options: ['config', 'dir'],
    switches: [{ flags: '--all', help: 'every archive in the folder' }],
    outputs: ['table', 'json'],
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'diff',
    description: 'show what differs between two archives, or between an archive and the cluster as it is now',
    arguments: [
      { name: '[before]', help: `${SIDE_HELP}; default: previous` },
      { name: '[after]', help: `${SIDE_HELP}; default: latest` },
    ],
    options: [
      'config',
      'dir',
      'namespaces',
      'types',
      'since',
      'ignoreFiles',
      'writeIgnore',
      'redactionKey',
      ...CLUSTER,
    ],
    switches: [
      { flags: '--stat', help: 'only how many objects changed, by project and type' },
      { flags: '--one-line', help: 'only one line, as for a log' },
      { flags: '--no-default-ignores', help: 'also show what the built-in ignore rules leave out' },
      { flags: '--no-renames', help: 'show a renamed object as one that was removed and one that was added' },
      { flags: '--exit-zero', help: 'end with 0 also where there are differences' },
      { flags: '--force', help: 'compare archives of two clusters all the same' },
    ],
    outputs: ['text', 'json', 'patch', 'markdown', 'name'],
    load: async () => (await import('./diff.ts')).diff,
  },
  {
    name: 'report',
    description:
      'write one HTML file of what changed night by night, in every project, and of how the backup does',
    options: ['config', 'dir', 'name', 'outputFile', 'ignoreFiles', ...DUE],
    outputs: ['name', 'html'],
    load: async () => (await import('./report.ts')).report,
  },
  {
    name: 'history',
    description:
      'write each complete archive that is not in it yet as a commit into a git repository; it needs the program git',
    options: ['config', 'dir', 'name', 'git', 'gitAuthor', 'redactionKey'],
    outputs: ['text', 'json'],
    load: async () => (await import('./history.ts')).history,
  },
  {
    name: 'rotate',
    description: 'remove old archives, as "run" does after a complete export',
    options: ['config', 'dir', 'name', 'retainDays', 'keepLast', ...CONTENT],
    switches: [{ flags: '--dry-run', help: 'only say what would be removed, and why' }],
    outputs: ['table', 'json'],
    load: async () => (await import('./rotate.ts')).rotate,
  },
  {
    name: 'status',
    description:
      'say how the backup does: the last runs, gaps, sizes, the last 30 nights, and when the next run is due',
    options: ['config', 'dir', 'name', ...DUE],
    outputs: ['table', 'json'],
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'serve',
    description:
      'answer over HTTP until it is stopped: /metrics for Prometheus, /readyz and /livez for Kubernetes',
    options: ['config', 'dir', 'name', ...DUE, 'port'],
    load: async () => (await import('./serve.ts')).serve,
  },
  ...VOLUMES_COMMANDS,
  ...GUARD_COMMANDS,
  {
    name: 'types',
    description: 'list the resource types: which would be exported, and why the others would not',
    options: ['config', 'include', 'exclude', ...CLUSTER],
    outputs: ['table', 'json', 'name'],
    load: async () => (await import('./types.ts')).types,
  },
  {
    name: 'rules',
    description: 'list what is left out of the objects, and what is not applied again, with the reasons',
    options: [],
    outputs: ['table', 'json'],
    load: async () => (await import('./rules.ts')).rules,
  },
  {
    name: 'version',
    description: 'print the version of the tool, of its archive format and of its rules',
    options: [],
    outputs: ['table', 'json'],
    load: async () => (await import('./version.ts')).version,
  },
];
