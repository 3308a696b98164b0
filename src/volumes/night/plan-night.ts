import type { VolumeOutcome } from '../../model/volume-outcome.ts';
import { COPY, COPY_TO, WISHES } from '../annotations.ts';
import { type ClusterObject, type CopyRequest, USUAL_COPY } from '../copy.ts';

/** A copy that the configuration asks for. */
export interface ConfiguredCopy {
  readonly namespace: string;
  readonly claim: string;
  readonly target: string;
}

/** What a night of copies is planned from. */
export interface NightFacts {
  /** Every claim of every project that lets its volumes be copied. */
  readonly claims: readonly ClusterObject[];
  /** The names of those projects. */
  readonly projects: ReadonlySet<string>;
  readonly configured: readonly ConfiguredCopy[];
  /** What nobody has asked for in another way. */
  readonly usual: Pick<CopyRequest, 'bandwidthKiB' | 'deadlineSeconds'>;
}

/** What is to be copied, and what became of the claims that aren't. */
export interface NightPlan {
  readonly requests: readonly CopyRequest[];
  readonly outcomes: readonly VolumeOutcome[];
}

const KEEP_MAX = 1000;
const MODES: readonly string[] = ['mirror', 'generations'] satisfies readonly CopyRequest['mode'][];
const QUIESCES: readonly string[] = ['none', 'hooks', 'scale'] satisfies readonly CopyRequest['quiesce'][];

/**
 * Takes the claims' annotations and the configuration for what shall be copied. Every claim of the projects is
 * either in a request or in the outcomes, with the reason.
 */
export function planNight({ claims, projects, configured, usual }: NightFacts): NightPlan {
  const wishes = new Map<string, CopyRequest | VolumeOutcome>();
  for (const claim of claims) {
    const wish = wishOf(claim, usual);
    if (wish) wishes.set(keyOf(wish), wish);
  }
  for (const entry of configured) {
    const key = `${entry.namespace}/${entry.claim}`;
    const known = wishes.get(key);
    // What the claim says of itself is said by somebody who knows it; the configuration adds to it.
    if (known === undefined) wishes.set(key, configuredWish(entry, projects, usual));
  }
  const asked = [...wishes.values()].filter((wish) => 'source' in wish);
  const { requests, overlapping } = withoutOverlaps(asked);
  const rest = claims.flatMap((claim) => {
    const key = `${claim.metadata.namespace ?? ''}/${claim.metadata.name}`;
    return wishes.has(key) ? [] : [unasked(claim, asked)];
  });
  const declined = [...wishes.values()].filter((wish) => 'claim' in wish);
  return {
    requests: requests.toSorted((a, b) => compare(keyOf(a), keyOf(b))),
    outcomes: [...declined, ...overlapping, ...rest].toSorted((a, b) => compare(keyOf(a), keyOf(b))),
  };
}

/** What a claim asks for; undefined where it asks for nothing. */
function wishOf(claim: ClusterObject, usual: NightFacts['usual']): CopyRequest | VolumeOutcome | undefined {
  const { name, namespace = '', annotations = {} } = claim.metadata;
  const target = annotations[COPY_TO];
  if (target === undefined) return undefined;
  const mode = annotations[WISHES.mode] ?? 'mirror';
  const quiesce = annotations[WISHES.quiesce] ?? 'none';
  const keep = annotations[WISHES.keep] ?? String(USUAL_COPY.keepGenerations);
  const problem = problemOf({ target, mode, quiesce, keep });
  if (problem !== undefined) return { namespace, claim: name, target, result: 'declined', message: problem };
  return {
    ...request({ namespace, claim: name, target }, usual),
    sub: annotations[WISHES.folder] ?? '',
    into: annotations[WISHES.into] ?? '',
    mode: mode as CopyRequest['mode'],
    keepGenerations: Number(keep),
    quiesce: quiesce as CopyRequest['quiesce'],
  };
}

function problemOf(given: {
  target: string;
  mode: string;
  quiesce: string;
  keep: string;
}): string | undefined {
  if (given.target === '')
    return `the annotation ${COPY_TO} is empty: name the claim that shall hold the copy`;
  if (!MODES.includes(given.mode)) return wrong(WISHES.mode, given.mode, MODES.join(' or '));
  if (!QUIESCES.includes(given.quiesce)) return wrong(WISHES.quiesce, given.quiesce, QUIESCES.join(', '));
  const count = Number(given.keep);
  if (/^\d{1,4}$/u.test(given.keep) && count >= 1 && count <= KEEP_MAX) return undefined;
  return wrong(WISHES.keep, given.keep, `a whole number from 1 to ${KEEP_MAX}`);
}

function wrong(annotation: string, given: string, right: string): string {
  return `the annotation ${annotation} is ${JSON.stringify(given)}: give ${right}`;
}

function configuredWish(
  entry: ConfiguredCopy,
  projects: ReadonlySet<string>,
  usual: NightFacts['usual'],
): CopyRequest | VolumeOutcome {
  if (projects.has(entry.namespace)) return request(entry, usual);
  const message = `the project does not let its volumes be copied: make volumes-allow PROJECT=${entry.namespace}`;
  return { ...entry, result: 'declined', message };
}

function request({ namespace, claim, target }: ConfiguredCopy, usual: NightFacts['usual']): CopyRequest {
  // A night decides nothing that an administrator should have seen first: nothing may shrink.
  return { ...USUAL_COPY, namespace, source: claim, target, ...usual };
}

/** Two copies of which one would lie in the other's folder would delete each other's files: none is made. */
function withoutOverlaps(requests: readonly CopyRequest[]): {
  readonly requests: readonly CopyRequest[];
  readonly overlapping: readonly VolumeOutcome[];
} {
  const overlapping = requests.flatMap((one): VolumeOutcome[] => {
    const other = requests.find((candidate) => candidate !== one && areNested(one, candidate));
    if (!other) return [];
    const message = `its copy and that of ${other.source} would lie in the same folder of ${one.target}: give each a folder of its own with the annotation ${WISHES.into}`;
    return [{ namespace: one.namespace, claim: one.source, target: one.target, result: 'declined', message }];
  });
  const refused = new Set(overlapping.map(keyOf));
  return { requests: requests.filter((one) => !refused.has(keyOf(one))), overlapping };
}

function areNested(one: CopyRequest, other: CopyRequest): boolean {
  if (one.namespace !== other.namespace || one.target !== other.target) return false;
  const [first, second] = [segments(one.into), segments(other.into)];
  const shorter = first.length < second.length ? first : second;
  return shorter.every((segment, index) => segment === first[index] && segment === second[index]);
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

function unasked(claim: ClusterObject, asked: readonly CopyRequest[]): VolumeOutcome {
  const { name, namespace = '', annotations = {} } = claim.metadata;
  const sources = asked
    .filter((one) => one.namespace === namespace && one.target === name)
    .map(({ source }) => source);
  const of = sources.length > 0 ? sources.toSorted(compare).join(', ') : annotations[COPY.of];
  if (of !== undefined) return { namespace, claim: name, result: 'copy', message: `holds the copy of ${of}` };
  const message = `nobody asks for a copy: the annotation ${COPY_TO} names the claim for one`;
  return { namespace, claim: name, result: 'unasked', message };
}

function keyOf(one: CopyRequest | VolumeOutcome): string {
  return `${one.namespace}/${'source' in one ? one.source : one.claim}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
