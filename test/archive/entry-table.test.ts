import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EntryRows, EntryTable } from '../../src/archive/entry-table.ts';
import type { ArchiveEntry } from '../../src/archive/zip-entry.ts';
import { KnownError } from '../../src/model/known-error.ts';

const ROOM = { entryCount: 200, pathBytes: 0 };

function entryOf(path: string, number: number): ArchiveEntry {
  return {
    path,
    sizeBytes: number * 2 ** 20,
    compressedSizeBytes: number,
    crc32: 0xffff_ffff - number,
    isDeflated: number % 2 === 0,
    flags: 0x80f - (number % 3),
    start: number * 2 ** 40,
    end: number * 2 ** 40 + 1,
  };
}

test('EntryTable gives back what was added, by place and by path, and refuses a path that is there', () => {
  const path = fc.oneof(
    fc.stringMatching(/^[a-c]{0,3}$/u),
    fc.stringMatching(/^[a-z0-9]{1,40}\/[a-z]{1,3}\.json$/u),
  );
  fc.assert(
    fc.property(fc.array(path, { maxLength: 150 }), (paths) => {
      const table = new EntryTable(ROOM);
      const expected: ArchiveEntry[] = [];
      for (const [number, one] of paths.entries()) {
        const entry = entryOf(one, number);
        if (expected.some((other) => other.path === one)) {
          assert.throws(() => table.add(entry), { kind: 'failed', message: `${one} is in it twice` });
        } else {
          assert.equal(table.indexOf(one), undefined);
          table.add(entry);
          expected.push(entry);
        }
      }
      assert.deepEqual([...table], expected);
      assert.equal(table.length, expected.length);
      const rows = new EntryRows(structuredClone(table.columns));
      assert.deepEqual(rows.slice(0, rows.length), expected);
      for (const [index, entry] of expected.entries()) {
        assert.equal(table.indexOf(entry.path), index);
        assert.deepEqual(table.at(index), entry);
        assert.deepEqual([table.sizeBytes(index), table.end(index)], [entry.sizeBytes, entry.end]);
        for (const guess of [-1, 0, index - 1, index, index + 1, expected.length]) {
          assert.equal(table.indexOf(entry.path, guess), index);
        }
      }
    }),
  );
});

test('EntryTable has nothing outside of it', () => {
  const table = new EntryTable(ROOM);
  assert.equal(table.at(0), undefined);
  table.add(entryOf('shop/pods.json', 1));
  for (const index of [-1, 1, 199, 200]) assert.equal(table.at(index), undefined, `${index}`);
  assert.deepEqual([table.sizeBytes(-1), table.end(-1), table.sizeBytes(200), table.end(200)], [0, 0, 0, 0]);
  assert.equal(table.indexOf('', 1), undefined);
  for (const path of ['', 'shop/pods.jso', 'shop/pods.json ', 'shop/pods.jsom', 'shop/pods.jsoŮ'])
    assert.equal(table.indexOf(path), undefined, path);
});

test('EntryTable takes as many entries as there is room for, and no more', () => {
  for (const entryCount of [0, 1, 2, 3, 1000, 100_000]) {
    const table = new EntryTable({ entryCount, pathBytes: 5 * entryCount });
    for (let index = 0; index < entryCount; index++) table.add(entryOf(`p-${index}/a.json`, index));
    assert.throws(() => table.add(entryOf('one/more.json', 1)), KnownError);
    assert.equal(table.length, entryCount);
    assert.equal(table.indexOf('one/more.json'), undefined);
    if (entryCount > 0) assert.equal(table.indexOf(`p-${entryCount - 1}/a.json`), entryCount - 1);
  }
});
