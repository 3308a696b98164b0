import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { forbiddenUses, tooLong, undocumented } from './architecture/file-rules.ts';
import { cycles, forbiddenArrows, orphans, type Rooms } from './architecture/import-rules.ts';
import {
  dependencyProblems,
  type PackageFile,
  type PackageOwner,
  strayPackages,
} from './architecture/package-rules.ts';
import { INNOCENT, PLANTED } from './architecture/planted.ts';
import { impurities, type PurityTable, staleEntries } from './architecture/purity-rule.ts';
import { readModules } from './architecture/read-modules.ts';
import type { SourceModule } from './architecture/source-module.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** Who may import whom. Only cli wires rooms together, so only cli may know all of them. */
const BELOW_CLI = [
  'kubernetes',
  'export',
  'prune',
  'archive',
  'retention',
  'status',
  'drift',
  'report',
  'history',
  'restore',
  'volumes',
  'guard',
];
const ROOMS: Rooms = {
  'main.ts': ['cli'],
  cli: ['model', 'json', ...BELOW_CLI, 'config'],
  config: ['model'],
  model: [],
  json: [],
  kubernetes: ['model', 'json'],
  export: ['model', 'kubernetes', 'prune', 'archive', 'retention', 'json'],
  prune: ['model', 'json'],
  archive: ['model', 'json'],
  retention: ['model', 'archive'],
  status: ['model', 'archive'],
  drift: ['model', 'json', 'archive', 'prune'],
  history: ['model', 'json', 'archive', 'prune', 'drift'],
  report: ['model', 'archive', 'drift', 'status'],
  restore: ['model', 'json', 'archive', 'prune', 'kubernetes'],
  volumes: ['model', 'json', 'kubernetes'],
  guard: ['model', 'json', 'kubernetes'],
  // Runs alone, in a pod that must not know more of the rest than it has to.
  backuper: ['model'],
};

/** Each package belongs to one room, so that it can be replaced there. */
const PACKAGES: Readonly<Record<string, PackageOwner>> = {
  // Exec brings a library for WebSockets, so it is apart, and loaded by those who run a command.
  '@kubernetes/client-node': {
    rooms: ['kubernetes'],
    files: ['src/kubernetes/connect.ts', 'src/kubernetes/exec-channel.ts'],
  },
  archiver: { rooms: ['archive'] },
  yauzl: { rooms: ['archive'] },
  zod: { rooms: ['archive', 'status'] },
  yaml: { rooms: ['config'] },
  'json-stable-stringify': { rooms: ['json'] },
  pino: { rooms: ['cli'] },
  croner: { rooms: ['config'], isOneFile: true },
  'prom-client': { rooms: ['status'], isOneFile: true },
  'yocto-spinner': { rooms: ['cli'] },
  commander: { rooms: ['cli'] },
  diff: { rooms: ['drift'] },
  // Its index takes a second to load.
  'date-fns': { rooms: ['retention', 'cli'], isBySubPath: true },
};

/**
 * Pure: no modules of Node but their types, no clock, no chance, no environment, no console, nothing
 * asynchronous. Time and environment are handed in, as values.
 */
/** Files that run in a thread or in a pod of their own, where no import leads. */
const THREADS = ['src/archive/packing-thread.ts', 'src/archive/verify-thread.ts', 'src/backuper/main.ts'];

