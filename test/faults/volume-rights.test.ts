import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { assertSound, filesIn, onlyArchive } from '../support/archive-folder.ts';
import { assertFailed } from '../support/failed-run.ts';
import { makeMessyFolder, SHORTEST } from '../support/messy-folder.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { missing } from '../support/run-program.ts';
import { mountProblem, mountTmpfs } from '../support/tmpfs.ts';

const PROJECT = 'volume-rights';
/** As OpenShift starts a pod: any user, group 0. */
const POD = ['setpriv', '--reuid=1000650000', '--regid=0', '--clear-groups'];
/** One of a messy folder's. */
const SOUND = 'openshift-backup-20261101T001500Z';
const MOUNT_PROBLEM = await mountProblem();
const SWITCH_PROBLEM = await switchProblem();

describe('a volume', () => {
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    const cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'volume-rights-test-'));
    const namespaceRules = { [PROJECT]: READ_EVERYTHING };
    const login = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', namespaceRules });
    kubeconfig = path.join(folder, 'kubeconfig');
    await copyFile(login.kubeconfig, kubeconfig);
    // For users of every kind.
    await chmod(kubeconfig, 0o644);
    await chmod(folder, 0o755);
  });
  after(() => rm(folder, { recursive: true }));

  function run(dir: string, wrapper: readonly string[] = []): Promise<CliResult> {
    return runCli(['run', '--dir', dir, '--kubeconfig', kubeconfig, ...SHORTEST], { wrapper });
  }

  test('that is read-only', { skip: MOUNT_PROBLEM }, async () => {
    const tmpfs = await mountTmpfs('size=16m');
    try {
      const dir = path.join(tmpfs.dir, 'archives');
      await makeMessyFolder(dir);
      await tmpfs.remount('ro');
      const files = await filesIn(dir);
      const message =
        /^error: Cannot write to \S+ \(EROFS\): the volume is mounted read-only: mount it read-write$/u;
      await assertFailed(await run(dir), dir, { files, message, code: 2 });
      const verified = await runCli(['verify', SOUND, '--dir', dir]);
      assert.equal(verified.code, 0, `and can still be read: ${verified.stdout}${verified.stderr}`);
    } finally {
      await tmpfs.unmount();
    }
  });

  describe('for another user', { skip: SWITCH_PROBLEM }, () => {
    let dir: string;

    before(async () => {
      dir = path.join(folder, 'of-root');
      await mkdir(dir);
    });

    test('works when it belongs to group 0 and is group-writable', async () => {
      await chmod(dir, 0o770);
      assert.equal((await run(dir, POD)).code, 0);
      const archive = await onlyArchive(dir);
      const { mode, uid } = await stat(archive);
      assert.deepEqual([mode & 0o777, uid], [0o640, 1000650000]);
      await assertSound(archive);
    });

    for (const mode of [0o755, 0o660]) {
      test(`fails with mode ${mode.toString(8)}`, async () => {
        await chmod(dir, mode);
        const files = await filesIn(dir);
        const message =
          /^error: Cannot write to \S+ \(EACCES\): no permission .* must belong to group 0 and be group-writable$/u;
        await assertFailed(await run(dir, POD), dir, { files, message, code: 2 });
      });
    }

    test('whose files belong to someone else: they stay, and do no harm', async () => {
      const messy = path.join(folder, 'messy');
      await makeMessyFolder(messy);
      // What a run on another host has left, and a folder under such a name.
      const leftover = path.join(messy, '.openshift-backup-20200101T000000Z.zip.1-1-0123456789ab.draft');
      await writeFile(leftover, 'half an archive');
      await utimes(leftover, 1, 1);
      await mkdir(path.join(messy, 'openshift-backup-20200105T000000Z.zip.sha256'));
      for (const file of Object.keys(await filesIn(messy))) await chmod(path.join(messy, file), 0o600);
      await chmod(messy, 0o1770);
      const files = await filesIn(messy);
      const result = await run(messy, POD);
      assert.equal(result.code, 0, result.stderr);
      const archive = result.stdout.trimEnd();
      await assertSound(archive);
      const {
        [path.basename(archive)]: _,
        [`${path.basename(archive)}.sha256`]: __,
        ...rest
      } = await filesIn(messy);
      assert.deepEqual(rest, files);
    });
  });
});

/** Why the tool can't be started as another user; false when it can. */
async function switchProblem(): Promise<string | false> {
  const isMissing = missing('setpriv');
  if (isMissing !== false) return isMissing;
  const { code, stderr } = await runCli(['version'], { wrapper: POD });
  return code === 0 ? false : `the tool can't be started as another user here (this needs root): ${stderr}`;
}
