import { ListItems } from '../archive/list-items.ts';
import type { Archive } from '../archive/read-archive.ts';
import { KnownError } from '../model/known-error.ts';
import { compareTexts, readObject } from './value.ts';

/** The objects of some entries of an archive, as canonical JSON. */
export interface ItemSource {
  /**
   * The items of one entry; nothing for one that is not among those. To be asked for in their order, and each
   * read to its end before the next.
   *
   * @throws KnownError `failed` for an entry that is damaged
   */
  items(path: string): AsyncGenerator<Buffer, void, undefined>;
}

/**
 * Reads the items of entries one after the other, in the order of `paths`. Memory is bounded by a piece of an
 * entry (8 MiB), whatever the entries hold.
 */
export function itemSource(archive: Archive, paths: readonly string[]): ItemSource {
  const entries = new Map(
    paths.flatMap((path) => {
      const entry = archive.entries.at(archive.entries.indexOf(path) ?? -1);
      return entry ? [[path, entry] as const] : [];
    }),
  );
  const pieces = archive.pieces(paths.flatMap((path) => entries.get(path) ?? []));
  return {
    async *items(path) {
      if (!entries.has(path)) return;
      const list = new ListItems();
      for (;;) {
        const { value: piece } = await pieces.next();
        if (!piece || piece.entry.path !== path) throw new Error(`${path} is read out of order`);
        if (piece.kind === 'damaged') throw new KnownError('failed', `${archive.path}: ${piece.reason}`);
        yield* list.push(piece.bytes, piece.isLast);
        if (piece.isLast) return;
      }
    },
  };
}

/** What an entry of one archive holds against that of the other, object by object. */
export type Met =
  | { readonly kind: 'equal' }
  | { readonly kind: 'changed'; readonly name: string; readonly before: Buffer; readonly after: Buffer }
  | { readonly kind: 'removed' | 'added'; readonly name: string; readonly bytes: Buffer };

/**
 * Goes through two lists that are sorted by name. What is equal byte for byte is not parsed.
 *
 * @throws KnownError `failed` for a list that is not sorted, or an object without a name
 */
export async function* meetItems(
  before: AsyncGenerator<Buffer, void, undefined>,
  after: AsyncGenerator<Buffer, void, undefined>,
): AsyncGenerator<Met, void, undefined> {
  const [left, right] = [cursorOf(before), cursorOf(after)];
  await left.next();
  await right.next();
  while (left.bytes !== undefined || right.bytes !== undefined) {
    if (left.bytes && right.bytes && left.bytes.equals(right.bytes)) {
      yield { kind: 'equal' };
      await left.next();
      await right.next();
      continue;
    }
    const order = orderOf(left.name(), right.name());
    const met = metAt(order, left, right);
    if (met) yield met;
    if (order <= 0) await left.next();
    if (order >= 0) await right.next();
  }
}

interface Cursor {
  bytes: Buffer | undefined;
  next(): Promise<void>;
  /** Undefined at the end. */
  name(): string | undefined;
}

function cursorOf(items: AsyncGenerator<Buffer, void, undefined>): Cursor {
  let known: string | undefined;
  let previous = '';
  const cursor: Cursor = {
    bytes: undefined,
    async next() {
      const { value } = await items.next();
      cursor.bytes = value ?? undefined;
      known = undefined;
    },
    name() {
      if (cursor.bytes === undefined) return undefined;
      if (known !== undefined) return known;
      const name = nameOf(cursor.bytes);
      if (name === undefined)
        throw new KnownError(
          'failed',
          'An archive holds an object without a name: check it with "openshift-backup verify"',
        );
      if (previous !== '' && name <= previous)
        throw new KnownError(
          'failed',
          'An archive holds objects that are not sorted by name: check it with "openshift-backup verify"',
        );
      previous = name;
      known = name;
      return name;
    },
  };
  return cursor;
}

/** Below 0: the name before comes first, or alone. */
function orderOf(before: string | undefined, after: string | undefined): number {
  if (before === undefined) return 1;
  return after === undefined ? -1 : compareTexts(before, after);
}

function metAt(order: number, left: Cursor, right: Cursor): Met | undefined {
  const [name, other] = [left.name(), right.name()];
  if (order < 0 && left.bytes && name !== undefined) return { kind: 'removed', name, bytes: left.bytes };
  if (order > 0 && right.bytes && other !== undefined)
    return { kind: 'added', name: other, bytes: right.bytes };
  if (left.bytes && right.bytes && name !== undefined)
    return { kind: 'changed', name, before: left.bytes, after: right.bytes };
  return undefined;
}

/** The name of an object; undefined when it has none. */
export function nameOf(item: Buffer): string | undefined {
  return readObject(item, (document) => document.textAt(document.root, 'metadata', 'name'));
}
