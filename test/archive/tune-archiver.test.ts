import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { ZipArchive } from 'archiver';
import fc from 'fast-check';
import { BATCH_BYTES } from '../../src/archive/batch.ts';
import { sampleHeaders, tuneArchiver } from '../../src/archive/tune-archiver.ts';
import { ArchiveWriter } from '../../src/archive/write-archive.ts';
import { centralHeader, type DeflatedEntry, localHeader } from '../../src/archive/zip-headers.ts';
import { MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { MANIFEST_HEAD } from './zip-fixtures.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-tune-'));
after(() => rm(folder, { recursive: true }));

const DEFLATE = { level: 3, windowBits: 13, memLevel: 7 };
const ATTRIBUTES = { date: new Date('2026-11-20T00:15:00.000Z'), mode: 0o640 };
const MARK = 0xffff_ffff;

/** What of archiver's engine is used here to make it write an entry whose size is known beforehand. */
interface Engine {
  offset: number;
  entry(source: Buffer, data: object, callback: () => void): void;
  _appendBuffer: (
    entry: EngineEntry,
    source: Buffer,
    callback: (error: null, entry: EngineEntry) => void,
  ) => void;
  _writeLocalFileHeader(entry: EngineEntry): void;
  _writeCentralFileHeader(entry: EngineEntry): void;
  _afterAppend(entry: EngineEntry): void;
  write(chunk: Buffer | string): boolean;
}

interface EngineEntry {
  setSize(bytes: number): void;
  setCompressedSize(bytes: number): void;
  setCrc(crc: number): void;
  setVersionNeededToExtract(version: number): void;
  getGeneralPurposeBit(): { useDataDescriptor(isUsed: boolean): void };
}

function engineOf(zip: ZipArchive): Engine {
  return (zip as unknown as { readonly _module: { readonly engine: Engine } })._module.engine;
}

function describeEntry(entry: EngineEntry, facts: Omit<DeflatedEntry, 'path'>): void {
  entry.getGeneralPurposeBit().useDataDescriptor(false);
  entry.setVersionNeededToExtract(20);
  entry.setSize(facts.sizeBytes);
  entry.setCompressedSize(facts.deflated.length);
  entry.setCrc(facts.crc32);
}

/** Both headers of an entry, by archiver alone. */
function headersByArchiver(entry: DeflatedEntry, attributes: object, offset: number): [Buffer, Buffer] {
  const engine = engineOf(new ZipArchive());
  const parts: Buffer[] = [];
  const taken = (): Buffer => Buffer.concat(parts.splice(0));
  const headers: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  engine.offset = offset;
  engine.write = (chunk) => parts.push(Buffer.from(chunk as Buffer)) > 0;
  engine._appendBuffer = (known) => {
    describeEntry(known, entry);
    engine._writeLocalFileHeader(known);
    headers[0] = taken();
    engine._writeCentralFileHeader(known);
    headers[1] = taken();
  };
  engine.entry(Buffer.alloc(1), { ...attributes, name: entry.path }, () => undefined);
  return headers;
}

test('The headers of a deflated entry are those that archiver writes', () => {
  const word = fc.nat(MARK);
  const entries = fc.record({
    path: fc.oneof(
      fc.stringMatching(/^[a-z0-9][-a-z0-9.]{0,60}\/[a-z0-9][-a-z0-9.]{0,60}\.json$/u),
      fc.constantFrom(`${'a'.repeat(253)}/${'b'.repeat(253)}.json`, 'Prüfung/数.json'),
    ),
    sizeBytes: fc.nat(BATCH_BYTES),
    crc32: word,
    deflated: fc.nat(5000).map((length) => Buffer.alloc(length)),
  });
  const offsets = fc
    .oneof(word, fc.integer({ min: MARK - 2, max: MARK + 2 }), fc.nat(2 ** 45))
    .filter((offset) => offset !== MARK);
  const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2110-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(entries, offsets, dates, fc.nat(0o777), (entry, offset, date, mode) => {
      const sample = sampleHeaders({ date, mode });
      const [local, central] = headersByArchiver(entry, { date, mode }, offset);
      assert.deepEqual(localHeader(sample, entry), local);
      assert.deepEqual(centralHeader(sample, entry, offset), central);
    }),
    { numRuns: 500 },
  );
});

