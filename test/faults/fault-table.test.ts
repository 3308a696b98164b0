import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-code.ts';
import { type FaultResult, FAULTS } from './fault-table.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const PAGE = path.join(ROOT, 'docs', 'faults.md');
const UPDATE = 'UPDATE_DOCS=1 node --test test/faults/fault-table.test.ts';
const RESULTS: Readonly<Record<FaultResult, readonly [code: number, text: string]>> = {
  complete: [0, 'complete'],
  incomplete: [3, 'incomplete, with the gap named'],
  failed: [4, 'nothing published'],
  interrupted: [143, 'nothing published'],
};

/** Where each row is proved, by its id. */
const TESTS = testFiles();

if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page());

describe('docs/faults.md', () => {
  test('is what the table of faults says', () => {
    assert.equal(readFileSync(PAGE, 'utf8'), page(), `It is behind the table. To write it anew: ${UPDATE}`);
  });

  for (const [id, { fault }] of Object.entries(FAULTS)) {
    test(`has a test for: ${fault}`, () => assert.equal(TESTS[id]?.length, 1, `${id}: ${TESTS[id]?.join()}`));
  }

  test('has results that are exit codes', () => {
    const known = EXIT_CODES.map(({ code }) => code);
    for (const [code] of Object.values(RESULTS)) assert.ok(known.includes(code), String(code));
  });
});

function page(): string {
  const rows = Object.entries(FAULTS).map(([id, { fault, answer, result }]) => {
    const [code, text] = RESULTS[result];
    return [fault, answer, `${code}: ${text}`, `\`${TESTS[id]?.[0] ?? ''}\``];
  });
  const cells = [
    ['what the API server does', 'what openshift-backup does', 'exit code, at worst', 'proved by'],
    ['---', '---', '---', '---'],
    ...rows,
  ];
  return `# What the API server may do to a run

An error is never an empty result: whatever the API server does, the archive is complete and right, or it says which part is missing and why.
This page is made from the tests (\`${UPDATE}\`).

${cells.map((row) => `| ${row.join(' | ')} |\n`).join('')}`;
}

/** The test files that use the name of a row. */
function testFiles(): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT }).toSorted()) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, id = ''] of text.matchAll(/\bfaultName\('(?<id>[^']+)'\)/gu))
      found[id] = [...new Set([...(found[id] ?? []), file])];
  }
  return found;
}
