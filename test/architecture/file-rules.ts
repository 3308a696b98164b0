import type { SourceModule, Use } from './source-module.ts';

/** What may end a process, read its environment, or print; and what would hide that from this test. */
const FORBIDDEN: readonly (readonly [use: RegExp, advice: string])[] = [
  [/^process\.(?:exit|reallyExit|abort)$/u, 'return an exit code, or throw'],
  [/^process\.env$/u, 'only src/main.ts reads the environment, and hands it in'],
  [/^process$/u, 'handed on as a whole, it hides what is used of it'],
  [/^console(?:\.|$)/u, 'print by way of the process context'],
  [/^(?:global|globalThis|eval)(?:\.|$)/u, 'it can reach anything: name what is meant'],
  [/^any$/u, 'unknown, or the real type'],
];
/** The same things under other names. */
const FORBIDDEN_IMPORTS = ['node:process', 'node:console'];
/** The programs, of which each is where its environment comes in. */
const ENVIRONMENT_READERS = ['src/main.ts', 'src/backuper/main.ts'];

/** Uses of the process, of the console and of `any` that no file may have. */
export function forbiddenUses(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((module) => {
    const { path, imports, uses } = module;
    const renamed = imports
      .filter(({ specifier }) => FORBIDDEN_IMPORTS.includes(specifier))
      .map(
        ({ specifier, line }) => `${path}:${line} → ${specifier}: use the global, which this test can see`,
      );
    const used = uses
      .filter(({ name }) => name !== 'process.env' || !ENVIRONMENT_READERS.includes(path))
      .flatMap(({ name, line }) =>
        FORBIDDEN.filter(([pattern]) => pattern.test(name)).map(
          ([, advice]) => `${path}:${line}: ${name}: ${advice}`,
        ),
      );
    return [...renamed, ...used];
  });
}

/** Files that are too long to be read at a sitting. */
export function tooLong(modules: readonly SourceModule[], linesMax: number): string[] {
  return modules
    .filter(({ lineCount }) => lineCount > linesMax)
    .map(({ path, lineCount }) => `${path}: ${lineCount} lines, and at most ${linesMax} may be`);
}

/** Exports without a doc comment, unless they stand in the list with a reason: `src/x.ts NAME`. */
export function undocumented(
  modules: readonly SourceModule[],
  excepted: Readonly<Record<string, string>>,
): string[] {
  const missing = modules.flatMap(({ path, undocumented: names }) =>
    names.map((use: Use) => ({ path, ...use, key: `${path} ${use.name}` })),
  );
  const keys = new Set(missing.map(({ key }) => key));
  return [
    ...missing
      .filter(({ key }) => (excepted[key] ?? '') === '')
      .map(({ path, name, line }) => `${path}:${line}: ${name} is exported without a doc comment`),
    ...Object.keys(excepted)
      .filter((key) => !keys.has(key))
      .map((key) => `${key}: needs no exception any more`),
  ];
}
