import type { ManifestHead } from '../../src/model/manifest.ts';

/** What a whole archive holds, and how its parts are named. */
export interface Oracle {
  /** The text of every file, by its path `PROJECT/TYPE.json`. */
  readonly entries: Readonly<Record<string, string>>;
  /** The types that the run is to read, as `deployments.apps`. */
  readonly types: readonly string[];
}

/**
 * What is wrong with an archive: every type must be the oracle's to the byte, or named as a gap and not there
 * at all. An archive that holds less and does not say so is the one thing that a backup must never be.
 */
export function omissions(
  oracle: Oracle,
  manifest: ManifestHead,
  entries: Readonly<Record<string, string>>,
): string[] {
  const problems = oracle.types.flatMap((type) => problemOf(oracle, manifest, entries, type));
  const strangers = Object.keys(entries).filter((entry) => !(entry in oracle.entries));
  const hasGap = manifest.types.some(({ outcomes }) => outcomes.some(({ result }) => result === 'failed'));
  return [
    ...problems,
    ...strangers.map((entry) => `${entry} is not the oracle's`),
    ...(manifest.isComplete === hasGap ? [`isComplete is ${manifest.isComplete}`] : []),
  ];
}

function problemOf(
  oracle: Oracle,
  manifest: ManifestHead,
  entries: Readonly<Record<string, string>>,
  type: string,
): string[] {
  const expected = filesOf(oracle.entries, type);
  const actual = filesOf(entries, type);
  const [record, ...others] = manifest.types.filter((one) => one.type === type);
  if (isGap(manifest, type))
    return Object.keys(actual).map((entry) => `${entry} is there, though ${type} is a gap`);
  if (record === undefined || others.length > 0) return [`${type} is not in the manifest once`];
  const results = record.outcomes.map(({ result }) => result).join();
  if (results !== 'exported') return [`${type} is ${results}`];
  const text = JSON.stringify(expected).replaceAll(
    /(?<=\\"apiVersion\\": \\")faults\.example\.com\/v1(?=\\")/gu,
    record.apiVersion,
  );
  return JSON.stringify(actual) === text ? [] : [`${type} differs from the oracle's`];
}

/** Named itself, or by its group when that did not say what it holds. */
function isGap({ types }: ManifestHead, type: string): boolean {
  const group = type.includes('.') ? type.slice(type.indexOf('.')) : '';
  const names = [type, `*${group}`];
  return types.some(
    ({ type: name, outcomes }) =>
      names.includes(name) &&
      outcomes.some(({ result }) => result === 'failed') &&
      // A group of which one version is silent may still have been read in another one.
      (name === type || !types.some((other) => other.type === type)),
  );
}

function filesOf(entries: Readonly<Record<string, string>>, type: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([entry]) => entry.endsWith(`/${type}.json`))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