const PURITY: PurityTable = {
  pure: {
    'src/model/': { because: 'nouns, and the grammar of their names' },
    'src/model/backuper-arguments.ts': {
      because: 'a request in, texts out, and back; Buffer depends on its arguments alone',
      mayUse: ['Buffer'],
    },
    'src/config/': { because: 'what the environment says is handed in, and checked once' },
    'src/prune/': {
      because: 'rules as data; what applies them changes the document it is given and nothing else',
    },
    'src/drift/': { because: 'two objects in, what differs out; what reads archives is listed below' },
    'src/drift/renewed-certificate.ts': {
      because: 'texts in, a text out; Buffer and X509Certificate depend on their arguments alone',
      mayUse: ['node:crypto', 'Buffer'],
    },
    'src/report/': { because: 'facts and a time in, a page out; what reads archives is listed below' },
    'src/retention/plan.ts': { because: 'decides what goes; the time is handed in' },
    'src/status/run-record.ts': { because: 'what is remembered of a run; times and names are handed in' },
    'src/status/history.ts': { because: 'merges histories; the same comes of it in any order' },
    'src/status/nights.ts': { because: 'tells nights apart; the clock and the schedule are handed in' },
    'src/status/backup-status.ts': { because: 'how a backup does, from facts and a viewpoint' },
    'src/status/metrics.ts': { because: 'numbers out of a status' },
    'src/volumes/copy.ts': { because: 'nouns only' },
    'src/volumes/annotations.ts': { because: 'names only' },
    'src/volumes/plan/declined.ts': { because: 'the form of an answer' },
    'src/volumes/fields.ts': { because: 'reads JSON of which nothing is known' },
    'src/volumes/plan/plan-copy.ts': {
      because: 'decides whether a copy can be made, from objects of the cluster',
    },
    'src/volumes/plan/check-claims.ts': { because: 'decides whether two claims can be copied' },
    'src/volumes/plan/check-folder.ts': { because: 'decides which names of folders pass' },
    'src/volumes/plan/check-use.ts': { because: 'decides whether the claims are free' },
    'src/volumes/plan/check-quiesce.ts': { because: 'decides how still the source is' },
    'src/volumes/plan/claim-facts.ts': { because: 'what a claim is' },
    'src/volumes/plan/claim-users.ts': { because: 'who holds a claim' },
    'src/volumes/plan/pod-claims.ts': { because: 'which volumes of a pod are a claim' },
    'src/volumes/quiesce/hooks.ts': { because: 'which hooks pods have' },
    'src/volumes/quiesce/plan-scale.ts': { because: 'decides what is scaled' },
    'src/volumes/plan/project-users.ts': { because: 'which users a project may have' },
    'src/volumes/plan/placement.ts': { because: 'decides where a copy is made' },
    'src/volumes/plan/node-terms.ts': { because: 'labels of nodes against what volumes ask for' },
    'src/volumes/plan/node-state.ts': { because: 'whether a node takes pods' },
    'src/volumes/plan/volume-backing.ts': { because: 'what lies behind a volume' },
    'src/volumes/plan/plan-notes.ts': { because: 'what people should know of a plan' },
    'src/volumes/plan/choose-identity.ts': { because: 'decides who copies' },
    'src/volumes/plan/file-owners.ts': { because: 'who owns the files, from a report' },
    'src/volumes/plan/room.ts': { because: 'whether a copy fits, from a report' },
    'src/volumes/run/backuper-pod.ts': { because: 'an object out of a plan' },
    'src/volumes/run/classify-pending.ts': { because: 'judges a pod; the time is handed in' },
    'src/volumes/run/scheduling-message.ts': { because: 'judges a text' },
    'src/volumes/run/explain-refusal.ts': { because: 'judges a text' },
    'src/volumes/run/interpret-report.ts': { because: 'judges a report' },
    'src/history/commit-message.ts': {
      because: 'texts of a commit, and what they say when they are read again',
    },
    'src/history/plan-history.ts': { because: 'decides which archives become commits' },
    'src/guard/': { because: 'a request in, a decision out; what serves it is listed below' },
    'src/export/plan-types.ts': { because: 'decides what is read, from what discovery has found' },
    'src/export/run-event.ts': { because: 'types only' },
    'src/json/canonical-json.ts': { because: 'defines the canonical form' },
    'src/json/canonical-number.ts': { because: 'text in, text out' },
    'src/json/json-document.ts': {
      because: 'bytes in, nodes out; isUtf8 and Buffer depend on their arguments alone',
      mayUse: ['node:buffer', 'Buffer'],
    },
    'src/json/tape-reader.ts': {
      because: 'bytes in, integers out; Buffer depends on its arguments alone',
      mayUse: ['Buffer'],
    },
    'src/json/tape.ts': { because: 'what the integers of a tape mean' },
    'src/json/text-buffer.ts': { because: 'gathers text as bytes', mayUse: ['Buffer'] },
    'src/json/canonical-writer.ts': {
      because: 'nodes in, bytes out; Buffer depends on its arguments alone',
      mayUse: ['Buffer'],
    },
  },
  impure: {
    'src/retention/rotate.ts': 'executes the plan: it deletes files',
    'src/status/metrics-text.ts': 'prom-client answers with a promise',
    'src/status/hidden-files.ts': 'writes to the volume',
    'src/status/status-file.ts': 'reads and writes the history',
    'src/status/folder-facts.ts': 'reads the folder of archives',
    'src/guard/certificate.ts': 'reads and follows files',
    'src/guard/read-body.ts': 'waits for what is sent',
    'src/guard/webhook-server.ts': 'serves',
    'src/drift/compare-archives.ts': 'opens archives and reads their manifests',
    'src/drift/compare-files.ts': 'reads entries of archives',
    'src/drift/read-items.ts': 'reads entries of archives',
    'src/drift/read-facts.ts': 'reads entries of archives',
    'src/drift/read-list-schemas.ts': 'reads entries of archives',
    'src/drift/read-scale-targets.ts': 'reads entries of archives',
    'src/report/read-report.ts': 'reads archives, pair by pair',
    'src/history/git.ts': 'runs git',
    'src/history/history-lock.ts': 'writes into the repository',
    'src/history/repository.ts': 'looks at the repository, and makes it',
    'src/history/entry-text.ts': 'reads entries of archives',
    'src/history/write-history.ts': 'reads archives and feeds git',
    'src/volumes/': 'asks, waits and writes. What it decides on its own is listed above',
    'src/export/': 'the run itself: it asks, waits and writes. What it decides on its own is listed above',
  },
};

