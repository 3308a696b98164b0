import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { type Archive, openArchive } from '../../src/archive/read-archive.ts';
import { KnownError } from '../../src/model/known-error.ts';
import { type RawEntry, rawEntries, rawZip } from './raw-zip.ts';
import { type Contents, SMALL, temporaryFolder } from './zip-fixtures.ts';

/** The first entry of SMALL, and what its headers say. */
export const [FIRST_PATH = '', FIRST = Buffer.alloc(0)] = Object.entries(SMALL)[0] ?? [];
export const PACKED = deflateRawSync(FIRST);
export const CRC = crc32(FIRST);

/** Bytes that are no archive, and what the one line about them must say. */
export type HostileCases = Readonly<Record<string, readonly [Buffer | Promise<Buffer>, RegExp]>>;

/** Tests that reading each of these ends with one line, and that no file stays open. */
export function refuses(cases: HostileCases): void {
  for (const [what, [bytes, message]] of Object.entries(cases)) {
    test(`Refused with one line: ${what}`, async (t) => {
      const dir = await temporaryFolder(t);
      const before = openFileCount();
      const error = await failureOf(dir, await bytes);
      assert.match(error.message, message);
      assert.equal(error.kind, 'failed');
      assert.ok(error.message.startsWith(`${join(dir, 'x.zip')}: `), error.message);
      assert.doesNotMatch(error.message, /\n/u);
      assert.equal(openFileCount(), before, 'a file stayed open');
    });
  }
}

/** Opens the bytes as an archive and closes it when `use` is done. */
export async function withArchive<T>(
  dir: string,
  bytes: Buffer,
  use: (archive: Archive) => Promise<T>,
): Promise<T> {
  const path = join(dir, 'x.zip');
  await writeFile(path, bytes);
  const archive = await openArchive(path);
  try {
    return await use(archive);
  } finally {
    await archive.close();
  }
}

/** What is thrown when the bytes are opened as an archive and every entry is read. */
export async function failureOf(dir: string, bytes: Buffer): Promise<KnownError> {
  try {
    await withArchive(dir, bytes, async (archive) => {
      for (const { path } of archive.entries) await archive.read(path);
    });
  } catch (error) {
    assert.ok(error instanceof KnownError, String(error));
    return error;
  }
  return assert.fail('was read without an error');
}

/** `rawEntries` of SMALL with changes to the first of them. */
export function withFirst(changes: Partial<RawEntry>): RawEntry[] {
  return rawEntries(SMALL).map((entry, index) => (index === 0 ? { ...entry, ...changes } : entry));
}

/** How many files this process has open. */
export function openFileCount(): number {
  return readdirSync('/proc/self/fd').length;
}

/** An archive of these contents, changed. */
export function rawZipOf(contents: Contents, change: (bytes: Buffer) => Buffer): Buffer {
  return change(rawZip(rawEntries(contents)));
}

/** Both headers claim this size. */
export function claiming(sizeBytes: number): Pick<RawEntry, 'local' | 'central'> {
  return { local: { sizeBytes }, central: { sizeBytes } };
}
