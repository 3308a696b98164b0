import { CanonicalWriter } from '../json/canonical-writer.ts';
import { entryPath } from '../archive/layout.ts';
import { type Draft, spoolPath } from '../archive/publish.ts';
import { ArchiveWriter } from '../archive/write-archive.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { TransportError } from '../kubernetes/api-error.ts';
import { identifyCluster } from '../kubernetes/cluster-identity.ts';
import { discover } from '../kubernetes/discover.ts';
import type { Permission } from '../kubernetes/may-list.ts';
import { KnownError } from '../model/known-error.ts';
import {
  ARCHIVE_FORMAT,
  gapsOf,
  type Manifest,
  type Outcome,
  type TypeRecord,
  WHOLE_CLUSTER,
} from '../model/manifest.ts';
import { type ResourceType, typeName } from '../model/resource-type.ts';
import { RULE_SET } from '../prune/rules.ts';
import { inOrder } from './in-order.ts';
import { ItemSpool, type SpooledList } from './item-spool.ts';
import { listType } from './list-type.ts';
import { askForCluster, askForProjects, clusterScope, type Scope } from './permissions.ts';
import { planTypes, typeRecord } from './plan-types.ts';
import { findProjects } from './projects.ts';
import type { RunEvent } from './run-event.ts';
import { isNamespaceType, storeInto } from './store-object.ts';

/** A type that has been read waits in its spool until those before it have been written. */
const TYPES = { atOnce: 3, ahead: 32 };

/** What is to be exported, from where, and into which draft. */
export interface ExportRequest {
  readonly client: ApiClient;
  readonly draft: Draft;
  /** Names and globs of the projects to export; none for the whole cluster. */
  readonly namespaces: readonly string[];
  /** The project of the context or the pod; may be empty. */
  readonly ownProject: string;
  readonly tool: Manifest['tool'];
  readonly now: () => Date;
  readonly report: (event: RunEvent) => void;
}

interface TypeJob {
  readonly type: ResourceType;
  readonly scopes: () => Promise<Scope[]>;
}

interface TypeResult {
  readonly record: TypeRecord;
  readonly lists: readonly SpooledList[];
  readonly spool: ItemSpool;
}

/**
 * Reads the cluster into the draft of an archive, manifest last. Types are read side by side but written in
 * order, each only when its last page has arrived.
 *
 * @returns the manifest, which names every gap
 * @throws KnownError `failed` when there is nothing at all that may be read; `usage` for a project that does not exist
 */
export async function exportCluster(request: ExportRequest): Promise<Manifest> {
  const { client, draft, report } = request;
  const cluster = await identifyCluster(client);
  report({ kind: 'connected', server: client.server, serverVersion: cluster.serverVersion });
  const discovery = await discover(client);
  const { selected, settled } = planTypes(discovery);
  const jobs = await planJobs(request, selected, discovery.types);
  report({ kind: 'planned', typeCount: jobs.length, skippedCount: settled.length });
  const writer = await ArchiveWriter.create(draft.path, draft.startedAt);
  try {
    const records = await writeTypes(request, writer, jobs);
    requireReadable(records);
    const types = [...settled, ...records].toSorted((a, b) =>
      a.type < b.type ? -1 : Number(a.type > b.type),
    );
    return await writer.finish((files) => ({
      format: ARCHIVE_FORMAT,
      tool: request.tool,
      ruleSet: RULE_SET,
      cluster,
      startedAt: draft.startedAt.toISOString(),
      endedAt: request.now().toISOString(),
      isComplete: gapsOf(types).length === 0,
      options: { namespaces: request.namespaces },
      types,
      files,
    }));
  } finally {
    await writer.close();
  }
}

