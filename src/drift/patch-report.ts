import type { Drift, ObjectChange, Value } from './drift.ts';
import { asValue, documentText } from './json-report.ts';
import type { ObjectPatch } from './json-patch.ts';

/** The version of what `patchReport` writes; `docs/drift-json.md` describes it. */
export const PATCH_FORMAT = 1;

/**
 * The changed and renamed objects, each with the RFC 6902 patch that makes it what it is after of what it was
 * before. What came or went has no patch: it lies in one of the archives.
 */
export function patchReport(drift: Drift, patches: ReadonlyMap<ObjectChange, ObjectPatch>): string {
  const { before, after, omittedCount, notComparable, notes } = drift;
  const objects = drift.changes.map((change): Value => {
    const { type, kind, project, name, previousName } = change;
    const patch = patches.get(change);
    const operations = patch?.operations.map(({ op, path, value }) => asValue({ op, path, value }));
    const withheld = patch?.withheld.length === 0 ? undefined : patch?.withheld;
    return asValue({
      type,
      kind,
      project,
      name,
      previousName,
      change: change.change,
      patch: operations,
      withheld,
    });
  });
  const sides = { before: before.name, after: after.name };
  const rest = { omittedCount, notComparable, notes } as unknown as Record<string, Value>;
  return documentText(asValue({ format: PATCH_FORMAT, ...sides, ...rest, objects }));
}
