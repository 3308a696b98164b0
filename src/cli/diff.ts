import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type CatalogEntry, resolveArchive } from '../archive/catalog.ts';
import { compareArchives, type DriftQuestion } from '../drift/compare-archives.ts';
import { DEFAULT_IGNORES } from '../drift/default-ignores.ts';
import type { Drift, ObjectChange } from '../drift/drift.ts';
import { ignoreFileOf, parseIgnoreFile } from '../drift/ignore-file.ts';
import type { IgnoreRule } from '../drift/ignore-rule.ts';
import { objectPatch, type ObjectPatch } from '../drift/json-patch.ts';
import { changedCount } from '../drift/summary.ts';
import { parseArchiveName } from '../model/archive-name.ts';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';
import { driftText } from './drift-text.ts';
import { COMPLETE, DIFFERENT } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { counted, plainText } from './text.ts';

/** `openshift-backup diff`: what differs between two archives. */
export async function diff(
  input: CommandInput,
  args: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const { settings } = input;
  const [before, after] = await chosenPair(input, args);
  const rules = await rulesOf(input, switches.has('defaultIgnores'));
  const patches = new Map<ObjectChange, ObjectPatch>();
  const drift = await compareArchives({
    before: before.path,
    after: after.path,
    projects: settings.namespaces,
    types: settings.types,
    rules,
    findsRenames: switches.has('renames'),
    isForced: switches.has('force'),
    ...(input.output === 'patch' && { onChange: keepPatch(patches) }),
  });
  await print(input.process, driftText(drift, input, switches, patches));
  if (settings.writeIgnore !== '') await writeIgnores(input, drift);
  return changedCount(drift) === 0 || switches.has('exitZero') ? COMPLETE : DIFFERENT;
}

function keepPatch(patches: Map<ObjectChange, ObjectPatch>): NonNullable<DriftQuestion['onChange']> {
  return (change, before, after) => {
    if (before !== undefined && after !== undefined) patches.set(change, objectPatch(change, before, after));
  };
}

/** The two archives that were asked for, without names the two latest complete ones. */
async function chosenPair(
  { settings }: CommandInput,
  [first, second]: readonly string[],
): Promise<readonly [CatalogEntry, CatalogEntry]> {
  const { dir, since } = settings;
  if (since === 0) {
    const pair = [
      await resolveArchive(dir, first ?? 'previous'),
      await resolveArchive(dir, second ?? 'latest'),
    ];
    return [comparable(pair[0]), comparable(pair[1])];
  }
  if (second !== undefined)
    throw new KnownError(
      'usage',
      '--since chooses the earlier archive: name the later one only, or leave --since out',
    );
  const after = comparable(await resolveArchive(dir, first ?? 'latest'));
  return [comparable(await atLeastSoOld(dir, after, since)), after];
}

function comparable(entry: CatalogEntry | undefined): CatalogEntry {
  if (entry && entry.state.kind !== 'original') return entry;
  const name = entry?.name.file ?? '';
  throw new KnownError(
    'usage',
    `${name} was made by the original openshift-backup and cannot be compared: name another archive`,
  );
}

/** The newest complete archive of the same name that is at least so old. */
async function atLeastSoOld(dir: string, { name }: CatalogEntry, ageMs: number): Promise<CatalogEntry> {
  const limit = Date.now() - ageMs;
  const older = (await readdir(dir))
    .flatMap((file) => parseArchiveName(file) ?? [])
    .filter(
      ({ grammar, isComplete, startedAt }) =>
        grammar === 'format-1' && isComplete && startedAt.getTime() <= limit,
    )
    .filter(({ backup, file }) => (backup === name.backup || name.backup === '') && file !== name.file)
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  for (const { file } of older) {
    const entry = await resolveArchive(dir, file);
    if (entry.state.kind === 'complete') return entry;
  }
  throw new KnownError(
    'usage',
    `There is no complete archive that old in ${dir}: "openshift-backup list" shows what there is`,
  );
}

async function rulesOf(input: CommandInput, hasDefaults: boolean): Promise<IgnoreRule[]> {
  const rules: IgnoreRule[] = hasDefaults ? [...DEFAULT_IGNORES] : [];
  for (const path of input.settings.ignoreFiles) {
    // Loaded only now: most runs have no such file.
    const { parseYaml } = await import('../config/yaml-value.ts');
    const { rules: own, expired } = parsed(path, parseYaml(path, await readText(path)));
    rules.push(...own);
    if (expired.length > 0)
      input.process.stderr.write(
        `${plainText(path)}: ${counted(expired.length, 'rule')} no longer applied, because the day in "expires" is over\n`,
      );
  }
  return rules;
}

function parsed(path: string, value: unknown): ReturnType<typeof parseIgnoreFile> {
  try {
    return parseIgnoreFile(value, new Date());
  } catch (error) {
    throw error instanceof KnownError ? new KnownError(error.kind, `${path}: ${error.message}`) : error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KnownError('usage', `The ignore file ${path} cannot be read: ${errorText(error)}`, {
      cause: error,
    });
  }
}

async function writeIgnores({ process, settings }: CommandInput, { changes }: Drift): Promise<void> {
  const path = settings.writeIgnore;
  try {
    await writeFile(path, ignoreFileOf(changes, new Date().toISOString().slice(0, 10)), { flag: 'wx' });
  } catch (error) {
    const isThere = systemErrorCode(error) === 'EEXIST';
    const problem = isThere
      ? 'is there already: name a new one with --write-ignore'
      : `cannot be written: ${errorText(error)}`;
    throw new KnownError('usage', `${path} ${problem}`, { cause: error });
  }
  process.stderr.write(
    `Wrote ${counted(changes.length, 'rule')} to ${path}: give each one a reason, and use it with --ignore\n`,
  );
}
