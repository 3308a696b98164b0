import { type ApiObject, type ClusterObjects, isStatus, type ObjectRef } from '../../kubernetes/objects.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import { PREFIX } from '../annotations.ts';
import { byText, textAt, valueAt } from '../fields.ts';
import type { CopyPhase, RunRecord } from '../run-record.ts';

/** The run, on everything that belongs to it. */
export const RUN_LABEL = `${PREFIX}run`;
/** On everything that the tool has made in a project. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'openshift-backup' } as const;
const RECORD_LABEL = `${PREFIX}record`;
const KEY = 'record.json';
const BYTES_MAX = 64 * 1024;
const NOTES_MAX = 20;
/** Of the copies of a project that have ended, so many are remembered. */
const ENDED_KEPT = 20;
const PHASES: ReadonlySet<string> = new Set<CopyPhase>([
  'planned',
  'probing',
  'quiescing',
  'copying',
  'resuming',
  'ended',
]);

/** A record as it lies in the project. */
export interface StoredRecord {
  readonly record: RunRecord;
  /** Of its ConfigMap, which owns the pods. */
  readonly name: string;
  readonly uid: string;
  /** Changes with every save: whoever saves says which one he has read. */
  readonly resourceVersion: string;
}

/** What says that it is a record, and can't be read as one. */
export interface JunkRecord {
  readonly name: string;
  /** One line. */
  readonly reason: string;
}

/** The records of a project, the oldest first. */
export interface RecordList {
  readonly records: readonly StoredRecord[];
  readonly junk: readonly JunkRecord[];
}

/** Keeps the records of copies, each in a ConfigMap `backuper-run-<id>` of the project that it is about. */
export class RecordStore {
  readonly #objects: ClusterObjects;
  readonly #namespace: string;

  constructor(objects: ClusterObjects, namespace: string) {
    this.#objects = objects;
    this.#namespace = namespace;
  }

