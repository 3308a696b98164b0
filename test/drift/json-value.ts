import type { ObjectIdentity, Segment, Value } from '../../src/drift/drift.ts';
import { parseValue } from '../../src/drift/value.ts';

/** A value as the comparison reads it from an archive. */
export function valueOf(json: unknown): Value {
  return parseValue(Buffer.from(JSON.stringify(json)));
}

/** A path from short forms: a text is a key, a number a place, an object what names an element. */
export function pathOf(...parts: readonly (string | number | Readonly<Record<string, string>>)[]): Segment[] {
  return parts.map((part) => {
    if (typeof part === 'string') return { key: part };
    return typeof part === 'number' ? { index: part } : { match: part };
  });
}

/** An object of a type in the project shop; of a cluster-scoped type in none. */
export function identityOf(
  type: string,
  kind = 'Thing',
  project: string | undefined = 'shop',
): ObjectIdentity {
  return { type, kind, name: 'web', ...(project !== undefined && { project }) };
}
