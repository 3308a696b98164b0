import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '../cluster/binaries.ts';
import { type Cluster, READ_EVERYTHING, startCluster } from '../cluster/cluster.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { everyKind } from '../cluster/every-kind.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { archivesIn, entriesOf } from '../support/archive-folder.ts';
import { runCli } from '../support/run-cli.ts';
import { bulkObjects } from './bulk-objects.ts';
import { type Difference, differencesOf, itemsOf } from './entry-differences.ts';
import { nastyObjects } from './nasty-objects.ts';
import { untilQuiet } from './quiet-cluster.ts';
import { removeObjects } from './remove-objects.ts';

const BULK_PROJECTS = ['bulk-1', 'bulk-2', 'bulk-3'];
const CREATE = ['create', '--validate=ignore', '-f', '-'];

/**
 * What differs afterwards, because it is chosen when an object is made: `TYPE FIELD`. Each of these does differ;
 * of the ports, a range of a few thousand is chosen from, so that by chance one may be the same again.
 */
const CHOSEN: readonly string[] = [
  'jobs.batch spec.selector.matchLabels["batch.kubernetes.io/controller-uid"]',
  'jobs.batch spec.template.metadata.labels["batch.kubernetes.io/controller-uid"]',
  'jobs.batch spec.template.metadata.labels["controller-uid"]',
  'persistentvolumes spec.claimRef.resourceVersion',
  'persistentvolumes spec.claimRef.uid',
  'services spec.clusterIP',
  'services spec.clusterIPs[*]',
];
const CHOSEN_PORTS: readonly string[] = [
  'services spec.healthCheckNodePort',
  'services spec.ports[*].nodePort',
];

/** What OpenShift's own servers and controllers put in, which are not here: it is missing afterwards. */
const PUT_IN_BY_OPENSHIFT: readonly string[] = [
  'clusterversions.config.openshift.io spec.clusterID',
  'deploymentconfigs.apps.openshift.io spec.template.spec.containers[*].image',
  'deploymentconfigs.apps.openshift.io spec.triggers[*].imageChangeParams.lastTriggeredImage',
  'identities.user.openshift.io user.uid',
  'routes.route.openshift.io metadata.annotations',
  'routes.route.openshift.io spec.host',
];

/**
 * What `--apply-ready` takes out or has been set by a controller, without a difference in what it means: how volumes
 * and claims found each other, and the namespace of a subject that is that of its RoleBinding
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/registry/rbac/validation/rule.go#L292).
 */
const MEANS_THE_SAME: readonly string[] = [
  'persistentvolumeclaims metadata.annotations["pv.kubernetes.io/bound-by-controller"]',
  'persistentvolumes metadata.annotations',
  'rolebindings.rbac.authorization.k8s.io subjects[*].namespace',
];

const skip = withoutControllers(await ensureBinaries((line) => console.error(line)));

describe('projects that were exported, deleted and made again', { skip }, () => {
  const made = [...everyKind(), ...nastyObjects(), ...BULK_PROJECTS.flatMap((name) => bulkObjects(name, 15))];
  const projects = made.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  let cluster: Cluster;
  let folder: string;
  let kubeconfig: string;
  /** What kubectl has refused, by what it says. */
  const refused: string[] = [];
  const entries: Record<string, string>[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'round-trip-test-'));
    cluster = await startCluster({ controllers: true });
    await installOpenShiftTypes(cluster);
    await cluster.apply(everyKind());
    await cluster.create([...nastyObjects(), ...BULK_PROJECTS.flatMap((name) => bulkObjects(name, 15))]);
    const request = { namespace: 'backup', name: 'openshift-backup', clusterRules: READ_EVERYTHING };
    ({ kubeconfig } = await cluster.serviceAccount(request));
    await exportCluster();
    await removeObjects(cluster, made);
    await restore();
    await exportCluster();
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  test('are at least 500 objects of 40 kinds', () => {
    const outside = new Set(
      made.filter(({ metadata }) => metadata.namespace === undefined).map(({ metadata }) => metadata.name),
    );
    const found = Object.entries(entries[0] ?? {}).flatMap(([entry, text]) => {
      const scope = path.dirname(entry);
      const isIn = (name: string): boolean =>
        scope === '_cluster' ? outside.has(name) : projects.includes(scope);
      return [...itemsOf(text).keys()].filter(isIn).map(() => path.basename(entry, '.json'));
    });
    assert.ok(found.length >= 500, `${found.length} objects`);
    assert.ok(new Set(found).size >= 40, `${new Set(found).size} kinds`);
  });

  test('were refused by kubectl only where a controller or the cluster had them already', () => {
    const others = refused.filter((message) => !message.includes('AlreadyExists'));
    assert.deepEqual(others, []);
  });

  test('are as they were, but for what is chosen when an object is made', () => {
    const [old = {}, now = {}] = entries;
    const differences = differencesOf(old, now);
    const expected = [...CHOSEN, ...PUT_IN_BY_OPENSHIFT, ...MEANS_THE_SAME];
    const unexpected = differences.filter((one) => ![...expected, ...CHOSEN_PORTS].includes(fieldOf(one)));
    assert.deepEqual(unexpected.map(textOf), []);
    const found = new Set(differences.map(fieldOf));
    assert.deepEqual(
      expected.filter((field) => !found.has(field)),
      [],
      'all of these differ',
    );
    const putIn = differences.filter((one) => PUT_IN_BY_OPENSHIFT.includes(fieldOf(one)));
    assert.deepEqual(
      putIn.filter(({ after: value }) => value !== undefined),
      [],
      'none of these is changed',
    );
  });

  async function exportCluster(): Promise<void> {
    await untilQuiet(cluster);
    const { code, stderr } = await runCli(['run', '--dir', folder, '--kubeconfig', kubeconfig]);
    assert.equal(code, 0, stderr);
    const names = await archivesIn(folder);
    entries.push(await entriesOf(path.join(folder, names.at(-1) ?? '')));
  }

  /** Types first, then all that is missing; at last what controllers were quicker to make. */
  async function restore(): Promise<void> {
    await create(await show(['customresourcedefinitions']));
    await cluster.kubectl(['wait', 'crd', '--all', '--for=condition=Established', '--timeout=60s']);
    await create(await show([]));
    await Promise.all(
      projects.filter(hasDefaultAccount).map(async (name) => {
        const input = await show(['serviceaccounts/default'], name);
        await cluster.kubectl(['replace', '-f', '-'], { input });
      }),
    );
  }

  async function show(object: readonly string[], ...namespaces: readonly string[]): Promise<string> {
    const selection = namespaces.flatMap((name) => ['-n', name]);
    const args = ['show', 'latest', ...object, '--dir', folder, '--apply-ready', ...selection];
    const { code, stdout, stderr } = await runCli(args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  function hasDefaultAccount(project: string): boolean {
    return itemsOf(entries[0]?.[`${project}/serviceaccounts.json`]).has('default');
  }

  /** Makes every object that is not there yet, and notes down what kubectl says of the others. */
  async function create(input: string): Promise<void> {
    const message = await cluster.kubectl(CREATE, { input }).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    const lines = message.replace(/^kubectl [^:]*: /u, '').split('\n');
    refused.push(...lines.filter((line) => line !== '' && !line.startsWith('Warning: ')));
  }
});

function fieldOf({ type, field }: Difference): string {
  return `${type} ${field.replaceAll(/\[\d+\]/gu, '[*]')}`;
}

function textOf({ type, object, field, before: old = '-', after: now = '-' }: Difference): string {
  return `${type} ${object} ${field}: ${old.slice(0, 100)} → ${now.slice(0, 100)}`;
}
