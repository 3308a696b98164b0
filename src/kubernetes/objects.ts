import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, RequestSettings } from './api-client.ts';
import { ApiError, TransportError } from './api-error.ts';
import { type ApiObject, asObject, asPage, objectPath, type ObjectRef } from './api-object.ts';
import { isUndecided, pauseMs } from './retry.ts';
import { isAsPatched, isAsWritten, isMadeBy, type PatchOperation } from './written.ts';

export type { ApiObject, ObjectRef } from './api-object.ts';
export type { PatchOperation } from './written.ts';

/** Who writes, in the `managedFields` of what is written. */
export const FIELD_MANAGER = 'openshift-backup';
/** A list whose state the server has forgotten is begun anew so often. */
const LISTS_MAX = 3;

/** Which objects of a list are wanted, as kubectl takes it. */
export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** `merge` (RFC 7386), `json` (RFC 6902), or `apply`: on the server, over what others have set. */
export type PatchKind = 'merge' | 'json' | 'apply';

/** How an object is removed. */
export interface RemoveOptions {
  /** Only if it is this one still. */
  readonly uid?: string;
  /** Only if nobody has changed it since. */
  readonly resourceVersion?: string;
  readonly graceSeconds?: number;
  readonly propagation?: 'Orphan' | 'Background' | 'Foreground';
}

const CONTENT_TYPES: Readonly<Record<PatchKind, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
};

/**
 * Reads and changes single objects. Numbers beyond 2^53 are rounded on the way, so other people's objects are
 * changed by patches only, never replaced.
 *
 * A write that broke off after it was sent may have been carried out, now or a little later. It is never sent
 * again blindly: a look at the object tells whether it was, and only if not it is repeated.
 *
 * All methods throw ApiError for what the server refuses, TransportError when it does not answer, and the
 * client's signal's reason.
 */
