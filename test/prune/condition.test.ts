import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CanonicalWriter } from '../../src/json/canonical-writer.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import { holds } from '../../src/prune/condition.ts';
import { removeField } from '../../src/prune/remove-field.ts';
import {
  annotation,
  type Condition,
  conditionText,
  EACH,
  type Path,
  pathText,
} from '../../src/prune/rule.ts';

const OBJECT = {
  metadata: {
    name: 'web',
    annotations: { 'a.b/c': 'yes', empty: '' },
    ownerReferences: [
      { kind: 'Team', name: 'x', short: 'w' },
      { kind: 'ReplicaSet', name: 'y', controller: true, short: 'web' },
    ],
    managedFields: [{ manager: 'sync', fieldsV1: { 'f:spec': { 'f:a': {} } } }],
  },
  spec: {
    a: 1,
    b: true,
    none: null,
    group: 'all:web',
    list: [
      { n: 'web-token-1', v: 1 },
      { n: 'mine', v: 2 },
    ],
    map: { x: {}, y: [] },
  },
};

const HOLD: readonly (readonly [condition: Condition, expected: boolean, text: string])[] = [
  [{ has: ['spec', 'a'] }, true, 'spec.a is there'],
  [{ has: ['spec', 'none'] }, false, 'spec.none is there'],
  [{ has: ['spec', 'gone', 'further'] }, false, 'spec.gone.further is there'],
  [{ has: annotation('empty') }, true, 'metadata.annotations.empty is there'],
  [{ has: ['spec', 'list', 0, 'n'] }, true, 'spec.list[0].n is there'],
  [{ has: ['spec', 'list', 2] }, false, 'spec.list[2] is there'],
  [{ has: ['spec', { keys: /^ma/u }] }, true, 'spec[/^ma/u] is there'],
  [{ field: ['spec', 'a'], is: 1 }, true, 'spec.a is 1'],
  [{ field: ['spec', 'a'], is: '1' }, false, 'spec.a is "1"'],
  [{ field: ['spec', 'b'], is: true }, true, 'spec.b is true'],
  [{ field: annotation('a.b/c'), is: 'yes' }, true, 'metadata.annotations["a.b/c"] is "yes"'],
  [{ field: annotation('a.b/c'), matches: /^y/u }, true, 'metadata.annotations["a.b/c"] matches /^y/u'],
  [{ field: ['spec', 'a'], matches: /1/u }, false, 'spec.a matches /1/u'],
  [
    { field: ['spec', 'list', EACH, 'n'], sameAs: ['metadata', 'name'], after: /^-token-/u },
    true,
    'spec.list[*].n is metadata.name and then /^-token-/u',
  ],
  [
    { field: ['spec', 'list', EACH, 'n'], sameAs: ['metadata', 'name'] },
    false,
    'spec.list[*].n is metadata.name',
  ],
  [
    { field: ['metadata', 'name'], sameAs: ['metadata', 'ownerReferences', EACH, 'short'] },
    true,
    'metadata.name is one of metadata.ownerReferences[*].short',
  ],
  [{ field: ['metadata', 'name'], sameAs: ['metadata', 'gone'] }, false, 'metadata.name is metadata.gone'],
  [
    { field: ['metadata', 'name'], sameAs: annotation('empty'), after: /^web/u },
    false,
    'metadata.name is metadata.annotations.empty and then /^web/u',
  ],
  [
    { field: ['spec', 'group'], before: 'all:', sameAs: ['metadata', 'name'] },
    true,
    'spec.group is "all:" and then metadata.name',
  ],
  [{ field: ['spec', 'group'], sameAs: ['metadata', 'name'] }, false, 'spec.group is metadata.name'],
  [{ field: ['spec', 'a'], sameAs: ['spec', 'a'] }, false, 'spec.a is spec.a'],
  [{ count: ['spec', 'list'], is: 2 }, true, 'spec.list has 2 entries'],
  [{ count: ['spec', 'gone'], is: 0 }, true, 'spec.gone has 0 entries'],
  [{ ownedBy: ['ReplicaSet'] }, true, 'a ReplicaSet controls it'],
  [{ ownedBy: ['Team', 'Job'] }, false, 'a Team or Job controls it'],
  [{ managedBy: 'sync' }, true, 'the field manager sync set it'],
  [{ managedBy: 'kubectl' }, false, 'the field manager kubectl set it'],
  [{ all: [{ has: ['spec'] }, { has: ['status'] }] }, false, 'spec is there and status is there'],
  [{ any: [{ has: ['spec'] }, { has: ['status'] }] }, true, 'spec is there or status is there'],
  [{ not: { any: [{ has: ['x'] }] } }, true, 'not (x is there)'],
];

