import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'rolldown';

/** Packages in the bundle that bring no licence text, and why none is needed. */
const WITHOUT_TEXT: Readonly<Record<string, string>> = {
  jsonify: 'in the public domain, by its package file: nothing has to be passed on',
};

/**
 * What the image runs: a few files that need no node_modules. client-node brings the code of every API of
 * Kubernetes and loads all of it; its kubeconfig alone is used here, and without the rest a run starts a
 * quarter of a second sooner and needs 55 MiB less.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    'packing-thread': 'src/archive/packing-thread.ts',
    'verify-thread': 'src/archive/verify-thread.ts',
    backuper: 'src/backuper/main.ts',
  },
  platform: 'node',
  treeshake: {
    moduleSideEffects: [{ test: /\/node_modules\/@kubernetes\/client-node\//u, sideEffects: false }],
  },
  plugins: [withoutUndici(), lightHttp(), thirdPartyLicenses(WITHOUT_TEXT)],
  output: { dir: 'dist', cleanDir: true, chunkFileNames: '[name].js' },
});

/**
 * Leaves undici out, half a megabyte that takes as long to load as all the rest of the program. client-node
 * makes its agents for fetch alone, which nothing here calls: requests go through node:https
 * (https://github.com/kubernetes-client/javascript/blob/2.0.1/src/config.ts, `createDispatcher`).
 */
function withoutUndici(): Plugin {
  const id = '\0without-undici';
  const unused = `throw new Error('undici is not in the bundle');`;
  const code = `export class Agent { constructor() { ${unused} } }
export class ProxyAgent { constructor() { ${unused} } }
export function fetch() { ${unused} }`;
  return {
    name: 'without-undici',
    resolveId: (source) => (source === 'undici' ? id : undefined),
    load: (loaded) => (loaded === id ? code : undefined),
  };
}

/**
 * Takes what it needs of node:http one by one. An import of the module as it is reads all that it exports, and
 * one of these, WebSocket, loads Node's own undici: 55 ms at the start of every command that talks to a cluster
 * (https://github.com/nodejs/node/blob/v24.11.1/lib/http.js, `lazyUndici`).
 */
function lightHttp(): Plugin {
  const id = '\0light-http';
  const names = [
    'Agent',
    'createServer',
    'globalAgent',
    'IncomingMessage',
    'request',
    'ServerResponse',
    'STATUS_CODES',
  ];
  const code = `const http = process.getBuiltinModule('node:http');
export default http;
export const { ${names.join(', ')} } = http;`;
  return {
    name: 'light-http',
    // A require reads nothing by itself.
    resolveId: (source, _importer, { kind }) =>
      /^(?:node:)?http$/u.test(source) && kind === 'import-statement' ? id : undefined,
    load: (loaded) => (loaded === id ? code : undefined),
  };
}

/**
 * Writes the licence texts and notices of every package whose code is in the bundle into
 * THIRD-PARTY-LICENSES.txt beside it. The build fails on a package that brings none, unless `withoutText`
 * gives the reason, and on a reason that nobody needs any more.
 */
export function thirdPartyLicenses(withoutText: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'third-party-licenses',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const packages = packagesOf(modules);
      const unused = new Set(Object.keys(withoutText));
      for (const { title, name, texts } of packages) {
        if (texts.size > 0) continue;
        const reason = withoutText[name];
        if (reason === undefined) this.error(`${title} is in the bundle and brings no licence text`);
        texts.set('', `No licence text: ${reason}.`);
        unused.delete(name);
      }
      if (unused.size > 0) this.error(`needs no reason any more: ${[...unused].join(', ')}`);
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENSES.txt', source: licenceFile(packages) });
    },
  };
}

interface BundledPackage {
  readonly name: string;
  /** As in `yaml 2.9.1 (ISC)`. */
  readonly title: string;
  /** By their paths in the package, so that none comes twice. */
  readonly texts: Map<string, string>;
}

function packagesOf(moduleIds: readonly string[]): BundledPackage[] {
  const packages = new Map<string, BundledPackage>();
  for (const id of moduleIds) {
    // The bundler's own helpers are no file, and yet its code.
    const file = id.startsWith('\0rolldown/') ? fileURLToPath(import.meta.resolve('rolldown')) : id;
    if (!file.includes('/node_modules/')) continue;
    const folders = foldersOf(file);
    const root = folders.at(-1) ?? file;
    const { name = '', version, license } = readPackage(root);
    const title = `${name} ${version} (${license})`;
    const found = packages.get(title) ?? { name, title, texts: new Map<string, string>() };
    packages.set(title, found);
    // A part of a package may have a licence of its own beside it.
    for (const folder of folders) {
      for (const [entry, text] of licenceTexts(folder)) {
        found.texts.set(path.relative(root, path.join(folder, entry)), text);
      }
    }
  }
  return [...packages.values()].toSorted((a, b) => (a.title < b.title ? -1 : 1));
}

/** The files in a folder that are licence texts or notices; where there are none, the README's section. */
function licenceTexts(folder: string): [entry: string, text: string][] {
  const entries = readdirSync(folder).filter((entry) => statSync(path.join(folder, entry)).isFile());
  const read = (entry: string): string => readFileSync(path.join(folder, entry), 'utf8').trim();
  const files = entries.filter(
    (entry) =>
      /^(?:licen[cs]e|copying|notice)\b/iu.test(entry) && !/\.(?:[cm]?[jt]s|json|map)$/iu.test(entry),
  );
  if (files.length > 0) return files.map((entry) => [entry, read(entry)]);
  return (
    entries
      .filter((entry) => /^readme\b/iu.test(entry))
      .map((entry): [string, string] => [
        entry,
        /^#+ *licen[cs]e.*?^(.*)/imsu.exec(read(entry))?.[1]?.trim() ?? '',
      ])
      // The terms themselves, and not their name alone.
      .filter(([, text]) => /copyright/iu.test(text))
  );
}

/** The folders from a module's own to that of its package, which has a package file with a name and a version. */
function foldersOf(file: string): string[] {
  const folder = path.dirname(file);
  const isRoot = existsSync(path.join(folder, 'package.json')) && readPackage(folder).version !== undefined;
  return isRoot ? [folder] : [folder, ...foldersOf(folder)];
}

function readPackage(folder: string): Partial<Record<'name' | 'version' | 'license', string>> {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
}

function licenceFile(packages: readonly BundledPackage[]): string {
  const line = '='.repeat(80);
  const parts = packages.map(({ title, texts }) =>
    [line, title, line, '', [...texts.values()].join('\n\n')].join('\n'),
  );
  return `The programs in this folder contain code of these packages.\n\n${parts.join('\n\n')}\n`;
}
