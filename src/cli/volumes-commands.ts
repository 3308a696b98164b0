import type { Option } from '../config/options.ts';
import { CLUSTER, type CommandSpec } from './command-spec.ts';

/** What the help text says of each group of commands. */
export const GROUPS: Readonly<Record<string, string>> = {
  volumes: 'copy the content of a volume into another, and see how copies went',
  guard: 'keep what BackupEr pods may do for BackupEr pods',
};

/** What decides what is copied and how. */
const COPY: readonly Option['key'][] = [
  'copyFolder',
  'copyInto',
  'copyMode',
  'copyKeep',
  'copyQuiesce',
  'veleroHooks',
  'copyNode',
  'copyBandwidthKiB',
  'copyDeadlineSeconds',
];
const SIDES = [
  { name: '<source>', help: 'the PersistentVolumeClaim that is copied' },
  { name: '<target>', help: 'the PersistentVolumeClaim of the same project that gets the copy' },
];
const COPY_SWITCHES = [
  {
    flags: '--may-shrink',
    help: 'copy also a source that is empty, or has lost most of its entries since the last copy',
  },
  { flags: '--checksum', help: 'compare the contents of all files too; this reads both volumes whole' },
];

/** The commands of the group `volumes`, in the order of the help text. */
export const VOLUMES_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'volumes plan',
    description:
      'say how a volume would be copied, where, by whom and why, or why it would not; changes nothing',
    arguments: SIDES,
    options: ['config', 'namespaces', ...COPY, ...CLUSTER],
    switches: COPY_SWITCHES,
    outputs: ['table', 'json'],
    load: async () => (await import('./volumes-plan.ts')).volumesPlan,
  },
  {
    name: 'volumes copy',
    description: 'copy a volume into another one of the project, and compare the two afterwards',
    arguments: SIDES,
    options: ['config', 'namespaces', ...COPY, 'image', ...CLUSTER],
    switches: [
      ...COPY_SWITCHES,
      { flags: '--keep-pod', help: 'leave the pod of a copy that has failed, to look at it' },
    ],
    outputs: ['table', 'json'],
    load: async () => (await import('./volumes-copy.ts')).volumesCopy,
  },
  {
    name: 'volumes swap',
    description:
      'give a claim the volume of its copy, and keep the old volume; stops what uses the claim, and starts it again. Interrupted, it is gone on with by the same command',
    arguments: [
      { name: '<claim>', help: 'the PersistentVolumeClaim that gets the other volume' },
      {
        name: '<copy>',
        help: 'the PersistentVolumeClaim that holds its copy; there is none of this name afterwards',
      },
    ],
    options: ['config', 'namespaces', ...CLUSTER],
    switches: [
      { flags: '--rollback', help: 'give both claims their own volumes back' },
      {
        flags: '--force',
        help: 'take the copy although it is not known to be complete, or to be of this claim',
      },
      {
        flags: '--auto-rollback',
        help: "go back by itself when the application doesn't get ready with the copy",
      },
      { flags: '--dry-run', help: 'only say what would be done' },
      { flags: '--yes', help: 'ask nothing on a terminal' },
    ],
    outputs: ['table', 'json'],
    load: async () => (await import('./volumes-swap.ts')).volumesSwap,
  },
  {
    name: 'volumes status',
    description: 'list the copies of a project, the newest first, and how they went',
    options: ['config', 'namespaces', ...CLUSTER],
    outputs: ['table', 'json'],
    load: async () => (await import('./volumes-status.ts')).volumesStatus,
  },
];
