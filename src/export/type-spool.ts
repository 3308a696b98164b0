import { factsPath, entryPath } from '../archive/layout.ts';
import type { EntryContent } from '../archive/write-archive.ts';
import type { LeftOut } from '../model/manifest.ts';
import { ItemSpool } from './item-spool.ts';

/** One entry for the archive. */
export interface SpooledEntry {
  readonly path: string;
  readonly content: EntryContent;
}

/** What one type comes to until the last page has arrived: its objects, their facts, and what is left out. */
export class TypeSpool {
  readonly #objects: ItemSpool;
  readonly #facts: ItemSpool;
  /** By project, then by rule. */
  readonly #leftOut = new Map<string | undefined, Map<string, number>>();

  /** @param paths where files go if there are to be some; they must not exist */
  constructor(paths: { readonly objects: string; readonly facts: string }) {
    this.#objects = new ItemSpool(paths.objects);
    this.#facts = new ItemSpool(paths.facts);
  }

  /** Takes an object and its facts, both as items of a list in canonical form; they are copied. */
  add(project: string | undefined, name: string, object: Uint8Array, facts: Uint8Array): void {
    this.#objects.add(project, name, object);
    this.#facts.add(project, name, facts);
  }

  /** Counts an object that a rule leaves out. */
  leaveOut(project: string | undefined, rule: string): void {
    const counts = this.#leftOut.get(project) ?? new Map<string, number>();
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
    this.#leftOut.set(project, counts);
  }

  /** How many objects each rule has left out, by the rule's id. */
  leftOut(): LeftOut[] {
    const sums = new Map<string, number>();
    for (const counts of this.#leftOut.values())
      for (const [rule, count] of counts) sums.set(rule, (sums.get(rule) ?? 0) + count);
    return [...sums]
      .map(([rule, objectCount]) => ({ rule, objectCount }))
      .toSorted((a, b) => (a.rule < b.rule ? -1 : Number(a.rule > b.rule)));
  }

  /** Moves what lies in memory to files if it is too much. Call it between pages. */
  async settle(): Promise<void> {
    await this.#objects.settle();
    await this.#facts.settle();
  }

  /** Forgets the objects of one project, or all of them: their list turned out not to be whole. */
  forget(project: string | undefined): void {
    this.#objects.forget(project);
    this.#facts.forget(project);
    if (project === undefined) this.#leftOut.clear();
    else this.#leftOut.delete(project);
  }

  /**
   * To be called when the last page has arrived.
   *
   * @throws TransportError when an object came twice: then the list was not one state of the server
   */
  complete(): void {
    this.#objects.complete();
    this.#facts.complete();
  }

  /**
   * The entries for the archive, sorted by project; the facts of a project follow its objects.
   *
   * @param type its name, as it stands in paths
   */
  *entries(type: string): Generator<SpooledEntry, void, undefined> {
    const facts = this.#facts.lists();
    for (const { project, content } of this.#objects.lists()) {
      yield { path: entryPath(project, type), content };
      const { value } = facts.next();
      if (value) yield { path: factsPath(value.project, type), content: value.content };
    }
  }

  /** Gives back memory and files. */
  async dispose(): Promise<void> {
    await this.#objects.dispose();
    await this.#facts.dispose();
  }
}