/** Decides where each type is listed: in the whole cluster where that is allowed, else project by project. */
async function planJobs(
  request: ExportRequest,
  selected: readonly ResourceType[],
  types: readonly ResourceType[],
): Promise<TypeJob[]> {
  const { client, namespaces: patterns, ownProject } = request;
  const isSelection = patterns.length > 0;
  const wanted = isSelection ? selected.filter(isOfProjects) : selected;
  const answers = await askForCluster(client, wanted);
  const isSplit =
    isSelection || wanted.some((type, index) => type.isNamespaced && answers[index] === 'denied');
  const projects = isSplit ? await findProjects(client, { types, patterns, ownProject }) : [];
  return wanted.map((type, index) => {
    const answer: Permission = answers[index] ?? 'denied';
    if (!isSelection && (answer !== 'denied' || !isOfProjects(type)))
      return { type, scopes: async () => [clusterScope(answer)] };
    if (answer !== 'allowed' || isNamespaceType(type))
      return { type, scopes: () => askForProjects(client, type, projects) };
    return { type, scopes: async () => projects.map((scope) => ({ scope, permission: answer })) };
  });
}

/** Whether the objects of a type lie in the folders of projects. */
function isOfProjects(type: ResourceType): boolean {
  return type.isNamespaced || isNamespaceType(type);
}

async function writeTypes(
  request: ExportRequest,
  writer: ArchiveWriter,
  jobs: readonly TypeJob[],
): Promise<TypeRecord[]> {
  const canonical = new CanonicalWriter();
  const records: TypeRecord[] = [];
  const running = new Set<ItemSpool>();
  const readers = jobs.map((job, index) => async () => {
    const spool = new ItemSpool(spoolPath(request.draft, index));
    running.add(spool);
    return await readType(request, job, spool, canonical);
  });
  try {
    for await (const { record, lists, spool } of inOrder(readers, TYPES, request.client.cancel)) {
      for (const { project, content } of lists) await writer.add(entryPath(project, record.type), content);
      await spool.dispose();
      running.delete(spool);
      records.push(record);
      request.report({ kind: 'type', record });
    }
  } finally {
    for (const spool of running) await spool.dispose();
  }
  return records;
}

async function readType(
  { client, report }: ExportRequest,
  { type, scopes }: TypeJob,
  spool: ItemSpool,
  writer: CanonicalWriter,
): Promise<TypeResult> {
  const outcomes: Outcome[] = [];
  const onPage = (objectCount: number): void =>
    report({ kind: 'page', type: typeName(type), objectCount, receivedBytes: client.counts.receivedBytes });
  const context = { client, store: storeInto(spool, writer, type), spool, onPage };
  for (const { scope, permission } of await scopes()) {
    if (permission === 'denied') outcomes.push({ scope, result: 'denied' });
    else outcomes.push(await listType(context, type, scope, permission === 'allowed'));
  }
  try {
    return { record: typeRecord(type, summarised(outcomes)), lists: spool.lists(), spool };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const failed: Outcome = { scope: WHOLE_CLUSTER, result: 'failed', reason: error.message };
    return { record: typeRecord(type, [failed]), lists: [], spool };
  }
}

/** A type that is denied in every project is denied, in one line. */
function summarised(outcomes: readonly Outcome[]): readonly Outcome[] {
  const isDenied = outcomes.every(({ result }) => result === 'denied');
  return isDenied ? [{ scope: WHOLE_CLUSTER, result: 'denied' }] : outcomes;
}

/**
 * An archive without a single object is no backup, and must not count as one in the rotation: more likely a
 * project's name is wrong, which nobody but this can see who may not list projects.
 */
function requireReadable(records: readonly TypeRecord[]): void {
  const results = new Set(records.flatMap(({ outcomes }) => outcomes.map(({ result }) => result)));
  if (results.has('exported') || results.has('failed')) return;
  throw new KnownError(
    'failed',
    results.has('empty')
      ? 'There is not a single object in what the service account may list: check --namespace, and its rights'
      : 'The service account may not list a single resource type: give it rights, for instance the ClusterRole cluster-reader (on plain Kubernetes: view)',
  );
}
