import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { isLeftOut, withoutOwn } from './left-out.ts';

/** An object as JSON.parse gives it, but with every integer as a `bigint`: none of them is rounded. */
export type ExactObject = Record<string, unknown> & { metadata: Record<string, unknown> };

/** Objects by `type project/name`; the project is empty for cluster-scoped ones. */
export type Content = ReadonlyMap<string, ExactObject>;

/** One line of `kubectl api-resources`. */
export interface ListedType {
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/** What no archive holds, of any object. These are the rules that are to hold, not those of the tool's code. */
const PRUNED_METADATA = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generateName',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];
const PRUNED_ANNOTATIONS = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
  'openshift.io/image.dockerRepositoryCheck',
  'openshift.io/deployment-config.latest-version',
  'openshift.io/deployment.phase',
];

function isOfObjects(file: string): boolean {
  return file.endsWith('.json') && file !== 'manifest.json' && !file.startsWith('_facts');
}

/** The types that `kubectl api-resources` lists, with further arguments to it, sorted. */
export async function listedTypes(cluster: Cluster, args: readonly string[] = []): Promise<ListedType[]> {
  const text = await cluster.kubectl(['api-resources', '--no-headers', ...args]);
  return text
    .trim()
    .split('\n')
    .map((line) => {
      // The column of short names may be empty.
      const cells = line.split(/\s+/u);
      const [name = '', apiVersion = '', kind = ''] = [cells[0], cells.at(-3), cells.at(-1)];
      const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
      return { type: `${name}${group}`, apiVersion, kind };
    })
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

/** What the cluster holds of these types, as kubectl shows it to an administrator, without what no archive holds. */
export async function clusterContent(cluster: Cluster, types: readonly ListedType[]): Promise<Content> {
  const names = types.map(({ type }) => type).join(',');
  const list = parseExact(await cluster.kubectl(['get', names, '--all-namespaces', '-o', 'json']));
  const byKind = new Map(types.map(({ type, apiVersion, kind }) => [`${apiVersion} ${kind}`, type]));
  const content = new Map<string, ExactObject>();
  for (const item of (list as unknown as { items: ExactObject[] }).items) {
    const type = byKind.get(`${String(item['apiVersion'])} ${String(item['kind'])}`);
    assert.ok(type, `kubectl shows a ${String(item['kind'])}`);
    if (!isLeftOut(type, item)) add(content, type, pruned(type, item));
  }
  return content;
}

/** What the files of an unpacked archive hold, after asserting that each lies in the right file. */
export async function unpackedContent(folder: string): Promise<Content> {
  const files = await readdir(folder, { recursive: true });
  const content = new Map<string, ExactObject>();
  for (const file of files.filter(isOfObjects)) {
    const { items, ...list } = parseExact(await readFile(path.join(folder, file), 'utf8'));
    assert.deepEqual(list, { apiVersion: 'v1', kind: 'List' }, file);
    const type = path.basename(file, '.json');
    for (const item of items as ExactObject[]) {
      const { name, namespace } = item.metadata;
      const project = type === 'namespaces' ? name : (namespace ?? '_cluster');
      assert.equal(path.dirname(file), project, `${type} ${String(name)} lies in ${file}`);
      add(content, type, item);
    }
  }
  return content;
}

function add(content: Map<string, ExactObject>, type: string, item: ExactObject): void {
  const { namespace = '', name } = item.metadata;
  const key = `${type} ${String(namespace)}/${String(name)}`;
  assert.ok(!content.has(key), `${key} is there once`);
  content.set(key, item);
}

function pruned(type: string, item: ExactObject): ExactObject {
  const { status: _, ...rest } = withoutOwn(type, item);
  const metadata = without(rest.metadata, PRUNED_METADATA);
  const annotations = without((metadata['annotations'] ?? {}) as Record<string, unknown>, PRUNED_ANNOTATIONS);
  // Nobody sets an empty object of annotations: the server drops it.
  if (Object.keys(annotations).length === 0) return { ...rest, metadata: without(metadata, ['annotations']) };
  return { ...rest, metadata: { ...metadata, annotations } };
}

function without(object: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** The reviver's third argument: https://tc39.es/proposal-json-parse-with-source/ */
function parseExact(text: string): ExactObject {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && /^-?\d+$/u.test(context?.source ?? '')
      ? BigInt(context?.source ?? '')
      : value,
  ) as ExactObject;
}
