import type { SourceFile } from 'typescript/unstable/ast';
import { API, type Project } from 'typescript/unstable/sync';
import { importsOf } from './module-imports.ts';
import { undocumentedExports } from './module-exports.ts';
import { usesOf } from './module-uses.ts';
import type { SourceModule, SourceTree } from './source-module.ts';

const ROOT = '/trees';
const CONFIG = `${ROOT}/tsconfig.json`;
/** Each file for itself: nothing is looked up, so that every name is either the file's own or a global one. */
const COMPILER_OPTIONS = {
  noLib: true,
  noResolve: true,
  types: [],
  moduleDetection: 'force',
  target: 'esnext',
};

/**
 * Reads trees of source files with the compiler's own parser; comments, strings and regular expressions can't
 * fool it. The files need not exist. Typescript calls this interface unstable: package.json pins the version.
 *
 * @returns the modules of each tree
 * @throws for a text that is no TypeScript
 */
export function readModules(trees: readonly SourceTree[]): SourceModule[][] {
  const texts = new Map(
    trees.flatMap((tree, index) =>
      Object.entries(tree).map(([path, text]) => [`${ROOT}/${index}/${path}`, text] as const),
    ),
  );
  const config = JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: [...texts.keys()] });
  const api = openApi(new Map([...texts, [CONFIG, config]]));
  try {
    const project = api.updateSnapshot({ openProjects: [CONFIG] }).getProject(CONFIG);
    if (!project) throw new Error('The compiler has not opened the project');
    requireSound(project);
    return trees.map((tree, index) =>
      Object.keys(tree).map((path) => readModule(project, path, `${ROOT}/${index}/${path}`)),
    );
  } finally {
    api.close();
  }
}

function openApi(files: ReadonlyMap<string, string>): API {
  const folders = new Set([...files.keys()].flatMap(foldersAbove));
  return new API({
    cwd: ROOT,
    fs: {
      readFile: (file) => files.get(file) ?? null,
      fileExists: (file) => files.has(file),
      directoryExists: (folder) => folders.has(folder),
      getAccessibleEntries: () => ({ files: [], directories: [] }),
      realpath: (file) => file,
    },
  });
}

function foldersAbove(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** A text that can't be parsed would be read only up to the error. */
function requireSound({ program }: Project): void {
  const [problem] = [...program.getConfigFileParsingDiagnostics(), ...program.getSyntacticDiagnostics()];
  if (problem) throw new SyntaxError(`${problem.fileName ?? CONFIG}: ${problem.text}`);
}

function readModule({ program, checker }: Project, path: string, file: string): SourceModule {
  const source = program.getSourceFile(file);
  if (!source) throw new Error(`The compiler has not read ${path}`);
  return {
    path,
    lineCount: lineCount(source),
    imports: importsOf(source),
    uses: usesOf(source, checker),
    undocumented: undocumentedExports(source),
  };
}

function lineCount(source: SourceFile): number {
  return source.text.split('\n').length - (source.text.endsWith('\n') ? 1 : 0);
}
