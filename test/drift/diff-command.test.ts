import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { filesIn } from '../support/archive-folder.ts';
import { type CliResult, cliCommand, cliEnvironment, runCli, startCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';
import type { JsonDrift } from './json-drift.ts';
import { type Night, stored, writeNightOf } from './nights.ts';

const OLDEST = 'openshift-backup-20261118T001500Z.zip';
const BEFORE = 'openshift-backup-20261119T001500Z.zip';
const AFTER = 'openshift-backup-20261120T001500Z.zip';
const INCOMPLETE = 'openshift-backup-20261121T001500Z-incomplete.zip';
const ORIGINAL = 'openshift-backup202611010015.zip';

function web(image: string, replicas = 2): ReturnType<typeof stored> {
  const containers = [{ name: 'web', image, env: [{ name: 'DB_PASSWORD', value: image }] }];
  return stored('Deployment', 'web', { spec: { replicas, template: { spec: { containers } } } });
}

const settings = (text: string): ReturnType<typeof stored> =>
  stored('ConfigMap', 'settings', { data: { 'a.conf': text } });
const ROLE = stored('ClusterRole', 'reader', { rules: [{ verbs: ['get'] }] });
const GONE = [
  stored('Namespace', 'gone'),
  stored('ConfigMap', 'a', {}, 'gone'),
  stored('ConfigMap', 'b', {}, 'gone'),
];
const SCALER = stored('HorizontalPodAutoscaler', 'web', {
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9 },
});
const FACTS = {
  apiVersion: 'openshift-backup.io/v1',
  created: '2026-11-01T10:00:00Z',
  kind: 'Facts',
  managers: [
    { manager: 'kubectl-edit', operation: 'Update', time: '2026-11-19T14:03:00Z' },
    { manager: 'argocd', operation: 'Apply', time: '2026-11-01T10:00:00Z' },
  ],
  metadata: { name: 'web' },
  uid: 'u',
};
const EARLIER: Night = {
  objects: [web('web:1'), settings('a=1\nb=2\nc=3\n'), ROLE, SCALER, ...GONE],
  facts: { 'shop/deployments.apps': [{ ...FACTS, managers: FACTS.managers.slice(1) }] },
};
const LATER: Night = {
  objects: [
    web('web:2', 5),
    settings('a=1\nb=3\nc=3\n'),
    { ...ROLE, rules: [{ verbs: ['get', '*'] }] },
    SCALER,
  ],
  facts: { 'shop/deployments.apps': [FACTS] },
};
const TEXT = `6 objects changed in 2 projects and outside of projects: SEVERITIES
  before  ${BEFORE}  2026-11-19 00:15:00Z
  after   ${AFTER}  2026-11-20 00:15:00Z
`;