  /** Makes the record of a new run. @throws KnownError when it is too large; ApiError, TransportError */
  async create(record: RunRecord): Promise<StoredRecord> {
    const name = recordName(record.id);
    const labels = { ...MANAGED_BY, [RECORD_LABEL]: 'true', [RUN_LABEL]: record.id };
    const made = await this.#objects.create(this.#ref(), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: this.#namespace, labels },
      data: { [KEY]: textOf(record) },
    });
    return stored(record, made);
  }

  /**
   * Saves a run's new state over the one that was read.
   *
   * @param previous what `create`, `load`, `list` or the last `save` gave
   * @throws KnownError `refused` when somebody else has saved since, or removed it: another process has the run
   *   now, and this one must do no more; KnownError `failed` when it is too large; ApiError, TransportError
   */
  async save(record: RunRecord, previous: StoredRecord): Promise<StoredRecord> {
    const { name, uid, resourceVersion } = previous;
    const body = { metadata: { uid, resourceVersion }, data: { [KEY]: textOf(record) } };
    try {
      return stored(record, await this.#objects.patch(this.#ref(name), body, 'merge'));
    } catch (error) {
      if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
      const how = isStatus(error, 404) ? 'removed' : 'changed';
      throw new KnownError(
        'refused',
        `Somebody else has ${how} the record ${this.#namespace}/${name}: another process has this copy now`,
        { cause: error },
      );
    }
  }

  /** The record of a run; undefined when there is none. @throws KnownError `failed` for one that can't be read */
  async load(id: string): Promise<StoredRecord | undefined> {
    const found = await this.#objects.get(this.#ref(recordName(id)));
    if (!found) return undefined;
    const result = this.#read(found);
    if ('record' in result) return result;
    throw new KnownError(
      'failed',
      `The record ${this.#namespace}/${result.name} can't be read: ${result.reason}`,
    );
  }

  /** All records of the project. What can't be read as one is named, and costs nothing else. */
  async list(): Promise<RecordList> {
    const found = await this.#objects.list(this.#ref(), { labelSelector: `${RECORD_LABEL}=true` });
    const results = found.map((object) => this.#read(object));
    return {
      records: results
        .filter((result): result is StoredRecord => 'record' in result)
        .toSorted((a, b) => byText(a.record.id, b.record.id)),
      junk: results
        .filter((result): result is JunkRecord => 'reason' in result)
        .toSorted((a, b) => byText(a.name, b.name)),
    };
  }

  /** Removes the records of copies that ended long ago: all but the last of them. @returns their names */
  async prune(keep: number = ENDED_KEPT): Promise<string[]> {
    const { records } = await this.list();
    const ended = records.filter(({ record }) => record.phase === 'ended');
    const old = ended.slice(0, Math.max(0, ended.length - keep));
    for (const { name, uid } of old) {
      await this.#objects.remove(this.#ref(name), { uid, propagation: 'Background' });
    }
    return old.map(({ name }) => name);
  }

  #ref(name?: string): ObjectRef {
    const ref = { apiVersion: 'v1', plural: 'configmaps', namespace: this.#namespace };
    return name === undefined ? ref : { ...ref, name };
  }

  #read(found: ApiObject): StoredRecord | JunkRecord {
    const { name } = found.metadata;
    try {
      return stored(this.#checked(JSON.parse(found.data?.[KEY] ?? 'null'), name), found);
    } catch (error) {
      return { name, reason: errorText(error) };
    }
  }

  /** Whoever may write ConfigMaps in the project could have written it: it must be about this project. */
  #checked(value: unknown, name: string): RunRecord {
    const format = valueAt(value, 'format');
    const request = valueAt(value, 'request');
    const expectations: readonly (readonly [boolean, string])[] = [
      [format !== undefined, 'it holds no record'],
      [format === 1, `its format is ${JSON.stringify(format)}, and this version of the tool knows 1`],
      [recordName(textAt(value, 'id')) === name, 'its id is not that of its name'],
      [PHASES.has(textAt(value, 'phase')), 'it names no step that a copy has'],
      [textAt(request, 'namespace') === this.#namespace, 'it is about another project'],
      [textAt(request, 'source') !== '' && textAt(request, 'target') !== '', 'it names no two claims'],
      [isUndoList(valueAt(value, 'toUndo')), 'what is to be undone in it is no list'],
    ];
    const broken = expectations.find(([isMet]) => !isMet);
    if (broken) throw new Error(broken[1]);
    return {
      ...(value as RunRecord),
      startedAt: textAt(value, 'startedAt'),
      updatedAt: textAt(value, 'updatedAt'),
      message: errorText(textAt(value, 'message')),
      attempts: Number(valueAt(value, 'attempts') ?? 0) || 0,
    };
  }
}

/** The name of a run's ConfigMap. */
export function recordName(id: string): string {
  return `backuper-run-${id}`;
}

function isUndoList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isUndo));
}

function isUndo(item: unknown): boolean {
  return ['scale', 'hook'].includes(textAt(item, 'kind'));
}

function stored(record: RunRecord, { metadata }: ApiObject): StoredRecord {
  const { name, uid = '', resourceVersion = '' } = metadata;
  return { record, name, uid, resourceVersion };
}

/** One line of JSON. What is too large loses what is for people only, never what must be undone. */
function textOf(record: RunRecord): string {
  const line = { ...record, message: errorText(record.message) };
  const { report: _report, ...withoutReport } = line;
  const notes = line.notes === undefined ? {} : { notes: line.notes.slice(0, NOTES_MAX) };
  const texts = [
    line,
    { ...line, ...notes },
    { ...withoutReport, ...notes },
    { ...withoutReport, notes: [] },
  ];
  for (const candidate of texts) {
    const text = JSON.stringify(candidate);
    if (Buffer.byteLength(text) <= BYTES_MAX) return text;
  }
  throw new KnownError(
    'failed',
    `The record of copy ${record.id} is larger than ${BYTES_MAX / 1024} KiB: too much would have to be undone; copy without quiescing`,
  );
}
