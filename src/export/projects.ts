import type { ApiClient } from '../kubernetes/api-client.ts';
import { listPages } from '../kubernetes/list-pages.ts';
import { mayRead } from '../kubernetes/may-list.ts';
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
  /** Names and globs (`*`, `?`) that were asked for; none for all. */
  readonly patterns: readonly string[];
  /** The project of the context or the pod, used when nobody says which there are; may be empty. */
  readonly ownProject: string;
}

/**
 * The names of the projects to export one by one, sorted.
 *
 * @throws KnownError `usage` when a project that was named does not exist or nothing says which there are
 */
export async function findProjects(client: ApiClient, question: ProjectQuestion): Promise<string[]> {
  const { patterns, types, ownProject } = question;
  const existing = await listProjects(client, types);
  if (existing === undefined) return withoutList(patterns, ownProject);
  if (patterns.length === 0) return existing.toSorted();
  const selected = new Set<string>();
  for (const pattern of patterns) {
    const matches = existing.filter((name) => matchesGlob(name, pattern));
    if (matches.length === 0)
      throw new KnownError(
        'usage',
        `There is no project ${pattern}, or it is not visible: check --namespace`,
      );
    for (const name of matches) selected.add(name);
  }
  return [...selected].toSorted();
}

/** Whether a project's name matches a name or a glob of `*` and `?`. */
export function matchesGlob(name: string, pattern: string): boolean {
  const source = pattern.replaceAll(
    /[^*?]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'u').test(name);
}

async function listProjects(
  client: ApiClient,
  types: readonly ResourceType[],
): Promise<string[] | undefined> {
  for (const [group, plural] of PROJECT_TYPES) {
    const type = types.find((candidate) => candidate.group === group && candidate.plural === plural);
    if (!type || (await mayRead(client, type, 'list', undefined)) !== 'allowed') continue;
    return await namesOf(client, type);
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

function withoutList(patterns: readonly string[], ownProject: string): string[] {
  const names = patterns.length === 0 && ownProject !== '' ? [ownProject] : [...patterns];
  const glob = names.find((name) => /[*?]/u.test(name));
  if (names.length === 0 || glob !== undefined) {
    throw new KnownError(
      'usage',
      'The service account may not list projects: name each one with --namespace, without * or ?',
    );
  }
  return [...new Set(names)].toSorted();
}
