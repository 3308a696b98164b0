import type { Option } from './option.ts';
import { integer, type Parsed, yesOrNo } from './parse-values.ts';

const NODE = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u;
// As the image of a pod is written: a registry's name, a path, and a tag or a digest.
const IMAGE = /^[\w][\w./:@+-]{0,511}$/u;
const KIB_OF_UNIT: Readonly<Record<string, number>> = { '': 1, K: 1, M: 1024, G: 1024 * 1024 };
const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const DEADLINE_SECONDS_MIN = 30;
const DEADLINE_SECONDS_MAX = 14 * 86_400;

/** A folder below the root of a volume, or none. Whether it is one that can be copied is for the plan to say. */
function innerFolder(texts: readonly string[]): Parsed {
  const given = texts.at(-1);
  if (given === undefined) return { value: '' };
  // With a slash at the end, the shell completes it so.
  const folder = given.replace(/\/$/u, '');
  return folder === ''
    ? { problem: 'give the path of a folder as seen from the root of the volume, such as uploads/2026' }
    : { value: folder };
}

/** One of a few words. */
function word(...words: readonly string[]): (texts: readonly string[]) => Parsed {
  return (texts) => {
    const given = texts.at(-1) ?? '';
    return words.includes(given) ? { value: given } : { problem: `give ${words.join(' or ')}` };
  };
}

/** The name of a node, or none. */
function nodeName(texts: readonly string[]): Parsed {
  const given = texts.at(-1) ?? '';
  return given === '' || NODE.test(given) ? { value: given } : { problem: 'give the name of a node' };
}

/** The name of an image, or none. */
function imageName(texts: readonly string[]): Parsed {
  const given = texts.at(-1) ?? '';
  return given === '' || IMAGE.test(given)
    ? { value: given }
    : { problem: 'give the name of an image, such as registry.example.com/openshift-backup:0.1.0' };
}

/** A rate such as `800K`, `20M` or `1G` a second, in KiB; 0 for no limit. */
export function bandwidth(texts: readonly string[]): Parsed {
  const given = texts.at(-1) ?? '0';
  const [, count = '', unit = ''] = /^(\d{1,9})([KMG]?)$/u.exec(given) ?? [];
  const value = Number(count) * (KIB_OF_UNIT[unit] ?? 0);
  return count !== '' && Number.isSafeInteger(value)
    ? { value }
    : { problem: 'give KiB, MiB or GiB a second, such as 800K, 20M or 1G; 0 for no limit' };
}

/** How long something may take, such as `90m` or `6h`, in seconds. */
export function duration(texts: readonly string[]): Parsed {
  const [, count = '', unit = ''] = /^(\d{1,7})([smhd])$/u.exec(texts.at(-1) ?? '') ?? [];
  const value = Number(count) * (SECONDS_OF_UNIT[unit] ?? 0);
  return value >= DEADLINE_SECONDS_MIN && value <= DEADLINE_SECONDS_MAX
    ? { value }
    : { problem: 'give seconds, minutes, hours or days, such as 90m or 6h: at least 30s, at most 14d' };
}

/** The options of copies of volumes. */
export const VOLUMES_OPTIONS: readonly Option[] = [
  {
    key: 'image',
    flag: '--image',
    placeholder: 'image',
    env: 'OPENSHIFT_BACKUP_IMAGE',
    configKey: 'image',
    defaultText: '',
    help: 'the image of the pods that copy volumes; default: that of the pod in which this runs',
    type: 'text',
    parse: imageName,
  },
  {
    key: 'copyFolder',
    flag: '--folder',
    placeholder: 'folder',
    env: 'OPENSHIFT_BACKUP_COPY_FOLDER',
    defaultText: '',
    help: 'copy only this folder of the volume; default: all of it',
    type: 'text',
    parse: innerFolder,
  },
  {
    key: 'copyInto',
    flag: '--into',
    placeholder: 'folder',
    defaultText: '',
    help: 'the folder of the target that becomes the copy, made if it is missing; default: its root',
    type: 'text',
    parse: innerFolder,
  },
  {
    key: 'copyMode',
    flag: '--mode',
    placeholder: 'mirror|generations',
    defaultText: 'mirror',
    help: 'one copy that is made equal to the source, or a folder for each copy, in which what has not changed takes no room',
    type: 'text',
    parse: word('mirror', 'generations'),
  },
  {
    key: 'copyKeep',
    flag: '--keep',
    placeholder: 'count',
    defaultText: '7',
    help: 'with --mode generations: so many of them stay',
    type: 'number',
    parse: integer(1, 1000),
  },
  {
    key: 'copyQuiesce',
    flag: '--quiesce',
    placeholder: 'none|hooks|scale',
    defaultText: 'none',
    help: 'how the application is kept still meanwhile: not at all, by the hooks that its pods name, or by scaling it to zero',
    type: 'text',
    parse: word('none', 'hooks', 'scale'),
  },
  {
    key: 'veleroHooks',
    flag: '--velero-hooks',
    placeholder: 'true|false',
    env: 'OPENSHIFT_BACKUP_VELERO_HOOKS',
    configKey: 'veleroHooks',
    defaultText: 'false',
    help: "with --quiesce hooks: on pods without hooks of this tool's own, Velero's annotations count too",
    type: 'boolean',
    parse: yesOrNo,
  },
  {
    key: 'copyNode',
    flag: '--node',
    placeholder: 'node',
    defaultText: '',
    help: 'copy on this node; default: where the volumes are',
    type: 'text',
    parse: nodeName,
  },
  {
    key: 'copyBandwidthKiB',
    flag: '--bandwidth',
    placeholder: 'rate',
    env: 'OPENSHIFT_BACKUP_COPY_BANDWIDTH',
    configKey: 'copyBandwidth',
    defaultText: '0',
    help: 'copy no more than so much a second: 800K, 20M, 1G; 0 for no limit',
    type: 'text',
    parse: bandwidth,
  },
  {
    key: 'copyDeadlineSeconds',
    flag: '--deadline',
    placeholder: 'duration',
    env: 'OPENSHIFT_BACKUP_COPY_DEADLINE',
    configKey: 'copyDeadline',
    defaultText: '6h',
    help: 'a copy that has not ended by then is ended: 90m, 6h, 2d',
    type: 'text',
    parse: duration,
  },
];