/** Exports that need no doc comment: `src/FILE.ts NAME`, and why. */
const UNDOCUMENTED: Readonly<Record<string, string>> = {};

interface Project {
  readonly modules: readonly SourceModule[];
  readonly packageFile: PackageFile;
}

const RULES: Readonly<Record<string, (project: Project) => string[]>> = {
  'no import crosses between rooms against the table': ({ modules }) => forbiddenArrows(modules, ROOMS),
  'no files import each other in a circle': ({ modules }) => cycles(modules),
  'main.ts leads to every file': ({ modules }) => orphans(modules, 'src/main.ts', THREADS),
  'every package is imported by its owner only': ({ modules }) => strayPackages(modules, PACKAGES),
  'package.json says what is imported, and why': ({ modules, packageFile }) =>
    dependencyProblems(modules, packageFile),
  'pure files are pure': ({ modules }) => impurities(modules, PURITY),
  'nothing ends the process, reads the environment, prints, or is any': ({ modules }) =>
    forbiddenUses(modules),
  'no file is longer than 250 lines': ({ modules }) => tooLong(modules, 250),
  'every export has a doc comment': ({ modules }) => undocumented(modules, UNDOCUMENTED),
};

const sources = globSync('src/**/*.ts', { cwd: ROOT }).toSorted();
const planted = Object.entries(PLANTED).flatMap(([rule, cases]) => cases.map((one) => ({ rule, ...one })));
// The compiler is started once, for all trees.
const [modules = [], innocent = [], ...trees] = readModules([
  Object.fromEntries(sources.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')])),
  INNOCENT,
  ...planted.map(({ files }) => files),
]);

describe('The sources', () => {
  const packageFile = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as PackageFile;
  for (const [name, rule] of Object.entries(RULES)) {
    test(name, () => assertNone(rule({ modules, packageFile })));
  }

  test('nothing lies in src that these rules do not read', () => {
    const files = globSync('src/**/*', { cwd: ROOT, withFileTypes: true }).filter((entry) => entry.isFile());
    assertNone(
      files.map(({ name }) => name).filter((name) => !name.endsWith('.ts') || name.endsWith('.d.ts')),
    );
  });

  test('no exception has outlived its reason', () => assertNone(staleEntries(modules, PURITY)));
});

describe('The rules', () => {
  for (const [name, rule] of Object.entries(RULES)) {
    test(`see a violation of: ${name}`, () => {
      const cases = planted.flatMap((one, index) => (one.rule === name ? [{ ...one, index }] : []));
      assert.notEqual(cases.length, 0, 'every rule has a planted violation');
      for (const { packageFile = {}, sees, index } of cases) {
        assert.deepEqual(rule({ modules: trees[index] ?? [], packageFile }), sees);
      }
    });
  }

  test('see an exception that has outlived its reason', () => {
    const [document] = modules.filter(({ path: file }) => file === 'src/json/json-document.ts');
    assert.ok(document);
    const table = {
      pure: {
        'src/json/': { because: '', mayUse: ['node:buffer', 'Buffer', 'Buff', 'node:fs'] },
        'src/gone/': { because: '' },
      },
      impure: { 'src/json/gone.ts': '' },
    };
    assert.deepEqual(staleEntries([document], table), [
      'src/gone/: is in the table and not in src',
      'src/json/gone.ts: is in the table and not in src',
      "src/json/: may use Buff, and doesn't",
      "src/json/: may use node:fs, and doesn't",
    ]);
    assert.deepEqual(undocumented([document], { 'src/json/json-document.ts JsonNode': 'a number' }), [
      'src/json/json-document.ts JsonNode: needs no exception any more',
    ]);
  });

  test('see nothing in comments, strings, and names that only look like violations', () => {
    for (const rule of Object.values(RULES))
      assert.deepEqual(rule({ modules: innocent, packageFile: {} }), []);
  });

  test('are not given half a file', () => {
    assert.throws(() => readModules([{ 'src/a.ts': `import './b.ts'; const = 1;` }]), SyntaxError);
  });
});

function assertNone(violations: readonly string[]): void {
  assert.equal(violations.length, 0, `\n${violations.join('\n')}`);
}
