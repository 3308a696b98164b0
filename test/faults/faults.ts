import type { Answer, Asked, Fault } from './fault-proxy.ts';

/** Changes of an answer, and what they are called: see `Fault`. */
export type Change = NonNullable<Fault['change']>;

/** A fault in the lists of one resource, given by the end of its path: `secrets`, `shop/configmaps`. */
export function inLists(resource: string, change: Change, times?: number): Fault {
  const matches = ({ method, path }: Asked): boolean => method === 'GET' && path.endsWith(`/${resource}`);
  return { matches, change, ...(times === undefined ? {} : { times }) };
}

/** A fault in the second page of the lists of one resource, and in those behind it. */
export function inLaterPages(resource: string, change: Change, times?: number): Fault {
  const fault = inLists(resource, change, times);
  return { ...fault, matches: (asked) => fault.matches(asked) && asked.query.has('continue') };
}

/** A fault in the access reviews that ask for one resource. */
export function inReviews(resource: string, change: Change, times?: number): Fault {
  const matches = ({ path, body }: Asked): boolean =>
    path.endsWith('/selfsubjectaccessreviews') && body.includes(`"resource":"${resource}"`);
  return { matches, change, ...(times === undefined ? {} : { times }) };
}

/** An error as an API server answers it. */
export function status(code: number, reason: string, headers: Record<string, string> = {}): Change {
  const object = {
    apiVersion: 'v1',
    kind: 'Status',
    status: 'Failure',
    code,
    reason,
    message: `made up: ${reason}`,
  };
  return () => json(code, object, headers);
}

/** Success, with something else than what was asked for. */
export function instead(body: unknown): Change {
  return () => (typeof body === 'string' ? { status: 200, body: Buffer.from(body) } : json(200, body));
}

/** The real answer, whose connection breaks after a part of the body (0 to 1). */
export function cutAt(part: number): Change {
  return (answer) => ({ ...answer, cutAfterBytes: Math.floor(answer.body.length * part) });
}

/** The real answer, of which nothing more comes after a part of the body (0 to 1). */
export function stalledAt(part: number): Change {
  return (answer) => ({ ...answer, stallAfterBytes: Math.floor(answer.body.length * part) });
}

/** A part of the real body (0 to 1), sent as if it were the whole. */
export function shortenedTo(part: number): Change {
  return (answer) => ({ ...answer, body: answer.body.subarray(0, Math.floor(answer.body.length * part)) });
}

/** The real list with a change in it. */
export function edited(edit: (list: EditableList) => void): Change {
  return (answer) => {
    const list = JSON.parse(answer.body.toString()) as EditableList;
    edit(list);
    return { ...answer, body: Buffer.from(JSON.stringify(list)) };
  };
}

/** The first page again and again, as if there were always another one. */
export function repeated(): Change {
  const endless = edited(({ metadata }) => (metadata.continue = 'again'));
  let first: Answer | undefined;
  return (answer, asked) => (first ??= endless(answer, asked));
}

/** No answer at all. */
export function lost(): Change {
  return (answer) => ({ ...answer, isLost: true });
}

export interface EditableList {
  metadata: { continue?: string };
  items: { metadata: { name?: string; namespace?: string } }[];
}

function json(code: number, object: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status: code,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(object)),
  };
}
