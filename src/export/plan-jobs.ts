import type { ApiClient } from '../kubernetes/api-client.ts';
import type { ListedType } from '../kubernetes/list-pages.ts';
import type { Permission } from '../kubernetes/may-list.ts';
import { anyGlobMatcher } from '../model/glob.ts';
import type { ExportOptions } from '../model/manifest.ts';
import type { ResourceType } from '../model/resource-type.ts';
import { askForCluster, askForProjects, clusterScope, type Scope } from './permissions.ts';
import { isOfProjects } from './plan-types.ts';
import { findProjects, type Projects } from './projects.ts';
import type { TypeJob } from './read-types.ts';
import { isNamespaceType } from './store-object.ts';

/** What the plan is made from. */
export interface JobQuestion {
  readonly client: ApiClient;
  readonly options: ExportOptions;
  /** The project of the context or the pod; may be empty. */
  readonly ownProject: string;
  /** Projects that there were, see `findProjects`. */
  readonly mayBeGone?: readonly string[] | undefined;
  /** The types that are to be read, and all that the server has. */
  readonly selected: readonly ResourceType[];
  readonly types: readonly ResourceType[];
}

/** Where each type is listed, and what became of the projects; undefined if they don't matter. */
export interface JobPlan {
  readonly jobs: readonly TypeJob[];
  readonly projects: Projects | undefined;
}

/**
 * Decides where each type is listed: in the whole cluster where that is allowed, else project by project.
 *
 * @throws KnownError `usage` for projects that there are not, see `findProjects`
 */
export async function planJobs({
  client,
  options,
  ownProject,
  mayBeGone,
  selected,
  types,
}: JobQuestion): Promise<JobPlan> {
  const { namespaces: patterns, excludeNamespaces: excluded = [], selector = '' } = options;
  const isSelection = patterns.length > 0;
  const answers = await askForCluster(client, selected);
  const isSplit =
    isSelection || selected.some((type, index) => type.isNamespaced && answers[index] === 'denied');
  const projects = isSplit
    ? await findProjects(client, { types, patterns, excluded, ownProject, mayBeGone })
    : undefined;
  const isExcluded = anyGlobMatcher(excluded);
  const jobs = selected.map((known, index): TypeJob => {
    const answer: Permission = answers[index] ?? 'denied';
    const type: ListedType = selector === '' ? known : { ...known, labelSelector: selector };
    if (!isSelection && (answer !== 'denied' || !isOfProjects(type))) {
      const whole = { type, scopes: async () => [clusterScope(answer)] };
      return excluded.length > 0 && isOfProjects(type) ? { ...whole, isExcluded } : whole;
    }
    return { type, scopes: () => scopesIn(client, type, answer, projects) };
  });
  return { jobs, projects };
}

/** Where a type is listed that is listed project by project. */
async function scopesIn(
  client: ApiClient,
  type: ResourceType,
  answer: Permission,
  projects: Projects | undefined,
): Promise<Scope[]> {
  const { names = [], gone = [] } = projects ?? {};
  // There is no project in which it could be allowed.
  if (answer === 'denied' && names.length + gone.length === 0) return [clusterScope(answer)];
  if (answer !== 'allowed' || isNamespaceType(type)) return await askForProjects(client, type, names);
  return names.map((scope) => ({ scope, permission: answer }));
}
