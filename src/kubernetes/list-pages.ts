import { JsonDocument, type JsonNode } from '../json/json-document.ts';
import { errorText } from '../model/known-error.ts';
import { matchesLabels } from '../model/label-selector.ts';
import { apiVersion, type ResourceType } from '../model/resource-type.ts';
import type { ApiClient } from './api-client.ts';
import { TooLargeError, TransportError } from './api-error.ts';
import type { AnswerSpace } from './read-answer.ts';

/**
 * How much a list asks for at a time: the usual page, one of four times as many objects, or all of it. What
 * is read with fewer requests is read sooner, before the server forgets the state that it is reading from.
 */
export type PageSize = 'usual' | 'large' | 'whole';

const MEBIBYTE = 1024 * 1024;
/** A page of more bytes is asked for again with an eighth of the objects: 500 Secrets may be 500 MB. */
const PAGES: Readonly<Record<PageSize, { readonly factor: number; readonly bytesMax: number }>> = {
  usual: { factor: 1, bytesMax: 16 * MEBIBYTE },
  large: { factor: 4, bytesMax: 32 * MEBIBYTE },
  whole: { factor: Number.POSITIVE_INFINITY, bytesMax: 32 * MEBIBYTE },
};

/** A type, and which of its objects are asked for. */
export interface ListedType extends ResourceType {
  /** As kubectl takes it; empty or undefined for all of them. */
  readonly labelSelector?: string;
}

/** One page of a list. It may be used until the next one is asked for. */
export interface Page {
  /** The objects are values of this document. */
  readonly document: JsonDocument;
  readonly items: readonly JsonNode[];
  /** Of the list: the same on every page. */
  readonly resourceVersion: string;
}

/**
 * What every manager has set of an object, half of what a server sends. It is passed over: nobody asks for it
 * but one rule, of a few objects.
 */
const UNREAD = ['items', '*', 'metadata', 'managedFields', '*', 'fieldsV1'];

interface PageRequest {
  readonly path: string;
  /** Objects; infinite for no limit. */
  readonly limit: number;
  readonly bytesMax: number;
  readonly continueToken: string;
  readonly labelSelector: string;
  readonly space: AnswerSpace;
}

interface Body {
  readonly bytes: Buffer;
  /** The limit with which the server's answer was small enough. */
  readonly limit: number;
}

/**
 * Lists a type page by page, one state of the server from the first page to the last. The next page is
 * under way while the caller works on this one.
 *
 * resourceVersion is never set: with "0" the server may answer from an old cache and ignores the limit
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).
 *
 * @param namespace a project's name; undefined for the whole cluster
 * @throws ApiError (410 when the server has compacted the state), TransportError, TooLargeError when a single
 *   object, or a list as a whole, is larger than a page may be
 */
export async function* listPages(
  client: ApiClient,
  type: ListedType,
  namespace: string | undefined,
  size: PageSize = 'usual',
): AsyncGenerator<Page, void, void> {
  const { factor, bytesMax } = PAGES[size];
  const { labelSelector = '' } = type;
  const list = { path: listPath(type, namespace), labelSelector, bytesMax };
  const seen = new Set<string>();
  // One page is worked on while the next one arrives.
  const spaces = [{ bytes: Buffer.alloc(0) }, { bytes: Buffer.alloc(0) }] as const;
  let tape: Int32Array | undefined;
  const first = { limit: factor * client.settings.pageObjects, continueToken: '', space: spaces[0] };
  let next = fetchPage(client, { ...list, ...first });
  for (;;) {
    const { bytes, limit } = await next;
    const { continueToken, ...page } = readPage(bytes, tape);
    ({ tape } = page.document);
    if (continueToken === '') return yield page;
    if (seen.has(continueToken)) throw new TransportError('', 'the server repeats a page of the list');
    seen.add(continueToken);
    const space = spaces[seen.size % 2 === 0 ? 0 : 1];
    next = fetchPage(client, { ...list, limit, continueToken, space });
    // When the caller stops early nobody awaits this page; its failure is then of no interest.
    next.catch(() => undefined);
    yield page;
  }
}

/** The path under which a type is listed. */
export function listPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  return namespace === undefined
    ? `${root}/${type.plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${type.plural}`;
}

/** Reads one cluster-scoped object by name, as a list of one, or of none if it has other labels. */
export async function getAsPage(client: ApiClient, type: ListedType, name: string): Promise<Page> {
  const body = await client.send(`${listPath(type, undefined)}/${encodeURIComponent(name)}`);
  const document = parse(body);
  const { root } = document;
  if (document.text(document.member(root, 'apiVersion')) !== apiVersion(type)) {
    throw new TransportError('', `${type.plural}/${name} did not answer with an object`);
  }
  const metadata = document.member(root, 'metadata') ?? root;
  const resourceVersion = document.text(document.member(metadata, 'resourceVersion')) ?? '';
  const labels = document.member(metadata, 'labels');
  const label = (key: string): string | undefined =>
    labels === undefined ? undefined : document.text(document.member(labels, key));
  const { labelSelector = '' } = type;
  const isAskedFor = labelSelector === '' || matchesLabels(labelSelector, label);
  return { document, items: isAskedFor ? [root] : [], resourceVersion };
}

async function fetchPage(client: ApiClient, request: PageRequest): Promise<Body> {
  const { path, limit, bytesMax, continueToken, labelSelector, space } = request;
  const isWhole = limit === Number.POSITIVE_INFINITY;
  const query = [
    ...(isWhole ? [] : [`limit=${limit}`]),
    ...(labelSelector === '' ? [] : [`labelSelector=${encodeURIComponent(labelSelector)}`]),
    ...(continueToken === '' ? [] : [`continue=${encodeURIComponent(continueToken)}`]),
  ];
  const target = query.length === 0 ? path : `${path}?${query.join('&')}`;
  try {
    return { bytes: await client.send(target, { bytesMax, space }), limit };
  } catch (error) {
    if (!(error instanceof TooLargeError) || isWhole || limit === 1) throw error;
    return await fetchPage(client, { ...request, limit: Math.max(1, Math.floor(limit / 8)) });
  }
}

/** Takes nothing for a list that isn't one: a cut body or a Status must never look like fewer objects. */
function readPage(body: Buffer, tape: Int32Array | undefined): Page & { readonly continueToken: string } {
  const document = parse(body, tape, UNREAD);
  const kind = document.text(document.member(document.root, 'kind'));
  const metadata = document.member(document.root, 'metadata');
  const items = document.member(document.root, 'items');
  if (kind?.endsWith('List') !== true || metadata === undefined || items === undefined) {
    throw new TransportError('', `the server answered a list with ${kind ?? 'something that has no kind'}`);
  }
  // Go writes a list that was never filled as null.
  const nodes = document.isNull(items) ? [] : objectsOf(document, items);
  return {
    document,
    items: nodes,
    resourceVersion: document.text(document.member(metadata, 'resourceVersion')) ?? '',
    continueToken: document.text(document.member(metadata, 'continue')) ?? '',
  };
}

function objectsOf(document: JsonDocument, items: JsonNode): JsonNode[] {
  const nodes = [...document.elements(items)];
  if (!document.isArray(items) || !nodes.every((node) => document.isObject(node))) {
    throw new TransportError('', 'the list holds something that is no object');
  }
  return nodes;
}

function parse(body: Buffer, tape?: Int32Array, unread?: readonly string[]): JsonDocument {
  try {
    return new JsonDocument(body, tape, unread);
  } catch (error) {
    throw new TransportError('', `the list is not JSON: ${errorText(error)}`, { cause: error });
  }
}
