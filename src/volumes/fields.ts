/** An object of a JSON document, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** What lies at the end of the keys; undefined as soon as there is nothing, whatever the values on the way are. */
export function valueAt(value: unknown, ...keys: readonly string[]): unknown {
  let at: unknown = value;
  for (const key of keys) at = Object.hasOwn(fieldsOf(at), key) ? fieldsOf(at)[key] : undefined;
  return at;
}

/** The fields of an object; none for anything else, lists included. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The objects in a list; none for anything else. */
export function objectsAt(value: unknown, ...keys: readonly string[]): readonly Fields[] {
  const list = valueAt(value, ...keys);
  return Array.isArray(list)
    ? list.filter((item): item is Fields => typeof item === 'object' && item !== null)
    : [];
}

/** A text; empty for anything else. */
export function textAt(value: unknown, ...keys: readonly string[]): string {
  const text = valueAt(value, ...keys);
  return typeof text === 'string' ? text : '';
}

/** The texts in a list; none for anything else. */
export function textsAt(value: unknown, ...keys: readonly string[]): readonly string[] {
  const list = valueAt(value, ...keys);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

/** An id of a user or group; undefined for anything that the kernel would not take as one. */
export function idAt(value: unknown, ...keys: readonly string[]): number | undefined {
  const id = valueAt(value, ...keys);
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && id < 2 ** 32 ? id : undefined;
}

/** For sorting texts the same way everywhere. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
