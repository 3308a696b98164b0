import type { Discovery, UnknownGroup } from '../kubernetes/discover.ts';
import { anyGlobMatcher, isGlob } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import type { ExportOptions, Outcome, TypeRecord } from '../model/manifest.ts';
import { WHOLE_CLUSTER } from '../model/manifest.ts';
import { apiVersion, type ResourceType, typeName } from '../model/resource-type.ts';
import { groupSkipReason, type SkipReason, skipReason } from '../prune/skip-types.ts';

/** What is to be read, and what is settled without reading. */
export interface TypePlan {
  readonly selected: readonly ResourceType[];
  /** Skipped types with their rule, and groups that did not answer, which are gaps. */
  readonly settled: readonly TypeRecord[];
  /** The names of the types without which the archive is incomplete. */
  readonly required: ReadonlySet<string>;
}

/** The options that choose types; with namespaces, only types whose objects lie in projects are chosen. */
export type TypeSelection = Pick<ExportOptions, 'namespaces' | 'include' | 'exclude' | 'require' | 'secrets'>;

/** What a selection comes to on one cluster. */
interface Choice {
  /** The full names of types that --include names exactly. */
  readonly exactly: ReadonlySet<string>;
  /** What --include names and may belong to a group that did not answer; undefined when it names nothing. */
  readonly unseen: readonly string[] | undefined;
  readonly isIncluded: (name: string) => boolean;
  readonly isExcluded: (name: string) => boolean;
  readonly areSecretsExcluded: boolean;
}

const NOT_INCLUDED: SkipReason = { rule: 'selection', reason: '--include does not name it' };
const NO_SECRETS: SkipReason = { rule: 'secrets-excluded', reason: '--secrets exclude leaves them out' };
const EXCLUDED: SkipReason = { rule: 'selection', reason: '--exclude names it' };
/** Stands for any name that a group may hold: only a star matches all of it. */
const ANY_PLURAL = '\0'.repeat(64);

/**
 * Decides for every type that the server knows whether it is exported. Asks nobody.
 *
 * @throws KnownError `usage` for a name or glob that matches no type of the cluster, a name that several types
 *   have, a type that is chosen and can't be exported, and for options that contradict each other
 */
export function planTypes(discovery: Discovery, selection: TypeSelection = { namespaces: [] }): TypePlan {
  const choice = choiceOf(discovery, selection);
  const skips = discovery.types.map((type) => [type, skipOf(type, choice)] as const);
  const ofProjects = selection.namespaces.length > 0;
  const selected = skips.flatMap(([type, skip]) =>
    skip === undefined && (!ofProjects || isOfProjects(type)) ? [type] : [],
  );
  const skipped = skips.flatMap(([type, skip]) =>
    skip ? [typeRecord(type, [{ scope: WHOLE_CLUSTER, result: 'skipped', ...skip }])] : [],
  );
  const silent = discovery.unknown.map((group) => silentRecord(group, choice));
  const plan = { selected, settled: [...skipped, ...silent] };
  refuseEmpty(plan, selection);
  return { ...plan, required: requiredBy(discovery, selection, plan) };
}

/** The manifest's record of a type. */
export function typeRecord(type: ResourceType, outcomes: TypeRecord['outcomes']): TypeRecord {
  const { kind, isNamespaced } = type;
  return { type: typeName(type), apiVersion: apiVersion(type), kind, isNamespaced, outcomes };
}

/** Whether the objects of a type lie in the folders of projects. */
export function isOfProjects(type: ResourceType): boolean {
  return type.isNamespaced || typeName(type) === 'namespaces';
}

function choiceOf(discovery: Discovery, selection: TypeSelection): Choice {
  const { include = [], exclude = [], secrets } = selection;
  const included = fullNames(discovery, '--include', include);
  const excluded = fullNames(discovery, '--exclude', exclude);
  const both = included.find((name) => !isGlob(name) && excluded.includes(name));
  if (both !== undefined) throw usage(`--include and --exclude both name ${both}: leave out one of them`);
  const exactly = new Set(included.filter((name) => !isGlob(name)));
  for (const type of discovery.types) if (exactly.has(typeName(type))) requireListable(type);
  return {
    exactly,
    unseen: include.length === 0 ? undefined : included.filter((text) => !isKnown(discovery, text)),
    isIncluded: include.length === 0 ? () => true : anyGlobMatcher(included),
    isExcluded: anyGlobMatcher(excluded),
    areSecretsExcluded: secrets === 'exclude',
  };
}

/** The globs as they are, and instead of names the full names of the types. */
function fullNames(discovery: Discovery, flag: string, texts: readonly string[]): string[] {
  return texts.map((text) => {
    if (!isGlob(text)) return fullName(discovery, flag, text);
    const matches = anyGlobMatcher([text]);
    if (discovery.types.some((type) => matches(typeName(type))) || mayBeSilent(discovery, text)) return text;
    throw noSuchType(flag, text);
  });
}

