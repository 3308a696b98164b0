import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NodeCluster } from '../cluster/node/start-node-cluster.ts';
import { archivesIn, entriesOf, manifestOf } from '../support/archive-folder.ts';
import { install, type Installation } from './installation.ts';

const PROJECTS = ['shop', 'billing'] as const;

/** Each way to install, with the rights that come with it and nothing else. */
export function modeCases(clusterOf: () => NodeCluster): void {
  describe('the modes', { concurrency: true }, () => {
    const installations: Installation[] = [];

    before(async () => {
      const cluster = clusterOf();
      for (const name of [...PROJECTS, 'unasked'])
        await cluster.apply([
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 'password', namespace: name },
            stringData: { password: 'canary' },
          },
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'settings', namespace: name },
            data: { name },
          },
        ]);
    });
    after(async () => {
      for (const installation of installations) await installation.leave();
    });

    async function night(
      name: string,
      settings: Readonly<Record<string, string>>,
    ): Promise<{ entries: string[]; archive: string }> {
      const backup = await install(clusterOf(), name, settings);
      installations.push(backup);
      const result = await backup.make(['backupnow']);
      assert.equal(result.code, 0, result.stderr);
      const [file = ''] = await archivesIn(backup.archives);
      const archive = path.join(backup.archives, file);
      const listed = await backup.exec('openshift-backup', 'list', '-o', 'name');
      assert.equal(listed, `${file}\n`);
      await backup.exec('openshift-backup', 'verify');
      assert.equal((await backup.make(['clean'])).code, 0);
      return { entries: Object.keys(await entriesOf(archive)), archive };
    }

    test('projects only: these projects, their Secrets, and nothing of the cluster', async () => {
      const { entries } = await night('backup-projects', { OPENSHIFT_BACKUP_PROJECTS: PROJECTS.join(',') });
      assert.deepEqual(new Set(entries.map((entry) => entry.split('/')[0])), new Set(PROJECTS));
      for (const project of PROJECTS) {
        assert.ok(entries.includes(`${project}/configmaps.json`));
        assert.ok(entries.includes(`${project}/secrets.json`));
      }
    });

    test('without Secrets: everything else, and they are told to be left out', async () => {
      const { entries, archive } = await night('backup-no-secrets', { BACKUP_SECRETS: 'false' });
      assert.ok(entries.includes('unasked/configmaps.json'));
      assert.ok(entries.includes('_cluster/clusterroles.rbac.authorization.k8s.io.json'));
      assert.deepEqual(
        entries.filter((entry) => entry.endsWith('/secrets.json')),
        [],
      );
      const { types } = await manifestOf(archive);
      const outcomes = types.find(({ type }) => type === 'secrets')?.outcomes ?? [];
      assert.deepEqual(
        outcomes.map(({ result }) => result),
        ['skipped'],
      );
    });

    test('projects only and without Secrets', async () => {
      const settings = { OPENSHIFT_BACKUP_PROJECTS: 'shop', BACKUP_SECRETS: 'false' };
      const { entries } = await night('backup-both', settings);
      assert.ok(entries.includes('shop/configmaps.json'));
      assert.deepEqual(
        entries.filter((entry) => !entry.startsWith('shop/') || entry.endsWith('/secrets.json')),
        [],
      );
    });
  });
}
