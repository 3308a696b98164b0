import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { openArchive } from '../../src/archive/read-archive.ts';
import { ArchiveWriter } from '../../src/archive/write-archive.ts';
import { TypeSpool } from '../../src/export/type-spool.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { listOf, MANIFEST_HEAD } from '../archive/zip-fixtures.ts';

/** More than is ever handed over at once. */
export const LARGE = 1_200_000;
const ARCHIVE = 'archive.zip';
const NOISE = randomBytes(LARGE).toString('base64');

/** Undefined for cluster-scoped objects. */
export type Project = string | undefined;

/** What a type is told, in turn. Noise hardly shrinks when it is deflated. */
export type Step =
  | { readonly kind: 'add'; readonly project: Project; readonly objects: readonly Sized[] }
  | { readonly kind: 'forget'; readonly project: Project };

/** An object to be made. */
export interface Sized {
  readonly name: string;
  readonly sizeBytes: number;
  readonly isNoise?: boolean;
}

interface Item {
  readonly object: object;
  readonly facts: object;
}

let madeCount = 0;

/** Never the same twice, so that what was forgotten is told from what came anew. */
function itemOf(project: Project, { name, sizeBytes, isNoise = false }: Sized): Item {
  const uid = `uid-${madeCount++}`;
  const text = isNoise ? NOISE.slice(0, sizeBytes) : 'x'.repeat(sizeBytes);
  const metadata = { name, ...(project === undefined ? {} : { namespace: project }), uid };
  return {
    object: { apiVersion: 'v1', data: { text }, kind: 'ConfigMap', metadata },
    facts: { apiVersion: 'openshift-backup.io/v1', kind: 'Facts', metadata: { name }, uid },
  };
}

function addTo(spool: TypeSpool, project: Project, sized: Sized): Item {
  const item = itemOf(project, sized);
  spool.add(project, sized.name, bytesOf(item.object), bytesOf(item.facts));
  return item;
}

function bytesOf(value: object): Buffer {
  return Buffer.from(canonicalJson(value).trimEnd().replaceAll('\n', '\n    '));
}

/** One type as it is to come out: nothing but maps. */
class Expected {
  readonly #type: string;
  readonly #projects = new Map<Project, Map<string, Item>>();

  constructor(type: string) {
    this.#type = type;
  }

  has(project: Project, name: string): boolean {
    return this.#projects.get(project)?.has(name) ?? false;
  }

  add(project: Project, name: string, item: Item): void {
    this.#projects.set(project, (this.#projects.get(project) ?? new Map<string, Item>()).set(name, item));
  }

  forget(project: Project): void {
    if (project === undefined) this.#projects.clear();
    else this.#projects.delete(project);
  }

  entries(): [path: string, content: Buffer, objectCount: number][] {
    return [...this.#projects]
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
      .flatMap(([project, items]) => {
        const sorted = [...items].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
        const file = `${project ?? '_cluster'}/${this.#type}.json`;
        return [
          [file, listOf(...sorted.map(({ object }) => object)), sorted.length],
          [`_facts/${file}`, listOf(...sorted.map(({ facts }) => facts)), sorted.length],
        ];
      });
  }
}

interface ReadType {
  readonly spool: TypeSpool;
  readonly expected: Expected;
}

/** Types that share a writer, as in a run; they are written in their order, while others still come. */
export class Reading {
  readonly #dir: string;
  readonly #writer: ArchiveWriter;
  readonly #types: readonly ReadType[];
  #writing: Promise<void> = Promise.resolve();
  #doneCount = 0;
  readonly #done = new Set<number>();

  /** @param folder where a new folder is made for the archive */
  static async begin(folder: string, typeCount: number): Promise<Reading> {
    const dir = await mkdtemp(path.join(folder, 'run-'));
    const file = path.join(dir, ARCHIVE);
    return new Reading(
      dir,
      await ArchiveWriter.create(file, new Date(MANIFEST_HEAD.startedAt), `${file}.held`),
      typeCount,
    );
  }

  private constructor(dir: string, writer: ArchiveWriter, typeCount: number) {
    this.#dir = dir;
    this.#writer = writer;
    this.#types = Array.from({ length: typeCount }, (_, index) => {
      const type = `type${index}s`;
      const paths = { objects: path.join(dir, `${type}-objects`), facts: path.join(dir, `${type}-facts`) };
      return { spool: new TypeSpool(type, writer, paths), expected: new Expected(type) };
    });
  }

  /** The hidden files that there are: those of a type, and the one of what the writer holds. */
  async files(): Promise<string[]> {
    return (await readdir(this.#dir)).filter((name) => name !== ARCHIVE);
  }

  /** Carries out a step; an object that is there already is passed over. */
  async take(type: number, step: Step): Promise<void> {
    const { spool, expected } = this.#type(type);
    if (step.kind === 'forget') {
      spool.forget(step.project);
      expected.forget(step.project);
      return;
    }
    for (const sized of step.objects) {
      if (expected.has(step.project, sized.name)) continue;
      expected.add(step.project, sized.name, addTo(spool, step.project, sized));
    }
    await spool.settle();
  }

  /** Takes all objects, whether they are there already or not. */
  async takeAll(type: number, steps: readonly Step[]): Promise<void> {
    const { spool } = this.#type(type);
    for (const step of steps) {
      for (const sized of step.kind === 'add' ? step.objects : []) addTo(spool, step.project, sized);
      await spool.settle();
    }
  }

  /** Says that the last page of a type has come. */
  async complete(type: number): Promise<void> {
    await this.#type(type).spool.complete();
  }

  /** Completes a type, which is written when those before it have been. */
  async end(type: number): Promise<void> {
    await this.complete(type);
    this.#done.add(type);
    for (; this.#done.has(this.#doneCount); this.#doneCount++) {
      const { spool } = this.#type(this.#doneCount);
      this.#writing = this.#writing.then(() => this.#write(spool));
      // A failure is thrown when the archive is finished.
      this.#writing.catch(() => undefined);
    }
  }

  /** Finishes the archive, and compares it with what is expected. */
  async check(): Promise<void> {
    await this.#writing;
    await this.#writer.finish(() => MANIFEST_HEAD);
    await this.close();
    assert.deepEqual(await readdir(this.#dir), [ARCHIVE], 'no file is left beside the archive');
    const expected = this.#types.flatMap((type) => type.expected.entries());
    const archive = await openArchive(path.join(this.#dir, ARCHIVE));
    try {
      assert.deepEqual(
        Array.from(archive.entries, (entry) => entry.path),
        [...expected.map(([entry]) => entry), MANIFEST_ENTRY],
      );
      for (const [entry, content] of expected)
        assert.ok(content.equals(await archive.read(entry)), `the content of ${entry}`);
      const { files } = await archive.manifest();
      assert.deepEqual(
        files,
        expected.map(([entry, content, objectCount]) => ({
          path: entry,
          sha256: hash('sha256', content),
          sizeBytes: content.length,
          objectCount,
        })),
      );
    } finally {
      await archive.close();
    }
  }

  /** Gives everything back; what is closed may be closed again. */
  async close(): Promise<void> {
    for (const { spool } of this.#types) await spool.dispose();
    await this.#writer.close();
  }

  async #write(spool: TypeSpool): Promise<void> {
    for (const entry of spool.entries()) {
      if (typeof entry === 'number') this.#writer.place(entry);
      else await this.#writer.add(entry.path, entry.content);
    }
    await spool.dispose();
  }

  #type(index: number): ReadType {
    const type = this.#types[index];
    assert.ok(type);
    return type;
  }
}
