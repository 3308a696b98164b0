import { isGlob } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import type { ConfigFile } from './config-file.ts';
import { type Option, OPTIONS, type Settings } from './options.ts';

/** Flags as the command line gave them, by option key; absent when not given. */
export type GivenFlags = Partial<Record<Option['key'], readonly string[]>>;

/** Where the values of options come from, the first that has one before the others. */
export interface Sources {
  readonly flags?: GivenFlags;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: ConfigFile | undefined;
}

const ALL_KEYS = OPTIONS.map(({ key }) => key);

/**
 * Merges flags, environment, config file and defaults, and checks every value once.
 *
 * @param keys the options that the command has. The others keep their defaults, whatever environment and file
 *   say: who needs an archive now must not be stopped by a wrong retention in the pod's settings
 * @throws KnownError `usage` that names every wrong value, where it came from and what to give instead
 */
export function loadSettings(sources: Sources, keys: readonly Option['key'][] = ALL_KEYS): Settings {
  const { flags = {} } = sources;
  const problems: string[] = [];
  const values = OPTIONS.map((option) => {
    const { texts, from } = given(option, keys.includes(option.key) ? sources : { flags });
    const parsed = option.parse(texts);
    if ('value' in parsed) return [option.key, parsed.value] as const;
    problems.push(`${from} is ${texts.map((text) => JSON.stringify(text)).join(', ')}: ${parsed.problem}`);
    return [option.key, ''] as const;
  });
  if (problems.length > 0) throw new KnownError('usage', problems.join('; '));
  // Each option's parser gives the type that Settings has under its key.
  const settings = { ...Object.fromEntries(values), isDirGiven: flags.dir !== undefined };
  refuseContradiction(settings as unknown as Settings);
  return Object.freeze(settings as unknown as Settings);
}

/**
 * The file that flags or environment name as the config file; empty for none. Asks for no other value.
 *
 * @throws KnownError `usage` for a path that is empty
 */
export function configFileOf({ flags, environment = {} }: Omit<Sources, 'file'>): string {
  const own = flags?.config === undefined ? {} : { config: flags.config };
  return loadSettings({ flags: own, environment }, ['config']).config;
}

interface Given {
  readonly texts: readonly string[];
  /** Where they come from, for messages. */
  readonly from: string;
}

function given(option: Option, { flags = {}, environment = {}, file }: Sources): Given {
  const { key, flag, configKey = '', defaultText } = option;
  if (flags[key] !== undefined) return { texts: flags[key], from: flag };
  const variable = variableOf(option, environment);
  if (variable) return variable;
  const texts = file?.values[key];
  if (file && texts) return { texts, from: `${configKey} in ${file.path}` };
  return { texts: defaultText === '' ? [] : [defaultText], from: flag };
}

/** An empty variable is what a template leaves that was given no value. */
function variableOf({ env }: Option, environment: NonNullable<Sources['environment']>): Given | undefined {
  const text = env === undefined ? undefined : environment[env];
  return env === undefined || text === undefined || text === '' ? undefined : { texts: [text], from: env };
}

/** A project that is both named and excluded by name: one of the two is a slip, and nobody knows which. */
function refuseContradiction({ namespaces, excludeNamespaces }: Settings): void {
  const both = namespaces.filter((name) => !isGlob(name) && excludeNamespaces.includes(name));
  if (both.length === 0) return;
  throw new KnownError(
    'usage',
    `--namespace and --exclude-namespace both name ${both.join(', ')}: leave out one of them`,
  );
}
