import { join } from 'node:path';
import { readManifest } from '../archive/read-archive.ts';
import { compareArchives } from '../drift/compare-archives.ts';
import type { IgnoreRule } from '../drift/ignore-rule.ts';
import { errorText, KnownError } from '../model/known-error.ts';
import type { TypeRecord } from '../model/manifest.ts';
import { type Facts, statusOf, type StoredArchive, type Viewpoint } from '../status/backup-status.ts';
import { nightDrift } from './night-drift.ts';
import type { Coverage, Report, ReportNight } from './report.ts';

/** So many pairs of archives are compared. */
const NIGHTS_MAX = 30;

/** What the report is made of. */
export interface ReportQuestion {
  readonly dir: string;
  readonly backup: string;
  readonly facts: Facts;
  readonly viewpoint: Viewpoint;
  readonly rules: readonly IgnoreRule[];
  readonly toolVersion: string;
}

/**
 * Reads the newest complete archives of a backup, one pair at a time, and keeps of each pair only what the report
 * shows. An archive that can't be read is named in the report; the others are compared all the same.
 */
export async function readReport(question: ReportQuestion): Promise<Report> {
  const { backup, facts, viewpoint, toolVersion } = question;
  const status = statusOf(backup, facts, viewpoint);
  const own = status.archives.filter(({ name }) => name.grammar === 'format-1');
  const complete = own.filter(({ name }) => name.isComplete).slice(0, NIGHTS_MAX + 1);
  const nights: ReportNight[] = [];
  let coverage: Coverage | undefined;
  let before: StoredArchive | undefined;
  for (const archive of complete.toReversed()) {
    const { night, types } = await readNight(question, archive, before);
    nights.push(night);
    if (!types) continue;
    before = archive;
    coverage = { archive: archive.name.file, isComplete: true, types };
  }
  const [newest] = own;
  if (newest && !newest.name.isComplete) coverage = (await coverageOf(question.dir, newest)) ?? coverage;
  return { status, viewpoint, space: facts.space, nights, coverage, toolVersion };
}

interface NightRead {
  readonly night: ReportNight;
  /** Undefined for an archive that can't be read. */
  readonly types?: readonly TypeRecord[];
}

async function readNight(
  { dir, rules }: ReportQuestion,
  { name, sizeBytes }: StoredArchive,
  before: StoredArchive | undefined,
): Promise<NightRead> {
  const path = join(dir, name.file);
  const base = { archive: name.file, startedAt: name.startedAt.toISOString(), sizeBytes };
  try {
    const { types } = await readManifest(path);
    const night = { ...base, objectCounts: countsOf(types), drift: undefined };
    if (!before) return { night, types };
    try {
      const question = { projects: [], types: [], rules, findsRenames: true, isForced: false };
      const drift = await compareArchives({ ...question, before: join(dir, before.name.file), after: path });
      return { night: { ...night, drift: nightDrift(drift) }, types };
    } catch (error) {
      return { night: { ...night, problem: problemOf(error) }, types };
    }
  } catch (error) {
    return { night: { ...base, objectCounts: undefined, drift: undefined, problem: problemOf(error) } };
  }
}

/** @throws what is no fault of an archive */
function problemOf(error: unknown): string {
  if (error instanceof KnownError) return errorText(error);
  throw error;
}

async function coverageOf(dir: string, { name }: StoredArchive): Promise<Coverage | undefined> {
  try {
    const { types, isComplete } = await readManifest(join(dir, name.file));
    return { archive: name.file, isComplete, types };
  } catch (error) {
    problemOf(error);
    return undefined;
  }
}

function countsOf(types: readonly TypeRecord[]): Map<string, number> {
  return new Map(
    types.flatMap(({ type, outcomes }) => {
      const count = outcomes.reduce((sum, one) => sum + (one.result === 'exported' ? one.objectCount : 0), 0);
      return count === 0 ? [] : [[type, count] as const];
    }),
  );
}
