import { arrowText, roomOf } from './import-rules.ts';
import type { SourceModule } from './source-module.ts';

/** Who may import a package, and how. */
export interface PackageOwner {
  readonly rooms: readonly string[];
  /** No more than one file of the room. */
  readonly isOneFile?: boolean;
  /** No other files than these. */
  readonly files?: readonly string[];
  /** Only parts of it (`date-fns/constants`). */
  readonly isBySubPath?: boolean;
}

/** The parts of package.json that the rules ask about. */
export interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly 'we-have-these-dependencies-because'?: Readonly<Record<string, string>>;
}

type Owners = Readonly<Record<string, PackageOwner>>;

/** Packages that are imported where, or in a way in which, they may not be. */
export function strayPackages(modules: readonly SourceModule[], owners: Owners): string[] {
  const imports = packageImports(modules);
  const misplaced = imports.flatMap(({ name, specifier, from, text }) => {
    const owner = owners[name];
    if (!owner) return [`${text}: the table of packages names no owner`];
    const { rooms, isBySubPath, files } = owner;
    const isOutside = !rooms.includes(roomOf(from));
    if (isOutside || files?.includes(from) === false) {
      return [`${text}: only ${(isOutside ? rooms : (files ?? [])).join(' and ')} may import ${name}`];
    }
    return isBySubPath === true && specifier === name ? [`${text}: import a part of it, ${name}/…`] : [];
  });
  const shared = Object.entries(owners).flatMap(([name, { isOneFile }]) => {
    const files = new Set(imports.filter((one) => one.name === name).map(({ from }) => from));
    return isOneFile === true && files.size > 1
      ? [`${name}: one file only may import it, and these do: ${[...files].join(', ')}`]
      : [];
  });
  return [...misplaced, ...shared];
}

/** What package.json says of dependencies against what the code imports. */
export function dependencyProblems(modules: readonly SourceModule[], packageFile: PackageFile): string[] {
  const { dependencies = {}, optionalDependencies = {} } = packageFile;
  const reasons = packageFile['we-have-these-dependencies-because'] ?? {};
  const all = { ...dependencies, ...optionalDependencies };
  const imports = packageImports(modules);
  const imported = new Set(imports.map(({ name }) => name));
  return [
    ...imports
      .filter(({ name }) => !(name in dependencies))
      .map(({ text }) => `${text}: not in the dependencies of package.json`),
    ...Object.keys(dependencies)
      .filter((name) => !imported.has(name))
      .map((name) => `package.json: nothing in src imports the dependency ${name}`),
    ...Object.keys(all)
      .filter((name) => (reasons[name] ?? '').trim() === '')
      .map((name) => `package.json: we have the dependency ${name} for no reason`),
    ...Object.keys(reasons)
      .filter((name) => !(name in all))
      .map((name) => `package.json: there is a reason for ${name}, which is no dependency`),
  ];
}

interface PackageImport {
  readonly name: string;
  readonly specifier: string;
  /** The importing file. */
  readonly from: string;
  readonly text: string;
}

/** Everything that is neither a file nor written as Node's own: `fs` instead of `node:fs` counts as a package. */
function packageImports(modules: readonly SourceModule[]): PackageImport[] {
  return modules.flatMap((module) =>
    module.imports
      .filter(({ specifier }) => !/^(?:\.\.?\/|node:|import\(…\)$)/u.test(specifier))
      .map((given) => ({
        name: /^(?:@[^/]*\/)?[^/]*/u.exec(given.specifier)?.[0] ?? given.specifier,
        specifier: given.specifier,
        from: module.path,
        text: arrowText(module, given, given.specifier),
      })),
  );
}
