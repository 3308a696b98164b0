import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import {
  type ApiObject,
  ClusterObjects,
  type ObjectRef,
  type PatchKind,
  type RemoveOptions,
  type Selection,
} from '../../../src/kubernetes/objects.ts';

/** What every call says of a process that has died. */
export class Died extends Error {}

/** The objects of the cluster for a process that dies right before its `lastWrite`-th write: nothing works from then on. */
export class MortalObjects extends ClusterObjects {
  /** How many writes there have been. */
  writes = 0;
  #diesBefore: number;
  #isDead = false;

  constructor(client: ApiClient, diesBefore: number) {
    super(client);
    this.#diesBefore = diesBefore;
  }

  /** Lets it die before the next write. */
  dieSoon(): void {
    this.#diesBefore = this.writes + 1;
  }

  override async get(ref: ObjectRef): Promise<ApiObject | undefined> {
    this.#assertAlive();
    return await super.get(ref);
  }

  override async list(ref: ObjectRef, selection?: Selection): Promise<ApiObject[]> {
    this.#assertAlive();
    return await super.list(ref, selection);
  }

  override async create(ref: ObjectRef, body: ApiObject): Promise<ApiObject> {
    this.#beforeWrite(ref);
    return await super.create(ref, body);
  }

  override async replace(ref: ObjectRef, body: ApiObject): Promise<ApiObject> {
    this.#beforeWrite(ref);
    return await super.replace(ref, body);
  }

  override async patch(ref: ObjectRef, body: unknown, kind: PatchKind): Promise<ApiObject> {
    this.#beforeWrite(ref);
    return await super.patch(ref, body, kind);
  }

  override async remove(ref: ObjectRef, options?: RemoveOptions): Promise<void> {
    this.#beforeWrite(ref);
    await super.remove(ref, options);
  }

  /** Leases are renewed by the clock, so those writes don't count. */
  #beforeWrite({ plural }: ObjectRef): void {
    this.#assertAlive();
    if (plural === 'leases') return;
    this.writes++;
    this.#isDead = this.writes === this.#diesBefore;
    this.#assertAlive();
  }

  #assertAlive(): void {
    if (this.#isDead) throw new Died('the process has died');
  }
}
