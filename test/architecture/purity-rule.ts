import { isBuiltin } from 'node:module';
import { arrowText, roomOf, targetOf } from './import-rules.ts';
import type { ModuleImport, SourceModule } from './source-module.ts';

/** Files that are pure, and those beside them that are not. Keys are files, or folders that end with `/`. */
export interface PurityTable {
  readonly pure: Readonly<Record<string, Purity>>;
  /** Files in the same rooms that need not be pure, with the reason. */
  readonly impure: Readonly<Record<string, string>>;
}

/** What "pure" means for a file. */
export interface Purity {
  readonly because: string;
  /** Modules and globals that it may use all the same; `Buffer` stands for its methods too. */
  readonly mayUse?: readonly string[];
}

/**
 * What makes pure files impure: modules of Node (types excepted), the clock, chance, the host's globals,
 * anything asynchronous, and the value of a file that is not pure itself. A room with pure files must say of
 * each of its files which it is.
 */
export function impurities(modules: readonly SourceModule[], table: PurityTable): string[] {
  const rooms = new Set(Object.keys(table.pure).map(roomOf));
  const undecided = modules
    .filter(({ path }) => rooms.has(roomOf(path)))
    .filter(({ path }) => keyOf(path, [...Object.keys(table.pure), ...Object.keys(table.impure)]) === '')
    .map(({ path }) => `${path}: the table says neither that it is pure nor why it isn't`);
  return [...undecided, ...modules.flatMap((module) => impuritiesOf(module, table))];
}

/** Entries of the table that nothing needs. */
export function staleEntries(modules: readonly SourceModule[], { pure, impure }: PurityTable): string[] {
  const keys = [...Object.keys(pure), ...Object.keys(impure)];
  const used = new Set(modules.map(({ path }) => keyOf(path, keys)));
  const gone = keys.filter((key) => !used.has(key)).map((key) => `${key}: is in the table and not in src`);
  const unneeded = Object.entries(pure).flatMap(([key, { mayUse = [] }]) => {
    const own = modules.filter(({ path }) => keyOf(path, keys) === key);
    const names = own.flatMap(({ imports, uses }) => [...imports.map(specifierOf), ...uses.map(nameOf)]);
    return mayUse
      .filter((allowed) => !names.some((name) => isPartOf(name, allowed)))
      .map((allowed) => `${key}: may use ${allowed}, and doesn't`);
  });
  return [...gone, ...unneeded];
}

function impuritiesOf(module: SourceModule, { pure, impure }: PurityTable): string[] {
  const { path, imports, uses } = module;
  const keys = [...Object.keys(pure), ...Object.keys(impure)];
  const purity = pure[keyOf(path, keys)];
  if (!purity) return [];
  const { mayUse = [] } = purity;
  const isAllowed = (name: string): boolean => mayUse.some((allowed) => isPartOf(name, allowed));
  const used = uses
    .filter(({ name }) => name !== 'any' && !isAllowed(name))
    .map(({ name, line }) => `${path}:${line}: ${name} in a pure file`);
  const loaded = imports
    .filter(({ isTypeOnly, specifier }) => !isTypeOnly && !isAllowed(specifier))
    .flatMap((given) => {
      const target = targetOf(module, given);
      if (target === undefined)
        return isBuiltin(given.specifier)
          ? [`${arrowText(module, given, given.specifier)} in a pure file`]
          : [];
      return pure[keyOf(target, keys)]
        ? []
        : [`${arrowText(module, given, target)}: a pure file can only import types of one that is not`];
    });
  return [...loaded, ...used];
}

/** The longest key that stands for a file; empty when there is none. */
function keyOf(path: string, keys: readonly string[]): string {
  const matching = keys.filter((key) => key === path || (key.endsWith('/') && path.startsWith(key)));
  return matching.reduce((longest, key) => (key.length > longest.length ? key : longest), '');
}

function isPartOf(name: string, allowed: string): boolean {
  return name === allowed || name.startsWith(`${allowed}.`);
}

function specifierOf({ specifier }: ModuleImport): string {
  return specifier;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
