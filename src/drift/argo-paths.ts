import type { ParsedPattern, PatternStep } from './path-pattern.ts';

/**
 * Reads a JSON Pointer (https://www.rfc-editor.org/rfc/rfc6901), as Argo CD's `jsonPointers` have them. A
 * number is a key, or the place of an element in its list, before or after.
 */
export function parsePointer(text: string): ParsedPattern {
  const shown = JSON.stringify(text);
  if (text === '') return { problem: '"" is the whole object: name its fields' };
  if (!text.startsWith('/')) return { problem: `${shown} is no JSON Pointer: it begins with "/"` };
  if (/~(?![01])/u.test(text))
    return { problem: `${shown} is no JSON Pointer: "~" is written "~0", and "/" in a key "~1"` };
  const parts = text.slice(1).split('/');
  const steps = parts.map((part) => ({ part: part.replaceAll('~1', '/').replaceAll('~0', '~') }));
  return { pattern: { text, steps } };
}

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;

/** What of jq's language is known: a form, and what it does to the steps so far; false where it can't stand. */
const FORMS: readonly (readonly [RegExp, (steps: PatternStep[], found: string) => boolean])[] = [
  [new RegExp(String.raw`^\.?\[(${STRING})\]\??`, 'u'), addString],
  [new RegExp(String.raw`^\.(${STRING})\??`, 'u'), addString],
  [/^\.([A-Za-z_]\w*)\??/u, (steps, key) => steps.push({ key }) > 0],
  [/^\.?\[()\]\??/u, (steps) => steps.push({ any: true }) > 0],
  [/^\.?\[(\d{1,9})\]\??/u, (steps, place) => steps.push({ place: Number(place) }) > 0],
  [
    new RegExp(String.raw`^\s*\|\s*select\(\s*(\.\w+(?:\.\w+)*\s*==\s*(?:${STRING}|\d+))\s*\)`, 'u'),
    addSelection,
  ],
  [/^\s*\|\s*(?=\.)()/u, (steps) => steps.length > 0],
];

/**
 * Reads a path expression of jq, as Argo CD's `jqPathExpressions` have them, as far as it is a plain path:
 * keys, `[]`, places, and `select(.name == "x")` of elements. Everything else is a problem.
 */
export function parseJqPath(text: string): ParsedPattern {
  const steps: PatternStep[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const known = FORMS.find(([form]) => form.test(rest));
    const [whole = '', found = ''] = known?.[0].exec(rest) ?? [];
    if (known?.[1](steps, found) !== true) return { problem: unknown(text, rest) };
    rest = rest.slice(whole.length);
  }
  return steps.length === 0 ? { problem: 'a path expression is empty' } : { pattern: { text, steps } };
}

function unknown(text: string, rest: string): string {
  return `the jq path ${JSON.stringify(text)} can't be read from ${JSON.stringify(rest)} on: only keys, [], [0] and "| select(.name == \\"x\\")" after [] are known; write it under paths, as spec.containers[name=x].image`;
}

function addString(steps: PatternStep[], text: string): boolean {
  try {
    return steps.push({ key: JSON.parse(text) as string }) > 0;
  } catch {
    // jq's strings may hold more than JSON's: `\(…)`.
    return false;
  }
}

/** Chooses among the elements that `[]` has led to. */
function addSelection(steps: PatternStep[], text: string): boolean {
  const [, name = '', value = ''] = /^\.([\w.]+)\s*==\s*(.+)$/su.exec(text) ?? [];
  const last = steps.pop();
  if (last === undefined || !('any' in last || 'where' in last)) return false;
  try {
    const wanted = String(JSON.parse(value));
    const before = 'where' in last ? last.where : [];
    return steps.push({ where: [...before, { name, fits: (own) => own === wanted }] }) > 0;
  } catch {
    return false;
  }
}
