import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { stored, writeNightOf } from './nights.ts';

const settings = (value: string): ReturnType<typeof stored> =>
  stored('ConfigMap', 'settings', { data: { a: value } });

function hoursAgo(hours: number): Date {
  return new Date(Date.now() - hours * 3_600_000);
}

describe('an archive that cannot be read', () => {
  let dir: string;
  let names: Readonly<Record<'first' | 'second' | 'damaged' | 'newer', string>>;
  let newerLine: string;
  let bothLine: string;

  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'passed-over-test-'));
    const paths = {
      first: await writeNightOf(dir, 17, { objects: [settings('1')] }),
      second: await writeNightOf(dir, 18, { objects: [settings('2')] }),
      damaged: await writeNightOf(dir, 19, { objects: [settings('3')] }),
      newer: await writeNightOf(dir, 20, { objects: [settings('4')], manifest: { format: 2 } }),
    };
    await writeFile(paths.damaged, (await readFile(paths.damaged)).subarray(0, 300));
    const entries = Object.entries(paths).map(([key, file]) => [key, path.basename(file)]);
    names = Object.fromEntries(entries) as typeof names;
    const says = 'manifest.json has format 2, made by a newer openshift-backup: update to read it';
    newerLine = `warning: ${names.newer} was passed over: ${says} ("openshift-backup verify ${names.newer}" looks at all of it)`;
    bothLine = `warning: ${names.newer} and 1 more were passed over: ${says} ("openshift-backup list" says why of each)`;
  });
  after(() => rm(dir, { recursive: true }));

  async function call(command: string, ...args: readonly string[]): Promise<CliResult> {
    return await runCli([command, '--dir', dir, ...args]);
  }

  const CALLS: readonly (readonly [args: readonly [string, ...string[]], code: number])[] = [
    [['diff'], 1],
    [['diff', '-o', 'json'], 1],
    [['diff', 'previous', 'latest'], 1],
    [['show'], 0],
    [['fetch'], 0],
  ];
  for (const [args, code] of CALLS) {
    test(`is told of in one line by ${args.join(' ')}, which takes the ones before`, async () => {
      const result = await call(...args);
      const [first, ...others] = result.stderr.trimEnd().split('\n');
      assert.deepEqual([result.code, first], [code, bothLine], result.stderr);
      // What else fetch has to say is a checksum.
      assert.equal(others.length, args[0] === 'fetch' ? 1 : 0, result.stderr);
    });
  }

  test('is verified by verify, beside the one that is taken', async () => {
    const { code, stdout, stderr } = await call('verify');
    assert.deepEqual([code, stderr], [4, ''], stdout);
    const verdicts = stdout
      .split('\n')
      .flatMap((line) => /^(?<file>\S+): (?<is>OK|DAMAGED)/u.exec(line)?.slice(1) ?? []);
    assert.deepEqual(verdicts, [names.newer, 'DAMAGED', names.damaged, 'DAMAGED', names.second, 'OK']);
  });

  test('is not what diff compares', async () => {
    const { stdout } = await call('diff', '-o', 'json');
    const sides = JSON.parse(stdout) as Record<'before' | 'after', { name: string }>;
    assert.deepEqual([sides.before.name, sides.after.name], [names.first, names.second]);
  });

  test('is told of by diff --since too', async () => {
    const own = await mkdtemp(path.join(tmpdir(), 'passed-over-since-'));
    try {
      await writeNightOf(own, hoursAgo(40), { objects: [settings('1')] });
      const newer = await writeNightOf(own, hoursAgo(30), { manifest: { format: 2 } });
      await writeNightOf(own, hoursAgo(1), { objects: [settings('1')] });
      const { code, stderr } = await runCli(['diff', '--dir', own, '--since', '1d']);
      assert.deepEqual([code, stderr], [0, newerLine.replaceAll(names.newer, path.basename(newer)) + '\n']);
    } finally {
      await rm(own, { recursive: true });
    }
  });

  test('is an error where it was asked for, and a line of list', async () => {
    for (const [command, ...args] of [
      ['diff', names.first, names.newer],
      ['show', names.newer],
    ] as const) {
      const { code, stderr } = await call(command, ...args);
      assert.deepEqual(
        [code, stderr.includes('made by a newer openshift-backup: update')],
        [4, true],
        stderr,
      );
    }
    const { code, stdout, stderr } = await call('list');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(
      stdout,
      new RegExp(`^${names.newer} .*unreadable: .*made by a newer openshift-backup: update`, 'mu'),
    );
  });
});
