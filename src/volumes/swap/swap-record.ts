import { isStatus, type ApiObject, type ClusterObjects, type ObjectRef } from '../../kubernetes/objects.ts';
import { errorText, KnownError } from '../../model/known-error.ts';
import { PREFIX } from '../annotations.ts';
import type { ClusterObject } from '../copy.ts';
import { byText } from '../fields.ts';
import type { Workload } from '../quiesce/plan-scale.ts';

/** On the record and on everything that a swap has made or changed: the swap's id. */
export const SWAP = `${PREFIX}swap`;

/** What a swap takes apart, as it was before. */
export interface SwapKept {
  readonly claim: ClusterObject;
  readonly copy: ClusterObject;
  readonly claimVolume: ClusterObject;
  readonly copyVolume: ClusterObject;
}

/** What is known of one swap: the content of a ConfigMap `backuper-swap-<id>` in the project. */
export interface SwapRecord {
  readonly format: 1;
  readonly id: string;
  readonly namespace: string;
  readonly claim: string;
  readonly copy: string;
  readonly direction: 'forward' | 'backward';
  /** `abandoned`: ended before anything was changed for good. */
  readonly state: 'running' | 'done' | 'rolled-back' | 'abandoned';
  /** The step that is being taken, or was the last; everything before it is done. */
  readonly step: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  /** One line for people. */
  readonly message: string;
  /** What is to be scaled back. */
  readonly workloads: readonly Workload[];
  readonly kept: SwapKept;
}

const KEPT = ['claim', 'copy', 'claimVolume', 'copyVolume'] as const;

/**
 * The records of swaps in a project. What was taken apart lies beside the record as files of its own, which
 * `kubectl` reads: with them, everything can be put together by hand.
 */
export class SwapStore {
  readonly #objects: ClusterObjects;
  readonly #namespace: string;

  constructor(objects: ClusterObjects, namespace: string) {
    this.#objects = objects;
    this.#namespace = namespace;
  }

  /** All records that can be read, the latest first. */
  async list(): Promise<readonly SwapRecord[]> {
    const found = await this.#objects.list(this.#ref(), { labelSelector: SWAP });
    const records = found.flatMap((object) => recordOf(object) ?? []);
    return records.toSorted((one, other) => byText(other.id, one.id));
  }

  /** Makes a record. @throws ApiError when it can't be made: nothing may be done then */
  async create(record: SwapRecord): Promise<void> {
    await this.#objects.create(this.#ref(), mapOf(record));
  }

  /**
   * Changes a record, if it is as the caller knows it.
   *
   * @throws DisturbedSwap `refused` when another process has changed it: two must not work on one swap
   */
  async save(known: SwapRecord, record: SwapRecord): Promise<void> {
    const ref = { ...this.#ref(), name: nameOf(record) };
    const found = await this.#objects.get(ref);
    const current = found && recordOf(found);
    if (!current || current.updatedAt !== known.updatedAt || current.step !== known.step)
      throw disturbed(record);
    const { resourceVersion = '' } = found.metadata;
    const body = mapOf(record);
    try {
      await this.#objects.replace(ref, { ...body, metadata: { ...body.metadata, resourceVersion } });
    } catch (error) {
      if (isStatus(error, 409) || isStatus(error, 404)) throw disturbed(record, error);
      throw error;
    }
  }

  #ref(): ObjectRef {
    return { apiVersion: 'v1', plural: 'configmaps', namespace: this.#namespace };
  }
}

/** Two processes work on one swap, and this is the one that has to stop: it must not take anything back either. */
export class DisturbedSwap extends KnownError {}

function disturbed(record: SwapRecord, cause?: unknown): KnownError {
  const reason = cause === undefined ? '' : ` (${errorText(cause)})`;
  return new DisturbedSwap(
    'refused',
    `Somebody else has changed or removed the record ${nameOf(record)}${reason}: let only one process work on a swap`,
    { cause },
  );
}

function nameOf({ id }: SwapRecord): string {
  return `backuper-swap-${id}`;
}

function mapOf(record: SwapRecord): ApiObject {
  const { kept, ...rest } = record;
  const labels = { 'app.kubernetes.io/managed-by': 'openshift-backup', [SWAP]: record.id };
  const files = KEPT.map((name) => [`${name}.json`, jsonOf(kept[name])] as const);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: nameOf(record), namespace: record.namespace, labels },
    data: { 'record.json': jsonOf(rest), ...Object.fromEntries(files) },
  };
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** @returns undefined for what this version did not write */
function recordOf({ data = {} }: ApiObject): SwapRecord | undefined {
  try {
    const read = (name: string): unknown => JSON.parse(data[`${name}.json`] ?? '');
    const kept = Object.fromEntries(KEPT.map((name) => [name, read(name)]));
    const record = { ...(read('record') as object), kept } as unknown as SwapRecord;
    return record.format === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}

/** An object as it is kept: without what only the server can write, which is long. */
export function keptObject({ metadata, ...rest }: ClusterObject): ClusterObject {
  const { managedFields: _managedFields, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
