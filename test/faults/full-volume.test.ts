import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, type KubernetesObject, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import { assertSound, filesIn, onlyArchive } from '../support/archive-folder.ts';
import { assertFailed } from '../support/failed-run.ts';
import { makeMessyFolder, SHORTEST } from '../support/messy-folder.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import {
  leaveFree,
  leaveFreeInodes,
  mountProblem,
  mountTmpfs,
  PAGE_BYTES,
  type Tmpfs,
} from '../support/tmpfs.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { inLists, status } from './faults.ts';

const SMALL = 'full-volume-small';
const NOISE = 'full-volume-noise';
const SPOOL = 'full-volume-spool';
/** Of several projects, whose deflated entries are together more than is held in memory. */
const HELD = Array.from({ length: 7 }, (_, index) => `full-volume-held-${index}`);
const HELD_ALL = 'full-volume-held-*';
const IS_FULL =
  /^error: Cannot write to \S+ \(ENOSPC\): the volume is full: make it larger, or free space .+$/u;
const MOUNT_PROBLEM = await mountProblem();

describe('a volume', () => {
  let cluster: Cluster;
  let folder: string;
  let login: ServiceAccountLogin;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'full-volume-test-'));
    login = await cluster.serviceAccount({ namespace: SMALL, name: 'reader', clusterRules: READ_EVERYTHING });
    await cluster.apply([
      ...[NOISE, SPOOL, ...HELD].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      // An archive of some pages; of several writes; of a project that is too large to be held; and of more than
      // is held in memory.
      ...Array.from({ length: 20 }, (_, index) => map(SMALL, index, noise(1000))),
      ...Array.from({ length: 3 }, (_, index) => map(NOISE, index, noise(200_000))),
      ...Array.from({ length: 60 }, (_, index) => map(SPOOL, index, 'a line like any other\n'.repeat(5000))),
      ...HELD.map((name) => map(name, 0, noise(680_000))),
    ]);
  });
  after(() => rm(folder, { recursive: true }));

  function run(dir: string, project: string, wrapper: readonly string[] = []): Promise<CliResult> {
    const args = ['run', '--dir', dir, '--kubeconfig', login.kubeconfig, '-n', project, ...SHORTEST];
    return runCli(args, { wrapper });
  }

  describe('that is full', { skip: MOUNT_PROBLEM }, () => {
    test('at any page of the archive, and at the checksum file', async (t) => {
      const pageCount = await pagesOf(SMALL);
      const frees = [0, 1, Math.floor(pageCount / 2), pageCount - 1, pageCount, pageCount + 1, pageCount + 2];
      const failedAfterVerifying: boolean[] = [];
      for (const free of frees) {
        const { code, verified } = await runWithFree(SMALL, free);
        if (code === 4) failedAfterVerifying.push(verified);
        else assert.ok(free >= pageCount - 1, `${pageCount} pages fit into ${free}`);
      }
      t.diagnostic(`${pageCount} pages; failed with ${failedAfterVerifying.length} of ${frees.join()} free`);
      assert.ok(failedAfterVerifying.includes(true), 'the checksum file was one page too many');
      assert.ok(failedAfterVerifying.length < frees.length, 'the last one fits');
    });

    test('while entries are deflated', async () => {
      for (const free of [10, 135])
        assert.deepEqual(await runWithFree(NOISE, free), { code: 4, verified: false });
    });

    test('while a type is spooled', async () => {
      for (const free of [0, 500, 1000])
        assert.deepEqual(await runWithFree(SPOOL, free), { code: 4, verified: false });
      assert.equal((await runWithFree(SPOOL, 4000)).code, 0);
    });

    test('while deflated entries are held, or the archive is made of them', async () => {
      for (const free of [0, 500, 1500])
        assert.deepEqual(await runWithFree(HELD_ALL, free), { code: 4, verified: false });
      assert.equal((await runWithFree(HELD_ALL, 4000)).code, 0);
    });

    test('of files', async (t) => {
      const codes: (number | null)[] = [];
      // The probe, the draft, the checksum file, and its second link.
      for (let free = 0; free <= 4; free++) {
        const tmpfs = await mountTmpfs('size=16m,nr_inodes=60');
        try {
          const dir = path.join(tmpfs.dir, 'archives');
          await makeMessyFolder(dir);
          await leaveFreeInodes(tmpfs.dir, free);
          const files = await filesIn(dir);
          const result = await run(dir, SMALL);
          codes.push(result.code);
          if (result.code !== 0) await assertFailed(result, dir, { files, message: IS_FULL });
        } finally {
          await tmpfs.unmount();
        }
      }
      t.diagnostic(`exit codes with 0 to 4 left: ${codes.join()}`);
      assert.deepEqual([codes[0], codes[1], codes.at(-1)], [4, 4, 0]);
    });

    test('when the archive is incomplete', async () => {
      const faults = [inLists(`${SMALL}/secrets`, status(403, 'Forbidden'))];
      const proxy = await startFaultProxy(cluster, folder, login.token, faults);
      const tmpfs = await mountTmpfs('size=16m,nr_inodes=60');
      try {
        await leaveFreeInodes(tmpfs.dir, 1);
        const files = await filesIn(tmpfs.dir);
        const result = await runCli([
          'run',
          '--dir',
          tmpfs.dir,
          '--kubeconfig',
          proxy.kubeconfig,
          '-n',
          SMALL,
        ]);
        assert.match(result.stderr, /"Failed: not in the archive"/u);
        await assertFailed(result, tmpfs.dir, { files, message: IS_FULL });
      } finally {
        await tmpfs.unmount();
        await proxy.stop();
      }
    });
  });

  test('that takes no file of this size', async () => {
    const dir = path.join(folder, 'limited');
    await makeMessyFolder(dir);
    const files = await filesIn(dir);
    const message =
      /^error: Cannot write to \S+ \(EFBIG\): the archive is larger than a file may be there: /u;
    // In blocks of 512 bytes.
    for (const [project, blocks] of [
      [SMALL, 0],
      [SMALL, 1],
      [SMALL, 20],
      [NOISE, 1000],
      [SPOOL, 4000],
      [HELD_ALL, 8000],
    ] as const) {
      const result = await run(dir, project, ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh']);
      await assertFailed(result, dir, { files, message });
    }
  });

  async function pagesOf(project: string): Promise<number> {
    const dir = await mkdtemp(path.join(folder, 'measure-'));
    assert.equal((await run(dir, project)).code, 0);
    return Math.ceil((await stat(await onlyArchive(dir))).size / PAGE_BYTES);
  }

  /** One run into a volume with so many free pages. */
  async function runWithFree(
    project: string,
    pages: number,
  ): Promise<{ code: number | null; verified: boolean }> {
    const tmpfs: Tmpfs = await mountTmpfs('size=32m');
    try {
      const dir = path.join(tmpfs.dir, 'archives');
      await makeMessyFolder(dir);
      await leaveFree(tmpfs.dir, pages);
      const files = await filesIn(dir);
      const result = await run(dir, project);
      if (result.code !== 0) await assertFailed(result, dir, { files, message: IS_FULL });
      else await assertSound(result.stdout.trimEnd());
      return { code: result.code, verified: result.stderr.includes('"Verifying the archive"') };
    } finally {
      await tmpfs.unmount();
    }
  }
});

function map(namespace: string, index: number, text: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `map-${index}`, namespace },
    data: { text },
  };
}

function noise(bytes: number): string {
  return randomBytes(bytes).toString('base64');
}
