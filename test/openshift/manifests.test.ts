import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';
import { titleOf } from '../cluster/objects.ts';
import { inNamespace, kustomize, MANIFESTS, templateFile } from './kustomize.ts';
import { type PodSpec, podTemplates } from './pod-templates.ts';
import { processTemplate } from './process-template.ts';
import { assertReferences } from './references.ts';
import { TEMPLATES } from './template-list.ts';

const NAMESPACE = 'manifests-test';
const OVERLAYS = readdirSync(path.join(MANIFESTS, 'overlays'));
const OTHER = {
  NAME: 'nightly-copy',
  NAMESPACE: 'elsewhere',
  BACKUP_NAMESPACE: 'elsewhere',
  BACKUP_NAMESPACES: 'shop,billing',
  SCHEDULE: '*/5 1-3 * * MON',
  TIME_ZONE: 'Europe/Berlin',
  CAPACITY: '10Gi',
  ACCESS_MODE: 'ReadWriteOnce',
  STORAGE_CLASS: 'fast',
  AFFINITY: '{"nodeAffinity":{}}',
  BACKUP_RETAIN_DAYS: '30',
  BACKUP_SECRETS: 'redact',
  IMAGE: 'registry.example.com/backup@sha256:00',
};

describe('the manifests', () => {
  let cluster: Cluster;
  let folder: string;

  before(async () => {
    cluster = await sharedCluster();
    folder = await mkdtemp(path.join(tmpdir(), 'manifests-test-'));
    await cp(MANIFESTS, path.join(folder, 'openshift'), { recursive: true });
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } }]);
  });
  after(() => rm(folder, { recursive: true }));

  for (const overlay of OVERLAYS) {
    test(`the overlay ${overlay} is taken by the server, in another namespace too`, async () => {
      const target = await inOther(overlay, []);
      const objects = await kustomize(target);
      assertReferences(objects);
      const output = await cluster.kubectl(['apply', '--dry-run=server', '-o', 'name', '-k', target]);
      assert.equal(output.trim().split('\n').length, objects.length);
    });
  }

  for (const { file } of TEMPLATES) {
    test(`${file} is taken by the server, with other parameters than the defaults`, async () => {
      const objects = processTemplate(templateFile(file), {
        ...OTHER,
        NAMESPACE,
        BACKUP_NAMESPACE: NAMESPACE,
      });
      const list = { apiVersion: 'v1', kind: 'List', items: inNamespace(NAMESPACE, objects) };
      const args = ['apply', '--dry-run=server', '-o', 'name', '-f', '-'];
      const output = await cluster.kubectl(args, { input: JSON.stringify(list) });
      assert.equal(output.trim().split('\n').length, objects.length);
    });
  }

  test('the component read-write-once puts every run on the node of the spare pod', async () => {
    for (const overlay of ['cluster', 'kubernetes-projects']) {
      const target = await inOther(overlay, ['read-write-once']);
      const objects = await kustomize(target);
      const claim = objects.find(({ kind }) => kind === 'PersistentVolumeClaim');
      assert.deepEqual(claim?.['spec'], {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '2Gi' } },
      });
      const [nightly, spare] = podTemplates(objects);
      const terms = nightly?.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      const wanted = terms?.[0]?.labelSelector.matchLabels ?? {};
      assert.deepEqual(
        Object.entries(wanted).filter(([key, value]) => spare?.labels[key] !== value),
        [],
      );
      assert.equal(Object.keys(wanted).length, 3);
      await cluster.kubectl(['apply', '--dry-run=server', '-k', target]);
    }
  });

  test('the component monitoring goes into the namespace of the overlay, with the labels of everything', async () => {
    const target = await inOther('cluster', ['monitoring']);
    const objects = (await kustomize(target)).filter(
      ({ apiVersion }) => apiVersion === 'monitoring.coreos.com/v1',
    );
    assert.deepEqual(objects.map(({ kind }) => kind).toSorted(), ['PrometheusRule', 'ServiceMonitor']);
    for (const { metadata } of objects) {
      assert.equal(metadata.namespace, NAMESPACE);
      assert.equal(metadata.labels?.['app.kubernetes.io/instance'], 'openshift-backup');
    }
    await cluster.kubectl(['apply', '--dry-run=server', '-k', target]);
    // By their real schemas, which would have said so.
    for (const object of objects) {
      const broken = JSON.stringify({ ...object, spec: { unheard: true } });
      const apply = cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: broken });
      await assert.rejects(apply, /unknown field "spec.unheard"/u);
    }
  });

  for (const { file } of TEMPLATES.filter(({ file: name }) => !name.includes('binding'))) {
    test(`the pods of ${file} are admitted where Pod Security is restricted`, async () => {
      const pods = podTemplates(processTemplate(templateFile(file), { BACKUP_NAMESPACES: 'shop' }));
      assert.equal(pods.length, 2);
      for (const { name, labels, spec } of pods) {
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE, labels }, spec };
        const input = JSON.stringify(pod);
        const output = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input });
        assert.match(output, /created \(server dry run\)/u);
        assertOpenShiftPod(spec, file.includes('kubernetes'));
      }
    });
  }

  /** A folder that changes an overlay as users would: another namespace, more components. */
  async function inOther(overlay: string, components: readonly string[]): Promise<string> {
    const target = path.join(folder, [overlay, ...components].join('-'));
    await mkdir(target);
    // The field "namespace" of a kustomization would leave the subjects of bindings as they are.
    const inNamespaceOfTest = {
      apiVersion: 'builtin',
      kind: 'NamespaceTransformer',
      metadata: { name: 'namespace', namespace: NAMESPACE },
      setRoleBindingSubjects: 'allServiceAccounts',
    };
    const text = JSON.stringify({
      transformers: [JSON.stringify(inNamespaceOfTest)],
      resources: [`../openshift/overlays/${overlay}`],
      components: components.map((name) => `../openshift/components/${name}`),
    });
    await writeFile(path.join(target, 'kustomization.yml'), text);
    return target;
  }
});

