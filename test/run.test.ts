import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ClusterDescription } from './cluster/control-plane.ts';

const RUNNER = path.join(import.meta.dirname, 'run.ts');
const TIMEOUT_MS = 60_000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: Child;
  readonly ended: Promise<Ended>;
}

describe('the test runner', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'run-test-'));
    await mkdir(path.join(folder, 'tmp'));
  });
  after(() => rm(folder, { recursive: true }));

  test('ends with the summary and the exit code of node', async () => {
    const passing = await testFile('passing', 'test("passes", () => {});');
    const good = await start(['--no-cluster', passing]).ended;
    assert.equal(good.code, 0);
    assert.match(good.stdout, /ℹ tests 1\nℹ suites 0\nℹ pass 1\nℹ fail 0\n.*\nℹ duration_ms [\d.]+\n$/su);
    const failing = await testFile('failing', 'test("fails", () => assert.fail("as it should"));');
    const bad = await start(['--no-cluster', passing, failing]).ended;
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /ℹ tests 2\n.*ℹ fail 1\n.*as it should/su);
  });

  test('gives the tests a cluster, and keeps the developer’s own away from them', async () => {
    const file = await testFile(
      'cluster',
      `test("has one", async () => {
        const { server, files } = JSON.parse(readFileSync(process.env.TEST_CLUSTER, "utf8"));
        const url = server + "/apis/route.openshift.io/v1/routes";
        const options = { ca: readFileSync(files.ca), cert: readFileSync(files.adminCertificate), key: readFileSync(files.adminKey) };
        const status = await new Promise((resolve) => get(url, options, (answer) => resolve(answer.resume().statusCode)));
        assert.equal(status, 200);
        assert.equal(process.env.KUBECONFIG, "/dev/null");
      });`,
    );
    const { code, stdout } = await start([file], { KUBECONFIG: '/home/of/the/developer' }).ended;
    assert.equal(code, 0, stdout);
    assert.deepEqual(await clusterFolders(), []);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`stops the cluster on ${signal}`, async () => {
      const marker = path.join(folder, `started-${signal}`);
      const file = await testFile(
        signal,
        `test("hangs", async () => {
          writeFileSync(${JSON.stringify(marker)}, readFileSync(process.env.TEST_CLUSTER));
          await new Promise((resolve) => setTimeout(resolve, 600_000));
        });`,
      );
      const { child, ended } = start([file]);
      const deadlineMs = Date.now() + TIMEOUT_MS;
      while (!existsSync(marker) && child.exitCode === null && Date.now() < deadlineMs) await sleep(20);
      const description = JSON.parse(await readFile(marker, 'utf8')) as ClusterDescription;
      assert.ok(isAlive(description));
      child.kill(signal);
      const { code } = await ended;
      assert.notEqual(code, 0);
      assert.ok(!isAlive(description));
      assert.deepEqual(await clusterFolders(), []);
    });
  }

  test('fails, loudly and before any test, when there can be no cluster', async () => {
    const file = await testFile('not-run', 'test("is not run", () => {});');
    const missing = path.join(folder, 'missing');
    const { code, stdout, stderr } = await start([file], { KUBEBUILDER_ASSETS: missing }).ended;
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^KUBEBUILDER_ASSETS is .*missing, and there is no program etcd in it: [^\n]+\n$/u);
  });

  async function testFile(name: string, text: string): Promise<string> {
    const imports = [
      'import assert from "node:assert/strict";',
      'import { readFileSync, writeFileSync } from "node:fs";',
      'import { get } from "node:https";',
      'import { test } from "node:test";',
    ];
    const file = path.join(folder, `${name}.test.mjs`);
    await writeFile(file, `${imports.join('\n')}\n${text}\n`);
    return file;
  }

  /** The folders of clusters that the runner has left. */
  async function clusterFolders(): Promise<string[]> {
    return readdir(path.join(folder, 'tmp'));
  }

  function start(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Started {
    const { NODE_TEST_CONTEXT: _, ...outer } = process.env;
    const env = { ...outer, TMPDIR: path.join(folder, 'tmp'), ...variables };
    const child = spawn(process.execPath, [RUNNER, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    return { child, ended: endOf(child) };
  }
});

function endOf(child: Child): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}
