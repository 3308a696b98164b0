import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compareObjects } from '../../src/drift/compare-objects.ts';
import { compareValues } from '../../src/drift/compare-values.ts';
import type { Drift, FieldChange, ObjectChange, Value } from '../../src/drift/drift.ts';
import { objectPatch, type ObjectPatch } from '../../src/drift/json-patch.ts';
import { jsonReport } from '../../src/drift/json-report.ts';
import { patchReport } from '../../src/drift/patch-report.ts';
import { summaryLine } from '../../src/drift/summary.ts';
import { textReport } from '../../src/drift/text-report.ts';
import { jsonText, parseValue } from '../../src/drift/value.ts';
import { identityOf } from './json-value.ts';
import { applyPatch } from './apply-patch.ts';

const KEYS = [
  'containers',
  'env',
  'name',
  'value',
  'rules',
  'verbs',
  'args',
  'a/b',
  '~',
  '',
  '__proto__',
  'x',
];
const TYPES = ['deployments.apps', 'roles.rbac.authorization.k8s.io', 'configmaps', 'things.example.com'];
const OPTIONS = { areSecretsComparable: true };

/** JSON texts of objects as Kubernetes has them: few keys, so that lists are keyed, sets, or neither. */
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      'null',
      'true',
      '0',
      '1',
      '9007199254740993',
      '"a"',
      '"b"',
      '""',
      String.raw`"\u001b[0m\n"`,
    ),
    fc.array(tie('json'), { maxLength: 4 }).map((parts) => `[${parts.join()}]`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), tie('json')), {
        selector: ([key]) => key,
        maxLength: 5,
      })
      .map(
        (members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${String(value)}`).join()}}`,
      ),
  ),
}));
const type = fc.constantFrom(...TYPES);
const value = json.map((text) => parseValue(Buffer.from(text)));

/** A list whose elements have names, each its own. */
const named = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), value: fc.string() }),
  {
    selector: ({ name }) => name,
    maxLength: 5,
  },
);

/** What a terminal would obey, and what JSON and this report write in a way of their own. */
const NASTY = [
  '\u0000',
  '\u001B',
  '\u009B',
  '\u202E',
  '\u2028',
  '\u2066',
  '\uFEFF',
  '\u{E0001}',
  '\uD800',
  '\n',
  '\r',
  '"',
  '\\',
  '[',
  'a',
];
const nasty = fc.string({ unit: fc.constantFrom(...NASTY), maxLength: 8 });