test('An offset that looks like the mark of Zip64 is written as Zip64', () => {
  const entry = { path: 'a/b.json', sizeBytes: 5, crc32: 1, deflated: Buffer.alloc(3) };
  const header = centralHeader(sampleHeaders(ATTRIBUTES), entry, MARK);
  assert.equal(header.readUInt32LE(42), MARK);
  assert.equal(header.readUInt16LE(30), 28);
  assert.equal(header.readBigUInt64LE(header.length - 8), BigInt(MARK));
});

test('An archive is, byte for byte, what archiver writes of entries that have been deflated', async () => {
  const contents: [string, Buffer][] = [
    ['a/configmaps.json', Buffer.from('{}\n')],
    ['a/empty.json', Buffer.alloc(0)],
    ['b/configmaps.json', Buffer.from('line after line\n'.repeat(60_000))],
    ['b/large.json', noise(BATCH_BYTES + 1)],
    ['b/secrets.json', noise(BATCH_BYTES)],
    ['c/large.json', Buffer.from('line after line\n'.repeat(200_000))],
    ...Array.from({ length: 1500 }, (_value, index): [string, Buffer] => [`p${index}/x.json`, noise(index)]),
  ];
  const file = path.join(folder, 'whole.zip');
  const writer = await ArchiveWriter.create(file, ATTRIBUTES.date);
  for (const [entry, bytes] of contents)
    await writer.add(entry, { sizeBytes: bytes.length, objectCount: 1, chunks: () => [bytes] });
  await writer.finish(() => MANIFEST_HEAD);
  await writer.close();
  const bytes = await readFile(file);
  assert.equal(writer.sizeBytes, bytes.length);
  const expected = await zipByArchiver([...contents, [MANIFEST_ENTRY, await manifestOf(bytes)]]);
  assert.ok(bytes.equals(expected));
});

test('tuneArchiver() refuses an archiver that it does not know', () => {
  const other = { _module: { engine: { write: () => true } } };
  assert.throws(() => tuneArchiver(other as unknown as ZipArchive, ATTRIBUTES), /built otherwise/u);
});

test('A tuned archiver takes no deflated entry between the bytes of another', async () => {
  const zip = new ZipArchive();
  const tuned = tuneArchiver(zip, ATTRIBUTES);
  const entry = { path: 'a/b.json', sizeBytes: 0, crc32: 0, deflated: deflateRawSync('') };
  let refusals = 0;
  function* pieces(): Generator<Buffer> {
    // So much is not read ahead: archiver has begun with the entry.
    for (let index = 0; index < 20; index++) yield Buffer.alloc(BATCH_BYTES);
    assert.throws(() => tuned.appendDeflated(entry), /another entry under way/u);
    refusals++;
  }
  zip.resume();
  zip.append(Readable.from(pieces()), { name: 'a/large.json', ...ATTRIBUTES });
  await once(zip, 'entry');
  assert.equal(refusals, 1);
  tuned.appendDeflated(entry);
  await zip.finalize();
});

/** A zip by archiver alone: small entries with their sizes in the header, and the others as streams. */
async function zipByArchiver(contents: readonly [string, Buffer][]): Promise<Buffer> {
  const zip = new ZipArchive({ zlib: DEFLATE });
  const engine = engineOf(zip);
  engine._appendBuffer = (entry, content, callback) => {
    const deflated = deflateRawSync(content, DEFLATE);
    describeEntry(entry, { sizeBytes: content.length, crc32: crc32(content), deflated });
    engine._writeLocalFileHeader(entry);
    engine.write(deflated);
    engine._afterAppend(entry);
    callback(null, entry);
  };
  const whole = buffer(zip);
  for (const [name, content] of contents) {
    const isStream = content.length > BATCH_BYTES || name === MANIFEST_ENTRY;
    zip.append(isStream ? Readable.from([content]) : content, { name, ...ATTRIBUTES });
  }
  await zip.finalize();
  return await whole;
}

async function manifestOf(zip: Buffer): Promise<Buffer> {
  const { fromBufferPromise } = await import('yauzl');
  const file = await fromBufferPromise(zip);
  for await (const entry of file.eachEntry())
    if (entry.fileName === MANIFEST_ENTRY) return await buffer(await file.openReadStreamPromise(entry));
  throw new Error('The archive has no manifest');
}

/** Bytes that hardly shrink, the same each time. */
function noise(length: number): Buffer {
  let state = length;
  return Buffer.from(
    Uint8Array.from({ length }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24),
  );
}