const GONE: readonly (readonly [path: Path, text: string, expected: object])[] = [
  [['spec', 'a'], 'spec.a', { b: true, c: [{ d: {}, k: '1' }, { d: { e: 1 } }], m: { 'x.y/1': 1, z: 2 } }],
  [
    ['spec', 'c', EACH, 'd', 'e'],
    'spec.c[*].d.e',
    { a: 1, b: true, c: [{ d: {}, k: '1' }], m: { 'x.y/1': 1, z: 2 } },
  ],
  [
    ['spec', 'c', { elements: { field: ['k'], is: '1' } }],
    'spec.c[where k is "1"]',
    { a: 1, b: true, c: [{ d: { e: 1 } }], m: { 'x.y/1': 1, z: 2 } },
  ],
  [
    ['spec', 'm', { keys: /^x/u }],
    'spec.m[/^x/u]',
    { a: 1, b: true, c: [{ d: {}, k: '1' }, { d: { e: 1 } }], m: { z: 2 } },
  ],
  [['spec', 'm', EACH], 'spec.m[*]', { a: 1, b: true, c: [{ d: {}, k: '1' }, { d: { e: 1 } }] }],
  [['spec', 'c', EACH], 'spec.c[*]', { a: 1, b: true, m: { 'x.y/1': 1, z: 2 } }],
  [['spec', 'c', 0], 'spec.c[0]', { a: 1, b: true, c: [{ d: { e: 1 } }], m: { 'x.y/1': 1, z: 2 } }],
];

for (const [condition, expected, text] of HOLD) {
  test(`holds(): ${text}: ${expected}`, () => {
    const document = new JsonDocument(Buffer.from(JSON.stringify(OBJECT)));
    const judged = { document, object: document.root, path: ['spec', 'a'] };
    assert.equal(holds(judged, document.root, condition), expected);
    assert.equal(conditionText(condition), text);
  });
}

test('holds() knows who set a field also where the fields have been passed over', () => {
  const way = ['items', '*', 'metadata', 'managedFields', '*', 'fieldsV1'];
  const document = new JsonDocument(Buffer.from(JSON.stringify({ items: [OBJECT] })), undefined, way);
  const [object = 0] = document.elements(document.member(document.root, 'items') ?? 0);
  const isSetBy = (manager: string, path: Path): boolean =>
    holds({ document, object, path }, object, { managedBy: manager });
  assert.deepEqual(
    [isSetBy('sync', ['spec', 'a']), isSetBy('sync', ['spec', 'b']), isSetBy('kubectl', ['spec', 'a'])],
    [true, false, false],
  );
});

for (const [path, text, expected] of GONE) {
  test(`removeField() of ${text}`, () => {
    const spec = { a: 1, b: true, c: [{ d: {}, k: '1' }, { d: { e: 1 } }], m: { 'x.y/1': 1, z: 2 } };
    const document = new JsonDocument(Buffer.from(JSON.stringify({ spec })));
    removeField({ document, object: document.root, path });
    const text2 = Buffer.from(new CanonicalWriter().write(document, document.root, 0)).toString();
    assert.deepEqual(JSON.parse(text2), { spec: expected });
    assert.equal(pathText(path), text);
  });
}

test('removeField() leaves what it has emptied where that means something', () => {
  const spec = { triggers: [{ type: 'x', imageChange: { last: '1' } }, { type: 'y' }] };
  const document = new JsonDocument(Buffer.from(JSON.stringify({ spec })));
  removeField(
    { document, object: document.root, path: ['spec', 'triggers', EACH, 'imageChange', 'last'] },
    true,
  );
  const text = Buffer.from(new CanonicalWriter().write(document, document.root, 0)).toString();
  assert.deepEqual(JSON.parse(text), { spec: { triggers: [{ type: 'x', imageChange: {} }, { type: 'y' }] } });
});
