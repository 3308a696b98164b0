import assert from 'node:assert/strict';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { JsonDocument } from '../../src/json/json-document.ts';
import { type ResourceType, typeName } from '../../src/model/resource-type.ts';
import { find, holds } from '../../src/prune/condition.ts';
import { removeField } from '../../src/prune/remove-field.ts';
import type { FieldRule } from '../../src/prune/rule.ts';
import { APPLY_RULES, PRUNE_RULES, SECRET_RULES, SKIP_RULES } from '../../src/prune/rules.ts';
import { skipReason } from '../../src/prune/skip-types.ts';
import { applyReady, GOLDEN, goldenCases, type Outcome, outcomeOf, written } from './golden-cases.ts';

const UPDATE = 'UPDATE_GOLDEN=1 node --test test/prune/golden.test.ts';
const CASES = goldenCases();

if (process.env['UPDATE_GOLDEN'] === '1') {
  for (const file of outcomeFiles()) rmSync(path.join(GOLDEN, file));
  for (const given of CASES) {
    for (const [end, text] of Object.entries(outcomeOf(given)))
      writeFileSync(path.join(GOLDEN, given.name + end), text);
  }
}

describe('what becomes of an object', () => {
  for (const given of CASES) {
    test(given.name, () => {
      assert.equal(skipReason(given.type), undefined, 'its whole type is left out');
      const files = outcomeFiles().filter((file) => file.startsWith(`${given.name}.`));
      const expected: Outcome = Object.fromEntries(
        files.map((file) => [file.slice(given.name.length), readFileSync(path.join(GOLDEN, file), 'utf8')]),
      );
      assert.deepEqual(outcomeOf(given), expected, `To write it anew, and to be read: ${UPDATE}`);
    });
  }

  test('there is no file of a case that is no more', () => {
    const names = CASES.map(({ name }) => name);
    const strays = outcomeFiles().filter((file) => !names.includes(file.replace(/\.[-a-z]+\.\w+$/u, '')));
    assert.deepEqual(strays, []);
  });
});

describe('what has been done is not done again', () => {
  for (const given of CASES) {
    const { '.stored.json': stored, '.apply-ready.json': ready = stored } = outcomeOf(given);
    if (stored === undefined || ready === undefined) continue;
    test(given.name, () => {
      assert.equal(outcomeOf({ ...given, raw: stored })['.stored.json'], stored);
      assert.equal(outcomeOf({ ...given, raw: ready })['.stored.json'], ready);
      assert.equal(applyReady(ready, given.type), ready);
    });
  }
});

describe('every rule takes effect somewhere:', () => {
  const stored = CASES.flatMap((given) => {
    const { '.stored.json': raw } = outcomeOf(given);
    return raw === undefined ? [] : [{ ...given, raw }];
  });
  const skipped = CASES.map((given) => outcomeOf(given)['.skipped.txt']?.trim());
  const isKept = new Set(stored.map(({ name }) => name));

  for (const rule of PRUNE_RULES)
    test(rule.id, () => assert.ok(CASES.some((given) => isKept.has(given.name) && removes(rule, given))));
  for (const rule of APPLY_RULES)
    test(rule.id, () => assert.ok(stored.some((given) => removes(rule, given))));
  for (const { id } of SKIP_RULES) test(id, () => assert.ok(skipped.includes(id)));
  for (const rule of SECRET_RULES)
    test(rule.id, () => assert.ok(stored.some((given) => leadsSomewhere(rule, given))));
});

function outcomeFiles(): string[] {
  return globSync('*/*.{stored.json,apply-ready.json,skipped.txt}', { cwd: GOLDEN }).toSorted();
}

function isOn(
  { types, when, path: rulePath }: FieldRule,
  type: ResourceType,
  document: JsonDocument,
): boolean {
  if (types !== '*' && !types.includes(typeName(type))) return false;
  const judged = { document, object: document.root, path: rulePath };
  return when === undefined || holds(judged, document.root, when);
}

function removes(rule: FieldRule, { raw, type }: { raw: string; type: ResourceType }): boolean {
  const document = new JsonDocument(Buffer.from(raw));
  if (!isOn(rule, type, document)) return false;
  const before = written(document);
  removeField({ document, object: document.root, path: rule.path }, rule.isParentKept);
  return written(document) !== before;
}

function leadsSomewhere(rule: FieldRule, { raw, type }: { raw: string; type: ResourceType }): boolean {
  const document = new JsonDocument(Buffer.from(raw));
  const judged = { document, object: document.root, path: rule.path };
  const found = find(judged, document.root, rule.path);
  return isOn(rule, type, document) && found.some((node) => document.text(node) !== undefined);
}
