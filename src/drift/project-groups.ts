import { type Drift, type ObjectChange, SEVERITIES } from './drift.ts';
import { compareTexts } from './value.ts';

/** The changes of one project, the most severe first. */
export interface ProjectGroup {
  /** Undefined for cluster-scoped objects. */
  readonly project: string | undefined;
  /** Whether the project itself came or went, with everything in it. */
  readonly whole: 'added' | 'removed' | undefined;
  /** Without what came or went with the project. */
  readonly changes: readonly ObjectChange[];
}

/** The changes by project: the project with the most severe change first, then by name. */
export function projectGroups({ changes }: Pick<Drift, 'changes'>): ProjectGroup[] {
  const byProject = Map.groupBy(changes, ({ project }) => project);
  const groups = [...byProject].map(([project, own]) => ({
    group: groupOf(project, own),
    worst: worstOf(own),
  }));
  return groups
    .toSorted((a, b) => a.worst - b.worst || compareTexts(a.group.project ?? '', b.group.project ?? ''))
    .map(({ group }) => group);
}

function groupOf(project: string | undefined, changes: readonly ObjectChange[]): ProjectGroup {
  const own = changes.find(({ type, name }) => type === 'namespaces' && name === project);
  const whole = own?.change === 'added' || own?.change === 'removed' ? own.change : undefined;
  return { project, whole, changes: whole ? changes.filter(({ change }) => change !== whole) : changes };
}

function worstOf(changes: readonly ObjectChange[]): number {
  return Math.min(...changes.map(({ severity }) => SEVERITIES.indexOf(severity)));
}
