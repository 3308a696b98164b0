import assert from 'node:assert/strict';
import type { KubernetesObject } from '../cluster/objects.ts';
import { type PodTemplate, podTemplates } from './pod-templates.ts';

/** ClusterRoles that a cluster has. */
const GIVEN_ROLES = ['view', 'cluster-reader'];

/** Asserts that what objects say of each other is there: accounts, claims, settings, roles, pods of selectors. */
export function assertReferences(objects: readonly KubernetesObject[]): void {
  const pods = podTemplates(objects);
  for (const { spec } of pods) {
    assertThere(objects, 'ServiceAccount', spec.serviceAccountName);
    for (const { persistentVolumeClaim } of spec.volumes)
      assertThere(objects, 'PersistentVolumeClaim', persistentVolumeClaim.claimName);
    for (const { configMapRef } of spec.containers.flatMap(({ envFrom }) => envFrom))
      assertThere(objects, 'ConfigMap', configMapRef.name);
  }
  assertBindings(objects);
  for (const object of objects) assertSelected(object, pods);
}

function assertThere(objects: readonly KubernetesObject[], kind: string, name: string): void {
  assert.ok(
    objects.some((object) => object.kind === kind && object.metadata.name === name),
    `${kind} ${name}`,
  );
}

function assertBindings(objects: readonly KubernetesObject[]): void {
  const account = objects.find(({ kind }) => kind === 'ServiceAccount');
  for (const object of objects.filter(({ kind }) => kind.endsWith('RoleBinding'))) {
    const { roleRef, subjects } = object as unknown as Binding;
    if (!GIVEN_ROLES.includes(roleRef.name)) assertThere(objects, roleRef.kind, roleRef.name);
    // The rights in a project are for a ServiceAccount that lies elsewhere.
    if (!account) continue;
    const { name, namespace } = account.metadata;
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name, namespace }]);
  }
}

/** Asserts which pods a selector is for: those of the spare pod, or all. */
function assertSelected(object: KubernetesObject, pods: readonly PodTemplate[]): void {
  const { selector, podSelector } = (object['spec'] ?? {}) as Selecting;
  const labels = selector && 'matchLabels' in selector ? selector.matchLabels : selector;
  const wanted = podSelector?.matchLabels ?? (labels as Labels | undefined);
  if (!wanted) return;
  const selected = pods.filter((pod) =>
    Object.entries(wanted).every(([key, value]) => pod.labels[key] === value),
  );
  assert.deepEqual(
    selected.map((pod) => pod.kind),
    object.kind === 'NetworkPolicy' ? ['CronJob', 'Deployment'] : ['Deployment'],
  );
}

type Labels = Readonly<Record<string, string>>;

interface Binding {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly unknown[];
}

interface Selecting {
  /** Of a Service, without `matchLabels`. */
  readonly selector?: Labels | { readonly matchLabels: Labels };
  readonly podSelector?: { readonly matchLabels: Labels };
}
