import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemErrorCode } from '../model/known-error.ts';
import { named } from './damaged.ts';

/** One line of `sha256sum`: the digest, a space, a space or `*`, the name. */
const LINE = /^(?<sha256>[0-9a-f]{64}) [ *](?<file>[^\n]+)\n?$/u;
const MAX_BYTES = 4096;
const CHUNK_BYTES = 1024 * 1024;

/** What an archive's checksum file says of it. */
export type ChecksumState =
  | { readonly result: 'same' }
  | { readonly result: 'missing'; readonly reason: string }
  | { readonly result: 'different'; readonly reason: string };

/** The checksum file of an archive: beside it, as `sha256sum -c` reads it. */
export function checksumFile(archivePath: string): string {
  return `${archivePath}.sha256`;
}

/** Compares the SHA-256 of an archive with its checksum file, which must name this archive and no other. */
export async function checkChecksumFile(archivePath: string, sha256: string): Promise<ChecksumState> {
  const path = checksumFile(archivePath);
  const name = basename(path);
  const text = await textOf(path);
  if (text === undefined) return { result: 'missing', reason: `there is no checksum file ${name}` };
  const line = LINE.exec(text)?.groups;
  if (!line) return { result: 'different', reason: `${name} is not a checksum file` };
  if (line['file'] !== basename(archivePath)) {
    return { result: 'different', reason: `${name} is the checksum file of another archive` };
  }
  return line['sha256'] === sha256
    ? { result: 'same' }
    : { result: 'different', reason: `the SHA-256 differs from that in ${name}` };
}

/**
 * The SHA-256 and the size of a whole file.
 *
 * @throws KnownError when it cannot be read
 */
export async function sha256Of(path: string): Promise<{ sha256: string; sizeBytes: number }> {
  const digest = createHash('sha256');
  let sizeBytes = 0;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, sizeBytes);
      if (bytesRead === 0) return { sha256: digest.digest('hex'), sizeBytes };
      digest.update(buffer.subarray(0, bytesRead));
      sizeBytes += bytesRead;
    }
  } catch (error) {
    throw named(path, error);
  } finally {
    await handle?.close();
  }
}

/** Undefined when there is no file; the empty text for something that can't be a checksum file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= MAX_BYTES ? await readFile(path, 'utf8') : '';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw named(path, error);
  }
}
