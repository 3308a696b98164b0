import { errorText, KnownError } from '../model/known-error.ts';
import { parseJqPath, parsePointer } from './argo-paths.ts';
import type { ObjectChange } from './drift.ts';
import type { IgnoreRule, WholeChange } from './ignore-rule.ts';
import {
  isEverything,
  type ParsedPattern,
  parsePattern,
  type PathPattern,
  pathText,
} from './path-pattern.ts';

/** The rules of an ignore file. */
export interface IgnoreFile {
  readonly rules: readonly IgnoreRule[];
  /** Rules whose day is over: to be reported, not to be applied. */
  readonly expired: readonly IgnoreRule[];
}

const RULES_MAX = 10_000;
const TEXTS = ['group', 'kind', 'namespace', 'name', 'reason', 'expires'] as const;
/** The keys that say which fields are meant, and how they are written. */
const PATHS: Readonly<Record<string, (text: string) => ParsedPattern>> = {
  paths: parsePattern,
  jsonPointers: parsePointer,
  jqPathExpressions: parseJqPath,
};
const LISTS = [...Object.keys(PATHS), 'managedFieldsManagers', 'changes'] as const;
const WHOLE: readonly string[] = ['added', 'removed', 'renamed'] satisfies readonly WholeChange[];
const KEYS: readonly string[] = [...TEXTS, ...LISTS];

/** A rule of the file as it is read, and how it is called in messages. */
interface RawRule {
  readonly label: string;
  readonly entries: ReadonlyMap<string, unknown>;
}

/**
 * Reads the rules of an ignore file: a list of rules, or an object that has it under `ignoreDifferences`, as
 * an Application of Argo CD has it. Group, kind, namespace, name, jsonPointers, jqPathExpressions and
 * managedFieldsManagers mean what they mean there
 * (https://github.com/argoproj/argo-cd/blob/6328f8ba71ac7a2b60e8be90c28d091f771756a4/docs/user-guide/diffing.md).
 *
 * @param value what a YAML or JSON parser made of the file
 * @param today by which rules expire, in UTC
 * @throws KnownError of kind `usage`, which names the rule and says what is wrong with it
 */
export function parseIgnoreFile(value: unknown, today: Date): IgnoreFile {
  const list =
    isRecord(value) && Object.keys(value).join() === 'ignoreDifferences' ? value['ignoreDifferences'] : value;
  if (!Array.isArray(list))
    throw usage('the ignore file must be a list of rules, each with kind, paths and reason');
  if (list.length > RULES_MAX) throw usage(`the ignore file has more than ${RULES_MAX} rules`);
  const rules = list.map((entry: unknown, index) => ruleOf(entry, index + 1));
  const day = today.toISOString().slice(0, 10);
  const isOver = ({ expires = day }: IgnoreRule): boolean => expires < day;
  return { rules: rules.filter((rule) => !isOver(rule)), expired: rules.filter(isOver) };
}

/**
 * The text of an ignore file that keeps these changes out: a rule for each object, in YAML.
 *
 * @param day the day on which they were accepted, `2026-11-20`
 */
export function ignoreFileOf(
  changes: readonly Pick<ObjectChange, 'type' | 'kind' | 'project' | 'name' | 'change' | 'fields'>[],
  day: string,
): string {
  const head =
    '# Changes that were accepted. Give each rule a reason, and a last day with "expires" where it has one.\n';
  if (changes.length === 0) return `${head}[]\n`;
  return head + changes.map((change) => ruleText(change, day)).join('');
}

function ruleText(
  { type, kind, project, name, change, fields }: Parameters<typeof ignoreFileOf>[0][number],
  day: string,
): string {
  const paths = [...new Set(fields.map(({ path }) => pathText(path)))];
  return [
    `- group: ${scalar(type.split('.').slice(1).join('.'))}`,
    `  kind: ${scalar(kind)}`,
    ...(project === undefined ? [] : [`  namespace: ${scalar(project)}`]),
    `  name: ${scalar(name)}`,
    ...(change === 'changed' ? [] : [`  changes: [${change}]`]),
    ...(paths.length === 0 ? [] : ['  paths:', ...paths.map((path) => `    - ${scalar(path)}`)]),
    `  reason: ${scalar(`accepted on ${day}`)}`,
    '',
  ].join('\n');
}

