import { compareTexts } from '../drift/value.ts';
import { type ProjectDrift, type Report, type ReportNight, totalOf } from './report.ts';

/** So many projects are shown, those with the most changes. */
const PROJECTS_MAX = 60;

/** A project in the report, with the nights in which something changed in it. */
export interface ProjectRow {
  /** Undefined for cluster-scoped objects. */
  readonly project: string | undefined;
  /** What elements of the project are called: `p3`. */
  readonly id: string;
  readonly total: number;
  /** By the place of the night in the report. */
  readonly nights: ReadonlyMap<number, ProjectDrift>;
}

/** The projects in which something changed, by name, and what those have in sum for which there is no room. */
export interface ProjectRows {
  readonly rows: readonly ProjectRow[];
  readonly otherCount: number;
  /** Changed objects of the others by the place of the night. */
  readonly others: ReadonlyMap<number, number>;
}

/** The projects that the report shows. */
export function projectRows({ nights }: Pick<Report, 'nights'>): ProjectRows {
  const byProject = new Map<string | undefined, Map<number, ProjectDrift>>();
  for (const [place, { drift }] of nights.entries()) {
    for (const [project, own] of drift?.projects ?? []) {
      const all = byProject.get(project) ?? new Map<number, ProjectDrift>();
      all.set(place, own);
      byProject.set(project, all);
    }
  }
  const ranked = [...byProject]
    .map(([project, own]) => ({ project, nights: own, total: sum([...own.values()].map(totalOf)) }))
    .toSorted((a, b) => b.total - a.total || compareTexts(a.project ?? '', b.project ?? ''));
  const rest = ranked.slice(PROJECTS_MAX);
  return {
    rows: ranked
      .slice(0, PROJECTS_MAX)
      // What lies in no project comes first: it concerns them all.
      .toSorted((a, b) => compareTexts(a.project ?? '', b.project ?? ''))
      .map((row, index) => ({ ...row, id: `p${index + 1}` })),
    otherCount: rest.length,
    others: sums(nights, rest),
  };
}

function sums(
  nights: readonly ReportNight[],
  rest: readonly Pick<ProjectRow, 'nights'>[],
): ReadonlyMap<number, number> {
  return new Map(
    nights.map((_night, place) => [
      place,
      sum(rest.flatMap((row) => [row.nights.get(place)].flatMap((own) => (own ? [totalOf(own)] : [])))),
    ]),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
