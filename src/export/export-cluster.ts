import { type Draft, spoolPath } from '../archive/publish.ts';
import { ArchiveWriter } from '../archive/write-archive.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { identifyCluster } from '../kubernetes/cluster-identity.ts';
import { discover } from '../kubernetes/discover.ts';
import { KnownError } from '../model/known-error.ts';
import {
  ARCHIVE_FORMAT,
  type CountedManifest,
  type ExportOptions,
  gapsOf,
  type Manifest,
  type TypeRecord,
} from '../model/manifest.ts';
import { RULE_SET } from '../prune/rules.ts';
import { allRecords, newGaps } from './missing-parts.ts';
import { planJobs } from './plan-jobs.ts';
import { planTypes } from './plan-types.ts';
import { writeTypes } from './read-types.ts';
import type { Fingerprint } from '../prune/redact-object.ts';
import type { RunEvent } from './run-event.ts';

/** What is to be exported, from where, and into which draft. */
export interface ExportRequest {
  readonly client: ApiClient;
  readonly draft: Draft;
  /** What is chosen. */
  readonly options: ExportOptions;
  /** The project of the context or the pod; may be empty. */
  readonly ownProject: string;
  /** Projects that there were: without it, one that was named and is gone is an error. */
  readonly mayBeGone?: readonly string[] | undefined;
  readonly tool: Manifest['tool'];
  readonly now: () => Date;
  readonly report: (event: RunEvent) => void;
  /** What stands for a secret value; undefined to store the values themselves. */
  readonly fingerprint?: Fingerprint | undefined;
}

/**
 * Reads the cluster into the draft of an archive, manifest last. Types are read side by side but written in
 * order, each only when its last page has arrived.
 *
 * @returns the manifest, which names every gap
 * @throws KnownError `failed` when there is nothing at all that may be read; `usage` for a project
 *   that does not exist, and for types as `planTypes` says
 */
export async function exportCluster(request: ExportRequest): Promise<CountedManifest> {
  const writer = new ArchiveWriter();
  try {
    return await writeCluster(request, writer);
  } finally {
    await writer.close();
  }
}

async function writeCluster(request: ExportRequest, writer: ArchiveWriter): Promise<CountedManifest> {
  const { client, draft, report } = request;
  const cluster = await identifyCluster(client);
  report({ kind: 'connected', server: client.server, serverVersion: cluster.serverVersion });
  const discovery = await discover(client);
  const plan = planTypes(discovery, request.options);
  const { selected } = plan;
  const { jobs, projects } = await planJobs({ ...request, selected, types: discovery.types });
  report({ kind: 'planned', typeCount: jobs.length, skippedCount: plan.settled.length });
  const contextProject = projects?.contextProject;
  if (contextProject !== undefined) report({ kind: 'context-project', project: contextProject });
  await writer.open(draft.path, draft.startedAt, spoolPath(draft, 0));
  const records = await writeTypes(request, writer, jobs);
  // That a project is gone is something that was read.
  if ((projects?.gone ?? []).length === 0) requireReadable(records);
  const types = allRecords(plan, projects, records);
  for (const gap of newGaps(types, records)) report({ kind: 'gap', gap });
  return await writer.finish(() => ({
    format: ARCHIVE_FORMAT,
    tool: request.tool,
    ruleSet: RULE_SET,
    cluster,
    startedAt: draft.startedAt.toISOString(),
    endedAt: request.now().toISOString(),
    isComplete: gapsOf(types).length === 0,
    options: { ...request.options, ...(contextProject === undefined ? {} : { contextProject }) },
    types,
  }));
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
      ? 'There is not a single object in what the service account may list: check --namespace and --selector, and its rights'
      : 'The service account may not list a single resource type: give it rights, for instance the ClusterRole cluster-reader (on plain Kubernetes: view)',
  );
}
