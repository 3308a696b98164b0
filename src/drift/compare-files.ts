import type { Archive } from '../archive/read-archive.ts';
import { attributionOf } from './attribution.ts';
import type { ChangeList } from './change-list.ts';
import { versionsOf } from './compare-objects.ts';
import type { Attribution, ObjectChange, ObjectIdentity, Value } from './drift.ts';
import type { FilePair } from './file-plan.ts';
import type { Judge } from './judge.ts';
import { factsOf, FactsReader } from './read-facts.ts';
import type { DefinedLists } from './read-list-schemas.ts';
import { type ItemSource, itemSource, meetItems, type Met } from './read-items.ts';
import { findRenames, type Lone } from './renames.ts';
import { parseValue } from './value.ts';

/** In an entry with more objects that went or came, none is looked for under another name. */
const RENAMES_MAX = 200;
/** Nor where they take more than so much as JSON: each is held until the last one is read. */
const RENAMES_BYTES_MAX = 4 * 1024 * 1024;

/** Called for each change that is kept, with the objects that it is between; undefined where there is none. */
export type OnChange = (change: ObjectChange, before: Value | undefined, after: Value | undefined) => void;

/** The archives whose entries are compared. */
export interface FileQuestion {
  readonly before: Archive;
  readonly after: Archive;
  readonly findsRenames: boolean;
  readonly onChange?: OnChange;
}

/** What is known while entries are compared, and where the changes go. */
export interface FileContext {
  readonly question: FileQuestion;
  /** The kind of a type. */
  readonly kindOf: (type: string) => string;
  /** When the earlier archive was begun. */
  readonly since: string;
  /** Whether an object that only one of the archives has came or went. */
  readonly arePresencesComparable: boolean;
  readonly judge: Judge;
  /** What definitions say of lists. */
  readonly definedLists: DefinedLists;
  readonly list: ChangeList;
  /** By type, the versions in which its objects are written, where they differ. */
  readonly versions: Map<string, readonly [string, string]>;
}

/** What is read of both archives. */
interface Sources {
  readonly before: ItemSource;
  readonly after: ItemSource;
  readonly factsBefore: ItemSource;
  readonly factsAfter: ItemSource;
}

/**
 * Compares entries object by object, each archive read from its beginning to its end.
 *
 * @returns how many objects are in both
 */
export async function compareFiles(context: FileContext, files: readonly FilePair[]): Promise<number> {
  const { before, after } = context.question;
  const paths = files.map(({ path }) => path);
  const facts = paths.map(factsOf);
  const sources: Sources = {
    before: itemSource(before, paths),
    after: itemSource(after, paths),
    factsBefore: itemSource(before, facts),
    factsAfter: itemSource(after, facts),
  };
  let count = 0;
  for (const file of files) count += await new FileComparison(context, sources, file).run();
  return count;
}

type LoneKind = 'removed' | 'added';

interface LoneObject extends Lone {
  readonly attribution: Attribution | undefined;
}

/** One entry of both archives. */
class FileComparison {
  readonly #context: FileContext;
  readonly #sources: Sources;
  readonly #file: FilePair;
  readonly #facts: { readonly before: FactsReader; readonly after: FactsReader };
  /** Objects that only one archive has, while they may still turn out to be renamed. */
  #waiting: Record<LoneKind, LoneObject[]> = { removed: [], added: [] };
  #waitingBytes = 0;
  #canBeRenamed: boolean;

  constructor(context: FileContext, sources: Sources, file: FilePair) {
    this.#context = context;
    this.#sources = sources;
    this.#file = file;
    this.#facts = {
      before: new FactsReader(sources.factsBefore, file.path),
      after: new FactsReader(sources.factsAfter, file.path),
    };
    const isInBoth = file.beforeCount !== undefined && file.afterCount !== undefined;
    this.#canBeRenamed = isInBoth && context.question.findsRenames;
  }

  /** @returns how many objects are in both */
  async run(): Promise<number> {
    const { before, after } = this.#sources;
    let count = 0;
    for await (const met of meetItems(before.items(this.#file.path), after.items(this.#file.path))) {
      if (met.kind === 'equal' || met.kind === 'changed') count++;
      if (met.kind === 'changed') await this.#changed(met);
      else if (met.kind !== 'equal' && this.#context.arePresencesComparable) await this.#lone(met);
    }
    await this.#settle();
    await this.#facts.before.finish();
    await this.#facts.after.finish();
    return count;
  }

  async #changed({ name, before, after }: Extract<Met, { kind: 'changed' }>): Promise<void> {
    const { judge, versions, definedLists } = this.#context;
    const pair = { identity: this.#identity(name), before: parseValue(before), after: parseValue(after) };
    const read = versionsOf(pair);
    if (read) versions.set(this.#file.type, read);
    await definedLists.declare(this.#file.type, pair.before, pair.after);
    const attribution = await this.#attribution(name);
    this.#keep(judge.changed(pair, attribution), pair.before, pair.after);
  }

  async #lone({ kind, name, bytes }: Extract<Met, { kind: LoneKind }>): Promise<void> {
    const attribution = await this.#attribution(name);
    if (!this.#canBeRenamed) return this.#emit(kind, { name, object: null, attribution });
    this.#waiting[kind].push({ name, object: parseValue(bytes), attribution });
    this.#waitingBytes += bytes.length;
    if (this.#waiting[kind].length <= RENAMES_MAX && this.#waitingBytes <= RENAMES_BYTES_MAX) return;
    this.#canBeRenamed = false;
    this.#emitAll();
  }

  async #settle(): Promise<void> {
    const { removed, added } = this.#waiting;
    for (const rename of findRenames(removed, added)) {
      const { before, after } = rename;
      removed.splice(
        removed.findIndex(({ name }) => name === before.name),
        1,
      );
      const [own] = added.splice(
        added.findIndex(({ name }) => name === after.name),
        1,
      );
      await this.#context.definedLists.declare(this.#file.type, before.object, after.object);
      const change = this.#context.judge.renamed(this.#identity(after.name), rename, own?.attribution);
      this.#keep(change, before.object, after.object);
    }
    this.#emitAll();
  }

  #emitAll(): void {
    for (const kind of ['removed', 'added'] as const)
      for (const object of this.#waiting[kind]) this.#emit(kind, object);
    this.#waiting = { removed: [], added: [] };
  }

  #emit(kind: LoneKind, { name, attribution }: LoneObject): void {
    this.#keep(this.#context.judge.lone(this.#identity(name), kind, attribution), undefined, undefined);
  }

  #keep(change: ObjectChange | undefined, before: Value | undefined, after: Value | undefined): void {
    if (change && this.#context.list.add(change)) this.#context.question.onChange?.(change, before, after);
  }

  async #attribution(name: string): Promise<Attribution | undefined> {
    const [before, after] = [await this.#facts.before.of(name), await this.#facts.after.of(name)];
    return attributionOf(before, after, this.#context.since);
  }

  #identity(name: string): ObjectIdentity {
    const { type, project } = this.#file;
    return { type, kind: this.#context.kindOf(type), ...(project === undefined ? {} : { project }), name };
  }
}
