import { TransportError } from '../kubernetes/api-error.ts';

/** Bytes that lie one after the other, counted from the first byte that came. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The objects of one project, in the order of their names. */
export interface IndexedList {
  /** Undefined for cluster-scoped objects. */
  readonly project: string | undefined;
  readonly objectCount: number;
  /** Where they lie. */
  readonly ranges: readonly Range[];
}

/** Objects of one project that came one after the other: the numbers of the first, and of the one after the last. */
interface Run {
  readonly project: string | undefined;
  readonly first: number;
  end: number;
}

/**
 * Which bytes belong to which object, for objects that come one behind the other. It takes about 50 bytes for
 * each of them and 60 for each project: numbers instead of an object, of which there can be hundreds of thousands.
 */
export class ItemIndex {
  /** The name of each object, and where it ends: it begins where the one before it ends. */
  #names: string[] = [];
  #ends: number[] = [];
  /** In the order in which they came: a server lists by project, so mostly there is one for each. */
  #runs: Run[] = [];

  /** How many bytes have come, those of forgotten objects included. */
  get totalBytes(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** Takes the next object, which lies behind the one before it. */
  add(project: string | undefined, name: string, sizeBytes: number): void {
    const count = this.#ends.push(this.totalBytes + sizeBytes);
    this.#names.push(name);
    const last = this.#runs.at(-1);
    if (last?.project === project && last?.end === count - 1) last.end = count;
    else this.#runs.push({ project, first: count - 1, end: count });
  }

  /** Forgets the objects of one project, or all of them. The bytes of later ones still lie behind theirs. */
  forget(project: string | undefined): void {
    if (project === undefined) this.clear(this.totalBytes);
    else this.#runs = this.#runs.filter((run) => run.project !== project);
  }

  /** Forgets everything; the next object begins there. */
  clear(start: number): void {
    [this.#names, this.#ends, this.#runs] = [[''], [start], []];
  }

  /**
   * The objects by project, sorted.
   *
   * @throws TransportError when an object came twice
   */
  *lists(): Generator<IndexedList, void, undefined> {
    const runs = this.#runs.toSorted((a, b) => compare(a.project ?? '', b.project ?? ''));
    let from = 0;
    for (const [index, { project }] of runs.entries()) {
      if (index + 1 < runs.length && runs[index + 1]?.project === project) continue;
      yield this.#listOf(runs.slice(from, index + 1));
      from = index + 1;
    }
  }

  #listOf(runs: readonly Run[]): IndexedList {
    const [first] = runs;
    const project = first?.project;
    if (first && runs.length === 1 && this.#isSorted(first)) {
      const range = { start: this.#ends[first.first - 1] ?? 0, end: this.#ends[first.end - 1] ?? 0 };
      return { project, objectCount: first.end - first.first, ranges: [range] };
    }
    const order = this.#sorted(runs);
    return { project, objectCount: order.length, ranges: this.#joined(order) };
  }

  /** Whether the objects came in the order of their names, each once: nearly always they do. */
  #isSorted({ first, end }: Run): boolean {
    for (let item = first + 1; item < end; item++) {
      if (compare(this.#names[item - 1] ?? '', this.#names[item] ?? '') >= 0) return false;
    }
    return true;
  }

  /** The numbers of objects in the order of their names: those of an aggregated API need not come so. */
  #sorted(runs: readonly Run[]): number[] {
    const order = runs.flatMap(({ first, end }) =>
      Array.from({ length: end - first }, (_value, index) => first + index),
    );
    const nameOf = (item: number | undefined): string => this.#names[item ?? -1] ?? '';
    const follows = (item: number, index: number): boolean =>
      index === 0 || compare(nameOf(order[index - 1]), nameOf(item)) < 0;
    if (order.every(follows)) return order;
    order.sort((a, b) => compare(nameOf(a), nameOf(b)));
    const twice = order.find((item, index) => !follows(item, index));
    if (twice !== undefined) throw new TransportError('', `the server listed ${nameOf(twice)} twice`);
    return order;
  }

  #joined(order: readonly number[]): Range[] {
    const ranges: { start: number; end: number }[] = [];
    for (const item of order) {
      const [start = 0, end = 0] = [this.#ends[item - 1], this.#ends[item]];
      const last = ranges.at(-1);
      if (last?.end === start) last.end = end;
      else ranges.push({ start, end });
    }
    return ranges;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
