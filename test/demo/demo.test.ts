import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { CHANGES } from './changes.ts';

const DEMO = path.join(import.meta.dirname, 'demo.ts');
const TIMEOUT_MS = 120_000;

interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

describe('the demo', { timeout: 3 * TIMEOUT_MS }, () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'demo-test-'));
    await mkdir(path.join(folder, 'tmp'));
  });
  after(() => rm(folder, { recursive: true }));

  test('shows every step and the changes, and leaves nothing behind', { timeout: TIMEOUT_MS }, async () => {
    const { code, stdout, stderr } = await start({}).ended;
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, '');
    const steps = [
      /^\$ kubectl create serviceaccount nightly /mu,
      /^\$ openshift-backup run --dir \.\/backups .*\n\{"level":"info".*"msg":"Connected to the cluster"\}$/mu,
      /^TYPE +OBJECTS +RESULT$/mu,
      /^Complete: [\d,]+ objects in \d+ files, /mu,
      /^\$ openshift-backup list .*\nARCHIVE +AGE +SIZE +OBJECTS +STATE$/mu,
      /^\$ openshift-backup show latest -n shop .*\nFILE +OBJECTS +SIZE$/mu,
      /^\$ openshift-backup show latest deployments\.apps\/cart .*\n\{\n {2}"apiVersion": "apps\/v1",$/mu,
      /^\$ openshift-backup verify .*\n.*\.zip: OK \(complete; /mu,
      ...CHANGES.map(({ commandLine }) => `$ ${commandLine}\n`),
      /^\$ openshift-backup run .* -o name$/mu,
      /^\$ openshift-backup diff --dir \.\/backups\n3 objects changed in 2 projects: /mu,
      /^ +spec\.replicas: 1 → 3$/mu,
      /^\$ diff -r before after$/mu,
      ...CHANGES.map(({ file }) => `\ndiff -r before/${file} after/${file}\n`),
      /the 3 changes that were made, and nothing else\.$/mu,
      'npm start -s -- run --dir ./backups',
    ];
    let rest = stdout;
    for (const step of steps) {
      const index = typeof step === 'string' ? rest.indexOf(step) : rest.search(step);
      assert.notEqual(index, -1, `${String(step)} is missing, or in the wrong place:\n${rest}`);
      rest = rest.slice(index);
    }
    assert.equal(stdout, stripVTControlCharacters(stdout));
    assert.ok(stdout.split('\n').length <= 160, 'it should fit on a few screens');
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
  });

  test('works without unzip, and fails when something else differs', { timeout: TIMEOUT_MS }, async () => {
    const { code, stdout, stderr } = await start({ PATH: await programsWithoutUnzip(folder) }).ended;
    assert.match(stdout, /^There is no unzip, /mu);
    assert.match(
      stdout,
      /^\$ openshift-backup show \S+ configmaps -n shop .* > before\/shop\/configmaps\.json$/mu,
    );
    assert.equal(stderr, 'The demo has failed: nobody has changed Only in after: planted\n');
    assert.equal(code, 1);
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
  });

  test('cleans up when it is interrupted', { timeout: TIMEOUT_MS }, async () => {
    const { child, ended } = start({});
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes('$ openshift-backup run')) child.kill('SIGTERM');
    });
    const { code, stdout, stderr } = await ended;
    assert.deepEqual([code, stderr], [143, '']);
    assert.doesNotMatch(stdout, /\$ openshift-backup list/u);
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
  });

  function start(variables: NodeJS.ProcessEnv): Started {
    // A folder that is not there must not matter: nothing of the developer's own is used.
    const env = {
      ...process.env,
      TMPDIR: path.join(folder, 'tmp'),
      OPENSHIFT_BACKUP_DIR: '/missing',
      ...variables,
    };
    const child = spawn(process.execPath, [DEMO], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    const ended = new Promise<Awaited<Started['ended']>>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...output }));
    });
    return { child, ended };
  }
});

/** A folder for PATH: what the demo needs but unzip and apt-get, and a diff that finds one thing more. */
async function programsWithoutUnzip(folder: string): Promise<string> {
  const programs = path.join(folder, 'programs');
  await mkdir(programs);
  for (const name of ['sh', 'rm', 'tr', 'ps', 'sleep'])
    await symlink(locate(name), path.join(programs, name));
  const diff = `#!/bin/sh\n${locate('diff')} "$@"\necho 'Only in after: planted'\nexit 1\n`;
  await writeFile(path.join(programs, 'diff'), diff, { mode: 0o755 });
  return programs;
}

function locate(program: string): string {
  return execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).trim();
}
