import { counted } from '../model/text.ts';
import { writeFile } from 'node:fs/promises';
import { compareArchives, type DriftQuestion } from '../drift/compare-archives.ts';
import type { Drift, ObjectChange } from '../drift/drift.ts';
import { ignoreFileOf } from '../drift/ignore-file.ts';
import { objectPatch, type ObjectPatch } from '../drift/json-patch.ts';
import { changedCount } from '../drift/summary.ts';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';
import { withChosenPair } from './chosen-pair.ts';
import { driftText } from './drift-text.ts';
import { COMPLETE, DIFFERENT } from './exit-code.ts';
import { ignoreRules } from './ignore-rules.ts';
import { type CommandInput, print } from './process-context.ts';

/** `openshift-backup diff`: what differs between two archives, or an archive and the cluster as it is now. */
export async function diff(
  input: CommandInput,
  args: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const { settings, process } = input;
  const warn = (line: string): unknown => process.stderr.write(`${line}\n`);
  const rules = await ignoreRules(settings.ignoreFiles, switches.has('defaultIgnores'), warn);
  const patches = new Map<ObjectChange, ObjectPatch>();
  const drift = await withChosenPair(
    input,
    args,
    async (pair) =>
      await compareArchives({
        ...pair,
        projects: settings.namespaces,
        types: settings.types,
        rules,
        findsRenames: switches.has('renames'),
        isForced: switches.has('force'),
        ...(input.output === 'patch' && { onChange: keepPatch(patches) }),
      }),
  );
  await print(process, driftText(drift, input, switches, patches));
  if (settings.writeIgnore !== '') await writeIgnores(input, drift);
  return changedCount(drift) === 0 || switches.has('exitZero') ? COMPLETE : DIFFERENT;
}

function keepPatch(patches: Map<ObjectChange, ObjectPatch>): NonNullable<DriftQuestion['onChange']> {
  return (change, before, after) => {
    if (before !== undefined && after !== undefined) patches.set(change, objectPatch(change, before, after));
  };
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
