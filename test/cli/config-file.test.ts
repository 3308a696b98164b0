import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { entriesOf, manifestOf, onlyArchive } from '../support/archive-folder.ts';
import { type BadCase, testBadInput } from '../support/bad-input.ts';
import { messageLines, runCli } from '../support/run-cli.ts';

const PROJECT = 'config-file';

/** Name, what the message says behind the name of the file, and what stands in it. */
const WRONG: readonly (readonly [name: string, message: RegExp, text: string | Buffer])[] = [
  ['an unknown key', /^: there is no key "retain-days"; the keys are dir, name/u, 'retain-days: 7\n'],
  ['a wrong type', /^: retainDays has a wrong value: give a number/u, 'retainDays: "7"\n'],
  ['a key without a value', /^: namespaces has a wrong value: give a list/u, 'namespaces:\n'],
  ['a broken text', /^: it is not right as YAML: .* at line 2, column 1$/u, 'dir: [a\nname: b\n'],
  ['a list', /^: it must hold keys and values/u, '- dir\n'],
  ['bytes that are no text', /^: it is no text in UTF-8$/u, Buffer.from([0x64, 0xff, 0xfe])],
  ['too much', /^: it is too large$/u, `# ${'x'.repeat(2 ** 20)}`],
];

const CASES: readonly BadCase[] = [
  ...WRONG.map(([name, message, text]): BadCase => [
    `with ${name}`,
    2,
    new RegExp(`^The config file \\S+${message.source.slice(1)}`, 'u'),
    async (world) => {
      const file = await world.path(`${name}.yaml`.replaceAll(' ', '-'), (target) => writeFile(target, text));
      return { args: ['run', '--config', file] };
    },
  ]),
  [
    'that is missing',
    2,
    /^The config file \/missing.yaml does not exist: give another with --config/u,
    () => ({ environment: { OPENSHIFT_BACKUP_CONFIG: '/missing.yaml' } }),
  ],
  [
    'below a file',
    2,
    /^The config file \/dev\/null\/a.yaml does not exist/u,
    () => ({ args: ['run', '--config', '/dev/null/a.yaml'] }),
  ],
  [
    'that is a folder',
    2,
    /^The config file \S+ is a folder: give a file with --config$/u,
    async (world) => ({
      args: ['run', '--config', await world.path('folder.yaml', (target) => mkdir(target))],
    }),
  ],
  [
    'without a name',
    2,
    /^--config is "": give the path of a file$/u,
    () => ({ args: ['run', '--config', ''] }),
  ],
  [
    'that never ends',
    2,
    /^The config file \/dev\/zero: it is too large$/u,
    () => ({ args: ['run', '--config', '/dev/zero'] }),
  ],
  [
    'with a wrong value',
    2,
    /^retainDays in \S+ is "-1": give a whole number from 0 to 36500; include in \S+ is "A": "A" can't be/u,
    async (world) => ({
      args: [
        'run',
        '--config',
        await world.path('value.yaml', (target) => writeFile(target, 'retainDays: -1\ninclude: A\n')),
      ],
      // Set by the runner of these cases, and otherwise taken before the file.
      environment: { OPENSHIFT_BACKUP_RETAIN_DAYS: '' },
    }),
  ],
  [
    'with a project that is excluded on the command line',
    2,
    /^--namespace and --exclude-namespace both name a: leave out one of them$/u,
    async (world) => ({
      args: [
        'run',
        '--exclude-namespace',
        'a',
        '--config',
        await world.path('both.yaml', (target) => writeFile(target, 'namespaces: [a]\n')),
      ],
    }),
  ],
  [
    'with a type that the cluster has not',
    2,
    /^--require names cronjobs.example.com, and the cluster has no such resource type/u,
    async (world) => ({
      args: [
        'run',
        '--config',
        await world.path('require.yaml', (target) => writeFile(target, 'require: [cronjobs.example.com]\n')),
      ],
    }),
  ],
];
testBadInput('a config file', CASES);

