import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandSpec } from '../../src/cli/commands.ts';
import type { Option } from '../../src/config/options.ts';
import { brokenLinks, commandLineProblems, hasVersion, missingFiles, missingTargets } from './checks.ts';
import { toolArguments } from './command-lines.ts';
import { targetsOf } from './make-targets.ts';
import { readMarkdown } from './markdown.ts';
import { sectionOf, withSection } from './sections.ts';
import { commandsIn } from './shell.ts';
import { commandsTable, exitCodesTable, optionsTable } from './tables.ts';

const OPTION: Option = {
  key: 'namespaces',
  flag: '--project',
  short: '-p',
  placeholder: 'name',
  env: 'PROJECTS',
  configKey: 'projects',
  defaultText: 'a|b',
  help: 'globs like "dev-*" | <none>',
  type: 'list',
  parse: () => ({ value: '' }),
};
const { short: _, env: __, configKey: ___, ...bare } = OPTION;
const COMMAND: CommandSpec = {
  name: 'look',
  description: 'look at it',
  options: ['namespaces'],
  load: () => Promise.reject(new Error('never')),
};

test('write the tables', () => {
  assert.equal(
    optionsTable([OPTION, { ...bare, defaultText: '' }]),
    [
      '| flag | environment variable | config file | default | meaning |',
      '| --- | --- | --- | --- | --- |',
      '| `-p`, `--project <name>` | `PROJECTS` | `projects` | `a\\|b` | globs like "dev-\\*" \\| \\<none> |',
      '| `--project <name>` |  |  |  | globs like "dev-\\*" \\| \\<none> |\n',
    ].join('\n'),
  );
  assert.equal(
    exitCodesTable([{ code: 3, meaning: 'some | gaps' }]),
    '| code | meaning |\n| --- | --- |\n| 3 | some \\| gaps |\n',
  );
  const switches = [{ flags: '--all', help: '' }];
  const more = {
    ...COMMAND,
    arguments: [{ name: '[it]', help: '' }],
    switches,
    outputs: ['table', 'json'],
  };
  assert.equal(
    commandsTable([COMMAND, more as CommandSpec], [OPTION, { ...OPTION, key: 'dir' }]),
    [
      '| command | what it does | options |',
      '| --- | --- | --- |',
      '| `look` | look at it | `-p` |',
      '| `look [it]` | look at it | `-p`, `--all`, `-o table\\|json` |\n',
    ].join('\n'),
  );
});

test('replace a section, and nothing else', () => {
  const before = 'a\n<!-- x -->\nold $1\n\n<!-- /x -->\n<!-- y -->\n<!-- /y -->\nb\n';
  const after = 'a\n<!-- x -->\n$& new\n<!-- /x -->\n<!-- y -->\n<!-- /y -->\nb\n';
  assert.equal(withSection(before, 'x', '$& new\n'), after);
  assert.equal(withSection(after, 'x', '$& new\n'), after);
  assert.equal(withSection(before, 'y', 'z\n'), before.replace('y -->\n', 'y -->\nz\n'));
  assert.equal(sectionOf(before, 'x'), 'old $1\n\n');
  assert.equal(sectionOf(before, 'y'), '');
  for (const text of [
    '',
    before.replace('<!-- /x -->', ''),
    before.repeat(2),
    '<!-- /x -->\n<!-- x -->\n',
    'x <!-- x -->\n<!-- /x -->\n',
  ]) {
    for (const read of [sectionOf, withSection]) assert.throws(() => read(text, 'x', ''), /"<!-- x -->"/u);
  }
});

test('see broken links', () => {
  const text = [
    '# One [thing](https://example.com/a)\n## `--all`, and more\n## Twice\n## Twice\n<a id="here"></a>',
    '[a](README.md) [b](src/cli/#x) [c](#one-thing) [d](#--all-and-more) [e](#twice-1) [f](#here)',
    '[`g`](package.json "title") [h](mailto:a@example.com) `[no](gone-1)` [i](README.md#commands)',
    '```text\n[no](gone-2)\n```\n~~~\n[no](gone-3)\n~~~',
    '[j](gone-4) ![k](<gone-5.png>) [l](#gone-6) [m](README.md#gone-7) <img src="gone-8.png">\n\n[n]: gone-9',
  ].join('\n');
  assert.deepEqual(brokenLinks(readMarkdown(text)), [
    'gone-4',
    'gone-5.png',
    '#gone-6',
    'README.md#gone-7',
    'gone-9',
    'gone-8.png',
  ]);
  assert.deepEqual(missingFiles(['src/cli/', 'test/docs.test.ts', 'src/gone.ts', 'shop/x', 'src/ is']), [
    'src/gone.ts',
  ]);
});

test('see make targets that are missing', () => {
  const makefile = '.PHONY: ghost\nA := make x\nall: a ## b\nb c: all\n\t@make d: e\n';
  assert.deepEqual([...targetsOf(makefile)], ['all', 'b', 'c']);
  const text =
    'make it `make all` `make e N=1` or `make`\n```console\n$ X=1 make b c && make -s f # make g\nmake h\n```\n```yaml\nmake i\n```\n```sh\nmake \\\n  j | tee k; make -C l m\n```\n';
  assert.deepEqual(missingTargets(readMarkdown(text), makefile), ['f', 'j', 'e']);
});

const WRONG: Readonly<Record<string, RegExp>> = {
  'openshift-backup restart': /unknown command/u,
  'oc exec $POD -- openshift-backup list --bogus': /unknown option '--bogus'/u,
  'POD=$(oc get pod -o name) openshift-backup types -o xml >> a': /'xml' is invalid/u,
  'npm start -s -- show a b c': /too many arguments/u,
  "openshift-backup show 'a b' -n": /argument missing/u,
};
for (const [line, message] of Object.entries(WRONG)) {
  test(`see what is wrong with: ${line}`, async () => {
    const [problem = '', ...more] = await commandLineProblems(readMarkdown(`\`\`\`sh\n${line}\n\`\`\`\n`));
    assert.match(problem, message);
    assert.deepEqual(more, []);
  });
}

test('take command lines that are right, and run none of them', async () => {
  const lines = [
    '$ openshift-backup',
    '$ openshift-backup --retain-days 3 2>&1 | tee "a; b"',
    '$ for x in 1; do openshift-backup version; done',
    '$ oc exec -i deploy/openshift-backup -- openshift-backup fetch latest > a.zip',
    '$ openshift-backup show --help',
    'openshift-backup 0.1.0 is what it prints',
  ];
  const text = `${lines.join('\n')}\n`;
  assert.equal(commandsIn({ language: 'console', text }).filter(toolArguments).length, 5);
  assert.deepEqual(await commandLineProblems(readMarkdown(`\`\`\`console\n${text}\`\`\`\n`)), []);
  assert.deepEqual(
    await commandLineProblems(readMarkdown('`openshift-backup types`, `openshift-backup`')),
    [],
  );
  const [problem = ''] = await commandLineProblems(readMarkdown('Use `openshift-backup typos`.'));
  assert.match(problem, /unknown command/u);
});

test('see a version without a heading', () => {
  const headings = ['Changelog', '[0.1.0] - 2026-11-21', 'v1.2.30'];
  const found = ['0.1.0', '1.2.30', '1.2.3', '0.1', '0.1.0-rc.1'].map((version) =>
    hasVersion(headings, version),
  );
  assert.deepEqual(found, [true, true, false, false, false]);
});
