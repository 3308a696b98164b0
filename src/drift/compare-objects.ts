import { compareValues, type Difference } from './compare-values.ts';
import {
  type FieldChange,
  type ObjectIdentity,
  type Segment,
  SEVERITIES,
  type Severity,
  type Value,
} from './drift.ts';
import { elementSegments, listRule } from './keyed-lists.ts';
import { certificateNote } from './renewed-certificate.ts';
import { hasSecretArgument, isSecretField, isSecretText } from './secret-fields.ts';
import { severityOf } from './severity.ts';
import { isList, isMap, valueAt } from './value.ts';
import { valuesAt } from './value-at.ts';

/** An object before and after. */
export interface ObjectPair {
  readonly identity: ObjectIdentity;
  readonly before: Value;
  readonly after: Value;
}

/** Which of the two objects' values are no difference. */
export interface CompareOptions {
  /** Whether secret values can be compared: not if they were redacted with another key, say. */
  readonly areSecretsComparable: boolean;
}

/**
 * What differs between two objects that are the same one. The version of the API is no difference: it says how
 * an object was read, not what it is. Where a value is secret, the change is there and the value isn't.
 */
export function compareObjects(pair: ObjectPair, { areSecretsComparable }: CompareOptions): FieldChange[] {
  const { identity, before, after } = pair;
  const secretListAbove = secretListsOf(pair);
  return compareValues(identity.type, before, after)
    .filter(({ path }) => !isVersion(path))
    .flatMap((difference) => {
      const list = secretListAbove(difference.path);
      if (list) return [{ path: list, op: 'changed', hidden: 'secret' } as const];
      return [...withoutSecrets(identity, difference)];
    })
    .map((field) => ({ ...field, path: field.path.map(masked) }))
    .filter(isOther)
    .filter(({ op, hidden }) => areSecretsComparable || hidden === undefined || op !== 'changed')
    .map((field) => ({ ...field, severity: severityOf(identity, field.path) }));
}

/** Whether two objects are written in different versions of their API. */
export function versionsOf({ before, after }: ObjectPair): readonly [string, string] | undefined {
  const [old, present] = [valueAt(before, 'apiVersion'), valueAt(after, 'apiVersion')];
  return typeof old === 'string' && typeof present === 'string' && old !== present
    ? [old, present]
    : undefined;
}

/** The most severe of these; the least one when there are none. */
export function mostSevere(severities: readonly Severity[]): Severity {
  return SEVERITIES.find((severity) => severities.includes(severity)) ?? 'low';
}

type Unjudged = Omit<FieldChange, 'severity'>;

function isVersion(path: readonly Segment[]): boolean {
  const [first] = path;
  return path.length === 1 && first !== undefined && 'key' in first && first.key === 'apiVersion';
}

/** What came or went as a whole is told part by part where one of the parts is secret. */
function* withoutSecrets(
  identity: ObjectIdentity,
  difference: Difference,
): Generator<Unjudged, void, undefined> {
  const { path, op, before, after, note } = difference;
  const values = [before, after].filter((value) => value !== undefined);
  if (!values.some((value) => holdsSecret(identity, path, value))) return yield difference;
  const [value] = values;
  const isSecret = values.some((one) => isSecretField(identity, path, one));
  const parts =
    op === 'changed' || isSecret || value === undefined ? [] : partsOf(identity.type, path, value);
  for (const part of parts) {
    const own = op === 'added' ? { after: part.value } : { before: part.value };
    yield* withoutSecrets(identity, { path: part.path, op, ...own });
  }
  if (parts.length > 0) return;
  const told = note ?? certificateNote(identity, path, before, after);
  const hidden = { path: secretPath(identity, path), op, hidden: 'secret' } as const;
  yield told === undefined ? hidden : { ...hidden, note: told };
}

/** Makes the question in which list of secret arguments something stands, if it does. */
function secretListsOf({
  identity: { type },
  before,
  after,
}: ObjectPair): (path: readonly Segment[]) => readonly Segment[] | undefined {
  const known = new Map<Value, boolean>();
  const isSecret = (list: Value): boolean => {
    const answer = known.get(list) ?? hasSecretArgument(list);
    known.set(list, answer);
    return answer;
  };
  const isIn = (path: readonly Segment[]): boolean =>
    [before, after].some((root) => valuesAt({ type, roots: [root] }, path).some(isSecret));
  return (path) => {
    const length = path.findIndex((segment, index) => !('key' in segment) && isIn(path.slice(0, index)));
    return length === -1 ? undefined : path.slice(0, length);
  };
}

/** A step of a path without what is secret in it: a key or a name can be the address of a server with a password. */
function masked(segment: Segment): Segment {
  if ('index' in segment) return segment;
  if ('key' in segment) return isSecretText(segment.key) ? { key: '…' } : segment;
  const parts = Object.entries(segment.match);
  if (!parts.some(([, text]) => isSecretText(text))) return segment;
  return { match: Object.fromEntries(parts.map(([name, text]) => [name, isSecretText(text) ? '…' : text])) };
}

/** Whether a value is secret, or something in it. */
export function holdsSecret(identity: ObjectIdentity, path: readonly Segment[], value: Value): boolean {
  if (isSecretField(identity, path, value)) return true;
  return partsOf(identity.type, path, value).some((part) => holdsSecret(identity, part.path, part.value));
}

/** The members of an object or the elements of a list, with their paths. */
export function partsOf(
  type: string,
  path: readonly Segment[],
  value: Value,
): { readonly path: readonly Segment[]; readonly value: Value }[] {
  if (isMap(value)) return [...value].map(([key, member]) => ({ path: [...path, { key }], value: member }));
  if (!isList(value)) return [];
  const keys = path.flatMap((segment) => ('key' in segment ? [segment.key] : []));
  const segments = elementSegments(listRule(type, keys, value), value);
  return value.map((element, index) => ({ path: [...path, segments[index] ?? { index }], value: element }));
}

/** The path of a secret value, no further than to where the secret begins: what names elements in it is part of it. */
function secretPath(identity: ObjectIdentity, path: readonly Segment[]): readonly Segment[] {
  const length = path.findIndex((_segment, index) => isSecretField(identity, path.slice(0, index + 1)));
  const shown = length === -1 ? path : path.slice(0, length + 1);
  return shown.map((segment) =>
    'match' in segment && '' in segment.match ? { match: { '': '…' } } : segment,
  );
}

/** Several changes in one secret are one. */
function isOther(field: Unjudged, index: number, all: readonly Unjudged[]): boolean {
  const before = all[index - 1];
  if (field.hidden === undefined || before?.hidden === undefined) return true;
  return JSON.stringify(field.path) !== JSON.stringify(before.path);
}