describe('a config file', () => {
  let cluster: Cluster;
  let folder: string;
  let file: string;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'config-file-test-'));
    const map = { apiVersion: 'v1', kind: 'ConfigMap' };
    const namespaceRules = { [PROJECT]: READ_EVERYTHING };
    const { kubeconfig } = await cluster.serviceAccount({
      namespace: PROJECT,
      name: 'reader',
      namespaceRules,
    });
    await cluster.apply([
      { ...map, metadata: { name: 'a', namespace: PROJECT, labels: { app: 'a' } } },
      { ...map, metadata: { name: 'b', namespace: PROJECT } },
    ]);
    file = path.join(folder, 'config.yaml');
    await mkdir(path.join(folder, 'archives'));
    const lines = [
      `dir: ${path.join(folder, 'archives')}`,
      'name: of-file',
      `kubeconfig: ${kubeconfig}`,
      `namespaces: [${PROJECT}]`,
      'include:\n  - configmaps\n  - "*.apps"',
      'selector: app=a',
      'keepLast: 1\n',
    ];
    await writeFile(file, lines.join('\n'));
  });
  after(() => rm(folder, { recursive: true }));

  test('says where, what and how', async () => {
    const result = await runCli(['run'], { environment: { OPENSHIFT_BACKUP_CONFIG: file } });
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    const archive = await onlyArchive(path.join(folder, 'archives'));
    assert.match(path.basename(archive), /^of-file-/u);
    const entries = await entriesOf(archive);
    assert.deepEqual(Object.keys(entries), [`${PROJECT}/configmaps.json`]);
    assert.doesNotMatch(entries[`${PROJECT}/configmaps.json`] ?? '', /"name": "b"/u);
    const { options } = await manifestOf(archive);
    assert.deepEqual(
      [options.namespaces, options.include, options.selector],
      [[PROJECT], ['configmaps', '*.apps'], 'app=a'],
    );
    const list = await runCli(['list', '--config', file, '-o', 'name']);
    assert.deepEqual([list.code, list.stdout], [0, `${path.basename(archive)}\n`]);
  });

  test('gives way to flags and environment', async () => {
    const dir = path.join(folder, 'other');
    const environment = { OPENSHIFT_BACKUP_SELECTOR: '!app', OPENSHIFT_BACKUP_NAME: 'of-environment' };
    const args = ['run', '--config', file, '--dir', dir, '--include', 'configmaps'];
    const result = await runCli(args, { environment });
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    const archive = await onlyArchive(dir);
    assert.match(path.basename(archive), /^of-environment-/u);
    assert.match((await entriesOf(archive))[`${PROJECT}/configmaps.json`] ?? '', /"name": "b"/u);
  });

  test('makes no folder of archives', async () => {
    const other = path.join(folder, 'dir.yaml');
    await writeFile(other, `dir: ${path.join(folder, 'not-there')}\n`);
    const result = await runCli(['run', '--config', other, '--kubeconfig', cluster.adminKubeconfig]);
    assert.equal(result.code, 2);
    assert.match(messageLines(result).join('\n'), /^error: The folder of archives \S+ does not exist/u);
  });

  test('is loaded only when there is one', async () => {
    const hook = path.join(import.meta.dirname, '..', 'support', 'loaded-modules.ts');
    const modules = path.join(folder, 'modules');
    for (const [args, isLoaded] of [
      [[], false],
      [['--config', file], true],
    ] as const) {
      const nodeOptions = [`--import=${hook}`];
      const environment = { LOADED_MODULES: modules };
      const result = await runCli(['list', '--dir', folder, ...args], { environment, nodeOptions });
      assert.equal(result.code, 0);
      assert.equal((await readFile(modules, 'utf8')).includes('/node_modules/yaml/'), isLoaded);
    }
  });
});
