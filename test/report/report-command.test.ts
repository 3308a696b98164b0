import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../archive/zip-fixtures.ts';
import { writeNightOf } from '../drift/nights.ts';
import { runCli } from '../support/run-cli.ts';
import { project } from './report-nights.ts';

describe('openshift-backup report', () => {
  test('writes report.html beside the archives, as a whole', async (context) => {
    const dir = await temporaryFolder(context);
    await writeNightOf(dir, 19, { objects: project('shop', 1) });
    await writeNightOf(dir, 20, { objects: project('shop', 2) });
    const before = await readdir(dir);
    const { code, stdout, stderr } = await runCli(['report', '--dir', dir]);
    const file = path.join(dir, 'report.html');
    assert.deepEqual([code, stdout, stderr], [0, `${file}\n`, '']);
    assert.deepEqual((await readdir(dir)).toSorted(), [...before, 'report.html'].toSorted());
    assert.equal((await lstat(file)).mode & 0o777, 0o640);
    const other = path.join(dir, 'other.html');
    assert.equal((await runCli(['report', '--dir', dir, '--output-file', other])).stdout, `${other}\n`);
    const printed = await runCli(['report', '--dir', dir, '-o', 'html']);
    for (const text of [printed.stdout, await readFile(other, 'utf8')])
      assert.match(text, /^<!doctype html>\n.*<\/html>\n$/su);
  });

  test('applies ignore files', async (context) => {
    const dir = await temporaryFolder(context);
    await writeNightOf(dir, 19, { objects: project('shop', 1) });
    await writeNightOf(dir, 20, { objects: project('shop', 2) });
    const rules = path.join(dir, 'ignore.yaml');
    assert.equal((await runCli(['diff', '--dir', dir, '--write-ignore', rules])).code, 1);
    const { stdout } = await runCli(['report', '--dir', dir, '--ignore', rules, '-o', 'html']);
    assert.match(stdout, /<dt>Since the night before<\/dt>\s*<dd>No difference in 4 objects/u);
  });

  test('replaces nothing that is no file', async (context) => {
    const dir = await temporaryFolder(context);
    await writeNightOf(dir, 20, { objects: project('shop', 1) });
    const folder = path.join(dir, 'folder');
    await mkdir(folder);
    await writeFile(path.join(dir, 'target'), 'mine');
    const link = path.join(dir, 'link');
    await symlink('target', link);
    for (const file of [folder, link, '/dev/null']) {
      const { code, stdout, stderr } = await runCli(['report', '--dir', dir, '--output-file', file]);
      assert.deepEqual([code, stdout], [2, ''], file);
      assert.match(stderr, /^error: [^\n]+ is no file: name another with --output-file[^\n]*\n$/u);
    }
    assert.equal(await readFile(path.join(dir, 'target'), 'utf8'), 'mine');
    const nowhere = await runCli(['report', '--dir', path.join(dir, 'nowhere')]);
    assert.deepEqual([nowhere.code, nowhere.stdout], [2, '']);
  });
});