export class ClusterObjects {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** One object, or one of its subresources; undefined when there is none of this name. */
  async get(ref: ObjectRef): Promise<ApiObject | undefined> {
    const path = objectPath(ref);
    try {
      return asObject(await this.#client.json(path), path);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** All objects of a type, of one state of the cluster, each with its kind. */
  async list(ref: ObjectRef, selection: Selection = {}): Promise<ApiObject[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listOnce(objectPath(ref), selection);
      } catch (error) {
        if (!isStatus(error, 410) || attempt === LISTS_MAX) throw error;
      }
    }
  }

  /**
   * Makes an object, which must have a name.
   *
   * @throws ApiError 409 when there is one of this name that this call has not made
   */
  async create(ref: ObjectRef, body: ApiObject): Promise<ApiObject> {
    // By this name the server knows which of several requests made the object.
    const fieldManager = `${FIELD_MANAGER}-${randomBytes(6).toString('hex')}`;
    const { name: _name, ...collection } = ref;
    const send = this.#sender({ ...collection }, { method: 'POST', body }, { fieldManager });
    const { subresource } = ref;
    if (subresource !== undefined) return await send();
    return await this.#write(send, async () => {
      const found = await this.get({ ...collection, name: body.metadata.name });
      return found && isMadeBy(found, fieldManager) ? found : undefined;
    });
  }

  /**
   * Puts an object in the place of another. With a `metadata.resourceVersion` it does so only if nobody has
   * changed it since.
   *
   * @throws ApiError 409 when somebody has, 404 when it is gone
   */
  async replace(ref: ObjectRef, body: ApiObject): Promise<ApiObject> {
    const send = this.#sender(ref, { method: 'PUT', body }, { fieldManager: FIELD_MANAGER });
    return await this.#write(send, () => this.#getIf(ref, (found) => isAsWritten(found, body)));
  }

  /**
   * Changes an object. A JSON patch should begin with a `test`: one that broke off is else not sent again.
   *
   * @param body of a `json` patch its operations
   * @throws ApiError 422 when a `test` fails, 409 when the given resourceVersion is not the object's
   */
  async patch(ref: ObjectRef, body: unknown, kind: PatchKind): Promise<ApiObject> {
    const settings = { method: 'PATCH', body, contentType: CONTENT_TYPES[kind] } as const;
    const force = kind === 'apply' ? { force: 'true' } : {};
    const send = this.#sender(ref, settings, { fieldManager: FIELD_MANAGER, ...force });
    const operations = kind === 'json' ? (body as readonly PatchOperation[]) : undefined;
    const isThere = (found: ApiObject): boolean =>
      operations ? isAsPatched(found, operations) : isAsWritten(found, body);
    const mayRepeat = operations?.some(({ op }) => op === 'test') ?? true;
    return await this.#write(send, () => this.#getIf(ref, isThere), mayRepeat);
  }

  /** Removes an object; it is fine if it is gone, or another one has its name. It may take its time to go. */
  async remove(ref: ObjectRef, options: RemoveOptions = {}): Promise<void> {
    const { uid, resourceVersion, graceSeconds, propagation } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      gracePeriodSeconds: graceSeconds,
      propagationPolicy: propagation,
    };
    const path = objectPath(ref);
    const send = async (): Promise<true> => {
      await this.#client.send(path, { method: 'DELETE', body });
      return true;
    };
    const isOnItsWay = async (): Promise<true | undefined> => {
      const found = await this.get(ref);
      const isAnother = uid !== undefined && found?.metadata.uid !== uid;
      return !found || isAnother || found.metadata.deletionTimestamp !== undefined || undefined;
    };
    try {
      // Without a uid, the second request could remove what somebody has made after the first.
      await this.#write(send, isOnItsWay, uid !== undefined);
    } catch (error) {
      if (isStatus(error, 404)) return;
      if (isStatus(error, 409) && uid !== undefined && (await this.#isAnother(ref, uid))) return;
      throw error;
    }
  }

  async #isAnother(ref: ObjectRef, uid: string): Promise<boolean> {
    return (await this.get(ref))?.metadata.uid !== uid;
  }

  async #getIf(ref: ObjectRef, isWanted: (found: ApiObject) => boolean): Promise<ApiObject | undefined> {
    const found = await this.get(ref);
    return found && isWanted(found) ? found : undefined;
  }

  #sender(
    ref: ObjectRef,
    settings: RequestSettings,
    parameters: Readonly<Record<string, string>>,
  ): () => Promise<ApiObject> {
    const path = objectPath(ref);
    const target = `${path}?${new URLSearchParams(parameters).toString()}`;
    return async () => asObject(await this.#client.json(target, settings), path);
  }

  /**
   * Sends a write until it is known what became of it.
   *
   * @param look what the write was to bring about, if it is there
   * @param mayRepeat whether it is sent again if not
   */
  async #write<T>(send: () => Promise<T>, look: () => Promise<T | undefined>, mayRepeat = true): Promise<T> {
    const { settings } = this.#client;
    for (let attempt = 1; ; attempt++) {
      try {
        return await send();
      } catch (error) {
        // After one that may have been carried out, a refusal of the next may be its success.
        if (!isUndecided(error) && (attempt === 1 || !(error instanceof ApiError))) throw error;
        this.#client.throwIfEnded();
        const found = await look();
        if (found !== undefined) return found;
        if (!isUndecided(error) || !mayRepeat || attempt === settings.attemptsMax) throw error;
        await sleep(pauseMs(error, attempt, settings));
        this.#client.throwIfEnded();
      }
    }
  }

  async #listOnce(path: string, { labelSelector = '', fieldSelector = '' }: Selection): Promise<ApiObject[]> {
    const objects: ApiObject[] = [];
    const seen = new Set<string>();
    const parameters = new URLSearchParams({ limit: String(this.#client.settings.pageObjects) });
    if (labelSelector !== '') parameters.set('labelSelector', labelSelector);
    if (fieldSelector !== '') parameters.set('fieldSelector', fieldSelector);
    for (;;) {
      const { items, continueToken } = asPage(
        await this.#client.json(`${path}?${parameters.toString()}`),
        path,
      );
      objects.push(...items);
      if (continueToken === '') return objects;
      if (seen.has(continueToken)) throw new TransportError('', 'the server repeats a page of the list');
      seen.add(continueToken);
      parameters.set('continue', continueToken);
    }
  }
}

/** Whether the server has refused a request with this status. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
