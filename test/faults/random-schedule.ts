import type { Chance } from './chance.ts';
import type { Asked, Fault, FaultProxy } from './fault-proxy.ts';
import {
  type Change,
  cutAt,
  edited,
  type EditableList,
  inReviews,
  instead,
  lost,
  repeated,
  shortenedTo,
  stalledAt,
  status,
} from './faults.ts';

/** Where the faults of a run are, by the end of a path. */
export interface Places {
  /** The plurals of the types that the run reads. */
  readonly types: readonly string[];
  /** Which of them is also served as `v1beta1`. */
  readonly converted: string;
  /** What the server answers at `/api` and `/apis` when there is no fault. */
  readonly discovery: Change;
}

/** The faults of one run. */
export interface Schedule {
  readonly faults: readonly Fault[];
  /** What they are, for whoever has to look into a failure. */
  readonly names: readonly string[];
  /** Whether one of them may keep the run from beginning at all. */
  readonly mayFail: boolean;
}

interface Named {
  readonly name: string;
  readonly fault: Fault;
}

/** How long the server is away. */
const AWAY_MS = 10;
/** So many times, which is once to more often than anybody asks. */
const TIMES = [1, 1, 1, 2, 2, 3, 5, 1000] as const;
const isDiscovery = (path: string): boolean => path === '/api' || path === '/apis';

/** Makes up the faults of one run. None of them is a lie that nobody could see through. */
export function randomSchedule(chance: Chance, places: Places, proxy: () => FaultProxy): Schedule {
  const ofTypes = places.types.flatMap((type) => ofType(chance, type));
  const ofConversion = chance.happens(0.1) ? [deadWebhook(places.converted)] : [];
  const ofFront = chance.happens(0.1) ? [inFront(chance, places)] : [];
  const ofServer = chance.happens(0.05) ? [away(chance, proxy)] : [];
  const chosen = [...ofServer, ...ofFront, ...ofConversion, ...ofTypes];
  const discovery = { matches: ({ path }: Asked) => isDiscovery(path), change: places.discovery };
  return {
    faults: [...chosen.map(({ fault }) => fault), discovery],
    names: chosen.map(({ name }) => name),
    mayFail: ofFront.length + ofServer.length > 0,
  };
}

/** Up to three faults, one after the other, in the lists of a type. */
function ofType(chance: Chance, type: string): Named[] {
  const count = Math.max(0, chance.below(7) - 4);
  const hasReview = chance.happens(0.1);
  const reviews: Named[] = hasReview
    ? [{ name: `review of ${type}`, fault: inReviews(type, instead({ kind: 'Status' }), 1) }]
    : [];
  return [...reviews, ...Array.from({ length: count }, () => inList(chance, type, hasReview))];
}

function inList(chance: Chance, type: string, hasReview: boolean): Named {
  const [name, change] = listFault(chance);
  // Who was not told that he may list a type takes a 403 for the answer, and is right.
  if (name === '403' && hasReview) return inList(chance, type, hasReview);
  const times = chance.oneOf(TIMES);
  const isLater = chance.happens(0.5);
  let skipped = chance.below(4);
  const matches = ({ method, path, query }: Asked): boolean => {
    if (method !== 'GET' || !path.endsWith(`/${type}`)) return false;
    if (isLater && !query.has('continue')) return false;
    skipped -= 1;
    return skipped < 0;
  };
  return { name: `${name} in ${type} ${times} times`, fault: { matches, change, times } };
}

function listFault(chance: Chance): readonly [string, Change] {
  const part = chance.part();
  if (chance.happens(0.015)) return ['stall', stalledAt(part)];
  if (chance.happens(0.005)) return ['lost', lost()];
  return chance.oneOf<readonly [string, Change]>([
    ['410', status(410, 'Expired')],
    ['410', status(410, 'Expired')],
    ['410', status(410, 'Expired')],
    ['429', status(429, 'TooManyRequests')],
    ['429 with a pause', status(429, 'TooManyRequests', { 'retry-after': '1' })],
    ['500', status(500, 'InternalError')],
    ['503', status(503, 'ServiceUnavailable')],
    ['504', status(504, 'Timeout')],
    ['401', status(401, 'Unauthorized')],
    ['403', status(403, 'Forbidden')],
    ['404', status(404, 'NotFound')],
    ['cut', cutAt(part)],
    ['cut', cutAt(part)],
    ['shortened', shortenedTo(part)],
    ['a Status', instead({ apiVersion: 'v1', kind: 'Status', status: 'Success' })],
    ['a page of a proxy', instead('<!doctype html>')],
    ['nothing', instead('')],
    ['everything twice', edited(({ items }) => items.push(...items))],
    ['no name', edited(withoutName)],
    ['no items', edited((list) => Reflect.deleteProperty(list, 'items'))],
    ['the same page', repeated()],
    ['a token that nobody made', edited(({ metadata }) => (metadata.continue = 'made-up'))],
  ]);
}

function withoutName({ items }: EditableList): void {
  // A page without objects stays as it is: there is nothing to be missed in it.
  delete items[0]?.metadata.name;
}

function deadWebhook(type: string): Named {
  const matches = ({ path }: Asked): boolean => path.endsWith(`/v1/${type}`);
  const change = status(500, 'InternalError');
  return { name: 'a dead webhook', fault: { matches, change } };
}

/** Before any type is read: nothing at all can be said of the cluster then, or of a group. */
function inFront(chance: Chance, { discovery }: Places): Named {
  const place = chance.oneOf([
    '/version',
    '/api/v1/namespaces/kube-system',
    '/api',
    '/apis',
    '/apis',
  ] as const);
  const part = chance.part();
  const [name, change] = chance.oneOf<readonly [string, Change]>([
    ['503', status(503, 'ServiceUnavailable')],
    ['cut', cutAt(part)],
    ['shortened', shortenedTo(part)],
    ['stale', edited(isStale)],
    ['stale', edited(isStale)],
  ]);
  const after: Change = (answer, asked) =>
    change(isDiscovery(asked.path) ? discovery(answer, asked) : answer, asked);
  const isHere = ({ path }: Asked): boolean => path === place;
  return {
    name: `${name} at ${place}`,
    fault: { matches: isHere, change: after, times: chance.oneOf(TIMES) },
  };
}

function isStale(document: unknown): void {
  const { items = [] } = document as {
    items?: { versions?: { freshness?: string; resources?: object[] }[] }[];
  };
  for (const version of items.at(-1)?.versions?.slice(0, 1) ?? []) {
    version.freshness = 'Stale';
    version.resources = [];
  }
}

function away(chance: Chance, proxy: () => FaultProxy): Named {
  let rest = chance.below(15);
  const before = async (): Promise<void> => {
    await proxy().goAway();
    setTimeout(() => void proxy().comeBack(), AWAY_MS);
  };
  const matches = (): boolean => {
    rest -= 1;
    return rest < 0;
  };
  return { name: 'the server goes away', fault: { matches, before, times: 1 } };
}