/** The full name of the type that a name or a plain plural stands for. */
function fullName(discovery: Discovery, flag: string, text: string): string {
  const { types } = discovery;
  if (isKnown(discovery, text)) return text;
  const matches = types.filter(({ plural }) => plural === text);
  const exported = matches.filter((type) => skipReason(type) === undefined);
  const [only, ...more] = exported.length === 1 ? exported : matches;
  if (only && more.length === 0) return typeName(only);
  if (only) {
    const names = matches.map(typeName).join(', ');
    throw usage(`${flag} ${text} can mean several resource types, write the whole name: ${names}`);
  }
  if (mayBeSilent(discovery, text)) return text;
  throw noSuchType(flag, text);
}

function isKnown({ types }: Discovery, name: string): boolean {
  return types.some((type) => typeName(type) === name);
}

/** Whether a type that is not known may belong to a group that does not answer at the moment. */
function mayBeSilent({ unknown }: Discovery, text: string): boolean {
  return unknown.some(({ group }) => groupSkipReason(group) === undefined && mayHold(group, text));
}

/** Whether a group can have a type of this name, or one that this glob matches. */
function mayHold(group: string, text: string): boolean {
  const suffix = group === '' ? '' : `.${group}`;
  if (!isGlob(text)) return !text.includes('.') || text.slice(text.indexOf('.')) === suffix;
  const end = text.slice(Math.max(text.lastIndexOf('*'), text.lastIndexOf('?')) + 1);
  return suffix.endsWith(end) || end.endsWith(suffix);
}

/** Why a type is left out, or undefined. A name brings back what the built-in list leaves out, a glob doesn't. */
function skipOf(type: ResourceType, choice: Choice): SkipReason | undefined {
  const { exactly, isIncluded, isExcluded, areSecretsExcluded } = choice;
  const name = typeName(type);
  if (areSecretsExcluded && name === 'secrets') return NO_SECRETS;
  const builtIn = exactly.has(name) ? undefined : skipReason(type);
  if (builtIn) return builtIn;
  if (isExcluded(name)) return EXCLUDED;
  return isIncluded(name) ? undefined : NOT_INCLUDED;
}

function requireListable(type: ResourceType): void {
  const skip = skipReason(type);
  const isListed = type.verbs.includes('list');
  if (skip === undefined || (skip.rule !== 'virtual' && isListed)) return;
  const reason = isListed ? skip.reason : 'the server does not list it';
  throw usage(`--include names ${typeName(type)}, which cannot be exported: ${reason}`);
}

/** A group that did not answer is a gap, unless nothing of it was to be exported. */
function silentRecord({ group, version, reason }: UnknownGroup, { isExcluded, unseen }: Choice): TypeRecord {
  const type = { group, version, plural: '*', kind: '', isNamespaced: false, verbs: [] };
  const isWanted = unseen === undefined || unseen.some((text) => mayHold(group, text));
  const isWhole = isExcluded(typeName({ plural: ANY_PLURAL, group }));
  const skip =
    groupSkipReason(group) ?? (isWhole ? EXCLUDED : undefined) ?? (isWanted ? undefined : NOT_INCLUDED);
  const outcome: Outcome = skip
    ? { scope: WHOLE_CLUSTER, result: 'skipped', ...skip }
    : { scope: WHOLE_CLUSTER, result: 'failed', reason };
  return typeRecord(type, [outcome]);
}

type Planned = Omit<TypePlan, 'required'>;

function refuseEmpty({ selected, settled }: Planned, { namespaces, include, exclude }: TypeSelection): void {
  const isChosen = [namespaces, include ?? [], exclude ?? []].some(({ length }) => length > 0);
  if (!isChosen || selected.length > 0 || settled.some(isGap)) return;
  throw usage(
    `--include and --exclude leave no resource type to export${namespaces.length === 0 ? '' : ' from projects'}: "openshift-backup types" lists them`,
  );
}

function requiredBy(
  discovery: Discovery,
  { namespaces, require = [] }: TypeSelection,
  { selected, settled }: Planned,
): ReadonlySet<string> {
  const names = require.map((text) => fullName(discovery, '--require', text));
  for (const name of names) {
    const isSelected = selected.some((type) => typeName(type) === name);
    const outcome = settled.find(({ type }) => type === name)?.outcomes[0];
    const isBuiltIn = outcome?.result === 'skipped' && outcome.rule !== 'selection';
    // Of a group that does not answer nobody knows what it holds: it is a gap already.
    const isSilent =
      !isKnown(discovery, name) &&
      settled.some((record) => isGap(record) && mayHold(record.type.slice(2), name));
    if (isSelected || isBuiltIn || isSilent) continue;
    const options = namespaces.length === 0 ? '' : ', or by --namespace, because it belongs to no project';
    throw usage(`--require names ${name}, which is left out by --include or --exclude${options}`);
  }
  return new Set(names);
}

function isGap({ outcomes }: TypeRecord): boolean {
  return outcomes.some(({ result }) => result === 'failed');
}

function noSuchType(flag: string, text: string): KnownError {
  return usage(
    `${flag} names ${text}, and the cluster has no such resource type: "openshift-backup types" lists them`,
  );
}

function usage(message: string): KnownError {
  return new KnownError('usage', message);
}
