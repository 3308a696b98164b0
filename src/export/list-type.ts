import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError, TooLargeError, TransportError } from '../kubernetes/api-error.ts';
import { getAsPage, listPages, type Page, type PageSize } from '../kubernetes/list-pages.ts';
import { errorText } from '../model/known-error.ts';
import { type Outcome, WHOLE_CLUSTER } from '../model/manifest.ts';
import type { ResourceType } from '../model/resource-type.ts';
import { isNamespaceType, type StoreObject } from './store-object.ts';
import type { TypeSpool } from './type-spool.ts';

/** How a list is tried again whose state the server has forgotten in the middle of it. */
const SIZES: readonly PageSize[] = ['usual', 'large', 'whole'];

/** Where the objects of a list come from and go to. */
export interface ListContext {
  readonly client: ApiClient;
  /** Makes what stores the objects of a type in one of its versions; called anew for each attempt at a list. */
  readonly storeAs: (type: ResourceType) => StoreObject;
  /** Where they are stored, to be settled between pages and to forget a list that fails. */
  readonly spool: Pick<TypeSpool, 'settle' | 'forget'>;
  /** Called after every page with the number of objects on it. */
  readonly onPage: (objectCount: number) => void;
}

type Read = Extract<Outcome, { readonly result: 'exported' | 'empty' }>;
type Reading = { readonly read: Read } | { readonly fault: Error };

/**
 * Reads one type in one scope into the spool, pruned and in canonical form. A list whose state the server
 * has forgotten (410) is read anew, twice; one that the server can't give in the preferred version (its
 * conversion webhook is down, say) is read in another one.
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
  const preferred = await readVersion(context, type, scope);
  if ('read' in preferred) return preferred.read;
  const { fault } = preferred;
  if (fault instanceof ApiError && fault.status === 403 && !isCertain) return { scope, result: 'denied' };
  const others = isOfVersion(fault) ? (type.otherVersions ?? []) : [];
  for (const version of others) {
    const other = await readVersion(context, { ...type, version }, scope);
    if ('read' in other) return { ...other.read, readVersion: version };
  }
  const tried = others.length === 0 ? '' : ` (nor can it be read in ${others.join(', ')})`;
  return { scope, result: 'failed', reason: `${reasonOf(fault)}${tried}` };
}

/** The type in the version in which all of it was read; in the preferred one if the scopes differ in that. */
export function asRead(type: ResourceType, outcomes: readonly Outcome[]): ResourceType {
  const read = outcomes.filter(isRead);
  const [version] = new Set(read.map(({ readVersion: other }) => other));
  const isSame = read.every(({ readVersion: other }) => other === version);
  return version !== undefined && isSame ? { ...type, version } : type;
}

/** Reads a list from its beginning up to three times: each time it takes fewer requests, and so less time. */
async function readVersion(context: ListContext, type: ResourceType, scope: string): Promise<Reading> {
  let expired: Error | undefined;
  for (const size of SIZES) {
    const reading = await readOnce(context, type, scope, size);
    if ('read' in reading) return reading;
    if (!(reading.fault instanceof ApiError && reading.fault.status === 410))
      return { fault: expired && reading.fault instanceof TooLargeError ? expired : reading.fault };
    expired = reading.fault;
  }
  return { fault: expired ?? new TransportError('', 'the list has expired') };
}

async function readOnce(
  { client, storeAs, spool, onPage }: ListContext,
  type: ResourceType,
  scope: string,
  size: PageSize,
): Promise<Reading> {
  const store = storeAs(type);
  let objectCount = 0;
  let resourceVersion = '';
  try {
    for await (const page of pagesOf(client, type, scope, size)) {
      for (const item of page.items) objectCount += Number(store(page.document, item));
      ({ resourceVersion } = page);
      onPage(page.items.length);
      await spool.settle();
    }
  } catch (error) {
    if (!isServerFault(error)) throw error;
    spool.forget(scope === WHOLE_CLUSTER ? undefined : scope);
    return { fault: error };
  }
  return {
    read:
      objectCount === 0
        ? { scope, result: 'empty', resourceVersion }
        : { scope, result: 'exported', objectCount, resourceVersion },
  };
}

async function* pagesOf(
  client: ApiClient,
  type: ResourceType,
  scope: string,
  size: PageSize,
): AsyncGenerator<Page> {
  if (scope === WHOLE_CLUSTER) yield* listPages(client, type, undefined, size);
  // A project's own Namespace object is part of the project, but no list of the project has it.
  else if (isNamespaceType(type)) yield await getAsPage(client, type, scope);
  else yield* listPages(client, type, scope, size);
}

/** Whether an error is the server's doing, and so a gap in the archive; any other ends the run. */
function isServerFault(error: unknown): error is Error {
  return error instanceof ApiError || error instanceof TransportError || error instanceof TooLargeError;
}

/** Whether another version may do: what is stored in that one needs no conversion. */
function isOfVersion(fault: Error): boolean {
  return fault instanceof ApiError && fault.status === 500;
}

function isRead(outcome: Outcome): outcome is Read {
  return outcome.result === 'exported' || outcome.result === 'empty';
}

function reasonOf(error: Error): string {
  if (!(error instanceof ApiError)) return errorText(error);
  const { status, reason } = error;
  const text = `${status} ${reason || 'error'}: ${errorText(error)}`;
  // Discovery has named the type, so it was there when the run began: what it held is not known.
  return status === 404 ? `${text} (it was served when the run began)` : text;
}
