import type { Value } from './drift.ts';
import { scalarText } from './value.ts';

/*
 * The grammar of quantities:
 * https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/api/resource/quantity.go#L33-L99
 */
const QUANTITY =
  /^(?<sign>[+-]?)(?<whole>\d*)(?:\.(?<fraction>\d*))?(?<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,3})?$/u;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
/** Longer than any quantity that somebody means. */
const DIGITS_MAX = 100;

/** Objects whose values are quantities: by the keys that lead to them, the last ones. */
const OF_QUANTITIES: readonly (readonly string[])[] = [
  ['resources', 'requests'],
  ['resources', 'limits'],
  ['allocatedResources'],
  ['capacity'],
  ['overhead'],
  ['podFixed'],
  ['hard'],
  ['limits', 'max'],
  ['limits', 'min'],
  ['limits', 'default'],
  ['limits', 'defaultRequest'],
  ['limits', 'maxLimitRequestRatio'],
  ['minAllowed'],
  ['maxAllowed'],
];
/** Fields that are quantities themselves. */
const QUANTITIES: readonly (readonly string[])[] = [
  ['emptyDir', 'sizeLimit'],
  ['resourceFieldRef', 'divisor'],
  ['target', 'averageValue'],
  ['target', 'value'],
];

/** Whether a field holds a quantity, by the keys that lead to it (lists are passed through). */
export function isQuantityField(keys: readonly string[]): boolean {
  return (
    QUANTITIES.some((end) => endsWith(keys, end, 0)) || OF_QUANTITIES.some((end) => endsWith(keys, end, 1))
  );
}

function endsWith(keys: readonly string[], end: readonly string[], behind: number): boolean {
  const start = keys.length - end.length - behind;
  return start >= 0 && end.every((key, index) => keys[start + index] === key);
}

/** Whether two values are the same quantity, such as `1000m` and `1`; false for what is none. */
export function isSameQuantity(a: Value | undefined, b: Value | undefined): boolean {
  const [left, right] = [a, b].map((value) => exactQuantity(scalarText(value) ?? ''));
  return left !== undefined && left === right;
}

/** The same text for the same quantity: an integer and a power of ten that it is multiplied with. */
function exactQuantity(text: string): string | undefined {
  const { sign, whole = '', fraction = '', suffix = '' } = QUANTITY.exec(text.trim())?.groups ?? {};
  const digits = `${whole}${fraction}`;
  if (sign === undefined || digits === '' || digits.length > DIGITS_MAX) return undefined;
  const value = BigInt(digits) * 1024n ** BigInt(BINARY.indexOf(suffix) + 1);
  if (value === 0n) return '0';
  const plain = value.toString();
  const significant = plain.replace(/0+$/u, '');
  const power = plain.length - significant.length - fraction.length + powerOfTen(suffix);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}

function powerOfTen(suffix: string): number {
  if (BINARY.includes(suffix)) return 0;
  const place = DECIMAL.indexOf(suffix);
  return place === -1 ? Number(suffix.slice(1)) : 3 * (place - 3);
}
