/** A requirement of a label selector: on the value of one key. */
export interface LabelRequirement {
  readonly key: string;
  /** Whether a value fits; undefined stands for an object without the key. */
  readonly fits: (value: string | undefined) => boolean;
}

/*
 * The grammar of kubectl's --selector, with the limits on keys and values:
 * https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/labels/selector.go#L878-L917
 * https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/util/validation/validation.go#L30-L214
 */
const NAME = /[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?/u.source;
const PREFIX = /[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*\//u.source;
const KEY = `(?:${PREFIX})?${NAME}`;
const VALUES = String.raw`\(\s*(?:${NAME})?(?:\s*,\s*(?:${NAME})?)*\s*\)`;
const REQUIREMENT = new RegExp(
  String.raw`^\s*(?:(?<not>!)\s*)?(?<key>${KEY})(?:\s*(?<operator>==|=|!=|<|>)\s*(?<value>(?:${NAME})?)|\s+(?<set>in|notin)\s*(?<values>${VALUES}))?\s*$`,
  'u',
);
const IS_INTEGER = /^\d{1,18}$/u;
/** No selector of use is longer, and matching stays quick. */
const LENGTH_MAX = 4096;

/**
 * Reads a label selector as kubectl takes it: `app=web,tier!=cache`, `env in (a,b)`, `!canary`.
 *
 * @returns its requirements, all of which an object must meet; undefined for what is no selector
 */
export function parseLabelSelector(selector: string): LabelRequirement[] | undefined {
  if (selector.length > LENGTH_MAX) return undefined;
  // A comma inside of parentheses separates values, any other one requirements.
  const requirements = selector.split(/,(?![^(]*\))/u).map(requirement);
  const valid = requirements.filter((one) => one !== undefined);
  return valid.length === requirements.length ? valid : undefined;
}

/** Whether an object's labels, as a function that gives the value of a key, meet a selector that is valid. */
export function matchesLabels(selector: string, label: (key: string) => string | undefined): boolean {
  const requirements = parseLabelSelector(selector);
  return requirements !== undefined && requirements.every(({ key, fits }) => fits(label(key)));
}

function requirement(text: string): LabelRequirement | undefined {
  const { not, key, operator, value = '', set, values } = REQUIREMENT.exec(text)?.groups ?? {};
  if (key === undefined) return undefined;
  if (set !== undefined && values !== undefined) return oneOf(key, set === 'in', valuesOf(values), not);
  if (operator === '<' || operator === '>') return compared(key, operator, value, not);
  if (operator !== undefined) return oneOf(key, operator !== '!=', [value], not);
  return { key, fits: (given) => (given === undefined) === (not !== undefined) };
}

/** The values between parentheses. */
function valuesOf(text: string): string[] {
  return text
    .slice(1, -1)
    .split(',')
    .map((value) => value.trim());
}

/** An object without the key meets `!=` and `notin`. Nothing but a key can have a `!` before it. */
function oneOf(
  key: string,
  isIn: boolean,
  values: readonly string[],
  not: string | undefined,
): LabelRequirement | undefined {
  if (not !== undefined) return undefined;
  return { key, fits: (given) => (given !== undefined && values.includes(given)) === isIn };
}

function compared(
  key: string,
  operator: '<' | '>',
  limit: string,
  not: string | undefined,
): LabelRequirement | undefined {
  if (not !== undefined || !IS_INTEGER.test(limit)) return undefined;
  const isAbove = operator === '>';
  return {
    key,
    fits: (given) =>
      given !== undefined &&
      IS_INTEGER.test(given) &&
      (isAbove ? BigInt(given) > BigInt(limit) : BigInt(given) < BigInt(limit)),
  };
}
