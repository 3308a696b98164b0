import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writeNight } from '../archive/zip-fixtures.ts';
import { cliCommand, cliEnvironment, runCli, startCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';

describe('fetch', () => {
  let dir: string;
  let archive: string;

  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'fetch-test-'));
    await writeNight(dir, 1);
    archive = await writeNight(dir, 2);
    await writeNight(dir, 3, false);
  });
  after(() => rm(dir, { recursive: true }));

  test('writes an archive byte for byte, and its checksum to standard error', async () => {
    const bytes = await readFile(path.join(dir, archive));
    for (const reference of [
      [],
      ['latest'],
      [archive],
      [archive.replace('.zip', '')],
      [path.join(dir, archive)],
    ]) {
      const { code, stdoutBytes, stderr } = await runCli(['fetch', '--dir', dir, ...reference]);
      assert.deepEqual([code, stderr], [0, `${hash('sha256', bytes)}  ${archive}\n`]);
      assert.ok(stdoutBytes.equals(bytes), reference.join());
    }
  });

  test('of an archive that differs from its checksum fails', async () => {
    const other = await mkdtemp(path.join(dir, 'other-'));
    const [first, second] = [await writeNight(other, 1), await writeNight(other, 2, false)];
    await copyFile(path.join(other, `${first}.sha256`), path.join(other, `${second}.sha256`));
    const { code, stderr } = await runCli(['fetch', second, '--dir', other]);
    assert.equal(code, 4);
    assert.match(
      stderr,
      /^[0-9a-f]{64} {2}\S+\nerror: \S+ is damaged: [^\n]+ is the checksum file of another archive\n$/u,
    );
  });

  test('fails when its reader goes away', async () => {
    const { child, ended } = startCli(['fetch', '--dir', dir]);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    assert.equal(stderr, 'error: The reader of standard output went away before it had the whole archive\n');
    assert.equal(code, 4);
  });

  test('refuses a terminal', { skip: missing('script') }, async () => {
    const command = cliCommand(['fetch', '--dir', dir])
      .map((word) => `'${word}'`)
      .join(' ');
    const args = ['--quiet', '--return', '--command', command, '/dev/null'];
    const env = { ...process.env, ...cliEnvironment() };
    await assert.rejects(
      runProgram('script', args, { env }),
      (error: Error & { code: number; stdout: string }) => {
        assert.match(
          error.stdout,
          /^error: Standard output is a terminal, which would damage the archive: [^\n]+\r?\n$/u,
        );
        assert.equal(error.code, 5);
        return true;
      },
    );
  });
});