describe('diff', () => {
  let folder: string;
  let dir: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'diff-command-test-'));
    dir = folder;
    await writeNightOf(dir, 18, EARLIER);
    await writeNightOf(dir, 19, EARLIER);
    await writeNightOf(dir, 20, LATER);
    await writeNightOf(dir, 21, {
      ...LATER,
      outcomes: { configmaps: [{ scope: '*', result: 'failed', reason: 'HTTP 503' }] },
    });
    await writeFile(path.join(dir, ORIGINAL), 'not a zip');
  });
  after(() => rm(folder, { recursive: true }));

  async function call(...args: readonly string[]): Promise<CliResult> {
    const files = await filesIn(dir);
    const result = await runCli(['diff', '--dir', dir, ...args]);
    assert.deepEqual(await filesIn(dir), files, 'an archive is never changed');
    return result;
  }

  async function drift(...args: readonly string[]): Promise<JsonDrift> {
    const { stdout, stderr } = await call('-o', 'json', ...args);
    assert.equal(stderr, '');
    return JSON.parse(stdout) as JsonDrift;
  }

  const CODES: readonly (readonly [args: readonly string[], code: number])[] = [
    [[], 1],
    [['previous', 'latest'], 1],
    [[OLDEST, BEFORE], 0],
    [[BEFORE.slice(0, -4)], 1],
    [['latest', 'latest'], 0],
    [['--exit-zero'], 0],
    [['-o', 'json'], 1],
    [['-o', 'json', '--exit-zero'], 0],
    [['--stat'], 1],
    [['-n', 'shop'], 1],
    [['-n', 's*', '--type', 'horizontalpodautoscalers'], 0],
    [['-n', 'absent'], 2],
    [['--type', 'absent'], 2],
    [['--type', 'Deployment'], 2],
    [['nowhere'], 2],
    [['a', 'b', 'c'], 2],
    [['-o', 'yaml'], 2],
    [['--since', '7'], 2],
    [['--since', '0d'], 2],
    [['--since', '5000w'], 2],
    [['--since', '1h', OLDEST, BEFORE], 2],
    [[ORIGINAL, AFTER], 2],
    [['--ignore', '/nowhere'], 2],
    [[BEFORE, INCOMPLETE], 1],
  ];
  for (const [args, code] of CODES) {
    test(`${args.join(' ')} ends with ${code}`, async () => {
      const { code: ended, stderr, stdout } = await call(...args);
      assert.equal(ended, code, stderr);
      if (code === 2)
        assert.deepEqual(
          [stdout, /^error: [^\n]+\n(?:\(--help[^\n]+\n)?$/u.test(stderr)],
          ['', true],
          stderr,
        );
      else assert.equal(stderr, '');
    });
  }

  test('tells a person what changed, the most severe first', async () => {
    const { stdout } = await call();
    const [head = '', ...rest] = stdout.split('\n\n');
    assert.equal(head.replace(/: \d.*/u, ': SEVERITIES'), TEXT.trimEnd());
    assert.deepEqual(rest.map((block) => block.split('\n', 1).join()).toSorted(), [
      'Left out by ignore rules: 1 change (--no-default-ignores shows what the built-in ones leave out)',
      'Outside of projects',
      'Project gone was removed, with 2 objects (2 configmaps)',
      'Project shop',
    ]);
    for (const line of [
      /^ {2}changed {2}deployments\.apps\/web {2}\w+ {2}\(by kubectl-edit at 2026-11-19 14:03:00Z\)$/mu,
      /^ {6}spec\.template\.spec\.containers\[name=web\]\.image: "web:1" → "web:2"$/mu,
      /^ {6}spec\.template\.spec\.containers\[name=web\]\.env\[name=DB_PASSWORD\]\.value: changed \(secret, not shown\)$/mu,
      /^ {6}data\["a\.conf"\]:\n {8}@@ line 1 @@\n {9}a=1\n {8}-b=2\n {8}\+b=3\n {9}c=3$/mu,
      /^ {6}rules\[0\]\.verbs\[\*\]: added "\*"$/mu,
      /^ {2}1 by scaled-replicas: /mu,
    ])
      assert.match(stdout, line);
    for (const absent of ['spec.replicas', '\u001B']) assert.equal(stdout.includes(absent), false);
  });

  test('shows what the built-in rules leave out when it is asked to', async () => {
    const { stdout } = await call('--no-default-ignores');
    assert.match(stdout, /^ {6}spec\.replicas: 2 → 5$/mu);
    assert.doesNotMatch(stdout, /Left out/u);
  });

  test('compares with the newest complete archive that is old enough', async () => {
    const other = await mkdtemp(path.join(folder, 'since-'));
    const hour = 3_600_000;
    const agesMs = [50 * hour, 30 * hour, 10 * hour, hour / 2];
    const files: string[] = [];
    for (const ageMs of agesMs)
      files.push(path.basename(await writeNightOf(other, new Date(Date.now() - ageMs), EARLIER)));
    const [first, second, third, last] = files;
    const cases = [
      [['--since', '2d'], first, last],
      [['--since', '1d'], second, last],
      [['--since', '9h'], third, last],
      [['--since', '1h'], third, last],
      [['--since', '2d', String(second)], first, second],
      [['--since', '9h', String(third)], second, third],
    ] as const;
    for (const [args, from, to] of cases) {
      const { stdout, code } = await runCli(['diff', '--dir', other, '-o', 'json', ...args]);
      const sides = JSON.parse(stdout) as { before: { name: string }; after: { name: string } };
      assert.deepEqual([code, sides.before.name, sides.after.name], [0, from, to], args.join(' '));
    }
    const { code, stderr } = await runCli(['diff', '--dir', other, '--since', '1w']);
    assert.deepEqual(
      [code, stderr.startsWith('error: There is no complete archive that old in ')],
      [2, true],
      stderr,
    );
  });

  test('of an incomplete archive says what it lacks', async () => {
    const { notComparable, notes, changes } = await drift(BEFORE, INCOMPLETE, '--type', 'configmaps');
    assert.deepEqual(
      notComparable.map(({ type, side, reason }) => [type, side, reason]),
      [['configmaps', 'after', 'failed: HTTP 503']],
    );
    assert.match(notes.join('\n'), /^The archive after is incomplete/u);
    // Both have the settings of the shop; those of the project that is gone may be there still.
    assert.deepEqual(
      changes.map(({ project, name, change }) => [project, name, change]),
      [['shop', 'settings', 'changed']],
    );
  });

  test('prints names, a table, and one line', async () => {
    const names = (await call('-o', 'name')).stdout.trimEnd().split('\n');
    assert.deepEqual(names.toSorted(), [
      '_cluster/clusterroles.rbac.authorization.k8s.io/reader',
      'gone/configmaps/a',
      'gone/configmaps/b',
      'gone/namespaces/gone',
      'shop/configmaps/settings',
      'shop/deployments.apps/web',
    ]);
    const rows = (await call('--stat')).stdout.split('\n').map((line) => line.split(/ {2,}/u));
    assert.deepEqual(rows.slice(1, 5), [
      ['PROJECT', 'TYPE', 'ADDED', 'REMOVED', 'CHANGED', 'RENAMED'],
      ['-', 'clusterroles.rbac.authorization.k8s.io', '0', '0', '1', '0'],
      ['gone', 'configmaps', '0', '2', '0', '0'],
      ['gone', 'namespaces', '0', '1', '0', '0'],
    ]);
    const line = (await call('--one-line')).stdout;
    assert.match(
      line,
      /^6 objects changed in 2 projects and outside of projects since 2026-11-19 00:15: [^\n]+, …\n$/u,
    );
    assert.equal(
      (await call('--one-line', OLDEST, BEFORE)).stdout,
      'No object changed since 2026-11-18 00:15\n',
    );
  });

  test('writes a patch for each changed object, without secret values', async () => {
    const { stdout } = await call('-o', 'patch', '-n', 'shop');
    const { objects } = JSON.parse(stdout) as {
      objects: { type: string; patch: object[]; withheld?: string[] }[];
    };
    const own = objects.find(({ type }) => type === 'deployments.apps');
    const at = '/spec/template/spec/containers/0';
    assert.deepEqual(own?.patch, [
      { op: 'replace', path: '/spec/replicas', value: 5 },
      { op: 'replace', path: `${at}/image`, value: 'web:2' },
    ]);
    assert.deepEqual(own.withheld, [`${at}/env/0/value`]);
  });

  test('leaves out what an ignore file says, and writes one that leaves out everything', async () => {
    const file = path.join(folder, 'ignore.yaml');
    const first = await runCli(['diff', '--dir', dir, '--write-ignore', file]);
    assert.equal(first.code, 1);
    assert.match(first.stderr, /^Wrote 6 rules to [^\n]+\n$/u);
    const text = await readFile(file, 'utf8');
    const again = await runCli(['diff', '--dir', dir, '--write-ignore', file]);
    assert.deepEqual([again.code, await readFile(file, 'utf8')], [2, text]);
    const { code, stdout, stderr } = await runCli(['diff', '--dir', dir, '--ignore', file]);
    assert.deepEqual([code, stderr], [0, ''], stdout);
    assert.match(stdout, /^No difference in \d+ objects\n/u);
    const expired = path.join(folder, 'expired.yaml');
    await writeFile(
      expired,
      "- kind: '*'\n  group: '*'\n  paths: [spec]\n  reason: was a test\n  expires: 2026-01-01\n",
    );
    const late = await runCli(['diff', '--dir', dir, '--ignore', expired]);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /expired\.yaml: 1 rule no longer applied/u);
    for (const wrong of ['a: [', '- 7', '- kind: "*"']) {
      await writeFile(expired, wrong);
      const refused = await runCli(['diff', '--dir', dir, '--ignore', expired]);
      assert.equal(refused.code, 2, wrong);
      assert.match(refused.stderr, /^error: [^\n]*expired\.yaml[^\n]+\n$/u);
    }
  });

  test('of a damaged archive ends with 4, and names it', async () => {
    const other = await mkdtemp(path.join(folder, 'damaged-'));
    await writeNightOf(other, 19, EARLIER);
    const file = await writeNightOf(other, 20, LATER);
    const bytes = await readFile(file);
    const broken = Buffer.from(bytes);
    // The first entry's data: the manifest at the end still says that it differs.
    broken.fill(0xff, 60, 90);
    await writeFile(file, broken);
    const { code, stderr } = await runCli(['diff', '--dir', other]);
    assert.equal(code, 4, stderr);
    assert.ok(stderr.startsWith(`error: ${file}: `), stderr);
    await truncate(file, 100);
    assert.equal((await runCli(['diff', '--dir', other, BEFORE, AFTER])).code, 4);
  });

  test('is content with a reader that has had enough', async () => {
    const { child, ended } = startCli(['diff', '--dir', dir]);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [1, '']);
  });

  describe('on a terminal', { skip: missing('script') }, () => {
    const COLOURS: readonly (readonly [environment: Readonly<Record<string, string>>, hasColour: boolean])[] =
      [
        [{ TERM: 'xterm' }, true],
        [{ TERM: 'xterm', NO_COLOR: '' }, true],
        [{ TERM: 'xterm', NO_COLOR: '1' }, false],
        [{ TERM: 'dumb' }, false],
      ];
    for (const [environment, hasColour] of COLOURS) {
      test(`with ${JSON.stringify(environment)} is ${hasColour ? '' : 'not '}coloured`, async () => {
        const command = cliCommand(['diff', '--exit-zero', '--dir', dir])
          .map((word) => `'${word}'`)
          .join(' ');
        const output = await runProgram('script', ['-q', '-e', '-c', command, '/dev/null'], {
          env: cliEnvironment(environment),
        });
        assert.match(output, /deployments\.apps\/web/u);
        assert.equal(output.includes('\u001B[32m'), hasColour);
      });
    }
  });
});
