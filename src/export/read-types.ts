import { type Draft, spoolPath } from '../archive/publish.ts';
import type { ArchiveWriter } from '../archive/write-archive.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { CanonicalWriter } from '../json/canonical-writer.ts';
import { TransportError } from '../kubernetes/api-error.ts';
import { type Outcome, type TypeRecord, WHOLE_CLUSTER } from '../model/manifest.ts';
import { type ResourceType, typeName } from '../model/resource-type.ts';
import type { Fingerprint } from '../prune/redact-object.ts';
import { excluding } from './exclude-projects.ts';
import { inOrder } from './in-order.ts';
import { asRead, listType } from './list-type.ts';
import type { Scope } from './permissions.ts';
import type { RunEvent } from './run-event.ts';
import { typeRecord } from './plan-types.ts';
import { storeInto, type StoreObject } from './store-object.ts';
import { type SpooledEntry, TypeSpool } from './type-spool.ts';

/**
 * Two at once keep a server busy, for of each the next page is under way while the last one is worked on; with
 * more, nothing is done sooner. A type that has been read waits until those before it have been written.
 */
const TYPES = { atOnce: 2, ahead: 32 };

/** Where the types are read from, the draft beside which spools go, and who is told of it. */
export interface ReadRequest {
  readonly client: ApiClient;
  readonly draft: Draft;
  readonly report: (event: RunEvent) => void;
  /** What stands for a secret value; undefined to store the values themselves. */
  readonly fingerprint?: Fingerprint | undefined;
}

/** A type to be read, and where. */
export interface TypeJob {
  readonly type: ResourceType;
  readonly scopes: () => Promise<Scope[]>;
  /** Of a list over the whole cluster: whether the objects of a project are left out. */
  readonly isExcluded?: (project: string) => boolean;
}

interface TypeResult {
  readonly record: TypeRecord;
  readonly spool: TypeSpool;
}

/**
 * Reads types side by side and writes them in order, each only when its last page has arrived.
 *
 * @returns what happened to each
 */
export async function writeTypes(
  request: ReadRequest,
  writer: ArchiveWriter,
  jobs: readonly TypeJob[],
): Promise<TypeRecord[]> {
  const canonical = new CanonicalWriter();
  const records: TypeRecord[] = [];
  const running = new Set<TypeSpool>();
  const readers = jobs.map((job, index) => async () => {
    const spool = new TypeSpool(typeName(job.type), writer, {
      objects: spoolPath(request.draft, 2 * index + 1),
      facts: spoolPath(request.draft, 2 * index + 2),
    });
    running.add(spool);
    return await readType(request, job, spool, canonical);
  });
  try {
    for await (const { record, spool } of inOrder(readers, TYPES, request.client.cancel)) {
      await writeAll(writer, spool.entries());
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

async function writeAll(writer: ArchiveWriter, entries: Iterable<SpooledEntry>): Promise<void> {
  for (const entry of entries) {
    if (typeof entry === 'number') writer.place(entry);
    else await writer.add(entry.path, entry.content);
  }
  await writer.settle();
}

async function readType(
  { client, report, fingerprint }: ReadRequest,
  { type, scopes, isExcluded }: TypeJob,
  spool: TypeSpool,
  writer: CanonicalWriter,
): Promise<TypeResult> {
  const outcomes: Outcome[] = [];
  const onPage = (objectCount: number): void =>
    report({ kind: 'page', type: typeName(type), objectCount, receivedBytes: client.counts.receivedBytes });
  const storeAs = (read: ResourceType): StoreObject =>
    excluding(storeInto(spool, writer, read, fingerprint), read, isExcluded);
  const context = { client, storeAs, spool, onPage };
  for (const { scope, permission } of await scopes()) {
    if (permission === 'denied') outcomes.push({ scope, result: 'denied' });
    else outcomes.push(await listType(context, type, scope, permission === 'allowed'));
  }
  try {
    await spool.complete();
    const record = typeRecord(asRead(type, outcomes), summarised(outcomes));
    const leftOut = spool.leftOut();
    return {
      record: leftOut.length === 0 ? record : { ...record, leftOut },
      spool,
    };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    spool.forget(undefined);
    const failed: Outcome = { scope: WHOLE_CLUSTER, result: 'failed', reason: error.message };
    return { record: typeRecord(type, [failed]), spool };
  }
}

/** A type that is denied in every project is denied, in one line. */
function summarised(outcomes: readonly Outcome[]): readonly Outcome[] {
  const isDenied = outcomes.length > 0 && outcomes.every(({ result }) => result === 'denied');
  return isDenied ? [{ scope: WHOLE_CLUSTER, result: 'denied' }] : outcomes;
}
