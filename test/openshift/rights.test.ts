import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import { manifestOf } from '../support/archive-folder.ts';
import { messageLines, runCli } from '../support/run-cli.ts';
import {
  accessName,
  allowedAccesses,
  everyResource,
  type Resource,
  type SweepScope,
  untilAllowed,
} from './access-sweep.ts';
import { OPENSHIFT_ROLES } from './cluster-reader.ts';
import { inNamespace, templateFile } from './kustomize.ts';
import { processTemplate } from './process-template.ts';

/** What nobody who only reads may do: each of them runs something, or lets somebody in. */
const NEVER = ['exec', 'attach', 'portforward', 'proxy', 'token'].flatMap((subresource) =>
  ['pods', 'nodes', 'services', 'serviceaccounts'].map((plural) => ` ${plural}/${subresource}`),
);
/** What holds secrets, and is not for an installation without them. */
const SECRET_TYPES = [
  'secrets',
  'oauthclients.oauth.openshift.io',
  'machineconfigs.machineconfiguration.openshift.io',
];
/** Questions that change nothing; `cluster-reader` may ask them. */
const QUESTION = /^create (?:\w+reviews\.\w+(?:\.\w+)+|nodes\/stats)$/u;

const skip = withoutControllers(await ensureBinaries(() => {}));

