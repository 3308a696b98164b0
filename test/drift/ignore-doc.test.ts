import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { DEFAULT_IGNORES } from '../../src/drift/default-ignores.ts';
import { parseIgnoreFile } from '../../src/drift/ignore-file.ts';
import { parsePattern } from '../../src/drift/path-pattern.ts';
import { EXAMPLE, FORMS, ignoreDocument } from './ignore-document.ts';

const PAGE = path.join(import.meta.dirname, '..', '..', 'docs', 'ignore-rules.md');
const UPDATE = 'UPDATE_DOCS=1 node --test test/drift/ignore-doc.test.ts';

if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, ignoreDocument(DEFAULT_IGNORES));

test('docs/ignore-rules.md tells the rules of the code', () => {
  const page = readFileSync(PAGE, 'utf8');
  assert.equal(
    page,
    ignoreDocument(DEFAULT_IGNORES),
    `The page is behind the code. To write it anew: ${UPDATE}`,
  );
});

test('what the page shows can be read', () => {
  const { rules, expired } = parseIgnoreFile(parse(EXAMPLE), new Date('2026-11-20'));
  assert.deepEqual([rules.length, expired.length], [3, 0]);
  for (const [form] of FORMS) assert.ok('pattern' in parsePattern(form), form);
});
