import type { PackageFile } from './package-rules.ts';
import type { SourceTree } from './source-module.ts';

/** A tree that breaks one rule, and what the rule must say of it: all of it, and nothing else. */
export interface Planted {
  readonly files: SourceTree;
  readonly packageFile?: PackageFile;
  readonly sees: readonly string[];
}

const EMPTY = 'export {};\n';

/** Violations, by the name of the rule that must see them. */
export const PLANTED: Readonly<Record<string, readonly Planted[]>> = {
  'no import crosses between rooms against the table': [
    {
      files: {
        'src/main.ts': `import '../src/model/a.ts';`,
        'src/model/a.ts': `import { b } from '../json/b.ts'; export const a = b;`,
        'src/json/b.ts': `export * from '../model/a.ts';`,
        'src/config/c.ts': `import type { b } from '../json/b.ts'; export type C = typeof b;`,
        'src/prune/d.ts': `export type D = import('../archive/e.ts').E;`,
        'src/archive/e.ts': `export const load = () => import(\`../retention/f.ts\`);`,
        'src/retention/f.ts': `export { type A } from '../export/g.ts';\nimport '../archive/e.ts';`,
        'src/export/g.ts': `import\n  x, { type y as z }\nfrom "../cli/h.ts"; export default [x];`,
        'src/kubernetes/i.ts': `import '../prune/d.ts'; import '../json/b.ts';`,
        'src/cli/h.ts': `import '../main.ts'; import '../export/g.ts';`,
      },
      sees: [
        'src/main.ts:1 → src/model/a.ts: main.ts may import cli',
        'src/model/a.ts:1 → src/json/b.ts: model may import no other room',
        'src/json/b.ts:1 → src/model/a.ts: json may import no other room',
        'src/config/c.ts:1 → src/json/b.ts: config may import model',
        'src/prune/d.ts:1 → src/archive/e.ts: prune may import model, json',
        'src/archive/e.ts:1 → src/retention/f.ts: archive may import model, json',
        'src/retention/f.ts:1 → src/export/g.ts: retention may import model, archive',
        'src/export/g.ts:3 → src/cli/h.ts: export may import model, kubernetes, prune, archive, retention, json',
        'src/kubernetes/i.ts:1 → src/prune/d.ts: kubernetes may import model, json',
        'src/cli/h.ts:1 → src/main.ts: cli may import model, json, kubernetes, export, prune, archive, retention, status, drift, report, history, restore, volumes, guard, config',
      ],
    },
    {
      files: {
        'src/helpers/a.ts': EMPTY,
        'src/cli/b.ts': `import '../../test/b.ts'; import './gone.ts';\nawait import('./b' + '.ts');`,
        'src/cli/c.ts': `import { createRequire } from 'node:module'; createRequire('/');`,
      },
      sees: [
        'src/helpers/a.ts: its room helpers is not in the table of rooms',
        'src/cli/b.ts:2 → import(…): hides what it imports',
        'src/cli/c.ts:1 → node:module: hides what it imports',
        'src/cli/b.ts:1 → test/b.ts: there is no such file in src',
        'src/cli/b.ts:1 → src/cli/gone.ts: there is no such file in src',
      ],
    },
  ],
  'no files import each other in a circle': [
    {
      files: {
        'src/cli/a.ts': `import './b.ts';`,
        'src/cli/b.ts': `import type { c } from './c.ts'; export type B = typeof c;`,
        'src/cli/c.ts': `export const c = () => import('./a.ts');`,
        'src/cli/d.ts': `import './a.ts'; import './d.ts';`,
      },
      sees: ['src/cli/a.ts → src/cli/b.ts → src/cli/c.ts → src/cli/a.ts', 'src/cli/d.ts → src/cli/d.ts'],
    },
  ],
  'main.ts leads to every file': [
    {
      files: {
        'src/main.ts': `import './cli/a.ts';`,
        'src/cli/a.ts': `export const load = () => import('./b.ts');`,
        'src/cli/b.ts': EMPTY,
        'src/cli/c.ts': `import './d.ts'; // import './cli/c.ts'`,
        'src/cli/d.ts': `import './c.ts';`,
      },
      sees: [
        'src/cli/c.ts: no import leads to it from src/main.ts',
        'src/cli/d.ts: no import leads to it from src/main.ts',
      ],
    },
  ],
  'every package is imported by its owner only': [
    {
      files: {
        'src/config/a.ts': `import { Cron } from 'croner'; new Cron('');`,
        'src/config/b.ts': `import type { Cron } from 'croner'; export type B = Cron;`,
        'src/kubernetes/connect.ts': `import { KubeConfig } from '@kubernetes/client-node'; new KubeConfig();`,
        'src/kubernetes/f.ts': `import type { KubeConfig } from '@kubernetes/client-node'; export type F = KubeConfig;`,
        'src/cli/c.ts': `import 'date-fns'; import 'date-fns/format'; import 'zod/mini'; import 'pino';`,
        'src/archive/d.ts': `import 'left-pad'; import 'zod/mini'; import pino from 'pino'; pino();`,
        'src/export/e.ts': `export type Zip = import('archiver').ZipArchive; await import('yauzl');`,
      },
      sees: [
        'src/kubernetes/f.ts:1 → @kubernetes/client-node: only src/kubernetes/connect.ts and src/kubernetes/exec-channel.ts may import @kubernetes/client-node',
        'src/cli/c.ts:1 → date-fns: import a part of it, date-fns/…',
        'src/cli/c.ts:1 → zod/mini: only archive and status may import zod',
        'src/archive/d.ts:1 → left-pad: the table of packages names no owner',
        'src/archive/d.ts:1 → pino: only cli may import pino',
        'src/export/e.ts:1 → archiver: only archive may import archiver',
        'src/export/e.ts:1 → yauzl: only archive may import yauzl',
        'croner: one file only may import it, and these do: src/config/a.ts, src/config/b.ts',
      ],
    },
  ],
  'package.json says what is imported, and why': [
    {
      files: { 'src/cli/a.ts': `import 'pino'; import 'fs'; import '@x/y/z'; import 'typescript';` },
      packageFile: {
        dependencies: { pino: '1.0.0', zod: '1.0.0' },
        optionalDependencies: { node: '24.0.0' },
        'we-have-these-dependencies-because': { pino: ' ', zod: 'it is nice', yaml: 'it was nice' },
      },
      sees: [
        'src/cli/a.ts:1 → fs: not in the dependencies of package.json',
        'src/cli/a.ts:1 → @x/y/z: not in the dependencies of package.json',
        'src/cli/a.ts:1 → typescript: not in the dependencies of package.json',
        'package.json: nothing in src imports the dependency zod',
        'package.json: we have the dependency pino for no reason',
        'package.json: we have the dependency node for no reason',
        'package.json: there is a reason for yaml, which is no dependency',
      ],
    },
  ],
  'pure files are pure': [
    {
      files: {
        'src/model/a.ts': `import { join } from 'node:path';\nimport type { Stats } from 'node:fs';\nimport { type Hash } from 'node:crypto';\nimport 'fs';\nexport const a = (s: Stats, h: Hash) => join(String(s), String(h));`,
        'src/prune/b.ts': `export async function b(x: Promise<number>) {\n  await x;\n  for await (const y of [x]) Promise.resolve(y);\n  return import('./b.ts');\n}`,
        'src/config/c.ts': `export const c = [Date.now(), new Date(), Date(), Math.random(), new Date];\nconst { now } = Date; const D = Date; const { random } = Math;\nexport const d = () => [now, D, random, performance.now(), import.meta.url];`,
        'src/retention/plan.ts': `import './rotate.ts'; import type { R } from './rotate.ts';\nexport const e = (r: R) => [process.env['X'], console.log(r), Buffer.from(''), setTimeout];`,
        'src/retention/rotate.ts': `import 'node:fs'; export type R = number; export const now = Date.now();`,
        'src/json/new.ts': EMPTY,
      },
      sees: [
        "src/json/new.ts: the table says neither that it is pure nor why it isn't",
        'src/model/a.ts:1 → node:path in a pure file',
        'src/model/a.ts:3 → node:crypto in a pure file',
        'src/model/a.ts:4 → fs in a pure file',
        'src/prune/b.ts:1: async in a pure file',
        'src/prune/b.ts:2: await in a pure file',
        'src/prune/b.ts:3: await in a pure file',
        'src/prune/b.ts:3: Promise.resolve in a pure file',
        'src/prune/b.ts:4: import() in a pure file',
        'src/config/c.ts:1: Date.now in a pure file',
        'src/config/c.ts:1: new Date() in a pure file',
        'src/config/c.ts:1: Date in a pure file',
        'src/config/c.ts:1: Math.random in a pure file',
        'src/config/c.ts:1: new Date() in a pure file',
        'src/config/c.ts:2: Date.now in a pure file',
        'src/config/c.ts:2: Date in a pure file',
        'src/config/c.ts:2: Math.random in a pure file',
        'src/config/c.ts:3: performance.now in a pure file',
        'src/config/c.ts:3: import.meta in a pure file',
        'src/retention/plan.ts:1 → src/retention/rotate.ts: a pure file can only import types of one that is not',
        'src/retention/plan.ts:2: process.env in a pure file',
        'src/retention/plan.ts:2: console.log in a pure file',
        'src/retention/plan.ts:2: Buffer.from in a pure file',
        'src/retention/plan.ts:2: setTimeout in a pure file',
      ],
    },
  ],
  'nothing ends the process, reads the environment, prints, or is any': [
    {
      files: {
        'src/main.ts': `process.env['A']; process.exitCode = 1; process.exit();`,
        'src/cli/a.ts': `const { exit, env: e } = process; process['exit'](1); process?.abort();\nglobalThis.process.exit(); exit(Number(e));`,
        'src/cli/b.ts': `import { exit } from 'node:process'; import c from 'node:console'; exit(c);\nexport const all = { process, console };\nconst p = process; p.exit();`,
        'src/cli/c.ts': `export const x = (y as any)[0] as string;\nexport function y(z: any, w: Array<any>): unknown { return [z, w]; }\nconsole.error(\`\${process.exit(1)}\`);`,
        'src/cli/d.ts': `export function f(process: { exit(): void }) { return process.exit(); }\nprocess.exit();`,
      },
      sees: [
        'src/main.ts:1: process.exit: return an exit code, or throw',
        'src/cli/a.ts:1: process.exit: return an exit code, or throw',
        'src/cli/a.ts:1: process.env: only src/main.ts reads the environment, and hands it in',
        'src/cli/a.ts:1: process.exit: return an exit code, or throw',
        'src/cli/a.ts:1: process.abort: return an exit code, or throw',
        'src/cli/a.ts:2: globalThis.process: it can reach anything: name what is meant',
        'src/cli/b.ts:1 → node:process: use the global, which this test can see',
        'src/cli/b.ts:1 → node:console: use the global, which this test can see',
        'src/cli/b.ts:2: process: handed on as a whole, it hides what is used of it',
        'src/cli/b.ts:2: console: print by way of the process context',
        'src/cli/b.ts:3: process: handed on as a whole, it hides what is used of it',
        'src/cli/c.ts:1: any: unknown, or the real type',
        'src/cli/c.ts:2: any: unknown, or the real type',
        'src/cli/c.ts:2: any: unknown, or the real type',
        'src/cli/c.ts:3: console.error: print by way of the process context',
        'src/cli/c.ts:3: process.exit: return an exit code, or throw',
        'src/cli/d.ts:2: process.exit: return an exit code, or throw',
      ],
    },
  ],
  'no file is longer than 250 lines': [
    {
      files: { 'src/cli/a.ts': '\n'.repeat(250), 'src/cli/b.ts': `${'\n'.repeat(250)}export {};` },
      sees: ['src/cli/b.ts: 251 lines, and at most 250 may be'],
    },
  ],
  'every export has a doc comment': [
    {
      files: {
        'src/cli/a.ts': `/* not this */\nexport function a() {}\n// nor this\nexport class B {}\nexport interface C {}\n/** */\nexport type D = number;\nexport const { e, f: [g] } = h(), i = 1;`,
        'src/cli/b.ts': `/** The first. */\nexport const a = 1;\nexport const b = '/** no */';\nfunction c() {}\nexport { c as d };\nexport default function () {}\nexport abstract class G {}`,
        'src/cli/c.ts': `export { x } from './b.ts'; export * from './b.ts';\n/** One for both. */\nexport function f(x: string): void;\nexport function f(x: number): void;\nexport function f() {}\nfunction own() {}\nown();`,
      },
      sees: [
        'src/cli/a.ts:2: a is exported without a doc comment',
        'src/cli/a.ts:4: B is exported without a doc comment',
        'src/cli/a.ts:5: C is exported without a doc comment',
        'src/cli/a.ts:7: D is exported without a doc comment',
        'src/cli/a.ts:8: e is exported without a doc comment',
        'src/cli/a.ts:8: g is exported without a doc comment',
        'src/cli/a.ts:8: i is exported without a doc comment',
        'src/cli/b.ts:3: b is exported without a doc comment',
        'src/cli/b.ts:4: c is exported without a doc comment',
        'src/cli/b.ts:6: default is exported without a doc comment',
        'src/cli/b.ts:7: G is exported without a doc comment',
      ],
    },
  ],
};

/** What looks like violations and is none: no rule may see anything. */
export const INNOCENT: SourceTree = {
  'src/main.ts': `#!/usr/bin/env node
import { run } from './cli/run.ts';
process.exitCode = await run(process.env['PATH'], { env: 1 });
`,
  'src/cli/run.ts': `/* import '../main.ts'; process.exit(1) */
import type { Out } from '../export/out.ts';
// import chalk from 'chalk'; console.log(process.env.HOME as any);
const TEXT = "import x from 'left-pad'; require('fs')" + \`import('\${'console.log'}') process.exit()\`;
const PATTERN = /import 'x' from "y"|console\\.log|process\\.env|\`/u;
/** Runs; see \`process.exit\`, {@link console}. */
export async function run(path: string | undefined, { env }: { env: number }): Promise<number> {
  const { any, console: printer } = { any: 1, console: env };
  const process = { env: TEXT.length, exit: (code: number): number => code };
  const out: Out = { process: process.env, console: printer, import: any };
  return PATTERN.test(path ?? '') ? process.exit(out.process) : out.console;
}
`,
  'src/export/out.ts': `/** Exit, console and environment as keys. */
export interface Out { process: number; readonly console: number; import: number }
`,
};
