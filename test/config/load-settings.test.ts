import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFileOf, type GivenFlags, loadSettings, type Sources } from '../../src/config/load-settings.ts';
import { KnownError } from '../../src/model/known-error.ts';

type Environment = Record<string, string>;

test('loadSettings() has a default for everything', () => {
  assert.deepEqual(loadSettings({}), {
    config: '',
    dir: '/openshift-backup',
    isDirGiven: false,
    name: 'openshift-backup',
    retainDays: 7,
    keepLast: 3,
    namespaces: [],
    excludeNamespaces: [],
    selector: '',
    include: [],
    exclude: [],
    require: [],
    secrets: 'include',
    redactionKey: '',
    kubeconfig: '',
    context: '',
    schedule: '',
    timeZone: 'Etc/UTC',
    terminationLog: '',
    port: 8080,
    types: [],
    since: 0,
    ignoreFiles: [],
    writeIgnore: '',
    outputFile: '',
    git: '',
    gitAuthor: 'openshift-backup <openshift-backup@localhost>',
    report: false,
    volumes: [],
    copiesAtOnce: 2,
    copiesPerNode: 1,
    copiesPerClass: 2,
    image: '',
    copyFolder: '',
    copyInto: '',
    copyMode: 'mirror',
    copyKeep: 7,
    copyQuiesce: 'none',
    veleroHooks: false,
    copyNode: '',
    copyBandwidthKiB: 0,
    copyDeadlineSeconds: 6 * 60 * 60,
    guardImages: ['openshift-backup:latest'],
    guardCreators: ['system:serviceaccount:cluster-backup:openshift-backup'],
    guardAdministrators: ['system:admin'],
    guardAdministratorGroups: ['system:masters', 'system:cluster-admins'],
    tlsCertificate: '/var/run/openshift-backup-guard/tls.crt',
    tlsKey: '/var/run/openshift-backup-guard/tls.key',
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
    const settings = loadSettings({ flags, environment });
    assert.deepEqual({ ...settings, ...expected }, settings);
    assert.ok(Object.isFrozen(settings));
  });
}

const FILE = {
  path: 'file.yaml',
  values: { retainDays: ['14'], namespaces: ['shop', 'dev-*'], selector: ['app=web'], dir: ['/of-file'] },
};
const MERGED: readonly (readonly [name: string, sources: Sources, expected: object])[] = [
  [
    'the file before the default',
    { file: FILE },
    { retainDays: 14, namespaces: ['shop', 'dev-*'], selector: 'app=web', keepLast: 3 },
  ],
  [
    'the environment before the file',
    { file: FILE, environment: { OPENSHIFT_BACKUP_RETAIN_DAYS: '30', OPENSHIFT_BACKUP_NAMESPACES: 'a b' } },
    { retainDays: 30, namespaces: ['a', 'b'], selector: 'app=web' },
  ],
  [
    'an empty variable for none, and the file instead',
    { file: FILE, environment: { OPENSHIFT_BACKUP_RETAIN_DAYS: '' } },
    { retainDays: 14 },
  ],
  [
    'a flag before the file, as a whole: lists are not joined',
    { file: FILE, flags: { retainDays: ['1'], namespaces: ['b'] } },
    { retainDays: 1, namespaces: ['b'] },
  ],
  [
    'a folder from the file for one that was not named',
    { file: FILE },
    { dir: '/of-file', isDirGiven: false },
  ],
  [
    'types with commas, each once',
    {
      flags: { include: ['deployments.apps,*.openshift.io', 'deployments.apps'], require: ['secrets,pods'] },
    },
    { include: ['deployments.apps', '*.openshift.io'], require: ['secrets', 'pods'] },
  ],
  [
    'an excluded glob beside a name that it matches',
    { flags: { namespaces: ['dev-a', 'dev-*'], excludeNamespaces: ['dev-*', 'b'] } },
    { namespaces: ['dev-a', 'dev-*'], excludeNamespaces: ['dev-*', 'b'] },
  ],
];
for (const [name, sources, expected] of MERGED) {
  test(`loadSettings() takes ${name}`, () => {
    const settings = loadSettings(sources);
    assert.deepEqual({ ...settings, ...expected }, settings);
  });
}

test('loadSettings() asks environment and file only for the options of the command', () => {
  const file = { path: 'file.yaml', values: { retainDays: ['never'], dir: ['/of-file'] } };
  const environment = { OPENSHIFT_BACKUP_KEEP_LAST: 'all' };
  const { dir, retainDays } = loadSettings({ environment, file }, ['dir']);
  assert.deepEqual([dir, retainDays], ['/of-file', 7]);
});

test('configFileOf() is content with every other value', () => {
  const flags = { config: ['a.yaml'], retainDays: ['never'] };
  assert.equal(configFileOf({ flags }), 'a.yaml');
  const environment = { OPENSHIFT_BACKUP_CONFIG: 'b.yaml', OPENSHIFT_BACKUP_RETAIN_DAYS: 'never' };
  assert.equal(configFileOf({ environment }), 'b.yaml');
  assert.equal(configFileOf({ environment: { OPENSHIFT_BACKUP_CONFIG: '' } }), '');
});

test('loadSettings() names the file and the key of a wrong value', () => {
  const values = { retainDays: ['-1'], selector: ['a b'] };
  assert.throws(
    () => loadSettings({ file: { path: 'file.yaml', values } }),
    /^KnownError: retainDays in file.yaml is "-1": give a whole number from 0 to 36500; selector in file.yaml is "a b": give a label/u,
  );
});

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
  [{ config: [''] }, {}, /^--config is "": give the path of a file$/u],
  [{ namespaces: [','] }, {}, /^--namespace is ",": give the name of a project/u],
  [{ excludeNamespaces: [''] }, {}, /^--exclude-namespace is "": give the name .* for none$/u],
  [{}, { OPENSHIFT_BACKUP_EXCLUDE_NAMESPACES: 'A' }, /^OPENSHIFT_BACKUP_EXCLUDE_NAMESPACES is "A"/u],
  [{ selector: [''] }, {}, /^--selector is "": give a label selector as kubectl takes it, such as/u],
  [{ selector: ['app=web,'] }, {}, /^--selector is/u],
  [{ include: [''] }, {}, /^--include is "": give the name of a resource type/u],
  [{ include: ['pods/log'] }, {}, /^--include is .*"pods\/log" can't be the name of a resource type$/u],
  [{ exclude: ['Deployment'] }, {}, /^--exclude is "Deployment"/u],
  [{ require: ['*.apps'] }, {}, /^--require is .* \(here without \* and \?\)$/u],
  [
    { namespaces: ['a', 'b'], excludeNamespaces: ['c', 'b'] },
    {},
    /^--namespace and --exclude-namespace both name b: leave out one of them$/u,
  ],
  [
    { namespaces: ['a'] },
    { OPENSHIFT_BACKUP_EXCLUDE_NAMESPACES: 'a' },
    /^--namespace and --exclude-namespace both name a/u,
  ],
  [{ retainDays: ['x'], keepLast: ['y'] }, {}, /--retain-days.*; --keep-last/u],
];
for (const [flags, environment, message] of WRONG) {
  test(`loadSettings() refuses ${JSON.stringify({ ...flags, ...environment })}`, () => {
    assert.throws(
      () => loadSettings({ flags, environment }),
      (error) => error instanceof KnownError && error.kind === 'usage' && message.test(error.message),
    );
  });
}