describe('the rights of an installation', { skip }, () => {
  let cluster: Cluster;
  let folder: string;
  let resources: Resource[];
  /** What every ServiceAccount may do. */
  let everybody: Set<string>;
  /** What these ClusterRoles add to it, everywhere. */
  let viewed: Set<string>;
  let readers: Set<string>;

  before(async () => {
    cluster = await startCluster({ controllers: ['clusterrole-aggregation-controller'] });
    folder = await mkdtemp(path.join(tmpdir(), 'install-rights-test-'));
    await cluster.apply(OPENSHIFT_ROLES);
    await installOpenShiftTypes(cluster);
    await cluster.apply(['shop', 'other'].flatMap(projectOf));
    resources = await everyResource(cluster);
    const { token } = await cluster.serviceAccount({ namespace: 'nobody', name: 'nobody' });
    everybody = await allowedAccesses(cluster, token, resources);
    viewed = new Set(await added(await bound('view')));
    readers = new Set(await added(await bound('cluster-reader')));
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  test('plain Kubernetes with Secrets: to list everything, and to get what tells clusters apart', async () => {
    const account = await installed('kubernetes', 'template-kubernetes.yml');
    const expected = [...resources.map((resource) => accessName('list', resource)), 'get namespaces'];
    assert.deepEqual(await added(account), expected.toSorted());
    assert.deepEqual(await denied(account, 'kubernetes'), []);
  });

  test('plain Kubernetes without Secrets: what Kubernetes itself has, and "view"', async () => {
    const account = await installed('kubernetes-no-secrets', 'template-kubernetes-no-secret.yml');
    const accesses = await added(account);
    assertReadsOnly(accesses);
    assertNoSecrets(accesses);
    const [role] = rolesIn('template-kubernetes-no-secret.yml');
    const own = accesses.filter((access) => !viewed.has(access));
    assert.deepEqual(
      own.filter((access) => !/^(?:list|get) /u.test(access)),
      [],
    );
    for (const access of own.filter((name) => name.startsWith('get '))) {
      assert.ok(role?.rules[0]?.resources.includes(access.slice('get '.length)), access);
    }
    // Of OpenShift's types "view" has what lies in projects; plain Kubernetes has none of them.
    const builtIn = (await denied(account, 'kubernetes-no-secrets')).filter(
      (type) => !/\.(?:openshift\.io|coreos\.com|ovn\.org)$/u.test(type),
    );
    assert.deepEqual(builtIn, ['secrets']);
  });

  test('OpenShift with Secrets: cluster-reader, and what it lacks', async () => {
    const account = await installed('cluster', 'template.yml');
    const accesses = await added(account);
    assertReadsOnly(accesses);
    const own = accesses.filter((access) => !readers.has(access));
    assert.deepEqual(
      own.filter((access) => !access.startsWith('list ')),
      ['get oauthclients.oauth.openshift.io', 'get secrets'],
    );
    assert.deepEqual(await denied(account, 'cluster'), []);
  });

  test('OpenShift without Secrets: nothing that holds them', async () => {
    const account = await installed('cluster-no-secrets', 'template-no-secret.yml');
    const accesses = await added(account);
    assertReadsOnly(accesses);
    assertNoSecrets(accesses);
    assert.deepEqual(
      accesses.filter((access) => !readers.has(access) && !access.startsWith('list ')),
      [],
    );
    assert.deepEqual(await denied(account, 'cluster-no-secrets'), SECRET_TYPES.toSorted());
  });

  for (const [binding, secrets] of [
    ['template-non-admin-binding.yml', ['get secrets', 'list secrets']],
    ['template-non-admin-binding-no-secret.yml', []],
  ] as const) {
    test(`projects with ${binding}: nothing in the cluster, and nothing in other projects`, async () => {
      const name = binding === 'template-non-admin-binding.yml' ? 'projects' : 'projects-no-secrets';
      const account = await installed(name, 'template-non-admin-job.yml');
      await cluster.apply(
        inNamespace('shop', templateObjects(binding, { NAME: name, BACKUP_NAMESPACE: name })),
      );
      await untilAllowed(cluster, account.token, { verb: 'list', resource: 'configmaps', namespace: 'shop' });
      if (secrets.length > 0) {
        assert.deepEqual(await added(account, { verbs: ['get', 'list', '*'] }), []);
        assert.deepEqual(await added(account, { namespace: 'other', verbs: ['get', 'list', '*'] }), []);
      }
      const accesses = await added(account, { namespace: 'shop' });
      assertReadsOnly(accesses);
      const roles = ['roles', 'rolebindings'].flatMap((type) =>
        ['get', 'list'].map((verb) => `${verb} ${type}.rbac.authorization.k8s.io`),
      );
      assert.deepEqual(
        accesses.filter((access) => !viewed.has(access)),
        [...roles, ...secrets].toSorted(),
      );
      const types = await denied(account, name, ['-n', 'shop']);
      assert.equal(types.includes('secrets'), secrets.length === 0);
    });
  }

  /** Installs a template under a name of its own, and logs in as its ServiceAccount. */
  async function installed(name: string, file: string): Promise<ServiceAccountLogin> {
    const objects = templateObjects(file, { NAME: name, NAMESPACE: name, BACKUP_NAMESPACES: 'shop' });
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }]);
    await cluster.apply(inNamespace(name, objects));
    const account = await cluster.serviceAccount({ namespace: name, name });
    if (file.includes('non-admin')) return account;
    await untilAllowed(cluster, account.token, { verb: 'list', resource: 'configmaps' });
    await untilAllowed(cluster, account.token, {
      verb: 'list',
      group: 'storage.k8s.io',
      resource: 'storageclasses',
    });
    return account;
  }

  /** Logs in as somebody who is bound to one ClusterRole. */
  async function bound(role: string): Promise<ServiceAccountLogin> {
    const subjects = [{ kind: 'ServiceAccount', namespace: 'nobody', name: role }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
    await cluster.apply([
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: `test-${role}` },
        roleRef,
        subjects,
      },
    ]);
    const account = await cluster.serviceAccount({ namespace: 'nobody', name: role });
    // One of each role that a controller puts together.
    const parts = [
      { group: 'build.openshift.io', resource: 'builds' },
      { resource: 'configmaps' },
      ...(role === 'cluster-reader' ? [{ resource: 'nodes' }] : []),
    ];
    for (const part of parts) await untilAllowed(cluster, account.token, { verb: 'list', ...part });
    return account;
  }

  /** What somebody may do beyond what everybody may, sorted. */
  async function added({ token }: ServiceAccountLogin, scope: SweepScope = {}): Promise<string[]> {
    const accesses = await allowedAccesses(cluster, token, resources, scope);
    return [...accesses].filter((access) => !everybody.has(access)).toSorted();
  }

  /** The types that an export with these rights names as denied, sorted. */
  async function denied(
    account: ServiceAccountLogin,
    name: string,
    args: readonly string[] = [],
  ): Promise<string[]> {
    const dir = path.join(folder, name);
    const result = await runCli(['run', '--dir', dir, '--kubeconfig', account.kubeconfig, ...args]);
    assert.deepEqual([result.code, messageLines(result)], [0, []]);
    const [archive = ''] = (await readdir(dir)).filter((file) => file.endsWith('.zip'));
    const { types } = await manifestOf(path.join(dir, archive));
    const isDenied = types.filter(({ outcomes }) => outcomes.some((outcome) => outcome.result === 'denied'));
    return isDenied.map(({ type }) => type).toSorted();
  }
});

function assertReadsOnly(accesses: readonly string[]): void {
  assert.deepEqual(
    accesses.filter((access) => !/^(?:get|list|watch) /u.test(access) && !QUESTION.test(access)),
    [],
  );
  assert.deepEqual(
    accesses.filter((access) => NEVER.some((name) => access.endsWith(name))),
    [],
  );
}

function assertNoSecrets(accesses: readonly string[]): void {
  const ofSecrets = accesses.filter((access) => SECRET_TYPES.includes(access.split(' ')[1] ?? ''));
  assert.deepEqual(ofSecrets, []);
}

function templateObjects(file: string, values: Readonly<Record<string, string>>): KubernetesObject[] {
  return processTemplate(templateFile(file), values);
}

function rolesIn(file: string): { rules: { resources: string[] }[] }[] {
  const roles = templateObjects(file, {}).filter(({ kind }) => kind === 'ClusterRole');
  return roles as unknown as { rules: { resources: string[] }[] }[];
}

/** A project with an object of a type that "view" has, and one that it has not. */
function projectOf(name: string): KubernetesObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: name }, data: { of: name } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'one', namespace: name },
      stringData: { of: name },
    },
  ];
}
