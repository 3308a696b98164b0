import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Drift, ObjectChange } from '../../src/drift/drift.ts';
import { objectPatch } from '../../src/drift/json-patch.ts';
import { jsonReport } from '../../src/drift/json-report.ts';
import { patchReport } from '../../src/drift/patch-report.ts';
import { pathOf, valueOf } from './json-value.ts';

const DOCUMENT = path.join(import.meta.dirname, '..', '..', 'docs', 'drift-json.md');

const CHANGE: ObjectChange = {
  type: 'configmaps',
  kind: 'ConfigMap',
  project: 'shop',
  name: 'a',
  previousName: 'b',
  change: 'renamed',
  severity: 'low',
  attribution: {
    managers: [{ manager: 'm', operation: 'Apply', time: '2026-11-19T00:00:00Z' }],
    created: '2026-11-19T00:00:00Z',
  },
  fields: [
    {
      path: pathOf('data', 'a.b', 3, { name: 'web', number: '5' }),
      op: 'changed',
      before: null,
      after: { number: '9007199254740993' },
      severity: 'low',
      note: 'n',
    },
    { path: pathOf('data', 'k'), op: 'changed', hidden: 'secret', severity: 'low' },
  ],
};
const SIDE = {
  name: 'a.zip',
  startedAt: '2026-11-19T00:00:00Z',
  isComplete: false,
  ruleSet: '2',
  gaps: [{ type: 't', scope: '*', reason: 'r' }],
};
/** Everything that there can be. */
const DRIFT: Drift = {
  before: SIDE,
  after: SIDE,
  changes: [CHANGE],
  counts: [{ type: 'configmaps', project: 'shop', added: 0, removed: 0, changed: 0, renamed: 1 }],
  omittedCount: 0,
  comparedCount: 1,
  notComparable: [{ type: 't', scope: '*', side: 'both', reason: 'r' }],
  suppressed: [{ rule: 'r', reason: 'r', count: 1 }],
  notes: ['n'],
};

type Json = { readonly [key: string]: Json } & { readonly [index: number]: Json };

test('docs/drift-json.md names every key that is printed, and no other', () => {
  const json = JSON.parse(jsonReport(DRIFT)) as Json;
  const secret = objectPatch(
    { ...CHANGE, type: 'secrets' },
    valueOf({ data: { a: 'x' } }),
    valueOf({ data: { a: 'y' } }),
  );
  const patch = JSON.parse(patchReport(DRIFT, new Map([[CHANGE, secret]]))) as Json;
  const printed = {
    '`diff -o json`: the document': [json],
    '`before`, `after`': [json['before']],
    '`summary`': [json['summary']],
    '`counts[]`': [json['counts']?.[0]],
    '`changes[]`': [json['changes']?.[0]],
    '`changes[].fields[]`': [json['changes']?.[0]?.['fields']?.[0], json['changes']?.[0]?.['fields']?.[1]],
    '`notComparable[]`': [json['notComparable']?.[0]],
    '`suppressed[]`': [json['suppressed']?.[0]],
    '`diff -o patch`': [patch],
    '`objects[]`': [patch['objects']?.[0]],
  };
  const keys = Object.entries(printed).map(([title, objects]) => {
    const all = objects.flatMap((object) => Object.keys(object ?? {}));
    return [title, [...new Set(all)].toSorted()] as const;
  });
  assert.deepEqual(keysByTitle(), Object.fromEntries(keys));
});

test('numbers, places and names of elements are what they were', () => {
  const text = jsonReport(DRIFT);
  assert.match(text, /"after": 9007199254740993,/u);
  assert.deepEqual((JSON.parse(text) as Json)['changes']?.[0]?.['fields']?.[0]?.['path'], [
    'data',
    'a.b',
    3,
    { name: 'web', number: '5' },
  ]);
});

function keysByTitle(): Record<string, string[]> {
  const sections = readFileSync(DOCUMENT, 'utf8').split(/^#+ /mu).slice(1);
  return Object.fromEntries(
    sections
      .filter((section) => section.includes('| key |'))
      .map((section) => {
        const cells = [...section.matchAll(/^\| (`[^|]+) \|/gmu)].flatMap(([, cell = '']) =>
          cell.split(', '),
        );
        return [section.split('\n', 1)[0], cells.map((cell) => cell.replaceAll('`', '')).toSorted()];
      }),
  ) as Record<string, string[]>;
}
