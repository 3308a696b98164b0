import { holdsSecret, partsOf } from './compare-objects.ts';
import type { ObjectIdentity, Segment, Value } from './drift.ts';
import { hasSecretArgument, isSecretText } from './secret-fields.ts';
import { compareTexts, isEqual, isList, isMap } from './value.ts';

/** One operation of RFC 6902. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  /** A JSON Pointer (RFC 6901). */
  readonly path: string;
  readonly value?: Value;
}

/** What makes one object of another. */
export interface ObjectPatch {
  readonly operations: readonly PatchOperation[];
  /** Pointers to values that differ and are secret: no operation holds them, so after the patch they are still those before. */
  readonly withheld: readonly string[];
}

/** A place in both objects. */
interface Place {
  readonly identity: ObjectIdentity;
  readonly pointer: string;
  readonly path: readonly Segment[];
}

/**
 * The patch that makes `after` of `before`, to the letter: lists in their order, numbers by their digits. Secret
 * values are not in it; where there are none, applying it to the one gives the other.
 */
export function objectPatch(identity: ObjectIdentity, before: Value, after: Value): ObjectPatch {
  const patch = new PatchWriter();
  patch.change({ identity, pointer: '', path: [] }, before, after);
  return patch;
}

class PatchWriter implements ObjectPatch {
  readonly operations: PatchOperation[] = [];
  readonly withheld: string[] = [];

  change(place: Place, before: Value, after: Value): void {
    if (isEqual(before, after)) return;
    if (isMap(before) && isMap(after)) this.#maps(place, before, after);
    else if (hasSecretArgument(before) || hasSecretArgument(after)) this.withheld.push(place.pointer);
    else if (isList(before) && isList(after)) this.#lists(place, before, after);
    else if (this.#isSecret(place, before) || this.#isSecret(place, after)) this.withheld.push(place.pointer);
    else this.operations.push({ op: 'replace', path: place.pointer, value: after });
  }

  #maps(place: Place, before: ReadonlyMap<string, Value>, after: ReadonlyMap<string, Value>): void {
    for (const key of [...new Set([...before.keys(), ...after.keys()])].toSorted(compareTexts)) {
      const inner = {
        ...place,
        pointer: `${place.pointer}/${stepOf(key)}`,
        path: [...place.path, { key }],
      };
      const [old, present] = [before.get(key), after.get(key)];
      if (isSecretText(key)) this.#withholdKey(inner, old, present);
      else if (old !== undefined && present !== undefined) this.change(inner, old, present);
      else if (present === undefined) this.operations.push({ op: 'remove', path: inner.pointer });
      else this.#add(inner, inner.pointer, present);
    }
  }

  /** A key that is secret itself stands in no operation. */
  #withholdKey({ pointer }: Place, before: Value | undefined, after: Value | undefined): void {
    if (!isEqual(before, after)) this.withheld.push(pointer);
  }

  /** What is equal at both ends stays; in between, elements are changed one by one, and the rest comes or goes. */
  #lists(place: Place, before: readonly Value[], after: readonly Value[]): void {
    const common = Math.min(before.length, after.length);
    let start = 0;
    while (start < common && isEqual(before[start], after[start])) start++;
    let end = 0;
    while (end < common - start && isEqual(before.at(-1 - end), after.at(-1 - end))) end++;
    const [old, present] = [
      partsOf(place.identity.type, place.path, before),
      partsOf(place.identity.type, place.path, after),
    ];
    const [oldEnd, presentEnd] = [before.length - end, after.length - end];
    for (let index = start; index < Math.min(oldEnd, presentEnd); index++) {
      const [from, to] = [old[index], present[index]];
      if (from && to) this.#element(place, index, from, to);
    }
    for (let index = oldEnd; index > presentEnd; index--)
      this.operations.push({ op: 'remove', path: `${place.pointer}/${index - 1}` });
    for (let index = oldEnd; index < presentEnd; index++) {
      const to = present[index];
      if (to) this.#add({ ...place, path: to.path }, `${place.pointer}/${index}`, to.value);
    }
  }

  /** An element may be secret by the name that it had, or by the one that it has. */
  #element(place: Place, index: number, from: ReturnType<typeof partsOf>[number], to: typeof from): void {
    const inner = { ...place, pointer: `${place.pointer}/${index}`, path: to.path };
    const wasSecret = holdsSecret(place.identity, from.path, from.value);
    const isSecret = holdsSecret(place.identity, to.path, to.value);
    if (!wasSecret && !isSecret) this.change(inner, from.value, to.value);
    else if (isMap(from.value) && isMap(to.value) && JSON.stringify(from.path) === JSON.stringify(to.path))
      this.change(inner, from.value, to.value);
    else if (!isEqual(from.value, to.value)) this.#replaceWhole(inner, to.value);
  }

  #replaceWhole(place: Place, value: Value): void {
    this.operations.push({ op: 'remove', path: place.pointer });
    this.#add(place, place.pointer, value);
  }

  #add(place: Place, path: string, value: Value): void {
    const bare = this.#withoutSecrets({ ...place, pointer: path }, value);
    if (bare !== undefined) this.operations.push({ op: 'add', path, value: bare });
  }

  /** A value without its secret parts, which are named; undefined when it is secret itself. */
  #withoutSecrets(place: Place, value: Value): Value | undefined {
    if (!holdsSecret(place.identity, place.path, value)) return value;
    const parts = partsOf(place.identity.type, place.path, value).map((part, index) => {
      const key = isMap(value) ? [...value.keys()][index] : undefined;
      const step = stepOf(key ?? String(index));
      return {
        key,
        bare: this.#withoutSecrets(
          { ...place, pointer: `${place.pointer}/${step}`, path: part.path },
          part.value,
        ),
      };
    });
    if (parts.length === 0 || hasSecretArgument(value)) {
      this.withheld.push(place.pointer);
      return undefined;
    }
    if (isMap(value))
      return new Map(
        parts.flatMap(({ key, bare }) =>
          key === undefined || bare === undefined ? [] : [[key, bare] as const],
        ),
      );
    return parts.map(({ bare }) => bare ?? null);
  }

  #isSecret({ identity, path }: Place, value: Value): boolean {
    return holdsSecret(identity, path, value);
  }
}

/** A step of a JSON Pointer, without what is secret in it. */
function stepOf(key: string): string {
  return isSecretText(key) ? '…' : key.replaceAll('~', '~0').replaceAll('/', '~1');
}
