import { counted, safeText } from '../model/text.ts';
import { type CatalogEntry, readCatalog, resolveArchive } from '../archive/catalog.ts';
import { type Verification, verifyArchive } from '../archive/verify-archive.ts';
import { KnownError } from '../model/known-error.ts';
import { gapsOf } from '../model/manifest.ts';
import { COMPLETE, FAILED, INCOMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';

const LEVEL = { level: 'contents' } as const;

/**
 * `openshift-backup verify`: reads archives whole; damaged ones give exit code 4, sound but incomplete ones 3. What
 * `latest` passes over because it can't be read counts as well: whoever verifies asks just for that.
 */
export async function verify(
  { process, settings, output }: CommandInput,
  references: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const isAll = switches.has('all');
  const entries = isAll ? await allArchives(settings.dir) : await namedArchives(settings.dir, references);
  const results: { file: string; verification: Verification }[] = [];
  for (const { entry, isPassedOver } of entries) {
    process.signal.throwIfAborted();
    const { file } = entry.name;
    const verification =
      isAll || isPassedOver ? await verifiedAnyway(entry) : await verifyArchive(entry.path, LEVEL);
    results.push({ file, verification });
    if (output !== 'json') await print(process, lines(file, verification));
  }
  if (output === 'json') await print(process, `${JSON.stringify(results.map(summary), null, 2)}\n`);
  return Math.max(COMPLETE, ...results.map(({ verification }) => codeOf(verification)));
}

/** Among many, one that may not even be opened is a result like others: the rest must still be read. */
async function verifiedAnyway({ path, sizeBytes }: CatalogEntry): Promise<Verification> {
  try {
    return await verifyArchive(path, LEVEL);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return {
      result: 'damaged',
      manifest: undefined,
      problems: [error.message],
      sha256: '',
      sizeBytes,
      notes: [],
    };
  }
}

/** An archive to be verified, and whether it would have been the answer if it could be read. */
interface Chosen {
  readonly entry: CatalogEntry;
  readonly isPassedOver: boolean;
}

async function allArchives(dir: string): Promise<Chosen[]> {
  const entries = (await readCatalog(dir)).filter(({ state }) => state.kind !== 'original');
  if (entries.length > 0) return entries.map((entry) => ({ entry, isPassedOver: false }));
  throw new KnownError('usage', `There are no archives in ${dir}: "openshift-backup run" makes one`);
}

async function namedArchives(dir: string, references: readonly string[]): Promise<Chosen[]> {
  const chosen = new Map<string, Chosen>();
  for (const reference of references.length === 0 ? ['latest'] : references) {
    const passed: string[] = [];
    const entry = await resolveArchive(dir, reference, (others) => {
      passed.push(...others.map(({ file }) => file));
    });
    for (const file of passed)
      chosen.set(file, { entry: await resolveArchive(dir, file), isPassedOver: true });
    chosen.set(entry.path, { entry, isPassedOver: false });
  }
  return [...chosen.values()];
}

function lines(file: string, verification: Verification): string {
  const notes = verification.notes.map((note) => `  note: ${safeText(note)}\n`).join('');
  if (verification.result === 'damaged') {
    return `${file}: DAMAGED\n${verification.problems.map((problem) => `  ${safeText(problem)}\n`).join('')}${notes}`;
  }
  const { counts, types } = verification.manifest;
  const gaps = gapsOf(types);
  const state = gaps.length === 0 ? 'complete' : `incomplete, ${counted(gaps.length, 'gap')}`;
  const gapLines = gaps.map(
    ({ type, scope, reason }) =>
      `  gap: ${type}${scope === '*' ? '' : ` in ${scope}`}: ${safeText(reason)}\n`,
  );
  return `${file}: OK (${state}; ${counted(counts.objectCount, 'object')} in ${counted(counts.fileCount, 'file')})\n${gapLines.join('')}${notes}`;
}

function summary({ file, verification }: { file: string; verification: Verification }): object {
  const { result, sha256, sizeBytes, notes, manifest } = verification;
  const problems = result === 'damaged' ? verification.problems : [];
  return { file, result, sha256, sizeBytes, problems, notes, gaps: manifest ? gapsOf(manifest.types) : [] };
}

function codeOf(verification: Verification): number {
  if (verification.result === 'damaged') return FAILED;
  return verification.manifest.isComplete ? COMPLETE : INCOMPLETE;
}