for (const { file } of TEMPLATES) {
  test(`${file} has nothing of the defaults left with other parameters`, () => {
    const objects = processTemplate(templateFile(file), OTHER);
    assertReferences(objects);
    const text = JSON.stringify(objects);
    assert.doesNotMatch(
      text,
      /\$\{|cluster-backup|openshift-backup:latest|"15 0 \* \* \*"|Etc\/UTC|my-project/u,
    );
    for (const { metadata } of objects) {
      assert.match(metadata.name, /^(?:nightly-copy|elsewhere)\b/u);
      assert.equal(metadata.labels?.['app'], OTHER.NAME);
      assert.equal(metadata.labels?.['app.kubernetes.io/instance'], OTHER.NAME);
      assert.equal(metadata.labels?.['app.kubernetes.io/name'], 'openshift-backup');
    }
  });

  test(`${file} gives every object the labels of the version in package.json`, () => {
    const { version } = JSON.parse(readFileSync(path.join(MANIFESTS, '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    for (const object of processTemplate(templateFile(file), OTHER)) {
      assert.equal(object.metadata.labels?.['app.kubernetes.io/version'], version, titleOf(object));
    }
  });
}

test('the parameters of a template reach the objects', () => {
  const objects = processTemplate(templateFile('template-non-admin-job.yml'), OTHER);
  const find = (kind: string): Record<string, unknown> =>
    objects.find((object) => object.kind === kind) as unknown as Record<string, unknown>;
  assert.deepEqual(find('ConfigMap')['data'], {
    BACKUP_SECRETS: 'redact',
    OPENSHIFT_BACKUP_NAME: 'nightly-copy',
    OPENSHIFT_BACKUP_NAMESPACES: 'shop,billing',
    OPENSHIFT_BACKUP_REPORT: 'true',
    OPENSHIFT_BACKUP_RETAIN_DAYS: '30',
    OPENSHIFT_BACKUP_SCHEDULE: '*/5 1-3 * * MON',
    OPENSHIFT_BACKUP_TIME_ZONE: 'Europe/Berlin',
  });
  assert.deepEqual(find('PersistentVolumeClaim')['spec'], {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '10Gi' } },
    storageClassName: 'fast',
  });
  const { schedule, timeZone } = find('CronJob')['spec'] as { schedule: string; timeZone: string };
  assert.deepEqual([schedule, timeZone], [OTHER.SCHEDULE, OTHER.TIME_ZONE]);
  const [nightly, spare] = podTemplates(objects);
  assert.deepEqual(nightly?.spec.affinity, { nodeAffinity: {} });
  assert.deepEqual(
    [nightly, spare].map((pod) => pod?.spec.containers[0]?.image),
    [OTHER.IMAGE, OTHER.IMAGE],
  );
});

test('the own roles get and list only, and never get everything', async () => {
  for (const overlay of OVERLAYS) {
    for (const object of await kustomize(`overlays/${overlay}`)) {
      const rules = (object['rules'] ?? []) as { resources: string[]; verbs: string[] }[];
      for (const { resources, verbs } of rules) {
        assert.deepEqual(
          verbs.filter((verb) => verb !== 'get' && verb !== 'list'),
          [],
          titleOf(object),
        );
        assert.ok(!resources.includes('*') || !verbs.includes('get'), titleOf(object));
        assert.ok(
          resources.every((resource) => !resource.includes('/')),
          titleOf(object),
        );
      }
    }
  }
});

test('the quota has room for the spare pod, two runs and a BackupEr pod with what the LimitRange gives it', async () => {
  const objects = await kustomize('overlays/cluster');
  const spec = (kind: string): unknown => objects.find((object) => object.kind === kind)?.['spec'];
  const { hard } = spec('ResourceQuota') as { hard: Record<string, string> };
  const { limits } = spec('LimitRange') as { limits: { default: Amounts; defaultRequest: Amounts }[] };
  const [nightly, spare] = podTemplates(objects).map((pod) => pod.spec.containers[0]?.resources);
  const backuper = { requests: limits[0]?.defaultRequest, limits: limits[0]?.default };
  const pods = [spare, nightly, nightly, backuper];
  assert.equal(Number(hard['pods']), pods.length);
  for (const bound of ['requests', 'limits'] as const) {
    for (const what of ['cpu', 'memory'] as const) {
      const sum = pods.reduce((total, pod) => total + amount(pod?.[bound]?.[what]), 0);
      assert.ok(sum <= amount(hard[`${bound}.${what}`]), `${bound}.${what}: ${sum}`);
    }
  }
  assert.ok(amount(nightly?.limits.memory) >= 512 * 1024 ** 2);
});

type Amounts = Record<'cpu' | 'memory', string>;

/** A quantity as a number: cores or bytes. */
function amount(text = ''): number {
  const { digits, unit = '' } = /^(?<digits>\d+)(?<unit>m|Mi|Gi)?$/u.exec(text)?.groups ?? {};
  const factor = { m: 0.001, Mi: 1024 ** 2, Gi: 1024 ** 3 }[unit] ?? 1;
  return Number(digits) * factor;
}

/** On OpenShift the namespace chooses user and group; elsewhere somebody has to. */
function assertOpenShiftPod(spec: PodSpec, hasUser: boolean): void {
  const { runAsNonRoot, runAsUser, runAsGroup, fsGroup } = spec.securityContext;
  assert.equal(runAsNonRoot, true);
  assert.deepEqual(
    [runAsUser, runAsGroup, fsGroup],
    hasUser ? [1001, 0, 1001] : [undefined, undefined, undefined],
  );
  assert.equal(spec.containers[0]?.securityContext['readOnlyRootFilesystem'], true);
}
