import stableStringify from 'json-stable-stringify';

/**
 * The canonical form of a JSON value: keys sorted by UTF-16 code units, two spaces of indent, `{}` and `[]`
 * for what is empty, one newline at the end. This is the definition; `CanonicalWriter` is its equal for
 * the many objects of an export, and a test holds the two together.
 */
export function canonicalJson(value: unknown): string {
  return `${stableStringify(value, { space: 2, collapseEmpty: true }) ?? 'null'}\n`;
}
