import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { CanonicalWriter } from '../../src/json/canonical-writer.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import { ITEM_DEPTH } from '../../src/archive/layout.ts';
import { ItemSpool } from '../../src/export/item-spool.ts';

const folder = await mkdtemp(join(tmpdir(), 'openshift-backup-spool-'));
after(() => rm(folder, { recursive: true }));

interface Item {
  readonly project: string;
  readonly name: string;
  readonly sizeBytes: number;
}

function objectOf({ project, name, sizeBytes }: Item): { project: string; name: string; text: string } {
  return { project, name, text: 'x'.repeat(sizeBytes) };
}

/** The entries that a spool gives, as text. */
async function entriesOf(items: readonly Item[]): Promise<Record<string, string>> {
  const spool = new ItemSpool(join(folder, 'spool'));
  const writer = new CanonicalWriter();
  const result: Record<string, string> = {};
  try {
    for (const item of items) {
      const document = new JsonDocument(Buffer.from(JSON.stringify(objectOf(item))));
      spool.add(item.project, item.name, writer.write(document, document.root, ITEM_DEPTH));
      await spool.settle();
    }
    spool.complete();
    for (const { project, content } of spool.lists()) {
      const pieces = await Array.fromAsync(content.chunks());
      const text = Buffer.concat(pieces).toString();
      assert.equal(Buffer.byteLength(text), content.sizeBytes);
      assert.equal(content.objectCount, items.filter((item) => item.project === project).length);
      result[project ?? ''] = text;
    }
  } finally {
    await spool.dispose();
  }
  assert.deepEqual(await readdir(folder), [], 'no file is left');
  return result;
}

function expected(items: readonly Item[]): Record<string, string> {
  const projects = [...new Set(items.map(({ project }) => project))].toSorted();
  return Object.fromEntries(
    projects.map((project) => {
      const inProject = items
        .filter((item) => item.project === project)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return [project, canonicalJson({ apiVersion: 'v1', kind: 'List', items: inProject.map(objectOf) })];
    }),
  );
}

test('ItemSpool gives each project as a canonical List, in whatever order the objects came', async () => {
  const item = fc.record({
    project: fc.constantFrom('a', 'a-b', 'b'),
    name: fc.string({ minLength: 1, maxLength: 6 }),
    sizeBytes: fc.oneof({ weight: 9, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(2_500_000) }),
  });
  const items = fc.uniqueArray(item, {
    maxLength: 20,
    selector: ({ project, name }) => `${project}/${name}`,
  });
  await fc.assert(
    fc.asyncProperty(items, async (list) => assert.deepEqual(await entriesOf(list), expected(list))),
    { numRuns: 60 },
  );
});

test('ItemSpool gives back what went to the file and what is still in memory', async () => {
  const items = Array.from({ length: 40 }, (_value, index) => ({
    project: index % 3 === 0 ? 'a' : 'b',
    name: `item-${String(index).padStart(3, '0')}`,
    sizeBytes: index === 7 ? 3_000_000 : 400_000,
  }));
  assert.deepEqual(await entriesOf(items), expected(items));
});
