import type { ApiObject } from './api-object.ts';

/** An operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test' | 'move' | 'copy';
  readonly path: string;
  readonly value?: unknown;
  readonly from?: string;
}

/** What the server sets itself, or does not take from a write to the object. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'resourceVersion',
  'managedFields',
  'uid',
  'generation',
  'creationTimestamp',
  'selfLink',
]);

/** Whether this writer, and no other, has made the object: the server notes who writes. */
export function isMadeBy({ metadata }: ApiObject, fieldManager: string): boolean {
  return metadata.managedFields?.some(({ manager }) => manager === fieldManager) ?? false;
}

/** Whether an object is as a replacement, a merge patch or an applied configuration wants it to be. */
export function isAsWritten(found: ApiObject, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return false;
  const { status: _status, metadata, ...rest } = wanted as Partial<ApiObject>;
  const own = Object.entries(metadata ?? {}).filter(([name]) => !SERVERS_OWN.has(name));
  return holds(found, rest) && holds(found.metadata, Object.fromEntries(own));
}

/** Whether an object is as a JSON patch leaves it; false where that can't be told. */
export function isAsPatched(found: ApiObject, operations: readonly PatchOperation[]): boolean {
  return operations.every(({ op, path, value }) => {
    if (op === 'test') return true;
    if (op === 'move' || op === 'copy') return false;
    const there = valueAt(found, path);
    return op === 'remove' ? there === undefined : there !== undefined && holds(there, value);
  });
}

/** Everything that is wanted is there; what else is there doesn't matter. Null wants nothing to be there. */
function holds(found: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === undefined) return found === null || found === undefined;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return false;
    return wanted.every((item, index) => holds(found[index], item));
  }
  if (typeof wanted !== 'object') return found === wanted;
  const there = typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {};
  const isSomething = there === found;
  return Object.entries(wanted).every(([name, value]) => {
    const own = Object.hasOwn(there, name) ? (there as Record<string, unknown>)[name] : undefined;
    return (isSomething || value === null) && holds(own, value);
  });
}

/** By a JSON pointer (RFC 6901). */
function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
