import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Cluster, Rule } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { untilAllowed } from './access-sweep.ts';
import { installedObjects, valueOf } from './installed.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const HOME = 'team-backup';
const MINE = ['team-shop', 'team-billing'] as const;
const [SHOP, BILLING] = MINE;
const SETTINGS = { OPENSHIFT_BACKUP_NAME: 'team', OPENSHIFT_BACKUP_NAMESPACE: HOME };

/** The cases of somebody who administers some projects and has no right in the cluster. */
export function projectsCases(clusterOf: () => Cluster): void {
  describe('make create without rights in the cluster', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = await makeWorkplace(cluster, await administrator('admin'));
      await cluster.apply([namespaceOf('somebody-elses')]);
    });
    after(() => place.remove());

    test('asks for names of projects when none can be seen', async () => {
      const result = await place.make(['create'], SETTINGS);
      assert.equal(result.scriptCode, 2);
      assert.match(result.stdout, /^You may not create ClusterRoles here: /mu);
      assert.match(
        result.stderr,
        /^error: no project can be seen: name them, .* in OPENSHIFT_BACKUP_PROJECTS\n/u,
      );
      assert.deepEqual([...(await installedObjects(cluster, 'team')).keys()], []);
    });

    test('reads the projects that are named, Secrets included, and nothing else', async () => {
      const result = await place.make(['create'], {
        ...SETTINGS,
        OPENSHIFT_BACKUP_PROJECTS: `${SHOP}, ${BILLING}\n`,
      });
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.equal(
        await valueOf(cluster, HOME, ['configmap', 'team', '.data.OPENSHIFT_BACKUP_NAMESPACES']),
        MINE.join(','),
      );
      for (const project of MINE)
        for (const type of ['configmaps', 'secrets', 'roles']) assert.ok(await reads(type, project));
      assert.ok(!(await reads('configmaps', 'somebody-elses')));
      assert.ok(!(await reads('namespaces')));
      const titles = [...(await installedObjects(cluster, 'team')).keys()];
      assert.deepEqual(
        titles.filter((title) => /^(?:Cluster|LimitRange|ResourceQuota|Namespace)/u.test(title)),
        [],
      );
    });

    test('takes the rights in a project away that is no longer named, and those to read Secrets', async () => {
      const settings = { ...SETTINGS, OPENSHIFT_BACKUP_PROJECTS: SHOP, BACKUP_SECRETS: 'false' };
      const result = await place.make(['create'], settings);
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.deepEqual([...(await installedObjects(cluster, 'team', BILLING)).keys()], []);
      const left = [...(await installedObjects(cluster, 'team', SHOP)).keys()];
      assert.deepEqual(left.toSorted(), [
        `Role ${SHOP}/team-role-reader`,
        `RoleBinding ${SHOP}/team-role-reader`,
        `RoleBinding ${SHOP}/team-view`,
      ]);
      assert.ok(!(await reads('secrets', SHOP)));
    });

    test('names the project in which the rights cannot be given', async () => {
      const settings = { ...SETTINGS, OPENSHIFT_BACKUP_PROJECTS: `${SHOP},somebody-elses` };
      const result = await place.make(['create'], settings);
      assert.equal(result.scriptCode, 4);
      assert.match(result.stderr, /^error: the rights in the project somebody-elses can't be given: /mu);
    });

    test('takes the projects that can be seen and administered when none is named', async () => {
      const clusterRules = [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list'] }];
      const seeing = await makeWorkplace(cluster, await administrator('seeing', clusterRules));
      try {
        const result = await seeing.make(['create'], SETTINGS);
        assert.deepEqual([result.code, result.stderr], [0, '']);
        assert.match(
          result.stdout,
          /^mode: +kubernetes, with Secrets, the projects team-billing team-shop,/mu,
        );
      } finally {
        await seeing.remove();
      }
    });

    test('is undone by make clean, in every project; the volume stays', async () => {
      const result = await place.make(['clean'], SETTINGS);
      assert.deepEqual([result.code, result.stderr], [0, '']);
      const left = [...(await installedObjects(cluster, 'team')).keys()];
      assert.deepEqual(left, [`PersistentVolumeClaim ${HOME}/team`]);
    });

    /** Somebody who administers the projects, and whatever else these rules allow. */
    async function administrator(name: string, clusterRules?: readonly Rule[]): Promise<string> {
      const projects = [HOME, ...MINE];
      await cluster.apply(projects.flatMap((project) => [namespaceOf(project), adminBinding(project, name)]));
      const account = { namespace: 'people', name, ...(clusterRules && { clusterRules }) };
      const { kubeconfig, token } = await cluster.serviceAccount(account);
      for (const namespace of projects)
        await untilAllowed(cluster, token, { verb: 'create', resource: 'pods', namespace });
      return kubeconfig;
    }

    async function reads(type: string, namespace?: string): Promise<boolean> {
      const where = namespace === undefined ? ['-A'] : ['-n', namespace];
      const who = `--as=system:serviceaccount:${HOME}:team`;
      const answer = cluster.kubectl(['auth', 'can-i', 'list', type, ...where, who]);
      return (await answer.catch(() => 'no')).trim() === 'yes';
    }
  });
}

function namespaceOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function adminBinding(namespace: string, name: string): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace, name: `admin-${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'people', name }],
  };
}
