import { createReadStream } from 'node:fs';
import type { ConfigFile } from '../config/config-file.ts';
import { configFileOf, type GivenFlags, loadSettings } from '../config/load-settings.ts';
import type { Option, Settings } from '../config/options.ts';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';

/** More than any config file needs, and little enough for one that turns out to be a device. */
const BYTES_MAX = 1024 * 1024;

/**
 * The settings of a command: flags, environment, the config file that one of them names, and defaults.
 *
 * @param keys the options that the command has
 * @throws KnownError `usage` for every wrong value, and a config file that can't be read
 */
export async function readSettings(
  flags: GivenFlags,
  environment: Readonly<Record<string, string | undefined>>,
  keys: readonly Option['key'][],
): Promise<Settings> {
  const path = keys.includes('config') ? configFileOf({ flags, environment }) : '';
  const file = path === '' ? undefined : await readConfigFile(path, keys);
  return loadSettings({ flags, environment, file }, keys);
}

async function readConfigFile(path: string, keys: readonly Option['key'][]): Promise<ConfigFile> {
  const text = await readText(path);
  // Loaded only now: most runs have no config file.
  const { parseConfigFile } = await import('../config/config-file.ts');
  return parseConfigFile(path, text, keys);
}

async function readText(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: BYTES_MAX })) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new KnownError('usage', unreadable(path, error), { cause: error });
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > BYTES_MAX) throw new KnownError('usage', `The config file ${path}: it is too large`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new KnownError('usage', `The config file ${path}: it is no text in UTF-8`, { cause: error });
  }
}

function unreadable(path: string, error: unknown): string {
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return `The config file ${path} does not exist: give another with --config, or set OPENSHIFT_BACKUP_CONFIG`;
  if (code === 'EISDIR') return `The config file ${path} is a folder: give a file with --config`;
  return `The config file ${path} cannot be read: ${errorText(error)}`;
}
