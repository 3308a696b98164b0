import path from 'node:path';
import type { ModuleImport, SourceModule } from './source-module.ts';

/** For each room (a folder of `src`, or a file right in it) the rooms that it may import. */
export type Rooms = Readonly<Record<string, readonly string[]>>;

/** One file's import of another. */
interface Arrow {
  readonly from: SourceModule;
  readonly to: string;
  readonly text: string;
}

/** Imports between rooms that the table doesn't allow, and imports that nobody could follow. */
export function forbiddenArrows(modules: readonly SourceModule[], rooms: Rooms): string[] {
  const files = new Set(modules.map(({ path: file }) => file));
  const hidden = modules.flatMap((from) =>
    from.imports
      .filter(({ specifier }) => specifier === 'import(…)' || specifier === 'node:module')
      .map((given) => `${arrowText(from, given, given.specifier)}: hides what it imports`),
  );
  const homeless = modules
    .filter(({ path: file }) => !rooms[roomOf(file)])
    .map(({ path: file }) => `${file}: its room ${roomOf(file)} is not in the table of rooms`);
  const forbidden = modules.flatMap(arrowsOf).flatMap(({ from, to, text }) => {
    const [room, target] = [roomOf(from.path), roomOf(to)];
    const allowed = rooms[room] ?? [];
    if (to === 'package.json' && room === 'cli') return [];
    if (!files.has(to)) return [`${text}: there is no such file in src`];
    if (target === room || allowed.includes(target)) return [];
    return [`${text}: ${room} may import ${allowed.join(', ') || 'no other room'}`];
  });
  return [...homeless, ...hidden, ...forbidden];
}

/** Files that import each other in a circle, types included; one circle for each import that closes one. */
export function cycles(modules: readonly SourceModule[]): string[] {
  const graph = graphOf(modules);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) found.push([...trail.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of [...graph.keys()].toSorted()) visit(file, []);
  return found;
}

/** Files to which no import leads from the entry, nor from a thread that is started by its file. */
export function orphans(
  modules: readonly SourceModule[],
  entry: string,
  threads: readonly string[],
): string[] {
  const graph = graphOf(modules);
  const reached = new Set([entry, ...threads]);
  // A set visits what is added meanwhile.
  for (const file of reached) for (const target of graph.get(file) ?? []) reached.add(target);
  return modules
    .filter(({ path: file }) => !reached.has(file))
    .map(({ path: file }) => `${file}: no import leads to it from ${entry}`);
}

/** The file that a relative import leads to, from the project's folder; undefined for any other import. */
export function targetOf(from: SourceModule, { specifier }: ModuleImport): string | undefined {
  return /^\.\.?\//u.test(specifier) ? path.posix.join(path.posix.dirname(from.path), specifier) : undefined;
}

/** How a message names an import. */
export function arrowText(from: SourceModule, { line }: ModuleImport, to: string): string {
  return `${from.path}:${line} → ${to}`;
}

/** The folder in `src` in which a file lies, or its own name. */
export function roomOf(file: string): string {
  return /^src\/(?<room>[^/]+)/u.exec(file)?.groups?.['room'] ?? file;
}

function arrowsOf(from: SourceModule): Arrow[] {
  return from.imports.flatMap((given) => {
    const to = targetOf(from, given);
    return to === undefined ? [] : [{ from, to, text: arrowText(from, given, to) }];
  });
}

function graphOf(modules: readonly SourceModule[]): ReadonlyMap<string, readonly string[]> {
  return new Map(modules.map((module) => [module.path, [...new Set(arrowsOf(module).map(({ to }) => to))]]));
}
