import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BackuperReport, SideFacts } from '../../src/model/backuper.ts';
import { entryParser } from '../../src/backuper/find-output.ts';
import { HashTable } from '../../src/backuper/hash-table.ts';
import { lineSplitter } from '../../src/backuper/lines.ts';
import { printablePath } from '../../src/backuper/printable.ts';
import { progressLog } from '../../src/backuper/progress-log.ts';
import { reportText } from '../../src/backuper/report.ts';
import { rsyncReader } from '../../src/backuper/rsync-output.ts';
import { contentDifference } from '../../src/backuper/verify-copy.ts';

/** Cuts bytes where a pipe might. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const name = fc.uint8Array({ min: 1, max: 255, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const cuts = fc.array(fc.nat(), { maxLength: 12 });

test('Entries come out of the output of find whole, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name), { maxLength: 8 }), cuts, (given, at) => {
      const fields = Buffer.from(
        '\0f 4755 1000 65534 1795266570.1139791840 17 2 10027588 8 1795266571.0000000000 -\0',
      );
      const bytes = Buffer.concat(given.flatMap(([path, link]) => [path, fields, link, Buffer.of(0)]));
      const seen: string[] = [];
      const parse = entryParser((entry) => {
        seen.push(`${entry.path.toString('hex')} ${entry.link.toString('hex')}`);
        const { path: _path, link: _link, ...rest } = entry;
        assert.deepEqual(rest, {
          type: 'f',
          mode: '4755',
          uid: '1000',
          gid: '65534',
          modified: '1795266570.113979184',
          sizeBytes: 17,
          linkCount: 2,
          inode: '10027588',
          allocatedBytes: 4096,
          changedSeconds: 1795266571,
          isReadable: false,
        });
      });
      for (const piece of pieces(bytes, at)) parse(piece);
      assert.deepEqual(
        seen,
        given.map(([path, link]) => `${path.toString('hex')} ${link.toString('hex')}`),
      );
    }),
  );
});

test('Lines come out whole, wherever the stream is cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), cuts, (text, at) => {
      const lines: string[] = [];
      const split = lineSplitter((line) => lines.push(line));
      for (const piece of [...pieces(Buffer.from(text), at)].filter(({ length }) => length > 0)) split(piece);
      split(Buffer.of());
      assert.deepEqual(
        lines,
        text.split(/[\r\n]/u).filter((line) => line !== ''),
      );
    }),
  );
});

test('The table of hashes is a Map', () => {
  const key = fc.tuple(fc.nat({ max: 40 }), fc.constantFrom(0, 7, 0xffffffff));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat()), { maxLength: 3000, size: 'max' }), (writes) => {
      const table = new HashTable(2, 0);
      const map = new Map<string, number>();
      for (const [[high, low], value] of writes) {
        const row = table.add(high, low);
        table.write(row, 1, value);
        table.setMark(row, 1 + (value % 255));
        map.set(`${high} ${low}`, value);
      }
      assert.equal(table.count, map.size);
      assert.equal([...table.rows()].length, map.size);
      for (const [[high, low]] of writes) {
        const row = table.find(high, low);
        const value = map.get(`${high} ${low}`) ?? 0;
        assert.deepEqual([table.read(row, 1), table.mark(row)], [value, 1 + (value % 255)]);
      }
      assert.equal(table.find(41, 3), -1);
    }),
    { numRuns: 20 },
  );
});

test('The table of hashes grows', () => {
  const table = new HashTable(1, 0);
  for (let index = 0; index < 100_000; index += 1) table.write(table.add(index, 1), 0, index * 3);
  assert.equal(table.count, 100_000);
  for (let index = 0; index < 100_000; index += 1)
    assert.equal(table.read(table.find(index, 1), 0), index * 3);
});

const text = fc.string({ unit: 'grapheme', maxLength: 700 });
const texts = fc.array(text, { maxLength: 20 });
const side: fc.Arbitrary<SideFacts> = fc.record({
  ...Object.fromEntries(
    ['entryCount', 'fileCount', 'folderCount', 'linkCount', 'specialCount', 'deviceCount', 'sizeBytes']
      .concat([
        'allocatedBytes',
        'hardLinkCount',
        'setIdCount',
        'unreadableCount',
        'ownerCount',
        'totalBytes',
      ])
      .concat(['freeBytes', 'freeInodes', 'aclCount', 'xattrCount'])
      .map((key) => [key, fc.maxSafeNat()]),
  ),
  unreadable: texts,
  owners: fc.array(fc.record({ uid: fc.nat(), gid: fc.nat(), entryCount: fc.maxSafeNat() }), {
    maxLength: 8,
  }),
  root: fc.record({ uid: fc.nat(), gid: fc.nat(), mode: fc.nat() }),
  fileSystem: text,
  generations: fc.array(fc.constant('20261121T001500Z'), { maxLength: 400 }),
}) as unknown as fc.Arbitrary<SideFacts>;
const report: fc.Arbitrary<BackuperReport> = fc.record({
  task: fc.constant('copy' as const),
  outcome: fc.constant('unequal' as const),
  message: text,
  durationMs: fc.nat(),
  warnings: texts,
  errors: texts,
  source: side,
  target: side,
  verification: fc.record({
    entryCount: fc.nat(),
    differenceCount: fc.nat(),
    differences: texts,
    hasReadContents: fc.boolean(),
  }),
});

test('A report fits into the termination message, whatever is in it, and its counts stay', () => {
  fc.assert(
    fc.property(report, (given) => {
      const written = reportText(given);
      assert.ok(Buffer.byteLength(written) <= 4096, `${Buffer.byteLength(written)} bytes`);
      const read = JSON.parse(written) as BackuperReport;
      assert.equal(read.outcome, given.outcome);
      assert.equal(read.source?.entryCount, given.source?.entryCount);
      assert.equal(read.verification?.differenceCount, given.verification?.differenceCount);
    }),
  );
});

test('A small report stays as it is', () => {
  const small: BackuperReport = {
    task: 'probe',
    outcome: 'done',
    message: 'The source has 1 entry',
    durationMs: 3,
    warnings: ['one', 'two'],
    errors: [],
  };
  assert.deepEqual(JSON.parse(reportText(small)), small);
});

test('Paths are shown on one line, whatever bytes they have', () => {
  assert.equal(printablePath(Buffer.of()), '.');
  assert.equal(printablePath(Buffer.from('a/ü')), 'a/ü');
  assert.equal(printablePath(Buffer.from([0x66, 0xe4, 0x0a])), String.raw`f\xe4\u{a}`);
  assert.equal(printablePath(Buffer.from('x'.repeat(500))).length, 200);
});

test('What rsync prints becomes progress, counts and complaints', () => {
  const progress: unknown[] = [];
  const reader = rsyncReader(4096, (one) => progress.push(one));
  const stdout =
    '\r           1024  90%    2.00kB/s    0:00:00\r           9999 100%  1.50MB/s    0:00:00 (xfr#2)\n';
  reader.onStdout(Buffer.from(`${stdout}Number of deleted files: 3 (reg: 2, dir: 1)\n`));
  reader.onStdout(
    Buffer.from('Number of regular files transferred: 2\nTotal transferred file size: 77 bytes\n'),
  );
  reader.onStderr(
    Buffer.from('file has vanished: "/source/a"\nrsync warning: some files vanished (code 24)\n'),
  );
  assert.deepEqual(reader.finish(), {
    fileCount: 2,
    sizeBytes: 77,
    deletedCount: 3,
    complaints: { vanished: 1 },
    errors: ['file has vanished: "/source/a"'],
  });
  assert.deepEqual(progress, [
    { sizeBytes: 1024, percent: 25, bytesPerSecond: 2048 },
    { sizeBytes: 9999, percent: 100, bytesPerSecond: 1572864 },
  ]);
});

test('At most one line of progress is printed in two seconds', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const log = progressLog(
    (line) => lines.push(line),
    () => nowMs,
  );
  for (nowMs = 0; nowMs <= 10_000; nowMs += 100) log({ sizeBytes: nowMs, percent: 0, bytesPerSecond: 0 });
  assert.equal(lines.length, 6);
  assert.deepEqual(JSON.parse(lines[1] ?? ''), {
    progress: { sizeBytes: 2000, percent: 0, bytesPerSecond: 0 },
  });
});

const ITEMS: readonly (readonly [line: string, isRootCompared: boolean, expected: string | undefined])[] = [
  ['.d..t...... folder/', true, undefined],
  ['.d..tp..... ./', false, undefined],
  ['.d..tp..... ./', true, './: differs (.d..tp.....)'],
  ['>fc........ a b', true, 'a b: contents differ'],
  ['>fcst...... a', true, 'a: contents differ'],
  ['*deleting   x', true, 'x: only in the target'],
  ['cL+++++++++ l -> x', true, 'l -> x: differs (cL+++++++++)'],
  ['sending incremental file list', true, undefined],
];
for (const [line, isRootCompared, expected] of ITEMS) {
  test(`rsync's line "${line}" says: ${expected ?? 'nothing'}`, () => {
    assert.equal(contentDifference(line, isRootCompared), expected);
  });
}
