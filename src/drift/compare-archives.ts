import { basename } from 'node:path';
import { type Archive, openArchive, readWholeManifest } from '../archive/read-archive.ts';
import { anyGlobMatcher } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import { gapsOf, type Manifest } from '../model/manifest.ts';
import { ChangeList } from './change-list.ts';
import { compareFiles, type FileContext, type OnChange } from './compare-files.ts';
import { Coverage } from './coverage.ts';
import type { Drift, NotComparable, Side } from './drift.ts';
import { notesOn, refuseOthers, secretsAreComparable } from './archive-notes.ts';
import { type FilePlan, type FileSelection, planFiles } from './file-plan.ts';
import type { IgnoreRule } from './ignore-rule.ts';
import { Judge } from './judge.ts';
import { DefinedLists } from './read-list-schemas.ts';
import { readScaleTargets } from './read-scale-targets.ts';
import { ignoreContextOf } from './scale-target.ts';
import { versionNotes } from './version-notes.ts';

/** Two archives, and what of them is compared. */
export interface DriftQuestion {
  /** Paths of the archives. */
  readonly before: string;
  readonly after: string;
  /** Names and globs; none for all projects and what lies in none. */
  readonly projects: readonly string[];
  /** Names and globs; none for all types. */
  readonly types: readonly string[];
  readonly rules: readonly IgnoreRule[];
  readonly findsRenames: boolean;
  /** Whether archives of two clusters may be compared. */
  readonly isForced: boolean;
  readonly onChange?: OnChange;
  /** Which of the two is the cluster as it is now, and is called so. */
  readonly live?: 'before' | 'after';
}

/**
 * Compares two archives. Entries with equal checksums are not read, and of the others only objects that differ
 * are parsed. What one of the archives can't know is never called added or removed.
 *
 * @throws KnownError `refused` for archives of two clusters, `usage` for projects and types that neither has,
 *   `failed` for an archive that is damaged
 */
export async function compareArchives(question: DriftQuestion): Promise<Drift> {
  const manifests = [
    await readWholeManifest(question.before),
    await readWholeManifest(question.after),
  ] as const;
  const [before, after] = manifests;
  if (!question.isForced) refuseOthers(before, after);
  const selection = selectionOf(question, manifests);
  const plan = planFiles(before, after, selection);
  const coverage = new Coverage(before, after);
  const list = new ChangeList();
  const versions: FileContext['versions'] = new Map();
  const files = {
    kindOf: kindsOf(manifests),
    since: before.startedAt,
    arePresencesComparable: coverage.arePresencesComparable,
    list,
    versions,
  };
  const differing = comparable(plan, coverage);
  const comparedCount = await withArchives(question, differing.length > 0, async (archives) => {
    const scaled = ignoreContextOf(await readScaleTargets(archives, differing));
    const areSecretsComparable = secretsAreComparable(before, after);
    const judge = new Judge(list, question.rules, scaled, { areSecretsComparable });
    const isTurned = Date.parse(before.startedAt) > Date.parse(after.startedAt);
    const newestFirst = isTurned ? [archives.before, archives.after] : [archives.after, archives.before];
    const definedLists = new DefinedLists(newestFirst, new Set(differing.map(({ type }) => type)));
    const context = { ...files, judge, definedLists, question: { ...question, ...archives } };
    return await compareFiles(context, differing);
  });
  return {
    before: sideOf(question, 'before', before),
    after: sideOf(question, 'after', after),
    changes: list.changes(),
    counts: list.counts(),
    omittedCount: list.omittedCount,
    comparedCount: plan.equalCount + comparedCount,
    notComparable: coverage.all().filter((one) => isSelected(one, selection)),
    suppressed: list.suppressed(),
    notes: [...notesOn(before, after), ...versionNotes(versions)],
  };
}

/** The entries of which both archives know. */
function comparable({ differing }: FilePlan, coverage: Coverage): FilePlan['differing'] {
  return differing.filter(
    ({ type, project, beforeCount, afterCount }) =>
      (beforeCount !== undefined && afterCount !== undefined) || coverage.isComparable(type, project),
  );
}

/** Archives between which nothing differs are not opened: checking the directory of a large one takes a second. */
async function withArchives(
  question: Pick<DriftQuestion, 'before' | 'after'>,
  isNeeded: boolean,
  work: (archives: { readonly before: Archive; readonly after: Archive }) => Promise<number>,
): Promise<number> {
  if (!isNeeded) return 0;
  const before = await openArchive(question.before);
  try {
    const after = await openArchive(question.after);
    try {
      return await work({ before, after });
    } finally {
      await after.close();
    }
  } finally {
    await before.close();
  }
}

function kindsOf(manifests: readonly Manifest[]): (type: string) => string {
  const kinds = new Map(manifests.flatMap(({ types }) => types.map(({ type, kind }) => [type, kind])));
  return (type) => kinds.get(type) ?? '';
}

function sideOf(
  question: DriftQuestion,
  side: 'before' | 'after',
  { startedAt, isComplete, ruleSet, types }: Manifest,
): Side {
  const name = question.live === side ? 'live' : basename(question[side]);
  return { name, startedAt, isComplete, ruleSet, gaps: gapsOf(types) };
}

function selectionOf({ projects, types }: DriftQuestion, manifests: readonly Manifest[]): FileSelection {
  const known = new Set(manifests.flatMap((manifest) => manifest.types.map(({ type }) => type)));
  const folders = new Set(
    manifests.flatMap(({ files }) => files.map(({ path }) => path.slice(0, path.indexOf('/')))),
  );
  const strange = [...projects].find((pattern) => ![...folders].some(anyGlobMatcher([pattern])));
  if (strange !== undefined)
    throw new KnownError('usage', `Neither archive has a project ${strange}: check -n`);
  const isType = anyGlobMatcher(types);
  const matches = (type: string): boolean => isType(type) || isType(type.split('.', 1)[0] ?? '');
  const odd = types.find((pattern) => {
    const isOwn = anyGlobMatcher([pattern]);
    return ![...known].some((type) => isOwn(type) || isOwn(type.split('.', 1)[0] ?? ''));
  });
  if (odd !== undefined && known.size > 0)
    throw new KnownError(
      'usage',
      `Neither archive knows a type ${odd}: "openshift-backup show ARCHIVE" lists what it holds`,
    );
  return {
    isProject: projects.length === 0 ? () => true : anyGlobMatcher(projects),
    isType: types.length === 0 ? () => true : matches,
  };
}

/** What can't be compared is told where it was asked for. */
function isSelected({ type, scope }: NotComparable, { isProject, isType }: FileSelection): boolean {
  return (type.startsWith('*') || isType(type)) && (scope === '*' || isProject(scope));
}
