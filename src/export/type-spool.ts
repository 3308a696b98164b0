import { factsPath, entryPath } from '../archive/layout.ts';
import { ListItems } from '../archive/list-items.ts';
import type { ArchiveWriter, EntryContent, HeldEntry } from '../archive/write-archive.ts';
import type { LeftOut } from '../model/manifest.ts';
import { ItemSpool, type SpooledList } from './item-spool.ts';
import { OpenList } from './open-list.ts';

/** One entry for the archive: one that the writer holds, or its content. */
export type SpooledEntry = HeldEntry | { readonly path: string; readonly content: EntryContent };

/** The objects of a project and their facts, as the writer holds them. */
interface HeldList {
  readonly objects: HeldEntry;
  readonly facts: HeldEntry;
}

type Project = string | undefined;

/**
 * What one type comes to until the last page has arrived: its objects, their facts, and what is left out. Only
 * then is it certain that the type is whole: what has been read of a list that fails is thrown away, and the
 * archive never holds a part of a list.
 *
 * A server lists by project. When the next project begins, the one before it is handed over to the writer,
 * which deflates it and holds it. A project of more than a megabyte goes to a file as it is, and so does one
 * of which more comes after others had begun, as it may from an aggregated API.
 */
export class TypeSpool {
  readonly #type: string;
  readonly #writer: ArchiveWriter;
  #open = new OpenList();
  #openProject: Project;
  readonly #held = new Map<Project, HeldList>();
  /** Projects that are in the files: all of them, or what came later of one that is held as well. */
  readonly #inFiles = new Set<Project>();
  readonly #objects: ItemSpool;
  readonly #facts: ItemSpool;
  /** By project, then by rule. */
  readonly #leftOut = new Map<Project, Map<string, number>>();

  /**
   * @param type its name, as it stands in paths
   * @param paths where files go if there are to be some; they must not exist
   */
  constructor(
    type: string,
    writer: ArchiveWriter,
    paths: { readonly objects: string; readonly facts: string },
  ) {
    this.#type = type;
    this.#writer = writer;
    this.#objects = new ItemSpool(paths.objects);
    this.#facts = new ItemSpool(paths.facts);
  }

  /**
   * Takes an object and its facts, both as items of a list in canonical form; they are copied.
   *
   * @throws TransportError when an object came twice: then the list was not one state of the server
   */
  add(project: Project, name: string, object: Uint8Array, facts: Uint8Array): void {
    if (project !== this.#openProject || this.#open.count === 0) this.#begin(project);
    if (!this.#inFiles.has(project)) {
      if (this.#open.hasRoom(object, facts)) {
        this.#open.add(name, object, facts);
        return;
      }
      this.#inFiles.add(project);
      for (const item of this.#open.items()) this.#addToFiles(project, item.name, item.object, item.facts);
      this.#open.clear();
    }
    this.#addToFiles(project, name, object, facts);
  }

  /** Counts an object that a rule leaves out. */
  leaveOut(project: Project, rule: string): void {
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

  /** Moves what lies in memory on if it is too much. Call it between pages. */
  async settle(): Promise<void> {
    await this.#writer.settle();
    await this.#objects.settle();
    await this.#facts.settle();
  }

  /** Forgets the objects of one project, or all of them: their list turned out not to be whole. */
  forget(project: Project): void {
    const isAll = project === undefined;
    if (isAll || project === this.#openProject) this.#open.clear();
    const forgotten = isAll ? [...this.#held.keys()] : [project];
    this.#writer.drop(forgotten.flatMap((key) => entriesOf(this.#held.get(key))));
    for (const key of forgotten) this.#held.delete(key);
    this.#objects.forget(project);
    this.#facts.forget(project);
    if (isAll) {
      this.#inFiles.clear();
      this.#leftOut.clear();
    } else {
      this.#inFiles.delete(project);
      this.#leftOut.delete(project);
    }
  }

  /**
   * To be called when the last page has arrived.
   *
   * @throws TransportError when an object came twice: then the list was not one state of the server
   */
  async complete(): Promise<void> {
    this.#close();
    // With its memory: many types may wait until it is their turn to be written.
    this.#open = new OpenList();
    for (const project of this.#inFiles) await this.#takeBack(project);
    this.#objects.complete();
    this.#facts.complete();
  }

  /** The entries for the archive, sorted by project; the facts of a project follow its objects. */
  *entries(): Generator<SpooledEntry, void, undefined> {
    const fromFiles = new Map<Project, readonly SpooledEntry[]>();
    const facts = this.#facts.lists();
    for (const objects of this.#objects.lists()) {
      const { value } = facts.next();
      fromFiles.set(objects.project, this.#fileEntries(objects, value ?? undefined));
    }
    const projects = [...this.#held.keys(), ...fromFiles.keys()];
    for (const project of projects.toSorted((a = '', b = '') => (a < b ? -1 : Number(a > b)))) {
      yield* fromFiles.get(project) ?? entriesOf(this.#held.get(project));
    }
  }

  /** Gives back memory and files. */
  async dispose(): Promise<void> {
    await this.#objects.dispose();
    await this.#facts.dispose();
  }

  #begin(project: Project): void {
    this.#close();
    this.#openProject = project;
    if (this.#held.has(project)) this.#inFiles.add(project);
  }

  /** Hands over the project that is open. */
  #close(): void {
    if (this.#open.count === 0) return;
    const project = this.#openProject;
    const { objects, facts } = this.#open.contents();
    const objectCount = this.#open.count;
    this.#held.set(project, {
      objects: this.#writer.hold({ path: entryPath(project, this.#type), objectCount }, objects),
      facts: this.#writer.hold({ path: factsPath(project, this.#type), objectCount }, facts),
    });
    this.#open.clear();
  }

  #addToFiles(project: Project, name: string, object: Uint8Array, facts: Uint8Array): void {
    this.#objects.add(project, name, object);
    this.#facts.add(project, name, facts);
  }

  /** Moves what is held of a project to the files, where the rest of it is. */
  async #takeBack(project: Project): Promise<void> {
    const held = this.#held.get(project);
    if (!held) return;
    this.#held.delete(project);
    const [objects, facts] = await this.#writer.recall([held.objects, held.facts]);
    const factsItems = itemsOf(facts);
    for (const object of itemsOf(objects)) {
      const item = factsItems.next().value;
      if (item) this.#addToFiles(project, nameOf(item), object, item);
    }
    await this.settle();
  }

  #fileEntries({ project, content }: SpooledList, facts: SpooledList | undefined): SpooledEntry[] {
    const entry = { path: entryPath(project, this.#type), content };
    return facts ? [entry, { path: factsPath(project, this.#type), content: facts.content }] : [entry];
  }
}

function entriesOf(list: HeldList | undefined): HeldEntry[] {
  return list ? [list.objects, list.facts] : [];
}

function itemsOf(content: Uint8Array | undefined): Generator<Buffer, void, undefined> {
  const bytes = content ?? new Uint8Array(0);
  return new ListItems().push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), true);
}

/** The facts of an object have its name, and are shorter. */
function nameOf(facts: Buffer): string {
  return (JSON.parse(facts.toString()) as { metadata: { name: string } }).metadata.name;
}
