import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { COMMANDS } from '../src/cli/commands.ts';
import { EXIT_CODES } from '../src/cli/exit-code.ts';
import { parseConfigFile } from '../src/config/config-file.ts';
import { loadSettings } from '../src/config/load-settings.ts';
import { OPTIONS } from '../src/config/options.ts';
import { brokenLinks, commandLineProblems, hasVersion, missingFiles, missingTargets } from './docs/checks.ts';
import { readMarkdown } from './docs/markdown.ts';
import { sectionOf, withSection } from './docs/sections.ts';
import { commandsTable, exitCodesTable, optionsTable } from './docs/tables.ts';

const ROOT = path.join(import.meta.dirname, '..');
const README = path.join(ROOT, 'README.md');
const DOCS = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md'];
const UPDATE = 'UPDATE_DOCS=1 node --test test/docs.test.ts';

/** The parts of the README that the code writes, by their markers. */
const SECTIONS: Readonly<Record<string, string>> = {
  options: optionsTable(OPTIONS),
  'exit-codes': exitCodesTable(EXIT_CODES),
  commands: commandsTable(COMMANDS, OPTIONS),
};

if (process.env['UPDATE_DOCS'] === '1') {
  const updated = Object.entries(SECTIONS).reduce(
    (text, [name, body]) => withSection(text, name, body),
    readFileSync(README, 'utf8'),
  );
  writeFileSync(README, updated);
}

describe('The README', () => {
  for (const [name, body] of Object.entries(SECTIONS)) {
    test(`has the ${name} of the code`, () => {
      const section = sectionOf(readFileSync(README, 'utf8'), name);
      assert.equal(section, body, `The README is behind the code. To write it anew: ${UPDATE}`);
    });
  }

  test('shows only command lines that the tool takes', async () => {
    const problems = await commandLineProblems(readMarkdown(readFileSync(README, 'utf8')));
    assert.deepEqual(problems, []);
  });
});

test('The config files that the README shows can be read', () => {
  const { fences } = readMarkdown(readFileSync(README, 'utf8'));
  const files = fences.filter(({ language }) => language === 'yaml');
  assert.notEqual(files.length, 0);
  for (const { text } of files) loadSettings({ file: parseConfigFile('README.md', text) });
});

for (const file of DOCS) {
  describe(file, () => {
    test('has no link to nothing', () => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      assert.deepEqual(brokenLinks(readMarkdown(text)), []);
    });

    test('names only make targets that there are', () => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      const makefile = readFileSync(path.join(ROOT, 'Makefile'), 'utf8');
      assert.deepEqual(missingTargets(readMarkdown(text), makefile), []);
    });
  });
}

test('ARCHITECTURE.md and README.md name only files that there are', () => {
  for (const file of ['ARCHITECTURE.md', 'README.md']) {
    const { codeSpans } = readMarkdown(readFileSync(path.join(ROOT, file), 'utf8'));
    assert.deepEqual(missingFiles(codeSpans), [], file);
  }
});

test('CHANGELOG.md has a heading for the version in package.json', () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const { headings } = readMarkdown(readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8'));
  assert.ok(hasVersion(headings, version), `CHANGELOG.md has no heading ${version}`);
});
