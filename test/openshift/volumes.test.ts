import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { type KubernetesObject, titleOf } from '../cluster/objects.ts';
import { untilAllowed } from './access-sweep.ts';
import { installedObjects, sentOf, valueOf } from './installed.ts';
import { inNamespace, kustomize } from './kustomize.ts';
import { assertDone, assertFailed, namespaceOf, projectOf, settings, volumeTitles } from './volumes-cases.ts';
import { volumesForbidCases } from './volumes-forbid-cases.ts';
import { volumesOpenShiftCases } from './volumes-openshift-cases.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

/** Wrong values; each ends with exit code 2 before the cluster is asked for anything. */
const WRONG: readonly (readonly [target: string, setting: string, value: string])[] = [
  ['volumes-allow', 'PROJECT', 'shop,billing'],
  ['volumes-allow', 'PROJECT', 'Shop'],
  ['volumes-allow', 'PROJECT', '*'],
  ['volumes-allow', 'PROJECT', '--all'],
  ['volumes-allow', 'PROJECT', 'x; touch canary'],
  ['volumes-allow', 'PROJECT', 'kube-system'],
  ['volumes-allow', 'PROJECT', 'openshift-monitoring'],
  ['volumes-allow', 'PROJECT', 'default'],
  ['volumes-allow', 'QUIESCE', 'true'],
  ['volumes-allow', 'ROOT', '$(touch canary)'],
  ['volumes-forbid', 'PROJECT', 'shop billing'],
  ['volumes-forbid', 'FORCE', '1'],
  ['clean', 'FORCE', 'true'],
];

const LABEL = '.metadata.labels.openshift-backup\\.io/volumes';

const skip = withoutControllers(await ensureBinaries(() => {}));

