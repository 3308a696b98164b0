import path from 'node:path';

interface Item {
  readonly metadata: { readonly name: string };
}

/** One value that differs between two archives. */
export interface Difference {
  /** `services`, as the entry is called. */
  readonly type: string;
  /** `shop/web`, or `_cluster/web`. */
  readonly object: string;
  /** `spec.ports[0].nodePort`, `data["a.b"]`; empty where only one of the archives has the object. */
  readonly field: string;
  /** As JSON; undefined where there is no such value. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What differs between the entries of two archives (`entriesOf`), value by value. */
export function differencesOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Difference[] {
  const entries = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return entries
    .filter((entry) => before[entry] !== after[entry])
    .flatMap((entry) => {
      const [old, now] = [before, after].map((side) => itemsOf(side[entry]));
      const names = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].toSorted();
      const place = (name: string): Pick<Difference, 'type' | 'object'> => ({
        type: path.basename(entry, '.json'),
        object: `${path.dirname(entry)}/${name}`,
      });
      return names.flatMap((name) =>
        valueDifferences(old?.get(name), now?.get(name), '').map((found) => ({ ...place(name), ...found })),
      );
    });
}

/** The objects of an entry, by name. */
export function itemsOf(text: string | undefined): Map<string, Item> {
  if (text === undefined) return new Map();
  // Numbers as they are written: two integers beyond 2^53 may be the same number to JavaScript.
  const { items } = JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? `number ${context?.source}` : value,
  ) as { items: Item[] };
  return new Map(items.map((item) => [item.metadata.name, item]));
}

type ValueDifference = Pick<Difference, 'field' | 'before' | 'after'>;

function valueDifferences(before: unknown, after: unknown, field: string): ValueDifference[] {
  const [old, now] = [before, after].map((value) => JSON.stringify(value) as string | undefined);
  if (old === now) return [];
  const isDeeper = [before, after].every((value) => typeof value === 'object' && value !== null);
  if (!isDeeper) return [{ field, before: old, after: now }];
  const [left, right] = [new Map(Object.entries(before as object)), new Map(Object.entries(after as object))];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    valueDifferences(left.get(key), right.get(key), `${field}${stepText(key)}`.replace(/^\./u, '')),
  );
}

function stepText(key: string): string {
  if (/^\d+$/u.test(key)) return `[${key}]`;
  return /^\w+$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
