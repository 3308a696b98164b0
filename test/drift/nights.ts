import { join } from 'node:path';
import { formatArchiveName } from '../../src/model/archive-name.ts';
import type { Manifest, Outcome, TypeRecord } from '../../src/model/manifest.ts';
import { archiveOf, type Contents, listOf, manifestOf, writeArchive } from '../archive/zip-fixtures.ts';

/** An object as it lies in an archive. */
export interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [field: string]: unknown;
}

/** What one night found. */
export interface Night {
  readonly objects?: readonly Stored[];
  /** Facts of objects, by `project/type`. */
  readonly facts?: Readonly<Record<string, readonly object[]>>;
  /** Instead of "everything was read", by type. */
  readonly outcomes?: Readonly<Record<string, readonly Outcome[]>>;
  /** Types that the cluster does not have. */
  readonly without?: readonly string[];
  readonly manifest?: Partial<Manifest>;
}

/** The types that the objects of these tests have, by kind. */
const TYPES: Readonly<Record<string, readonly [type: string, apiVersion: string, isNamespaced: boolean]>> = {
  ClusterRole: ['clusterroles.rbac.authorization.k8s.io', 'rbac.authorization.k8s.io/v1', false],
  ConfigMap: ['configmaps', 'v1', true],
  CustomResourceDefinition: [
    'customresourcedefinitions.apiextensions.k8s.io',
    'apiextensions.k8s.io/v1',
    false,
  ],
  Deployment: ['deployments.apps', 'apps/v1', true],
  Gadget: ['gadgets.example.com', 'example.com/v1', true],
  HorizontalPodAutoscaler: ['horizontalpodautoscalers.autoscaling', 'autoscaling/v2', true],
  Namespace: ['namespaces', 'v1', false],
  Route: ['routes.route.openshift.io', 'route.openshift.io/v1', true],
  Secret: ['secrets', 'v1', true],
};

/** An object of one of these kinds, in the project shop if it is in one. */
export function stored(kind: string, name: string, content: object = {}, project = 'shop'): Stored {
  const [, apiVersion = 'v1', isNamespaced = true] = TYPES[kind] ?? [];
  const metadata = isNamespaced ? { name, namespace: project } : { name };
  return { apiVersion, kind, metadata, ...content };
}

/** Writes the archive of a night in November 2026, or of any other time; returns its path. */
export async function writeNightOf(dir: string, day: number | Date, night: Night): Promise<string> {
  const startedAt = typeof day === 'number' ? new Date(Date.UTC(2026, 10, day, 0, 15)) : day;
  const contents = contentsOf(night);
  const types = recordsOf(night);
  const isComplete = types.every(({ outcomes }) => outcomes.every(({ result }) => result !== 'failed'));
  const times = { startedAt: startedAt.toISOString(), endedAt: startedAt.toISOString() };
  const manifest = manifestOf(contents, { types, isComplete, ...times, ...night.manifest });
  const file = formatArchiveName('openshift-backup', startedAt, manifest.isComplete);
  await writeArchive(dir, file, await archiveOf(contents, manifest));
  return join(dir, file);
}

function contentsOf({ objects = [], facts = {} }: Night): Contents {
  const byPath = Map.groupBy(objects, ({ kind, metadata }) => {
    const [type = kind.toLowerCase()] = TYPES[kind] ?? [];
    const folder = kind === 'Namespace' ? metadata.name : (metadata.namespace ?? '_cluster');
    return `${folder}/${type}.json`;
  });
  const entries = [...byPath].map(([path, items]) => [path, listOf(...items.toSorted(byName))] as const);
  const more = Object.entries(facts).map(
    ([path, items]) => [`_facts/${path}.json`, listOf(...items)] as const,
  );
  return Object.fromEntries([...entries, ...more]);
}

function byName(a: Stored, b: Stored): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

function recordsOf({ outcomes = {}, without = [] }: Night): TypeRecord[] {
  const own = Object.entries(TYPES).map(([kind, [type, apiVersion, isNamespaced]]): TypeRecord => {
    const read: Outcome = { scope: '*', result: 'exported', objectCount: 1, resourceVersion: '1' };
    return { type, kind, apiVersion, isNamespaced, outcomes: outcomes[type] ?? [read] };
  });
  const others = Object.entries(outcomes).flatMap(([type, list]) =>
    own.some((record) => record.type === type)
      ? []
      : [{ type, kind: '', apiVersion: '', isNamespaced: true, outcomes: list }],
  );
  return [...own, ...others].filter(({ type }) => !without.includes(type));
}
