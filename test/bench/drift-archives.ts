import { hash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LIST_HEAD, LIST_TAIL, entryPath, factsPath } from '../../src/archive/layout.ts';
import { type EntryContent, ArchiveWriter } from '../../src/archive/write-archive.ts';
import { sha256Of } from '../../src/archive/checksum-file.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { formatArchiveName } from '../../src/model/archive-name.ts';
import { ARCHIVE_FORMAT, type TypeRecord } from '../../src/model/manifest.ts';
import { RULE_SET } from '../../src/prune/rules.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { projectObjects } from './bench-objects.ts';

/** So many objects are other ones in the archive after. */
export const CHANGES = 100;

const DAY_MS = 24 * 3600 * 1000;
const FIRST_NIGHT = new Date('2026-11-19T00:15:00Z');

/** Three archives that lie in one folder. */
export interface DriftArchives {
  readonly dir: string;
  /** Their file names. */
  readonly before: string;
  /** As `before`, made a night later. */
  readonly equal: string;
  /** With `CHANGES` changes. */
  readonly after: string;
}

interface NightObject {
  readonly object: KubernetesObject;
  readonly isChanged: boolean;
}

interface Type {
  readonly type: string;
  readonly kind: string;
  readonly apiVersion: string;
}

/** In the order in which a run writes them. */
const TYPES: readonly Type[] = [
  { type: 'configmaps', kind: 'ConfigMap', apiVersion: 'v1' },
  { type: 'deployments.apps', kind: 'Deployment', apiVersion: 'apps/v1' },
  { type: 'namespaces', kind: 'Namespace', apiVersion: 'v1' },
  { type: 'networkpolicies.networking.k8s.io', kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1' },
  { type: 'rolebindings.rbac.authorization.k8s.io', kind: 'RoleBinding', apiVersion: 'rbac.authorization.k8s.io/v1' },
  { type: 'secrets', kind: 'Secret', apiVersion: 'v1' },
  { type: 'services', kind: 'Service', apiVersion: 'v1' },
];

/** What is done to the first of these objects. */
type Change = (objects: KubernetesObject[], index: number) => KubernetesObject[];

/** What is changed, by turns, and in objects of which kind. */
const CHANGE_KINDS: readonly (readonly [kind: string, change: Change])[] = [
  ['Deployment', edited(':1.2.3', ':1.2.4')],
  ['ConfigMap', edited('line 7', 'line seven')],
  ['Deployment', edited('"replicas":2', '"replicas":3')],
  ['Secret', edited('YWRtaW4=', 'cm9vdA==')],
  ['NetworkPolicy', edited('"podSelector":{}', '"namespaceSelector":{}')],
  ['ConfigMap', withAnother],
  ['Service', (objects) => objects.slice(1)],
];

/** Writes archives as runs would, of generated objects; no cluster is needed for it. */
export async function writeDriftArchives(folder: string, projectCount: number): Promise<DriftArchives> {
  const dir = join(folder, 'nights');
  await mkdir(dir);
  const write = async (night: number, changes: number): Promise<string> =>
    await writeNight(dir, new Date(FIRST_NIGHT.getTime() + night * DAY_MS), { projectCount, changes });
  return { dir, before: await write(0, 0), equal: await write(1, 0), after: await write(2, CHANGES) };
}

async function writeNight(
  dir: string,
  startedAt: Date,
  { projectCount, changes }: { readonly projectCount: number; readonly changes: number },
): Promise<string> {
  const unfinished = join(dir, 'unfinished');
  const writer = await ArchiveWriter.create(unfinished, startedAt);
  const counts = new Map<string, number>();
  try {
    for (const type of TYPES) {
      for (let project = 0; project < projectCount; project++) {
        const objects = nightObjects(type, project, { projectCount, changes });
        counts.set(type.type, (counts.get(type.type) ?? 0) + objects.length);
        await addLists(writer, type.type, objects, startedAt);
      }
    }
    const times = { startedAt: startedAt.toISOString(), endedAt: startedAt.toISOString() };
    await writer.finish(() => ({
      format: ARCHIVE_FORMAT,
      tool: { name: 'openshift-backup', version: '0' },
      ruleSet: RULE_SET,
      cluster: { id: '11111111-2222-3333-4444-555555555555', serverVersion: 'v1.34.4' },
      ...times,
      isComplete: true,
      options: { namespaces: [] },
      types: TYPES.map((type) => recordOf(type, counts.get(type.type) ?? 0)),
    }));
  } finally {
    await writer.close();
  }
  const file = formatArchiveName('openshift-backup', startedAt, true);
  await rename(unfinished, join(dir, file));
  await writeFile(join(dir, `${file}.sha256`), `${(await sha256Of(join(dir, file))).sha256}  ${file}\n`);
  return file;
}

function recordOf({ type, kind, apiVersion }: Type, objectCount: number): TypeRecord {
  const outcome = { scope: '*', result: 'exported', objectCount, resourceVersion: '1' } as const;
  return { type, kind, apiVersion, isNamespaced: kind !== 'Namespace', outcomes: [outcome] };
}

/** The objects of a type in a project, as they are before or after the changes. */
function nightObjects(
  { kind }: Type,
  project: number,
  { projectCount, changes }: { readonly projectCount: number; readonly changes: number },
): NightObject[] {
  const objects = projectObjects(project).filter((object) => object.kind === kind);
  const own = Array.from({ length: changes }, (_value, index) => index)
    .filter((index) => Math.floor((index * projectCount) / CHANGES) === project)
    .map((index) => ({ index, change: CHANGE_KINDS[index % CHANGE_KINDS.length] }));
  const changed = own.reduce((all, { index, change }) => {
    if (change?.[0] !== kind) return all;
    // In a small cluster many fall on one project: each on another object of it, as far as there are any.
    const at = Math.floor(index / CHANGE_KINDS.length) % Math.max(1, all.length);
    return [...all.slice(0, at), ...change[1](all.slice(at), index)];
  }, objects);
  return changed.map((object) => ({ object, isChanged: !objects.includes(object) }));
}

function edited(before: string, after: string): Change {
  return ([first, ...others]) =>
    first ? [JSON.parse(JSON.stringify(first).replaceAll(before, after)) as KubernetesObject, ...others] : [];
}

function withAnother(objects: KubernetesObject[], index: number): KubernetesObject[] {
  const [first] = objects;
  return first ? [...objects, { ...first, metadata: { ...first.metadata, name: `new-${index}` } }] : [];
}

async function addLists(writer: ArchiveWriter, type: string, objects: readonly NightObject[], night: Date): Promise<void> {
  const [first] = objects;
  if (!first) return;
  const sorted = objects.toSorted((a, b) => (a.object.metadata.name < b.object.metadata.name ? -1 : 1));
  const project = first.object.metadata.namespace ?? first.object.metadata.name;
  await writer.add(entryPath(project, type), listOf(sorted.map(({ object }) => object)));
  await writer.add(factsPath(project, type), listOf(sorted.map((object) => factsOf(object, night))));
}

function factsOf({ object, isChanged }: NightObject, night: Date): object {
  const { name, namespace } = object.metadata;
  const managers = [
    { manager: 'kubectl-client-side-apply', operation: 'Update', time: '2026-11-02T09:12:44Z' },
    { manager: 'argocd-controller', operation: 'Apply', time: isChanged ? hourBefore(night) : '2026-11-03T10:00:00Z' },
  ];
  const digest = hash('md5', `${object.kind} ${namespace ?? ''} ${name}`);
  const uid = digest.replace(/^(.{8})(.{4})(.{4})(.{4})/u, '$1-$2-$3-$4-');
  return { apiVersion: 'openshift-backup.io/v1', created: '2026-11-01T08:00:00Z', kind: 'Facts', managers, metadata: { name }, uid };
}

function hourBefore(night: Date): string {
  return new Date(night.getTime() - 3600 * 1000).toISOString();
}

function listOf(items: readonly object[]): EntryContent {
  const content = Buffer.from(canonicalJson({ apiVersion: 'v1', kind: 'List', items }));
  if (!content.subarray(0, LIST_HEAD.length).equals(LIST_HEAD) || !content.subarray(-LIST_TAIL.length).equals(LIST_TAIL))
    throw new Error('These are not the bytes that a run writes');
  return { sizeBytes: content.length, objectCount: items.length, chunks: () => [content] };
}
