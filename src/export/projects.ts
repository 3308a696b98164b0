import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import { listPages, listPath } from '../kubernetes/list-pages.ts';
import { mayRead } from '../kubernetes/may-list.ts';
import { anyGlobMatcher, globMatcher, isGlob } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import type { ResourceType } from '../model/resource-type.ts';

/** The types that list projects; OpenShift's own lists those that one can see, with no further rights. */
const PROJECT_TYPES: readonly (readonly [group: string, plural: string])[] = [
  ['', 'namespaces'],
  ['project.openshift.io', 'projects'],
];

/** Which projects are wanted, and what is known of them. */
export interface ProjectQuestion {
  readonly types: readonly ResourceType[];
  /** Names and globs that were asked for; none for all. */
  readonly patterns: readonly string[];
  /** Names and globs of projects that are left out all the same. */
  readonly excluded: readonly string[];
  /** The project of the context or the pod, used when nobody says which there are; may be empty. */
  readonly ownProject: string;
  /**
   * Projects that there were. With these given, one that is gone is no error, but a fact: also one that was asked
   * for by name.
   */
  readonly mayBeGone?: readonly string[] | undefined;
}

/** The projects that are exported one by one. */
export interface Projects {
  /** Sorted. */
  readonly names: readonly string[];
  /** Those that were asked for by name: each of them is expected in the archive. */
  readonly named: readonly string[];
  /** Those of which nobody says whether they exist. */
  readonly uncertain: ReadonlySet<string>;
  /** Those of which the server says that there are none: nothing is in them. */
  readonly gone: readonly string[];
  /** Set when it is the only one because nobody was named and projects may not be listed. */
  readonly contextProject?: string;
}

/**
 * The projects to export one by one. Who may not list projects may still look at each by its name.
 *
 * @throws KnownError `usage` when a project that was named does not exist, nothing says which there are, or
 *   none is left
 */
export async function findProjects(client: ApiClient, question: ProjectQuestion): Promise<Projects> {
  const { patterns, excluded } = question;
  const isExcluded = anyGlobMatcher(excluded);
  const types = projectTypes(question.types);
  const existing = await listProjects(client, types);
  const names = existing === undefined ? withoutList(question) : selectedOf(existing.names, question);
  const wanted = [...new Set(names)].filter((name) => !isExcluded(name)).toSorted();
  if (wanted.length === 0 && names.length > 0 && (patterns.length > 0 || existing === undefined))
    throw new KnownError('usage', '--exclude-namespace leaves no project to export: check it');
  const looked = await lookFor(client, types, missingOf(question, wanted, existing), existing);
  const strange = question.mayBeGone ? undefined : looked.gone[0];
  if (strange !== undefined)
    throw new KnownError('usage', `There is no project ${strange}: check --namespace, or the context`);
  const left = wanted.filter((name) => !looked.gone.includes(name));
  const named = left.filter((name) => patterns.includes(name));
  const [contextProject] = existing === undefined && patterns.length === 0 ? wanted : [];
  const context = contextProject === undefined ? {} : { contextProject };
  return { ...looked, names: left, named, ...context };
}

/** What a list of projects says. */
interface ListedProjects {
  readonly names: readonly string[];
  /** Whether one that is not in it does not exist: OpenShift's own list holds only those that one may see. */
  readonly isWhole: boolean;
}

/** The projects of which it must be found out whether they exist. */
function missingOf(
  { patterns, excluded, mayBeGone = [] }: ProjectQuestion,
  wanted: readonly string[],
  existing: ListedProjects | undefined,
): string[] {
  const isExcluded = anyGlobMatcher(excluded);
  const earlier = patterns.length === 0 ? [] : mayBeGone.filter(anyGlobMatcher(patterns));
  const known = new Set(existing?.names);
  return [...new Set([...wanted, ...earlier])].filter((name) => !known.has(name) && !isExcluded(name));
}

/** Which of these projects are gone, and of which nobody says: an access review is answered for any name. */
async function lookFor(
  client: ApiClient,
  types: readonly ResourceType[],
  names: readonly string[],
  existing: ListedProjects | undefined,
): Promise<Pick<Projects, 'gone' | 'uncertain'>> {
  if (existing?.isWhole === true) return { gone: names, uncertain: new Set() };
  const gone: string[] = [];
  const uncertain = new Set<string>();
  for (const name of names) {
    const status = await statusOf(client, types, name);
    if (status === 404) gone.push(name);
    else if (status !== 200) uncertain.add(name);
  }
  return { gone, uncertain };
}

function projectTypes(types: readonly ResourceType[]): ResourceType[] {
  return PROJECT_TYPES.flatMap(([group, plural]) =>
    types.filter((type) => type.group === group && type.plural === plural),
  );
}

function selectedOf(
  existing: readonly string[],
  { patterns, mayBeGone }: ProjectQuestion,
): readonly string[] {
  if (patterns.length === 0) return existing;
  return patterns.flatMap((pattern) => {
    const matches = existing.filter(globMatcher(pattern));
    if (matches.length > 0) return matches;
    if (mayBeGone) return isGlob(pattern) ? [] : [pattern];
    throw new KnownError('usage', `There is no project ${pattern}, or it is not visible: check --namespace`);
  });
}

async function listProjects(
  client: ApiClient,
  types: readonly ResourceType[],
): Promise<ListedProjects | undefined> {
  for (const type of types) {
    if ((await mayRead(client, type, 'list', undefined)) !== 'allowed') continue;
    return { names: await namesOf(client, type), isWhole: type.group === '' };
  }
  return undefined;
}

async function namesOf(client: ApiClient, type: ResourceType): Promise<string[]> {
  const names: string[] = [];
  for await (const { document, items } of listPages(client, type, undefined)) {
    const metadata = items.map((item) => document.member(item, 'metadata') ?? item);
    names.push(...metadata.map((node) => document.text(document.member(node, 'name')) ?? ''));
  }
  return names;
}

function withoutList({ patterns, ownProject }: ProjectQuestion): readonly string[] {
  const names = patterns.length === 0 && ownProject !== '' ? [ownProject] : patterns;
  if (names.length > 0 && !names.some(isGlob)) return names;
  throw new KnownError(
    'usage',
    'The service account may not list projects: name each one with --namespace, without * or ?',
  );
}

/** What the server answers when it is asked for one project; undefined when nobody may ask, or it fails. */
async function statusOf(
  client: ApiClient,
  types: readonly ResourceType[],
  name: string,
): Promise<200 | 404 | undefined> {
  for (const type of types) {
    if ((await mayRead(client, type, 'get', name)) !== 'allowed') continue;
    try {
      await client.send(`${listPath(type, undefined)}/${encodeURIComponent(name)}`);
      return 200;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) return 404;
    }
  }
  return undefined;
}
