import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BadCase, type Input, testBadInput } from '../support/bad-input.ts';

const USAGE: readonly BadCase[] = [
  ['an unknown option', 2, /^unknown option '--frobnicate'$/u, () => run('--frobnicate')],
  ['an unknown command', 2, /^unknown command 'frobnicate'$/u, () => ({ args: ['frobnicate'] })],
  ['an argument too many', 2, /^too many arguments for 'run'/u, () => run('extra')],
  [
    'an option without its value',
    2,
    /^option '--retain-days <days>' argument missing$/u,
    () => run('--retain-days'),
  ],
  [
    'an unknown output format',
    2,
    /^option '-o, --output <format>' argument 'yaml' is invalid\. /u,
    () => run('-o', 'yaml'),
  ],
  ...['-1', 'abc', '1e3', '', ' 7', '0x10', '7.5', '99999999999', '٧'].map((days): BadCase => [
    `a retention of ${JSON.stringify(days)}`,
    2,
    /^--retain-days is ".*": give a whole number from 0 to 36500$/u,
    () => run('--retain-days', days),
  ]),
  [
    'a retention of -1 in the environment',
    2,
    /^OPENSHIFT_BACKUP_RETAIN_DAYS is "-1": give a whole number from 0 to 36500$/u,
    () => ({ environment: { OPENSHIFT_BACKUP_RETAIN_DAYS: '-1' } }),
  ],
  [
    'two wrong values, in one line',
    2,
    /^OPENSHIFT_BACKUP_RETAIN_DAYS is "-1": [^;]+; --keep-last is "0": give a whole number from 1 to \d+$/u,
    () => ({ args: ['run', '--keep-last', '0'], environment: { OPENSHIFT_BACKUP_RETAIN_DAYS: '-1' } }),
  ],
  ['a name with a slash', 2, /^--name is "\.\.\/x": give lower-case letters/u, () => run('--name', '../x')],
  ['an empty project', 2, /^--namespace is "": give the name of a project, or leave/u, () => run('-n', '')],
  [
    'a project that is a path',
    2,
    /^--namespace is "\.\.\/x": .* can't be the name of a/u,
    () => run('-n', '../x'),
  ],
  ['an empty folder name', 2, /^--dir is "": give the path of a folder$/u, () => run('--dir', '')],
];

const VOLUME: readonly BadCase[] = [
  [
    'missing',
    2,
    /^The folder of archives \/missing-volume does not exist: mount the volume there, or name another folder/u,
    () => ({ environment: { OPENSHIFT_BACKUP_DIR: '/missing-volume' } }),
  ],
  [
    'in a folder that is missing',
    2,
    /^The folder of archives \S+ does not exist: mount/u,
    ({ folder }) => run('--dir', path.join(folder, 'a', 'b')),
  ],
  [
    'a file',
    2,
    /^\S+ is not a folder: give the folder of the archives with --dir$/u,
    async (world) => run('--dir', await world.path('file', (target) => writeFile(target, ''))),
  ],
  [
    'below a file',
    2,
    /^The folder of archives \S+ does not exist: mount/u,
    async (world) =>
      run('--dir', `${await world.path('other-file', (target) => writeFile(target, ''))}/archives`),
  ],
  ['a device', 2, /^\/dev\/null is not a folder: /u, () => run('--dir', '/dev/null')],
  [
    'a link to itself',
    2,
    /^Cannot write to \S+ \(ELOOP\): its symbolic links lead in a circle/u,
    async (world) => run('--dir', await world.path('circle', (target) => symlink(target, target))),
  ],
  [
    'under a name that is too long',
    2,
    /^Cannot write to \S+ \(ENAMETOOLONG\): the path is too long/u,
    ({ folder }) => run('--dir', path.join(folder, 'x'.repeat(300))),
  ],
];

testBadInput('usage:', USAGE);
testBadInput('a volume:', VOLUME);

function run(...args: readonly string[]): Input {
  return { args: ['run', ...args] };
}