describe('copies of volumes: who allows them', { skip }, () => {
  let cluster: Cluster;
  let place: Workplace;

  before(async () => {
    cluster = await startCluster({ controllers: true });
    place = await makeWorkplace(cluster);
    await cluster.apply(projectOf('shop'));
  });
  after(async () => {
    await place.remove();
    await cluster.stop();
  });

  for (const target of ['volumes-allow', 'volumes-forbid']) {
    test(`${target} asks for the project`, async () => {
      const result = await place.make([target], { KUBECONFIG: '/nonexistent' });
      assertFailed(result, 2, new RegExp(`^error: which project\\? make ${target} PROJECT=shop\n`, 'u'));
    });
  }

  for (const [target, setting, value] of WRONG) {
    test(`${target} refuses ${setting}=${JSON.stringify(value)}`, async () => {
      const environment = { PROJECT: 'shop', KUBECONFIG: '/nonexistent', [setting]: value };
      const result = await place.make([target], environment);
      assertFailed(result, 2, /^error: (?:PROJECT|QUIESCE|ROOT|FORCE) is "/u);
      assert.ok(result.stderr.startsWith(`error: ${setting} is "${value}": give `), result.stderr);
      assert.ok(!existsSync(path.join(place.folder, 'canary')));
    });
  }

  test('refuses a project that there is not, or no longer', async () => {
    await cluster.apply([
      namespaceOf('leaving'),
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'stays', namespace: 'leaving', finalizers: ['example.com/wait'] },
      },
    ]);
    await cluster.kubectl(['delete', 'namespace', 'leaving', '--wait=false']);
    for (const target of ['volumes-allow', 'volumes-forbid']) {
      assertFailed(
        await place.make([target, 'PROJECT=nowhere']),
        4,
        /^error: there is no project nowhere\n/u,
      );
      assertFailed(
        await place.make([target, 'PROJECT=leaving']),
        4,
        /^error: the project leaving is being deleted: /u,
      );
    }
    const finalizers = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
    await cluster.kubectl(['patch', 'configmap', 'stays', '-n', 'leaving', ...finalizers]);
  });

  test('gives no rights to an account that anybody could make later', async () => {
    const result = await place.make(['volumes-allow', 'PROJECT=shop'], settings('absent'));
    assertFailed(
      result,
      4,
      /^error: there is no ServiceAccount absent in the namespace absent, .*"make create" first\n/u,
    );
    assert.deepEqual(await volumeTitles(cluster, 'absent'), []);
    assert.deepEqual(await volumeTitles(cluster, 'absent', 'shop'), []);
  });

  test('allows the project, as the manifests say; a second time changes nothing', async () => {
    assertDone(await place.make(['create']));
    const first = await place.make(['volumes-allow', 'PROJECT=shop']);
    assertDone(first);
    assert.match(
      first.stdout,
      /^project: +shop\nrights: +pods that copy volumes, their records, notes on claims\n/mu,
    );
    assert.match(
      first.stdout,
      /^ {2}kubectl -n shop annotate persistentvolumeclaim data openshift-backup\.io\/copy-to=data-backup\n/mu,
    );
    assert.deepEqual(await sentVolumes('shop'), await manifests('volumes/project'));
    const roles = await sentVolumes();
    const title = 'ClusterRole openshift-backup-volumes';
    assert.deepEqual(roles, { [title]: (await manifests('volumes/kubernetes'))[title] });
    assert.equal(await valueOf(cluster, 'shop', ['namespace', 'shop', LABEL]), 'allowed');
    const second = await place.make(['volumes-allow', 'PROJECT=shop']);
    assertDone(second);
    assert.doesNotMatch(second.stdout, /(?: created| configured| deleted|\/shop labeled)$/mu);
  });

  test('QUIESCE=yes adds hooks and scaling, and without it they go again', async () => {
    const quiesced = await place.make(['volumes-allow', 'PROJECT=shop', 'QUIESCE=yes']);
    assertDone(quiesced);
    assert.match(quiesced.stdout, /^rights: .*; commands in pods \(hooks\), scaling$/mu);
    assert.deepEqual(await sentVolumes('shop'), {
      ...(await manifests('volumes/project')),
      ...(await manifests('volumes/project-quiesce')),
    });
    assert.deepEqual(await sentVolumes(), await manifests('volumes/kubernetes'));
    const without = await place.make(['volumes-allow', 'PROJECT=shop']);
    assertDone(without);
    assert.match(without.stdout, /openshift-backup-volumes-quiesce"? deleted/u);
    assert.deepEqual(await sentVolumes('shop'), await manifests('volumes/project'));
  });

  test('make create leaves it as it is', async () => {
    const allowed = [await sentVolumes('shop'), await sentVolumes()];
    assertDone(await place.make(['create'], { OPENSHIFT_BACKUP_RETAIN_DAYS: '9' }));
    assert.deepEqual([await sentVolumes('shop'), await sentVolumes()], allowed);
  });

  describe('looks at the project first', { concurrency: true }, () => {
    for (const kind of ['ServiceAccount', 'NetworkPolicy']) {
      test(`refuses a project in which a ${kind} backuper is somebody else's`, async () => {
        const project = `taken-${kind.toLowerCase()}`;
        const spec = kind === 'NetworkPolicy' ? { apiVersion: 'networking.k8s.io/v1', spec: {} } : {};
        const metadata = { name: 'backuper', namespace: project };
        await cluster.apply([namespaceOf(project), { apiVersion: 'v1', kind, metadata, ...spec }]);
        const result = await place.make(['volumes-allow', `PROJECT=${project}`]);
        assertFailed(
          result,
          5,
          /^error: there is a \w+ backuper in the project taken-\w+ that is somebody else's: /u,
        );
        assert.deepEqual(await volumeTitles(cluster, 'openshift-backup', project), []);
      });
    }

    for (const [level, root, says] of [
      [
        'restricted',
        'yes',
        /^Pod Security is "restricted" there: .*declined\. With "baseline" they are copied/mu,
      ],
      ['baseline', 'no', /^Plain Kubernetes has no right that ROOT=no could leave out: /mu],
      ['baseline', 'yes', undefined],
      ['restricted', 'no', undefined],
    ] as const) {
      test(`says what Pod Security ${level} means with ROOT=${root}`, async () => {
        const project = `level-${level}-${root}`;
        await cluster.apply([namespaceOf(project, { 'pod-security.kubernetes.io/enforce': level })]);
        const result = await place.make(['volumes-allow', `PROJECT=${project}`, `ROOT=${root}`]);
        assertDone(result);
        if (says) assert.match(result.stdout, says);
        else assert.doesNotMatch(result.stdout, /Pod Security/u);
      });
    }
  });

  test('takes a cluster administrator: who administers the project alone changes nothing', async () => {
    await cluster.apply(projectOf('owned'));
    const see = { apiGroups: [''], resources: ['namespaces', 'serviceaccounts'], verbs: ['get', 'list'] };
    const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
    const account = {
      namespace: 'people',
      name: 'owner',
      clusterRules: [see],
      namespaceRules: { owned: [everything] },
    };
    const { kubeconfig, token } = await cluster.serviceAccount(account);
    await untilAllowed(cluster, token, { verb: 'create', resource: 'pods', namespace: 'owned' });
    const own = await makeWorkplace(cluster, kubeconfig);
    try {
      const result = await own.make(['volumes-allow', 'PROJECT=owned']);
      assertFailed(
        result,
        4,
        /forbidden.*error: nothing has been changed: this takes a cluster administrator\n/su,
      );
      assert.deepEqual(await volumeTitles(cluster, 'openshift-backup', 'owned'), []);
      assert.equal(await valueOf(cluster, 'owned', ['namespace', 'owned', LABEL]), '');
    } finally {
      await own.remove();
    }
  });

  volumesForbidCases(
    () => cluster,
    () => place,
  );
  volumesOpenShiftCases(
    () => cluster,
    () => place,
  );

  /** What was sent for the copies of volumes, in a project or in the cluster, by name and kind. */
  async function sentVolumes(namespace?: string): Promise<Record<string, unknown>> {
    const installed = await installedObjects(cluster, 'openshift-backup', namespace);
    const titles = await volumeTitles(cluster, 'openshift-backup', namespace);
    const sent = [...installed]
      .filter(([title]) => titles.includes(title))
      .map(([, object]) => sentOf(object));
    return byTitle(sent);
  }
});

function byTitle(objects: readonly KubernetesObject[]): Record<string, unknown> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), object]));
}

/** The same of the manifests; where they go is said when they are applied. */
async function manifests(folder: string): Promise<Record<string, unknown>> {
  const objects = await kustomize(folder);
  return byTitle(folder.startsWith('volumes/project') ? inNamespace('shop', objects) : objects);
}
