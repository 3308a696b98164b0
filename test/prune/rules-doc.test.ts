import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { listRules } from '../../src/prune/rule-list.ts';
import { rulesDocument } from './rules-document.ts';

const PAGE = path.join(import.meta.dirname, '..', '..', 'docs', 'rules.md');
const UPDATE = 'UPDATE_DOCS=1 node --test test/prune/rules-doc.test.ts';

if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, rulesDocument(listRules()));

test('docs/rules.md tells the rules of the code', () => {
  const page = readFileSync(PAGE, 'utf8');
  assert.equal(page, rulesDocument(listRules()), `The page is behind the code. To write it anew: ${UPDATE}`);
});

test('a rule stands under each of its types, and a bar in it ends no cell', () => {
  const page = rulesDocument([
    {
      id: 'a',
      verdict: 'never stored',
      types: ['services', 'pods'],
      what: 'x matches /1|2/u',
      reason: 'b | c',
      source: 'https://d',
    },
  ]);
  const rest = String.raw` | never stored | ${'`x matches /1\\|2/u`'} | ${'`a`'} | b \| c ([source](https://d)) |`;
  assert.ok(page.includes(`| \`pods\`${rest}\n| \`services\`${rest}\n`), page);
});
