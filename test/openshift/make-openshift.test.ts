import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { type KubernetesObject, titleOf } from '../cluster/objects.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { untilAllowed } from './access-sweep.ts';
import { OPENSHIFT_ROLES } from './cluster-reader.ts';
import { installedObjects, sentOf, valueOf } from './installed.ts';
import { kustomize } from './kustomize.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const skip = withoutControllers(await ensureBinaries(() => {}));

describe('make on OpenShift', { skip }, () => {
  let cluster: Cluster;
  let place: Workplace;

  before(async () => {
    cluster = await startCluster({ controllers: true });
    await installOpenShiftTypes(cluster);
    await cluster.apply(OPENSHIFT_ROLES);
    place = await makeWorkplace(cluster);
  });
  after(async () => {
    await place.remove();
    await cluster.stop();
  });

  for (const [secrets, overlay] of [
    ['false', 'cluster-no-secrets'],
    ['true', 'cluster'],
  ] as const) {
    test(`create with BACKUP_SECRETS=${secrets} sends the objects of the overlay ${overlay}`, async () => {
      const result = await place.make(['create'], { BACKUP_SECRETS: secrets });
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(result.stdout, /^mode: +openshift, the whole cluster /mu);
      const sent = [...(await installedObjects(cluster, 'openshift-backup')).values()].map(sentOf);
      assert.deepEqual(byName(sent), byName(await kustomize(`overlays/${overlay}`)));
    });
  }

  test('create takes the image that was built on the cluster, by its digest', async () => {
    const dockerImageReference = `image-registry.openshift-image-registry.svc:5000/built/built@sha256:${'0'.repeat(64)}`;
    const metadata = { name: 'built', namespace: 'built', labels: labelsOf('built') };
    const status = {
      tags: [{ tag: 'latest', items: [{ dockerImageReference }, { dockerImageReference: 'older' }] }],
    };
    const stream = { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', metadata, status };
    await cluster.apply([namespaceOf('built'), stream]);
    const result = await place.make(['create'], settings('built'));
    assert.deepEqual([result.code, withoutWarnings(result.stderr)], [0, '']);
    const image = '.spec.template.spec.containers[0].image';
    assert.equal(await valueOf(cluster, 'built', ['deployment', 'built', image]), dockerImageReference);
    const cleaned = await place.make(['clean'], settings('built'));
    assert.deepEqual([cleaned.code, cleaned.stderr], [0, '']);
    assert.equal((await cluster.kubectl(['get', 'imagestreams', '-A', '-o', 'name'])).trim(), '');
  });

  test('create takes over what the original has installed: the claim stays, its spare pod goes', async () => {
    const metadata = { name: 'original', namespace: 'original', labels: { app: 'original' } };
    const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '2Gi' } } };
    await cluster.apply([
      namespaceOf('original'),
      { apiVersion: 'apps.openshift.io/v1', kind: 'DeploymentConfig', metadata, spec: { replicas: 1 } },
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec },
    ]);
    const uid = await valueOf(cluster, 'original', ['pvc', 'original', '.metadata.uid']);
    const result = await place.make(['create'], settings('original'));
    assert.deepEqual([result.code, withoutWarnings(result.stderr)], [0, '']);
    assert.equal(await valueOf(cluster, 'original', ['pvc', 'original', '.metadata.uid']), uid);
    assert.equal((await cluster.kubectl(['get', 'deploymentconfigs', '-A', '-o', 'name'])).trim(), '');
  });

  test('create requests a project for somebody without rights in the cluster', async () => {
    await cluster.apply([
      projectType('projects', 'Project'),
      projectType('projectrequests', 'ProjectRequest'),
    ]);
    await cluster.apply(['mine', 'not-mine'].flatMap((name) => [namespaceOf(name), projectOf(name)]));
    const projects = { apiGroups: ['project.openshift.io'], resources: ['projects'], verbs: ['list'] };
    const requests = { ...projects, resources: ['projectrequests'], verbs: ['create'] };
    const account = { namespace: 'people', name: 'requester', clusterRules: [projects, requests] };
    const { kubeconfig, token } = await cluster.serviceAccount(account);
    await cluster.apply([adminBinding('mine')]);
    await untilAllowed(cluster, token, { verb: 'create', resource: 'pods', namespace: 'mine' });
    const own = await makeWorkplace(cluster, kubeconfig);
    try {
      const running = own.make(['create'], settings('requested'));
      // What the server does with a request: https://github.com/openshift/openshift-apiserver/blob/56aa2d96edd725e44ddd7ff13f23e53e6c509828/pkg/project/apiserver/registry/projectrequest/delegated/delegated.go
      await cluster.kubectl(['wait', '--for=create', 'projectrequests/requested', '--timeout=60s']);
      await cluster.apply([namespaceOf('requested'), adminBinding('requested')]);
      const result = await running;
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(
        result.stdout,
        /^mode: +openshift, with Secrets, the projects mine, image openshift-backup:latest$/mu,
      );
      const titles = [...(await installedObjects(cluster, 'requested')).keys()];
      assert.ok(titles.includes('RoleBinding mine/requested-secret-reader'), titles.join(', '));
      assert.deepEqual(
        titles.filter((title) => title.startsWith('Cluster')),
        [],
      );
    } finally {
      await own.remove();
    }
  });
});

function settings(name: string): Record<string, string> {
  return { OPENSHIFT_BACKUP_NAME: name, OPENSHIFT_BACKUP_NAMESPACE: name };
}

/** Of kubectl, about objects that others have made. */
function withoutWarnings(stderr: string): string {
  return stderr.replaceAll(
    /^Warning: .* missing the kubectl\.kubernetes\.io\/last-applied-configuration .*\n/gmu,
    '',
  );
}

function labelsOf(name: string): Record<string, string> {
  return { app: name, 'app.kubernetes.io/name': 'openshift-backup', 'app.kubernetes.io/instance': name };
}

function namespaceOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function projectOf(name: string): KubernetesObject {
  return { apiVersion: 'project.openshift.io/v1', kind: 'Project', metadata: { name } };
}

/** OpenShift computes these; here they are objects that a test makes. */
function projectType(plural: string, kind: string): KubernetesObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.project.openshift.io` },
    spec: {
      group: 'project.openshift.io',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: 'Cluster',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

function adminBinding(namespace: string): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace, name: 'admin' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'people', name: 'requester' }],
  };
}

function byName(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), object]));
}
