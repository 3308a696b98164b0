import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NodeCluster } from '../cluster/node/start-node-cluster.ts';
import { archivesIn } from '../support/archive-folder.ts';
import { endOf, install, type Installation, podsOf, terminationOf, until } from './installation.ts';

/** From `make create` to `make clean`: a night comes by the schedule, and people look at it. */
export function nightCases(clusterOf: () => NodeCluster): void {
  // One after the other, though it stands beside others: each goes on from the one before.
  describe('a night', { concurrency: 1 }, () => {
    let backup: Installation;
    let archive: string;
    let folder: string;

    before(async () => {
      backup = await install(clusterOf(), 'cluster-backup', { OPENSHIFT_BACKUP_SCHEDULE: '* * * * *' });
      folder = await mkdtemp(path.join(tmpdir(), 'fetched-'));
    });
    after(async () => {
      await backup.leave();
      await rm(folder, { recursive: true });
    });

    test('comes by the schedule, and leaves an archive of the pod’s user on the volume', async () => {
      const job = await until('a job of the schedule', async () => {
        const names = await backup.kubectl('get', 'jobs', '-o', 'jsonpath={.items[*].metadata.name}');
        return names.split(' ').find((name) => name !== '');
      });
      // One is enough; what follows wants to know its archive.
      await backup.kubectl('patch', 'cronjob', backup.namespace, '-p', '{"spec":{"suspend":true}}');
      assert.deepEqual(await endOf(backup, job), ['Complete']);
      const [only, ...more] = await podsOf(backup, job);
      assert.ok(only && more.length === 0);
      const { exitCode, message = '' } = terminationOf(only) ?? {};
      assert.equal(exitCode, 0);
      assert.match(message, /^Complete: /u);
      [archive = ''] = await archivesIn(backup.archives);
      assert.match(message, new RegExp(archive.replaceAll('.', '\\.'), 'u'));
      const { uid, gid, mode } = await stat(path.join(backup.archives, archive));
      assert.deepEqual([uid, gid, (mode & 0o777).toString(8)], [backup.uid, 0, '640']);
    });

    test('is seen from the spare pod', async () => {
      assert.equal(await backup.exec('openshift-backup', 'list', '-o', 'name'), `${archive}\n`);
      const names = (await backup.exec('ls', '-1', '/openshift-backup')).trimEnd().split('\n');
      assert.deepEqual(
        names,
        ['openshift-backup.prom', archive, `${archive}.sha256`, 'report.html', 'status.json'].toSorted(),
      );
      await backup.exec('openshift-backup', 'verify', '--all');
      const status = JSON.parse(await backup.exec('openshift-backup', 'status', '-o', 'json')) as Record<
        string,
        unknown
      >;
      assert.partialDeepStrictEqual(status, { isOverdue: false, lastComplete: { archive, exitCode: 0 } });
      const id = await backup.exec('id');
      assert.match(id, new RegExp(`^uid=${backup.uid} gid=0\\(root\\)`, 'u'));
    });

    test('can be fetched through exec, and its checksum fits', async () => {
      const file = path.join(folder, archive);
      await clusterOf().run(
        [
          'sh',
          '-c',
          'kubectl "$@" >"$FILE"',
          'sh',
          '-n',
          backup.namespace,
          'exec',
          `deploy/${backup.namespace}`,
          '--',
          'openshift-backup',
          'fetch',
          'latest',
        ],
        { env: { FILE: file } },
      );
      const [sum] = (await readFile(path.join(backup.archives, `${archive}.sha256`), 'utf8')).split(' ');
      assert.equal(
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
        sum,
      );
    });

    test('can be copied by kubectl cp, which needs tar in the pod', async () => {
      const pod = await backup.kubectl(
        'get',
        'pods',
        '-l',
        'app.kubernetes.io/component=spare',
        '-o',
        'jsonpath={.items[0].metadata.name}',
      );
      const file = path.join(folder, 'copied.zip');
      await backup.kubectl('cp', `${pod}:/openshift-backup/${archive}`, file);
      assert.deepEqual(await readFile(file), await readFile(path.join(backup.archives, archive)));
    });

    test('has its figures at /metrics', async () => {
      const proxy = `/api/v1/namespaces/${backup.namespace}/services/${backup.namespace}:metrics/proxy/metrics`;
      const text = await backup.kubectl('get', '--raw', proxy);
      assert.match(
        text,
        new RegExp(`^openshift_backup_last_run_exit_code\\{backup="${backup.namespace}"\\} 0$`, 'mu'),
      );
    });

    test('comes at once with make backupnow, which shows the log', async () => {
      const result = await backup.make(['backupnow']);
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stdout, /"msg":"Complete"/u);
      assert.match(result.stdout, /^Job \S+ is complete\.$/mu);
      assert.equal((await archivesIn(backup.archives)).length, 2);
    });

    test('stays when make clean has removed everything else, and is there again after make create', async () => {
      const archives = await archivesIn(backup.archives);
      const cleaned = await backup.make(['clean']);
      assert.deepEqual([cleaned.code, cleaned.stderr], [0, '']);
      const left = await backup.kubectl(
        'get',
        'all,cm,pvc,sa,limits,quota,netpol',
        '-l',
        `app=${backup.namespace}`,
        '-o',
        'name',
      );
      assert.equal(left, `persistentvolumeclaim/${backup.namespace}\n`);
      const rights = await clusterOf().kubectl([
        'get',
        'clusterroles,clusterrolebindings',
        '-l',
        `app=${backup.namespace}`,
        '-o',
        'name',
      ]);
      assert.equal(rights, '');
      assert.deepEqual(await archivesIn(backup.archives), archives);
      const created = await backup.make(['create'], { OPENSHIFT_BACKUP_SCHEDULE: '15 0 * * *' });
      assert.deepEqual([created.code, created.stderr], [0, '']);
      const listed = (await backup.exec('openshift-backup', 'list', '-o', 'name')).trimEnd().split('\n');
      assert.deepEqual(listed.toSorted(), archives);
      assert.equal((await backup.make(['clean'])).code, 0);
    });
  });
}
