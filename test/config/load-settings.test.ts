import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GivenFlags, loadSettings } from '../../src/config/load-settings.ts';
import { KnownError } from '../../src/model/known-error.ts';

type Environment = Record<string, string>;

test('loadSettings() has a default for everything', () => {
  assert.deepEqual(loadSettings({}, {}), {
    dir: '/openshift-backup',
    isDirGiven: false,
    name: 'openshift-backup',
    retainDays: 7,
    keepLast: 3,
    namespaces: [],
    kubeconfig: '',
    context: '',
  });
});

const CASES: readonly (readonly [
  name: string,
  flags: GivenFlags,
  environment: Environment,
  expected: object,
])[] = [
  [
    'takes the environment before the default',
    {},
    { OPENSHIFT_BACKUP_RETAIN_DAYS: '30' },
    { retainDays: 30 },
  ],
  [
    'takes a flag before the environment',
    { retainDays: ['1'] },
    { OPENSHIFT_BACKUP_RETAIN_DAYS: '30' },
    { retainDays: 1 },
  ],
  [
    'takes an empty variable for none',
    {},
    { OPENSHIFT_BACKUP_RETAIN_DAYS: '', OPENSHIFT_BACKUP_DIR: '' },
    { retainDays: 7, dir: '/openshift-backup' },
  ],
  [
    'knows whether the folder was named on the command line',
    { dir: ['./b'] },
    {},
    { dir: './b', isDirGiven: true },
  ],
  [
    'a folder from the environment was not named',
    {},
    { OPENSHIFT_BACKUP_DIR: '/b' },
    { dir: '/b', isDirGiven: false },
  ],
  ['collects projects', { namespaces: ['a', 'dev-*'] }, {}, { namespaces: ['a', 'dev-*'] }],
  [
    'splits projects from the environment',
    {},
    { OPENSHIFT_BACKUP_NAMESPACES: 'a, b c' },
    { namespaces: ['a', 'b', 'c'] },
  ],
  ['keeps nothing for no days', { retainDays: ['0'] }, {}, { retainDays: 0 }],
];
for (const [name, flags, environment, expected] of CASES) {
  test(`loadSettings() ${name}`, () => {
    const settings = loadSettings(flags, environment);
    assert.deepEqual({ ...settings, ...expected }, settings);
    assert.ok(Object.isFrozen(settings));
  });
}

const WRONG: readonly (readonly [flags: GivenFlags, environment: Environment, message: RegExp])[] = [
  [{ retainDays: ['-1'] }, {}, /^--retain-days is "-1": give a whole number from 0 to 36500$/u],
  [{ retainDays: ['abc'] }, {}, /--retain-days is "abc"/u],
  [{ retainDays: ['1e3'] }, {}, /--retain-days/u],
  [{ retainDays: ['7.5'] }, {}, /--retain-days/u],
  [{ retainDays: [''] }, {}, /--retain-days is ""/u],
  [{}, { OPENSHIFT_BACKUP_RETAIN_DAYS: 'seven' }, /^OPENSHIFT_BACKUP_RETAIN_DAYS is "seven"/u],
  [{ keepLast: ['0'] }, {}, /--keep-last is "0": give a whole number from 1/u],
  [{ name: ['Big_Name'] }, {}, /--name is "Big_Name"/u],
  [{ namespaces: ['../x'] }, {}, /--namespace/u],
  [{ dir: [''] }, {}, /--dir is ""/u],
  [{ retainDays: ['x'], keepLast: ['y'] }, {}, /--retain-days.*; --keep-last/u],
];
for (const [flags, environment, message] of WRONG) {
  test(`loadSettings() refuses ${JSON.stringify({ ...flags, ...environment })}`, () => {
    assert.throws(
      () => loadSettings(flags, environment),
      (error) => error instanceof KnownError && error.kind === 'usage' && message.test(error.message),
    );
  });
}
