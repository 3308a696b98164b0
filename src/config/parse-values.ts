import { isBackupName } from '../model/archive-name.ts';
import { parseLabelSelector } from '../model/label-selector.ts';
import type { SecretsMode } from '../model/manifest.ts';
import { scheduleProblem, timeZoneProblem } from './schedule.ts';

/** A value, or what is wrong with the text that was given. */
export type Parsed =
  | { readonly value: string | number | boolean | readonly string[] }
  | { readonly problem: string };

const PROJECT = /^[a-z0-9*?](?:[-a-z0-9*?]{0,61}[a-z0-9*?])?$/u;
const TYPE = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u;
const TYPE_OR_GLOB = /^[a-z0-9*?](?:[-a-z0-9.*?]{0,251}[a-z0-9*?])?$/u;

/** Any text; the last one counts. */
export function text(texts: readonly string[]): Parsed {
  return { value: texts.at(-1) ?? '' };
}

/** The path of a folder. */
export function folder(texts: readonly string[]): Parsed {
  const path = texts.at(-1) ?? '';
  return path === '' ? { problem: 'give the path of a folder' } : { value: path };
}

/** The path of a file, or none. */
export function file(texts: readonly string[]): Parsed {
  return texts.at(-1) === '' ? { problem: 'give the path of a file' } : text(texts);
}

/** The paths of files, each a text of its own: a path may hold spaces and commas. */
export function files(texts: readonly string[]): Parsed {
  return texts.includes('') ? { problem: 'give the path of a file' } : { value: texts };
}

const AGE_UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** An age such as `12h`, `7d` or `4w`, in milliseconds; 0 for none. */
export function age(texts: readonly string[]): Parsed {
  const given = texts.at(-1);
  if (given === undefined) return { value: 0 };
  const [, count = '', unit = ''] = /^(\d{1,5})([hdw])$/u.exec(given) ?? [];
  const value = Number(count) * (AGE_UNITS_MS[unit] ?? 0);
  return value > 0 ? { value } : { problem: 'give hours, days or weeks, such as 12h, 7d or 4w' };
}

/** Who makes commits, as git writes it: `name <mail>`, nothing in it that git would take for its own. */
export function gitAuthor(texts: readonly string[]): Parsed {
  const given = texts.at(-1)?.trim() ?? '';
  return /^[^\p{C}<>]*[^\p{C}<>\s] <[^\p{C}<>\s]+>$/u.test(given)
    ? { value: given }
    : { problem: 'give a name and an address, such as "Night Watch <night@example.com>"' };
}

/** `true` or `false`. */
export function yesOrNo(texts: readonly string[]): Parsed {
  const given = texts.at(-1)?.toLowerCase() ?? '';
  return ['true', 'false'].includes(given) ? { value: given === 'true' } : { problem: 'give true or false' };
}

/** The first part of the archives' names. */
export function backupName(texts: readonly string[]): Parsed {
  const name = texts.at(-1) ?? '';
  return isBackupName(name)
    ? { value: name }
    : { problem: 'give lower-case letters, digits and "-", at most 63 characters' };
}

/** A whole number within limits, which are part of it. */
export function integer(min: number, max: number): (texts: readonly string[]) => Parsed {
  return (texts) => {
    const given = texts.at(-1) ?? '';
    const value = Number(given);
    return /^\d+$/u.test(given) && value >= min && value <= max
      ? { value }
      : { problem: `give a whole number from ${min} to ${max}` };
  };
}

/** Where the metrics are when nobody says otherwise. */
const PORT = 8080;
const parsePort = integer(0, 65_535);

/**
 * A port to listen on. Next to a Service with the tool's own name, Kubernetes gives every pod a variable that
 * looks like ours and means another thing, `OPENSHIFT_BACKUP_PORT=tcp://10.0.0.1:8080`: it counts as none.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/kubelet/envvars/envvars.go
 */
export function port(texts: readonly string[]): Parsed {
  return /^(?:tcp|udp|sctp):\/\//u.test(texts.at(-1) ?? '') ? { value: PORT } : parsePort(texts);
}

/** A schedule as a CronJob has it, or none. */
export function schedule(texts: readonly string[]): Parsed {
  const given = texts.at(-1)?.trim();
  const problem = given === undefined ? undefined : scheduleProblem(given);
  return problem === undefined ? { value: given ?? '' } : { problem };
}

/** The name of a time zone. */
export function timeZone(texts: readonly string[]): Parsed {
  const name = texts.at(-1) ?? '';
  const problem = timeZoneProblem(name);
  return problem === undefined ? { value: name } : { problem };
}

/** A label selector as kubectl takes it, or none. */
export function labelSelector(texts: readonly string[]): Parsed {
  const given = texts.at(-1);
  // "-l $SELECTOR" with an empty variable must not mean every object.
  const isValid = given === undefined || parseLabelSelector(given) !== undefined;
  return isValid
    ? { value: given?.trim() ?? '' }
    : { problem: 'give a label selector as kubectl takes it, such as "app=web,tier notin (cache)"' };
}

/** Names and globs of projects. `whole` is what it means to leave the option out. */
export function projects(whole: string): (texts: readonly string[]) => Parsed {
  return (texts) =>
    list(texts, {
      isRight: (name) => PROJECT.test(name),
      empty: `give the name of a project, or leave the option out for ${whole}`,
      noun: 'a project',
    });
}

/** Names and globs of resource types. */
export function types(texts: readonly string[]): Parsed {
  return list(texts, {
    isRight: (name) => TYPE_OR_GLOB.test(name),
    empty: 'give the name of a resource type, such as deployments.apps',
    noun: 'a resource type',
  });
}

/** Names of resource types, no globs. */
export function typeNames(texts: readonly string[]): Parsed {
  return list(texts, {
    isRight: (name) => TYPE.test(name),
    empty: 'give the name of a resource type, such as deployments.apps',
    noun: 'a resource type (here without * and ?)',
  });
}

interface Grammar {
  readonly isRight: (name: string) => boolean;
  /** What to do instead of giving an empty text. */
  readonly empty: string;
  /** What each name stands for. */
  readonly noun: string;
}

/** Several may come in one text, separated by commas or spaces, as they do from the environment. */
function list(texts: readonly string[], { isRight, empty, noun }: Grammar): Parsed {
  // "-n $PROJECT" with an empty variable must not mean the whole cluster.
  const names = texts.map((given) => given.split(/[,\s]+/u).filter((name) => name !== ''));
  if (names.some(({ length }) => length === 0)) return { problem: empty };
  const all = names.flat();
  const wrong = all.find((name) => !isRight(name));
  return wrong === undefined
    ? { value: [...new Set(all)] }
    : { problem: `${JSON.stringify(wrong)} can't be the name of ${noun}` };
}

const SECRETS_MODES: Readonly<Record<string, SecretsMode>> = {
  include: 'include',
  redact: 'redact',
  exclude: 'exclude',
  // What the original's switch can be; there, "false" meant nothing.
  true: 'include',
  false: 'exclude',
};

/** What becomes of secret values. */
export function secretsMode(texts: readonly string[]): Parsed {
  const mode = Object.entries(SECRETS_MODES).find(([name]) => name === texts.at(-1)?.toLowerCase())?.[1];
  return mode === undefined ? { problem: 'give include, redact or exclude' } : { value: mode };
}
