import { KnownError } from '../model/known-error.ts';
import { type Option, OPTIONS, type Settings } from './options.ts';

/** Flags as the command line gave them, by option key; absent when not given. */
export type GivenFlags = Partial<Record<Option['key'], readonly string[]>>;

const ALL_KEYS = OPTIONS.map(({ key }) => key);

/**
 * Merges flags, environment and defaults, and checks every value once.
 *
 * @param keys the options that the command has. The others keep their defaults, whatever the environment
 *   says: who needs an archive now must not be stopped by a wrong retention in the pod's settings
 * @throws KnownError `usage` that names every wrong value, where it came from and what to give instead
 */
export function loadSettings(
  flags: GivenFlags,
  environment: Readonly<Record<string, string | undefined>>,
  keys: readonly Option['key'][] = ALL_KEYS,
): Settings {
  const problems: string[] = [];
  const values = OPTIONS.map((option) => {
    const { texts, from } = given(option, flags, keys.includes(option.key) ? environment : {});
    const parsed = option.parse(texts);
    if ('value' in parsed) return [option.key, parsed.value] as const;
    problems.push(`${from} is ${texts.map((text) => JSON.stringify(text)).join(', ')}: ${parsed.problem}`);
    return [option.key, ''] as const;
  });
  if (problems.length > 0) throw new KnownError('usage', problems.join('; '));
  // Each option's parser gives the type that Settings has under its key.
  const settings = { ...Object.fromEntries(values), isDirGiven: flags.dir !== undefined };
  return Object.freeze(settings as unknown as Settings);
}

function given(
  option: Option,
  flags: GivenFlags,
  environment: Readonly<Record<string, string | undefined>>,
): { texts: readonly string[]; from: string } {
  const flag = flags[option.key];
  if (flag !== undefined) return { texts: flag, from: option.flag };
  const variable = option.env === undefined ? undefined : environment[option.env];
  // An empty variable is what a template leaves that was given no value.
  if (option.env !== undefined && variable !== undefined && variable !== '')
    return { texts: [variable], from: option.env };
  return { texts: option.defaultText === '' ? [] : [option.defaultText], from: option.flag };
}