/** In quotes, as JSON and YAML both read it; what YAML doesn't print is escaped (https://yaml.org/spec/1.2.2/#51-character-set). */
function scalar(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function ruleOf(value: unknown, number: number): IgnoreRule {
  const label = `rule ${number} of the ignore file`;
  if (!isRecord(value)) throw problem({ label }, 'is no object with kind, paths and reason');
  const raw: RawRule = { label, entries: new Map(Object.entries(value)) };
  const unknown = [...raw.entries.keys()].find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw problem(raw, `has the unknown key ${shown(unknown)}: known are ${KEYS.join(', ')}`);
  const rule = { id: `ignore-file-${number}`, ...selectionOf(raw), ...subjectOf(raw) };
  if (isForAll(rule) && (rule.paths.some(isEverything) || (rule.changes ?? []).length > 0))
    throw problem(raw, 'would keep everything out: name a kind, a namespace or a name, or the fields');
  return rule;
}

/** Which objects are meant, why, and how long. */
function selectionOf(raw: RawRule): Omit<IgnoreRule, 'id' | 'paths'> {
  const [group = '', kind = '', namespace = '', name = '', reason = ''] = TEXTS.map((key) =>
    textOf(raw, key),
  );
  if (kind === '') throw problem(raw, 'needs a kind, such as Deployment; "*" is every one');
  if (reason === '') throw problem(raw, 'needs a reason: why does the change not count?');
  return {
    reason,
    group,
    kind,
    ...(namespace !== '' && { namespace }),
    ...(name !== '' && { name }),
    ...lastDayOf(raw),
  };
}

function lastDayOf(raw: RawRule): Pick<IgnoreRule, 'expires'> {
  const expires = textOf(raw, 'expires');
  if (expires !== undefined && !isDay(expires))
    throw problem(raw, `has ${shown(expires)} as its last day: write it as "2026-12-31", in quotes`);
  return expires === undefined ? {} : { expires };
}

/** Which changes of the objects are meant. */
function subjectOf(raw: RawRule): Pick<IgnoreRule, 'paths' | 'managers' | 'changes'> {
  const [paths, managers, changes] = [pathsOf(raw), listOf(raw, 'managedFieldsManagers'), changesOf(raw)];
  if (paths.length + managers.length + changes.length === 0)
    throw problem(raw, `says nothing of what doesn't count: give one of ${LISTS.join(', ')}`);
  return { paths, ...(managers.length > 0 && { managers }), ...(changes.length > 0 && { changes }) };
}

function pathsOf(rule: RawRule): PathPattern[] {
  return Object.entries(PATHS).flatMap(([key, parse]) =>
    listOf(rule, key).map((text) => {
      const parsed = parse(text);
      if ('problem' in parsed) throw problem(rule, `has ${key} that can't be used: ${parsed.problem}`);
      return parsed.pattern;
    }),
  );
}

function changesOf(rule: RawRule): WholeChange[] {
  const changes = listOf(rule, 'changes');
  const strange = changes.find((change) => !WHOLE.includes(change));
  if (strange !== undefined)
    throw problem(rule, `has ${shown(strange)} among its changes: known are ${WHOLE.join(', ')}`);
  return changes as WholeChange[];
}

function isForAll({
  kind,
  namespace = '*',
  name = '*',
}: Pick<IgnoreRule, 'kind' | 'namespace' | 'name'>): boolean {
  return [kind, namespace, name].every((text) => /^[*?]*\*[*?]*$/u.test(text));
}

function textOf(rule: RawRule, key: string): string | undefined {
  const value = rule.entries.get(key);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw problem(rule, `has a ${key} that is no text: write it in quotes`);
  const text = value.replaceAll(/\s+/gu, ' ').trim();
  if (/\p{Cc}/u.test(text)) throw problem(rule, `has control characters in its ${key}`);
  return text;
}

function listOf(rule: RawRule, key: string): string[] {
  const value = rule.entries.get(key);
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0 || !value.every((element) => typeof element === 'string'))
    throw problem(rule, `has ${key} that are no list of texts: give one or more, each in quotes`);
  return value;
}

function isDay(text: string): boolean {
  const [, year = 0, month = 0, day = 0] = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(text)?.map(Number) ?? [];
  // Date.parse takes the 31st of June for the 1st of July.
  const days = (Date.UTC(year, month, 1) - Date.UTC(year, month - 1, 1)) / 86_400_000;
  return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(text: string): string {
  return JSON.stringify(errorText(text));
}

function problem({ label }: Pick<RawRule, 'label'>, what: string): KnownError {
  return usage(`${label} ${what}`);
}

function usage(message: string): KnownError {
  return new KnownError('usage', message);
}
