import { createHmac, randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { NO_LINKS } from './publish.ts';
import { volumeError } from './volume.ts';

/** Where the key lies on the volume if none is given. */
export const KEY_FILE = '.openshift-backup-redaction.key';
/** As long as the hash's own output: a shorter one could be found by trying (RFC 2104, section 3). */
const KEY_BYTES_MIN = 32;
const KEY_BYTES_MAX = 64 * 1024;
const FINGERPRINT_DIGITS = 32;

/** Makes the texts that stand for secret values. Only with the same key do two nights give the same texts. */
export interface Redaction {
  /** The HMAC-SHA-256 of a value and its place, shortened to 128 bits. */
  readonly fingerprint: (place: string, value: string) => string;
  /** Says which key it was and not what it is. */
  readonly keyId: string;
}

/**
 * Reads the key for redaction, or makes one on the volume the first time.
 *
 * @param keyFile a file of at least 32 bytes, without its last line break; empty for the one on the volume
 * @throws KnownError `usage` when the key can't be read or is too short
 */
export async function loadRedaction(dir: string, keyFile: string): Promise<Redaction> {
  const found = await findRedaction(dir, keyFile);
  if (found) return found;
  const path = join(dir, KEY_FILE);
  return redactionWith(sufficient(path, await makeKey(dir, path)));
}

/**
 * Reads the key for redaction as `loadRedaction` does, and makes none: undefined if there is none on the volume.
 *
 * @throws KnownError `usage` when the key can't be read or is too short
 */
export async function findRedaction(dir: string, keyFile: string): Promise<Redaction | undefined> {
  const path = keyFile === '' ? join(dir, KEY_FILE) : keyFile;
  const key = await readKey(path);
  if (key) return redactionWith(sufficient(path, key));
  if (keyFile === '') return undefined;
  throw new KnownError('usage', `There is no redaction key at ${path}: check --redaction-key`);
}

/** A redaction whose key nobody knows: its texts tell values apart, and are equal to those of no other key. */
export function randomRedaction(): Redaction {
  return redactionWith(randomBytes(KEY_BYTES_MIN));
}

function sufficient(path: string, key: Buffer): Buffer {
  if (key.length >= KEY_BYTES_MIN) return key;
  throw new KnownError(
    'usage',
    `The redaction key ${path} has ${key.length} bytes, and ${KEY_BYTES_MIN} are needed: make one with "openssl rand -hex 32"`,
  );
}

function redactionWith(key: Buffer): Redaction {
  const hash = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
  return {
    fingerprint: (place, value) =>
      `redacted:${hash(`value\n${place}\n${value}`).slice(0, FINGERPRINT_DIGITS)}`,
    keyId: hash('key').slice(0, 16),
  };
}

async function readKey(path: string): Promise<Buffer | undefined> {
  let handle;
  try {
    handle = await open(path);
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > KEY_BYTES_MAX)
      throw new KnownError(
        'usage',
        `The redaction key ${path} is not a file of at most 64 KiB: check --redaction-key`,
      );
    return withoutLineBreak(await handle.readFile());
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === undefined) throw error;
    throw new KnownError(
      'usage',
      `Cannot read the redaction key ${path} (${code}): check its owner and mode`,
      {
        cause: error,
      },
    );
  } finally {
    await handle?.close();
  }
}

/** Of two runs that make it at once, both use the first one: it is linked whole, never overwritten. */
async function makeKey(dir: string, path: string): Promise<Buffer> {
  const key = randomBytes(32).toString('hex');
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${key}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, path).catch(async (error: unknown) => {
      const code = systemErrorCode(error) ?? '';
      if (NO_LINKS.has(code)) await rename(draft, path);
      else if (code !== 'EEXIST') throw error;
    });
    return withoutLineBreak(await readFile(path));
  } catch (error) {
    throw volumeError(error, dir, 'usage');
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

function withoutLineBreak(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/\r?\n$/u, '');
  return Buffer.from(text, 'latin1');
}
