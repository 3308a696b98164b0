/**
 * A number as JavaScript writes it, so that `1.0` and `1` are the same; one that JavaScript can't hold stays
 * as it was written. Integers don't come here: they keep all their digits.
 */
export function canonicalNumber(source: string): string {
  const value = Number(source);
  return Number.isFinite(value) ? JSON.stringify(value) : source;
}
