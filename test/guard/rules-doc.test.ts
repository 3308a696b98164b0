import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { RULES } from '../../src/guard/rules.ts';

const PAGE = path.join(import.meta.dirname, '..', '..', 'docs', 'guard.md');
const UPDATE = 'UPDATE_DOCS=1 node --test test/guard/rules-doc.test.ts';
const [BEGIN, END] = ['<!-- rules: written by the code -->\n', '<!-- rules: end -->'];

function table(): string {
  const rows = RULES.map(({ id, message, attack }) =>
    `| \`${id}\` | ${message} | ${attack} |\n`.replaceAll('<', '&lt;'),
  );
  return `\n| rule | what must be so | what it stops |\n|---|---|---|\n${rows.join('')}\n`;
}

function withTable(page: string): string {
  const [before = '', rest = ''] = page.split(BEGIN);
  return `${before}${BEGIN}${table()}${END}${rest.split(END)[1] ?? ''}`;
}

if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8')));

test('docs/guard.md has the rules of the code', () => {
  const page = readFileSync(PAGE, 'utf8');
  assert.ok(page.includes(BEGIN) && page.includes(END));
  assert.equal(page, withTable(page), `The page is behind the code. To write it anew: ${UPDATE}`);
});

test('Each rule has a name of its own, and says what to do in one line', () => {
  assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
  for (const { id, message, attack } of RULES) {
    assert.match(id, /^[a-z-]+$/u);
    assert.match(message, /^[^\n|]{20,400}$/u);
    assert.match(attack, /^[^\n|]{20,200}$/u);
  }
});