describe('for all objects', () => {
  test('an object does not differ from itself', () => {
    fc.assert(
      fc.property(type, value, (name, one) =>
        assert.deepEqual(compareValues(name, one, parsed(jsonText(one))), []),
      ),
    );
  });

  test('a patch makes the one of the other, to the letter', () => {
    fc.assert(
      fc.property(type, value, value, (name, before, after) => {
        const { operations, withheld } = objectPatch(identityOf(name), before, after);
        if (withheld.length > 0) return;
        assert.equal(jsonText(applyPatch(before, operations)), jsonText(after));
      }),
      { numRuns: 500 },
    );
  });

  test('where nothing differs but order and notation, nothing is told, and otherwise something', () => {
    fc.assert(
      fc.property(type, value, value, (name, before, after) => {
        const differences = compareValues(name, before, after);
        const back = compareValues(name, after, before);
        assert.equal(differences.length === 0, back.length === 0);
        if (jsonText(before) === jsonText(after)) assert.deepEqual(differences, []);
        else if (sortedText(before) !== sortedText(after)) assert.notDeepEqual(differences, []);
      }),
      { numRuns: 500 },
    );
  });

  test('the order of a keyed list is nothing', () => {
    fc.assert(
      fc.property(named, named, fc.func(fc.nat()), (before, after, order) => {
        const shuffled = after.toSorted((a, b) => order(a.name) - order(b.name));
        const [old, present, other] = [before, after, shuffled].map((env) => parsed(JSON.stringify({ env })));
        assert.ok(old && present && other);
        const texts = [present, other].map((one) =>
          compareValues('deployments.apps', old, one).map(fieldText).toSorted(),
        );
        assert.deepEqual(texts[0], texts[1]);
        assert.deepEqual(compareValues('deployments.apps', present, other), []);
      }),
    );
  });

  test('no output holds a secret value, wherever it stands in an object that came, went or changed', () => {
    const marked = json.map((text) => text.replaceAll(/"[ab]"/gu, '"S3CR3T"'));
    fc.assert(
      fc.property(marked, marked, (before, after) => {
        // Under `data` of a Secret, and in the variable PASSWORD of whatever else.
        const secrets = [before, after].map((text) =>
          parsed(`{"data":{"key":${text}},"stringData":{"key":${text}}}`),
        );
        const variables = [before, after].map((text) =>
          parsed(
            `{"spec":{"containers":[{"name":"web","env":[{"name":"PASSWORD","value":${JSON.stringify(text)}}]}]}}`,
          ),
        );
        for (const output of [...outputs('secrets', secrets), ...outputs('deployments.apps', variables)])
          assert.ok(!output.includes('S3CR3T'), output);
      }),
    );
  });

  test('no output holds a character that a terminal would obey', () => {
    fc.assert(
      fc.property(nasty, nasty, nasty, (key, before, after) => {
        const values = [before, after].map((text) =>
          parsed(JSON.stringify({ data: { [key]: text, list: [{ name: text }], lines: `${text}\nx` } })),
        );
        for (const output of outputs('configmaps', values))
          assert.doesNotMatch(output.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('the JSON is JSON, and holds the values as they are', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        const drift = driftOf(changeOf('things.example.com', before, after));
        const read = parsed(jsonReport(drift));
        const fields = drift.changes.flatMap((change) => change.fields);
        const again = jsonText(read);
        for (const one of fields)
          for (const own of [one.before, one.after])
            if (own !== undefined) assert.ok(again.includes(jsonText(own)));
        assert.deepEqual(JSON.parse(jsonReport(drift)).format, 1);
      }),
    );
  });
});

function outputs(name: string, [before, after]: readonly (Value | undefined)[]): string[] {
  assert.ok(before !== undefined && after !== undefined);
  return [
    [before, after],
    [new Map<string, Value>(), after],
    [before, new Map<string, Value>()],
  ].flatMap(([from, to]) => {
    assert.ok(from !== undefined && to !== undefined);
    const change = changeOf(name, from, to);
    const drift = driftOf(change);
    const patches = new Map<ObjectChange, ObjectPatch>([[change, objectPatch(change, from, to)]]);
    return [
      textReport(drift, (_style, text) => text),
      jsonReport(drift),
      patchReport(drift, patches),
      summaryLine(drift),
    ];
  });
}

function changeOf(name: string, before: Value, after: Value): ObjectChange {
  const identity = identityOf(name);
  return {
    ...identity,
    change: 'changed',
    severity: 'low',
    fields: compareObjects({ identity, before, after }, OPTIONS),
  };
}

function driftOf(change: ObjectChange): Drift {
  const side = { startedAt: '2026-11-20T00:15:00.000Z', isComplete: true, ruleSet: '2', gaps: [] };
  const { type: name, project = '' } = change;
  return {
    before: { ...side, name: 'a.zip' },
    after: { ...side, name: 'b.zip' },
    changes: [change],
    counts: [{ type: name, project, added: 0, removed: 0, changed: 1, renamed: 0 }],
    omittedCount: 0,
    comparedCount: 1,
    notComparable: [],
    suppressed: [],
    notes: [],
  };
}

function parsed(text: string): Value {
  return parseValue(Buffer.from(text));
}

function fieldText({ path, op, before, after }: Omit<FieldChange, 'severity'>): string {
  return JSON.stringify([
    path,
    op,
    before === undefined ? '' : jsonText(before),
    after === undefined ? '' : jsonText(after),
  ]);
}

/** The same text for values that hold the same, in any order. */
function sortedText(one: Value): string {
  return Array.from(jsonText(one)).toSorted().join('');
}
