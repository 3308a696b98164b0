import { ARGUMENT_PATTERN, type BackuperRequest } from './backuper.ts';

/** What a generation is called: its time in UTC, as in `20261121T001500Z`. */
export const GENERATION_PATTERN = /^\d{8}T\d{6}Z$/u;

const TASKS = ['probe', 'copy', 'verify'] as const;
const IDENTITIES = ['owner', 'root'] as const;
const MODES = ['mirror', 'generations'] as const;
/** The names of generations that fit into one argument of ARGUMENT_PATTERN. */
const EXPIRED_PER_ARGUMENT = 50;

/**
 * A request as the arguments of the program: the task, then `key=value` in a fixed order. Folders are base64url, so
 * that whatever they are called the arguments are of ARGUMENT_PATTERN.
 *
 * @throws Error for a request that no arguments can say: a folder longer than about 750 bytes, a generation that is
 *   not called like one
 */
export function argumentsOf(request: BackuperRequest): string[] {
  const args = [
    request.task,
    `identity=${request.identity}`,
    `sub=${encoded(request.sub)}`,
    `into=${encoded(request.into)}`,
    `mode=${request.mode}`,
    `generation=${request.generation}`,
    ...expiredArguments(request.expired),
    `live=${bit(request.isLive)}`,
    `shrink=${bit(request.mayShrink)}`,
    `checksum=${bit(request.checksum)}`,
    `bandwidth=${request.bandwidthKiB}`,
  ];
  const unfit = args.find((argument) => !ARGUMENT_PATTERN.test(argument) || argument.includes('..'));
  if (unfit !== undefined) throw new Error(`no argument can say ${unfit.slice(0, 60)}`);
  // What is checked when it is read is checked here too: the pod would only say it later.
  parseArguments(args);
  return args;
}

/**
 * The request that arguments stand for. Every key must be there, once; only `expired` may be missing or repeated.
 *
 * @throws Error with one line that says which argument is wrong
 */
export function parseArguments(args: readonly string[]): BackuperRequest {
  const [task, ...rest] = args;
  const values = valuesOf(rest);
  const request: BackuperRequest = {
    task: oneOf('the task', TASKS, task ?? ''),
    identity: oneOf('identity', IDENTITIES, values.take('identity')),
    sub: decoded('sub', values.take('sub')),
    into: decoded('into', values.take('into')),
    mode: oneOf('mode', MODES, values.take('mode')),
    generation: values.take('generation'),
    expired: values.expired,
    isLive: flag('live', values.take('live')),
    mayShrink: flag('shrink', values.take('shrink')),
    checksum: flag('checksum', values.take('checksum')),
    bandwidthKiB: wholeNumber('bandwidth', values.take('bandwidth')),
  };
  values.assertAllTaken();
  assertGenerations(request);
  return request;
}

function expiredArguments(expired: readonly string[]): string[] {
  const count = Math.ceil(expired.length / EXPIRED_PER_ARGUMENT);
  return Array.from({ length: count }, (_, index) => {
    const names = expired.slice(index * EXPIRED_PER_ARGUMENT, (index + 1) * EXPIRED_PER_ARGUMENT);
    return `expired=${names.join(',')}`;
  });
}

interface Values {
  readonly expired: readonly string[];
  /** The value of a key, which must be there. */
  readonly take: (key: string) => string;
  readonly assertAllTaken: () => void;
}

function valuesOf(args: readonly string[]): Values {
  const values = new Map<string, string>();
  const expired: string[] = [];
  for (const argument of args) {
    const at = argument.indexOf('=');
    if (at <= 0) throw new Error(`${shown(argument)} is not key=value`);
    const [key, value] = [argument.slice(0, at), argument.slice(at + 1)];
    if (key === 'expired') expired.push(...value.split(','));
    else if (values.has(key)) throw new Error(`${key} is given twice`);
    else values.set(key, value);
  }
  return {
    expired,
    take: (key) => {
      const value = values.get(key);
      if (value === undefined) throw new Error(`${key} is missing`);
      values.delete(key);
      return value;
    },
    assertAllTaken: () => {
      for (const key of values.keys()) throw new Error(`there is no key ${shown(key)}`);
    },
  };
}

/** Names of generations become names of folders that are removed: nothing else may pass. */
function assertGenerations({ mode, generation, expired, task }: BackuperRequest): void {
  const wrong = expired.find((name) => !GENERATION_PATTERN.test(name));
  if (wrong !== undefined) throw new Error(`expired: ${shown(wrong)} is no generation`);
  if (generation !== '' && !GENERATION_PATTERN.test(generation)) {
    throw new Error(`generation: ${shown(generation)} is no generation`);
  }
  if (mode === 'mirror' && (generation !== '' || expired.length > 0)) {
    throw new Error('a mirror has no generations');
  }
  if (mode === 'generations' && generation === '' && task !== 'probe') throw new Error('generation is empty');
}

function oneOf<T extends string>(what: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Error(`${what} is ${allowed.join(', ')}, and not ${shown(value)}`);
  return found;
}

function flag(key: string, value: string): boolean {
  return oneOf(key, ['0', '1'], value) === '1';
}

function wholeNumber(key: string, value: string): number {
  if (!/^(?:0|[1-9]\d{0,11})$/u.test(value))
    throw new Error(`${key} is a whole number, and not ${shown(value)}`);
  return Number(value);
}

function bit(value: boolean): string {
  return value ? '1' : '0';
}

function encoded(text: string): string {
  if (!text.isWellFormed()) throw new Error('a folder is called by half a character');
  return Buffer.from(text).toString('base64url');
}

function decoded(key: string, value: string): string {
  const text = Buffer.from(value, 'base64url').toString();
  // Decoding skips what is no base64url, and turns bytes that are no UTF-8 into something else.
  if (encoded(text) !== value) throw new Error(`${key} is not base64url of a text`);
  return text;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
