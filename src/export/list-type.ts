import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError, TooLargeError, TransportError } from '../kubernetes/api-error.ts';
import { getAsPage, listPages, type Page } from '../kubernetes/list-pages.ts';
import { errorText } from '../model/known-error.ts';
import { type Outcome, WHOLE_CLUSTER } from '../model/manifest.ts';
import type { ResourceType } from '../model/resource-type.ts';
import type { ItemSpool } from './item-spool.ts';
import { isNamespaceType, type StoreObject } from './store-object.ts';

/** Where the objects of a list come from and go to. */
export interface ListContext {
  readonly client: ApiClient;
  readonly store: StoreObject;
  /** Where `store` puts them, to be settled between pages and to forget a list that fails. */
  readonly spool: ItemSpool;
  /** Called after every page with the number of objects on it. */
  readonly onPage: (objectCount: number) => void;
}

/**
 * Reads one type in one scope into the spool, pruned and in canonical form.
 *
 * @param scope `*` for the whole cluster, else a project's name
 * @param isCertain whether the access review said yes; if it could not tell, a 403 means denied
 * @returns what happened; a fault of the server is an outcome with its reason
 * @throws anything else: a full disk, an interruption
 */
export async function listType(
  context: ListContext,
  type: ResourceType,
  scope: string,
  isCertain: boolean,
): Promise<Outcome> {
  let objectCount = 0;
  let resourceVersion = '';
  try {
    for await (const page of pagesOf(context.client, type, scope)) {
      for (const item of page.items) context.store(page.document, item);
      ({ resourceVersion } = page);
      objectCount += page.items.length;
      context.onPage(page.items.length);
      await context.spool.settle();
    }
  } catch (error) {
    if (!isServerFault(error)) throw error;
    context.spool.forget(scope === WHOLE_CLUSTER ? undefined : scope);
    if (error instanceof ApiError && error.status === 403 && !isCertain) return { scope, result: 'denied' };
    return { scope, result: 'failed', reason: reasonOf(error) };
  }
  return objectCount === 0
    ? { scope, result: 'empty', resourceVersion }
    : { scope, result: 'exported', objectCount, resourceVersion };
}

async function* pagesOf(client: ApiClient, type: ResourceType, scope: string): AsyncGenerator<Page> {
  if (scope === WHOLE_CLUSTER) yield* listPages(client, type, undefined);
  // A project's own Namespace object is part of the project, but no list of the project has it.
  else if (isNamespaceType(type)) yield await getAsPage(client, type, scope);
  else yield* listPages(client, type, scope);
}

/** Whether an error is the server's doing, and so a gap in the archive; any other ends the run. */
export function isServerFault(error: unknown): error is Error {
  return error instanceof ApiError || error instanceof TransportError || error instanceof TooLargeError;
}

function reasonOf(error: Error): string {
  return error instanceof ApiError
    ? `${error.status} ${error.reason || 'error'}: ${errorText(error)}`
    : errorText(error);
}
