import { type ObjectIdentity, type Segment, SEVERITIES, type Severity, type Value } from './drift.ts';
import { OBJECT_SEVERITIES } from './object-severities.ts';
import { isCovered, type PathPattern } from './path-pattern.ts';
import { SEVERITY_RULES, type SeverityRule } from './severity-rules.ts';
import { leavesOf } from './value-at.ts';

/**
 * How much a change in a field matters.
 *
 * @param value what came or went there, when that is an object or a list: what is in it decides. Without it,
 *   what could be in it does
 */
export function severityOf({ type }: ObjectIdentity, path: readonly Segment[], value?: Value): Severity {
  const paths = value === undefined ? [path] : leavesOf(value, path);
  const found = new Set(paths.map((one) => severityAt(type, one)));
  return SEVERITIES.find((severity) => found.has(severity)) ?? 'medium';
}

/** How much it matters that an object was added or removed. */
export function severityOfObject({ type }: ObjectIdentity): Severity {
  return OBJECT_SEVERITIES.find((rule) => isFor(rule, type))?.severity ?? 'medium';
}

function severityAt(type: string, path: readonly Segment[]): Severity {
  const [first] = path;
  const isMetadata = first !== undefined && 'key' in first && first.key === 'metadata';
  const rule = SEVERITY_RULES.find(
    (one) =>
      isFor(one, type) &&
      (one.paths ? one.paths.some((pattern) => isTouched(pattern, type, path)) : !isMetadata),
  );
  return rule?.severity ?? 'medium';
}

/** What lies above a field of a rule may hold it. */
function isTouched({ text, steps }: PathPattern, type: string, path: readonly Segment[]): boolean {
  return isCovered({ text, steps: steps.slice(0, path.length) }, path, { type, roots: [] });
}

function isFor({ types }: Pick<SeverityRule, 'types'>, type: string): boolean {
  return types === '*' || types.includes(type);
}
