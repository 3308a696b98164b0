import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { attributionOf } from '../../src/drift/attribution.ts';
import type { Attribution } from '../../src/drift/drift.ts';
import { FactsWriter } from '../../src/export/object-facts.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import { parseValue } from '../../src/drift/value.ts';
import { valueOf } from './json-value.ts';

const SINCE = '2026-11-20T00:15:00Z';
const OLD = entry('helm', '2026-11-01T08:00:00Z', { operation: 'Update' });
const EDIT = entry('kubectl-edit', '2026-11-20T09:00:00Z', { operation: 'Update' });
const APPLY = entry('argocd', '2026-11-20T10:00:00Z', { operation: 'Apply' });

const CASES: readonly (readonly [
  name: string,
  before: unknown,
  after: unknown,
  expected: Attribution | undefined,
])[] = [
  ['nobody wrote', facts([OLD]), facts([OLD]), undefined],
  ['one wrote, and another one long ago', facts([OLD]), facts([OLD, EDIT]), { managers: [EDIT] }],
  ['two wrote, the latest comes first', facts([OLD]), facts([EDIT, OLD, APPLY]), { managers: [APPLY, EDIT] }],
  [
    'one wrote again',
    facts([{ ...EDIT, time: '2026-11-01T08:00:00Z' }]),
    facts([EDIT]),
    { managers: [EDIT] },
  ],
  ['only the status was written', facts([OLD]), facts([OLD, { ...EDIT, subresource: 'status' }]), undefined],
  ['the scale was written', facts([OLD]), facts([{ ...EDIT, subresource: 'scale' }]), { managers: [EDIT] }],
  ['a write that the first archive knows already', facts([EDIT]), facts([EDIT]), undefined],
  [
    'a write a minute before, by a clock that lags',
    facts([OLD]),
    facts([entry('a', '2026-11-20T00:14:00Z')]),
    { managers: [{ manager: 'a', operation: '', time: '2026-11-20T00:14:00Z' }] },
  ],
  [
    'a write long before that the first archive does not know',
    facts([OLD]),
    facts([entry('a', '2026-11-19T00:00:00Z')]),
    undefined,
  ],
  ['an older archive without facts', undefined, facts([OLD, EDIT]), { managers: [EDIT] }],
  ['no facts at all', undefined, undefined, undefined],
  ['an object that is gone', facts([OLD]), undefined, undefined],
  [
    'an object that was added',
    undefined,
    facts([EDIT], { created: '2026-11-20T08:59:00Z' }),
    { managers: [EDIT], created: '2026-11-20T08:59:00Z' },
  ],
  [
    'an object without facts before that is old',
    undefined,
    facts([EDIT], { created: '2026-01-01T00:00:00Z' }),
    { managers: [EDIT] },
  ],
  [
    'an object that was made anew',
    facts([EDIT], { uid: '1', created: '2026-01-01T00:00:00Z' }),
    facts([EDIT, APPLY], { uid: '2', created: '2026-11-20T10:00:00Z' }),
    { managers: [APPLY], created: '2026-11-20T10:00:00Z', isRemade: true },
  ],
  [
    'an object that was made anew, nobody knows when',
    { uid: '1' },
    { uid: '2' },
    { managers: [], isRemade: true },
  ],
  [
    'the same object',
    facts([OLD], { uid: '1', created: '2026-11-20T10:00:00Z' }),
    facts([OLD], { uid: '1', created: '2026-11-20T10:00:00Z' }),
    undefined,
  ],
  ['a time that is none', facts([]), facts([entry('a', 'yesterday'), EDIT]), { managers: [EDIT] }],
  [
    'a manager without a name or a time',
    facts([]),
    facts([{ time: EDIT.time }, { manager: 'a' }, null, 'a', 1, []]),
    undefined,
  ],
  ['managers in another shape', facts([]), { managers: { manager: 'a', time: EDIT.time } }, undefined],
  ['a creation in another shape', undefined, { created: ['2026-11-20T10:00:00Z'] }, undefined],
  ['a text', 'a', 'b', undefined],
];

describe('Who wrote between two archives:', () => {
  for (const [name, before, after, expected] of CASES) {
    test(name, () => {
      const [old, present] = [before, after].map((given) =>
        given === undefined ? undefined : valueOf(given),
      );
      assert.deepEqual(attributionOf(old, present, SINCE), expected);
    });
  }

  test('is told by the facts as an export writes them', () => {
    const object = {
      metadata: {
        name: 'web',
        uid: '1',
        creationTimestamp: '2026-11-01T00:00:00Z',
        managedFields: [{ ...EDIT, fieldsV1: {} }],
      },
    };
    const document = new JsonDocument(Buffer.from(JSON.stringify(object)));
    const after = parseValue(Buffer.from(new FactsWriter().write(document, document.root)));
    assert.deepEqual(attributionOf(undefined, after, SINCE), { managers: [EDIT] });
  });

  test('is told or not, whatever the facts are', () => {
    const key = fc.constantFrom('managers', 'created', 'uid', 'manager', 'time', 'operation');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.constant(EDIT.time),
        fc.constant(null),
        fc.integer(),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, value, fc.oneof(fc.string(), fc.constant(SINCE)), (before, after, since) => {
        const found = attributionOf(valueOf(before), valueOf(after), since);
        const times = (found?.managers ?? []).map(({ time }) => Date.parse(time));
        assert.deepEqual(
          times,
          times.toSorted((a, b) => b - a),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

function entry(
  manager: string,
  time: string,
  more: object = {},
): { manager: string; operation: string; time: string } {
  return { manager, time, ...more } as ReturnType<typeof entry>;
}

function facts(managers: readonly unknown[], more: object = {}): object {
  return {
    apiVersion: 'openshift-backup.io/v1',
    kind: 'Facts',
    metadata: { name: 'web' },
    managers,
    ...more,
  };
}
