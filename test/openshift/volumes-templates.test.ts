import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { commandLineProblem } from '../docs/command-lines.ts';
import { kustomize, templateFile } from './kustomize.ts';
import { type PodSpec, podTemplates } from './pod-templates.ts';
import { processTemplate } from './process-template.ts';
import { COPY_TEMPLATES, VOLUME_TEMPLATES } from './template-list.ts';
import { installSccDefaults } from './scc-defaults.ts';
import { backupOf } from './volumes-cases.ts';

const NAMESPACE = 'volumes-templates-test';
const GIVEN = {
  NAMESPACE: 'shop',
  PVC_NAME: 'data',
  BCK_FOLDER: 'private/bck',
  NODE: 'worker-1.example.com',
  BACKUP_NAMESPACE: NAMESPACE,
  NAME: NAMESPACE,
};
/** Names that would be something else if anything took them apart. */
const NASTY = `a b/"quoted" 'twice'/$(touch canary)/\${PVC_BCK}/--may-shrink\nöl`;

interface Container {
  readonly command: string[];
  readonly args: string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface Job {
  readonly metadata: { readonly generateName: string; readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec & {
        readonly containers: readonly Container[];
      };
    };
  };
}

describe('the templates of one copy', () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await sharedCluster();
    await installSccDefaults(cluster);
    const [namespace, account] = backupOf(NAMESPACE);
    assert.ok(namespace && account);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.apply([{ ...namespace, metadata: { name: NAMESPACE, labels } }, account]);
  });

  for (const file of COPY_TEMPLATES) {
    describe(file, () => {
      test('asks for what it needs, and has the defaults of the original', () => {
        const needed = ['NAMESPACE', 'PVC_NAME', ...(file.includes('block') ? ['NODE'] : [])] as const;
        for (const name of needed) {
          const given = Object.fromEntries(Object.entries(GIVEN).filter(([key]) => key !== name));
          assert.throws(
            () => processTemplate(templateFile(file), given),
            new RegExp(`parameter ${name} `, 'u'),
          );
        }
        const { args } = containerOf(jobOf(file, { ...GIVEN, BCK_FOLDER: '' }));
        assert.equal(args.at(-1), 'backup');
      });

      test('makes a Job with a name of its own each time', async () => {
        const input = JSON.stringify(jobOf(file, GIVEN));
        const names: string[] = [];
        for (const _ of [1, 2]) {
          const name = await cluster.kubectl(['create', '-f', '-', '-o', 'name'], { input });
          assert.match(name, new RegExp(`^job\\.batch/pvc-backup-(?:block|shared)-\\w{5}\n$`, 'u'));
          names.push(name.trim());
        }
        assert.notEqual(names[0], names[1]);
        await cluster.kubectl(['delete', '-n', NAMESPACE, '--cascade=background', ...names]);
      });

      test('its pod is admitted where Pod Security is restricted, with the longest names too', async () => {
        const long = { ...GIVEN, PVC_NAME: `${'a'.repeat(60)}.${'b'.repeat(60)}`, BCK_FOLDER: NASTY };
        const { metadata, spec } = jobOf(file, long).spec.template;
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...metadata, name: 'copy', namespace: NAMESPACE },
          spec,
        };
        const output = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], {
          input: JSON.stringify(pod),
        });
        assert.match(output, /created \(server dry run\)/u);
      });

      test('gives the tool one argument for each parameter, whatever it holds', async () => {
        const { command, args, env } = containerOf(jobOf(file, { ...GIVEN, BCK_FOLDER: NASTY }));
        assert.deepEqual(command, ['openshift-backup']);
        assert.deepEqual(args, [
          'volumes',
          'copy',
          '--namespace=shop',
          '--into=data',
          ...(file.includes('block') ? ['--node=worker-1.example.com'] : []),
          '--',
          'data',
          'backup',
        ]);
        assert.equal(env?.find(({ name }) => name === 'OPENSHIFT_BACKUP_COPY_FOLDER')?.value, NASTY);
        assert.equal(await commandLineProblem(args), undefined);
        assert.notEqual(await commandLineProblem([...args, 'one-more']), undefined);
      });

      test('runs as the nightly pod does, and the network policy holds for it', async () => {
        const objects = await kustomize('overlays/cluster');
        const [nightly] = podTemplates(objects);
        const { metadata, spec } = jobOf(file, { NAMESPACE: 'shop', PVC_NAME: 'data', NODE: 'one' }).spec
          .template;
        assert.ok(nightly);
        assert.equal(spec.serviceAccountName, nightly.spec.serviceAccountName);
        assert.deepEqual(spec.securityContext, nightly.spec.securityContext);
        const [own] = spec.containers;
        const [theirs] = nightly.spec.containers;
        assert.deepEqual(own?.securityContext, theirs?.securityContext);
        assert.deepEqual(own?.resources, theirs?.resources);
        assert.equal(own?.image, theirs?.image);
        assert.ok(isSelected(objects, 'NetworkPolicy', metadata.labels));
        // The spare pod's Deployment and Service would take it for theirs.
        assert.ok(!isSelected(objects, 'Deployment', metadata.labels));
        assert.ok(!isSelected(objects, 'Service', metadata.labels));
      });
    });
  }

  test('without BCK_FOLDER all of the volume is copied', () => {
    assert.equal(loadSettings({ environment: { OPENSHIFT_BACKUP_COPY_FOLDER: '' } }).copyFolder, '');
  });

  for (const { file } of VOLUME_TEMPLATES) {
    test(`${file} is taken by the server, with other parameters than the defaults`, async () => {
      const objects = processTemplate(templateFile(file), { NAME: 'other', BACKUP_NAMESPACE: 'elsewhere' });
      assert.doesNotMatch(JSON.stringify(objects), /\$\{|cluster-backup|"openshift-backup-/u);
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      const args = ['apply', '-n', NAMESPACE, '--dry-run=server', '-o', 'name', '-f', '-'];
      const output = await cluster.kubectl(args, { input: JSON.stringify(list) });
      assert.equal(output.trim().split('\n').length, objects.length);
    });
  }

  test('each binding is to a role that there is, and for the account of the backup', () => {
    const values = { NAME: 'other', BACKUP_NAMESPACE: 'elsewhere' };
    const [roles, project] = VOLUME_TEMPLATES.map(({ file }) => processTemplate(templateFile(file), values));
    const bindings = (project ?? []).filter(({ kind }) => kind === 'RoleBinding') as unknown as Binding[];
    const names = (roles ?? [])
      .filter(({ kind }) => kind === 'ClusterRole')
      .map(({ metadata }) => metadata.name);
    assert.deepEqual(bindings.map(({ roleRef }) => roleRef.name).toSorted(), names.toSorted());
    for (const { roleRef, subjects, metadata } of bindings) {
      assert.deepEqual([roleRef.kind, roleRef.name], ['ClusterRole', metadata.name]);
      assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'other', namespace: 'elsewhere' }]);
    }
  });

  test('the network policy lets nothing in or out of BackupEr pods, and holds for no other pod', async () => {
    const objects = await kustomize('volumes/project');
    const policy = objects.find(({ kind }) => kind === 'NetworkPolicy');
    assert.deepEqual(policy?.['spec'], {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'backuper' } },
      policyTypes: ['Ingress', 'Egress'],
    });
    for (const { labels } of podTemplates(await kustomize('overlays/cluster')))
      assert.ok(!isSelected(objects, 'NetworkPolicy', labels));
  });
});

interface Binding {
  readonly metadata: { readonly name: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly unknown[];
}

function jobOf(file: string, values: Readonly<Record<string, string>>): Job {
  const [job, ...others] = processTemplate(templateFile(file), values);
  assert.deepEqual([job?.kind, others], ['Job', []]);
  return job as unknown as Job;
}

function containerOf({ spec }: Job): Container {
  const [container, ...others] = spec.template.spec.containers;
  assert.ok(container);
  assert.deepEqual(others, []);
  return container;
}

/** Whether objects of a kind select a pod with these labels. */
function isSelected(
  objects: readonly KubernetesObject[],
  kind: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  const found = objects.find((object) => object.kind === kind);
  assert.ok(found, kind);
  const { podSelector, selector } = found['spec'] as {
    podSelector?: { matchLabels: Record<string, string> };
    selector?: { matchLabels?: Record<string, string> };
  };
  const wanted = podSelector?.matchLabels ?? selector?.matchLabels ?? selector ?? {};
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
