import { parseDocument } from 'yaml';
import { KnownError } from '../model/known-error.ts';
import { type Option, OPTIONS } from './options.ts';

/** What a config file gives, as texts, by option key; absent for what it doesn't name. */
export interface ConfigFile {
  /** The file's name, for messages. */
  readonly path: string;
  readonly values: Partial<Record<Option['key'], readonly string[]>>;
}

const ALL_KEYS = OPTIONS.map(({ key }) => key);

const EXPECTED: Readonly<Record<Option['type'], string>> = {
  text: 'give a text, in quotes if it looks like something else',
  number: 'give a number, without quotes',
  boolean: 'give true or false, without quotes',
  list: 'give a list of texts, or leave the key out',
};

/**
 * Reads the text of a config file: YAML, one key for each option.
 *
 * @param keys the options that the command has; of the others not even the type is checked
 * @throws KnownError `usage`, in one line with the file and the place, for what is no YAML, a key that there
 *   is not, or a value of the wrong type. What the values say is checked with the other options
 */
export function parseConfigFile(
  path: string,
  text: string,
  keys: readonly Option['key'][] = ALL_KEYS,
): ConfigFile {
  const document = documentOf(path, text);
  // An empty file is what is left when every line is commented out.
  if (document === null) return { path, values: {} };
  if (!(document instanceof Map)) throw wrong(path, 'it must hold keys and values, such as "retainDays: 7"');
  const values: ConfigFile['values'] = {};
  for (const [key, value] of document) {
    const option = OPTIONS.find(({ configKey }) => configKey !== undefined && configKey === key);
    if (!option) throw wrong(path, `there is no key ${JSON.stringify(key)}; the keys are ${configKeys()}`);
    if (!keys.includes(option.key)) continue;
    const texts = textsOf(option, value);
    if (!texts) throw wrong(path, `${String(key)} has a wrong value: ${EXPECTED[option.type]}`);
    if (texts.length > 0) values[option.key] = texts;
  }
  return { path, values };
}

/** Maps stay maps: a key such as `__proto__` is then a key like any other. */
function documentOf(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, version: '1.2' });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) throw wrong(path, `it is not right as YAML: ${firstLine(fault.message)}`);
  try {
    return document.toJS({ mapAsMap: true }) as unknown;
  } catch (error) {
    // An alias without an anchor, or too many of them.
    throw wrong(path, `it is not right as YAML: ${firstLine(error instanceof Error ? error.message : '')}`);
  }
}

/** The value as flags would give it; undefined when it is of another type, or null. */
function textsOf({ type }: Option, value: unknown): readonly string[] | undefined {
  if (type === 'boolean') return typeof value === 'boolean' ? [String(value)] : undefined;
  if (type === 'number') return typeof value === 'number' ? [String(value)] : undefined;
  const texts: unknown[] = type === 'list' && Array.isArray(value) ? value : [value];
  return texts.every((text) => typeof text === 'string') ? texts : undefined;
}

function configKeys(): string {
  return OPTIONS.flatMap(({ configKey }) => (configKey === undefined ? [] : [configKey])).join(', ');
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').replace(/:$/u, '');
}

function wrong(path: string, problem: string): KnownError {
  return new KnownError('usage', `The config file ${path}: ${problem}`);
}
