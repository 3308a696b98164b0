import { compareTexts } from './value.ts';

/**
 * What is to be said of types whose objects are written in another version of their API: fields may have moved
 * without anybody having changed them.
 *
 * @param versions by type, the versions before and after
 */
export function versionNotes(versions: ReadonlyMap<string, readonly [string, string]>): string[] {
  return [...versions]
    .toSorted(([a], [b]) => compareTexts(a, b))
    .map(
      ([type, [before, after]]) =>
        `${type}: read as ${before} before and as ${after} after, so a field may differ that nobody changed`,
    );
}
