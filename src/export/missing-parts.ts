import { type Gap, gapsOf, type Outcome, type TypeRecord, WHOLE_CLUSTER } from '../model/manifest.ts';
import type { TypePlan } from './plan-types.ts';
import type { Projects } from './projects.ts';

/** Stands in a record of the manifest for every type. */
const EVERY_TYPE = '*';

/**
 * What the manifest says of all types, sorted: with the types that are required and missing as gaps, and a
 * record for the projects that were asked for by name and gave nothing.
 */
export function allRecords(
  { settled, required }: TypePlan,
  projects: Projects | undefined,
  read: readonly TypeRecord[],
): TypeRecord[] {
  return [...settled, ...read]
    .map((record) => (required.has(record.type) ? requiredRecord(record) : record))
    .concat(projectsRecord(projects, read))
    .toSorted((a, b) => (a.type < b.type ? -1 : Number(a.type > b.type)));
}

/** The gaps that nobody has been told of while the types were read. */
export function newGaps(all: readonly TypeRecord[], read: readonly TypeRecord[]): Gap[] {
  const told = new Set(gapsOf(read).map(({ type, scope }) => `${type} ${scope}`));
  return gapsOf(all).filter(({ type, scope }) => !told.has(`${type} ${scope}`));
}

/** A type that must be there: what was a fact becomes a gap. */
function requiredRecord(record: TypeRecord): TypeRecord {
  const outcomes = record.outcomes.map((outcome): Outcome => {
    const { scope } = outcome;
    if (outcome.result === 'denied')
      return failed(scope, 'required, but the service account may not list it');
    if (outcome.result === 'skipped') return failed(scope, `required, but left out: ${outcome.reason}`);
    return outcome;
  });
  const isEmpty = outcomes.every(({ result }) => result === 'empty');
  const missing = failed(WHOLE_CLUSTER, 'required, but there is not one object');
  return { ...record, outcomes: isEmpty ? [missing] : outcomes };
}

/** One record for all projects that are gone, or were named and gave nothing; none if there are no such. */
function projectsRecord(projects: Projects | undefined, read: readonly TypeRecord[]): TypeRecord[] {
  if (!projects) return [];
  const silent = projects.named.flatMap((project) => {
    const reason = missingReason(project, projects, read);
    return reason === undefined ? [] : [failed(project, reason)];
  });
  const gone = projects.gone.map((scope): Outcome => ({ scope, result: 'empty', resourceVersion: '' }));
  const outcomes = [...gone, ...silent];
  if (outcomes.length === 0) return [];
  return [{ type: EVERY_TYPE, apiVersion: '', kind: '', isNamespaced: true, outcomes }];
}

function missingReason(
  project: string,
  { uncertain }: Projects,
  read: readonly TypeRecord[],
): string | undefined {
  const results = new Set(
    read.flatMap(({ outcomes }) =>
      outcomes.filter(({ scope }) => scope === project).map(({ result }) => result),
    ),
  );
  if (results.has('exported') || results.has('failed')) return undefined;
  const isUncertain = uncertain.has(project);
  if (!results.has('empty')) {
    return `the service account may not list anything there: check ${isUncertain ? "the project's name and " : ''}its rights`;
  }
  // An empty project is one like any other; but one that nobody knows may be a slip of the pen.
  return isUncertain
    ? "there is not one object in what may be listed, and whether the project exists may not be asked: check the project's name"
    : undefined;
}

function failed(scope: string, reason: string): Outcome {
  return { scope, result: 'failed', reason };
}
