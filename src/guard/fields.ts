/** Reading JSON that others wrote: whatever is missing or of another kind counts as absent. */

/** What stands at a path; undefined where the path breaks off. Only own keys count: `__proto__` is one like any other. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** The text at a path, or empty. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The list at a path, or an empty one. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Whether anything stands at a path. */
export function has(value: unknown, ...path: readonly string[]): boolean {
  const found = valueAt(value, ...path);
  return found !== undefined && found !== null;
}

/** Whether two JSON values are equal; the order of keys doesn't matter, a null counts as absent. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) || Array.isArray(other)) {
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => isSame(item, other[index]))
    );
  }
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) {
    return (one ?? undefined) === (other ?? undefined);
  }
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) =>
    isSame(valueAt(one, key), valueAt(other, key)),
  );
}
