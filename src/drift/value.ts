import { JsonDocument, type JsonNode } from '../json/json-document.ts';
import { KnownError } from '../model/known-error.ts';
import type { NumberValue, Value } from './drift.ts';

/**
 * Reads JSON without losing anything: numbers keep their digits, and a key may be called anything.
 *
 * @throws KnownError `failed` when the text is not one whole JSON document; the message never quotes it
 */
export function parseValue(text: Buffer): Value {
  return readObject(text, (document) => valueOf(document, document.root));
}

/**
 * Reads something of an object of an archive.
 *
 * @throws KnownError `failed` when it is no JSON; the message never quotes it, for it may be a Secret
 */
export function readObject<T>(text: Buffer, read: (document: JsonDocument) => T): T {
  try {
    return read(new JsonDocument(text));
  } catch {
    throw new KnownError(
      'failed',
      'An archive holds an object that is not JSON, or nested too deeply: check it with "openshift-backup verify"',
    );
  }
}

/** A part of a document as a value. */
export function valueOf(document: JsonDocument, node: JsonNode): Value {
  if (document.isObject(node)) {
    const members = [...document.members(node)];
    return new Map(members.map(([key, value]) => [document.text(key) ?? '', valueOf(document, value)]));
  }
  if (document.isArray(node))
    return [...document.elements(node)].map((element) => valueOf(document, element));
  const text = document.text(node);
  return text ?? literalOf(document.source(node));
}

function literalOf(source: string): Value {
  if (source === 'null') return null;
  return source === 'true' || source === 'false' ? source === 'true' : { number: source };
}

/** Whether a value is an object. */
export function isMap(value: Value | undefined): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

/** Whether a value is an array. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is a number. */
export function isNumber(value: Value | undefined): value is NumberValue {
  return typeof value === 'object' && value !== null && !isMap(value) && !isList(value);
}

/** Whether two values are the same JSON, whatever the order of their keys. */
export function isEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (isMap(a)) {
    return (
      isMap(b) &&
      a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && isEqual(value, b.get(key)))
    );
  }
  if (isList(a))
    return isList(b) && a.length === b.length && a.every((value, index) => isEqual(value, b[index]));
  return isNumber(a) && isNumber(b) && a.number === b.number;
}

/** What stands at these keys of objects; undefined when there is nothing. */
export function valueAt(value: Value | undefined, ...keys: readonly string[]): Value | undefined {
  return keys.reduce<Value | undefined>((at, key) => (isMap(at) ? at.get(key) : undefined), value);
}

/** A string, number or boolean as a text; undefined for any other value. */
export function scalarText(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return isNumber(value) ? value.number : undefined;
}

/**
 * A value as JSON, keys sorted by UTF-16 code units; in one line, or with an indent of two spaces.
 *
 * @param indent what stands before each further line; undefined for one line
 */
export function jsonText(value: Value, indent?: string): string {
  if (isNumber(value)) return value.number;
  if (!isMap(value) && !isList(value)) return JSON.stringify(value);
  const inner = indent === undefined ? undefined : `${indent}  `;
  const parts = isMap(value)
    ? [...value.keys()].toSorted(compareTexts).map((key) => {
        const space = indent === undefined ? '' : ' ';
        return `${JSON.stringify(key)}:${space}${jsonText(value.get(key) ?? null, inner)}`;
      })
    : value.map((element) => jsonText(element, inner));
  const [open, close] = isMap(value) ? ['{', '}'] : ['[', ']'];
  if (parts.length === 0) return `${open}${close}`;
  if (inner === undefined) return `${open}${parts.join(',')}${close}`;
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** The order of texts by UTF-16 code units, in which an archive sorts keys and names. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
