import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { compareArchives } from '../../src/drift/compare-archives.ts';
import { pathText } from '../../src/drift/display.ts';
import type { Drift } from '../../src/drift/drift.ts';
import { objectPatch } from '../../src/drift/json-patch.ts';
import { jsonText } from '../../src/drift/value.ts';
import { temporaryFolder } from '../archive/zip-fixtures.ts';
import { type Night, stored, type Stored, writeNightOf } from './nights.ts';

const map = (keys: readonly unknown[], properties: object = {}): object => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  items: { type: 'object', properties },
});
const set = (items: object): object => ({ type: 'array', 'x-kubernetes-list-type': 'set', items });
const object = (properties: object): object => ({ type: 'object', properties });

const SPEC = {
  ports: map(['port', 'protocol'], { protocol: { type: 'string', default: 'TCP' } }),
  zones: set({ type: 'string' }),
  peers: set({ type: 'object' }),
  steps: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'object' } },
  groups: map(['id'], { members: map(['uid']) }),
  byTeam: { type: 'object', additionalProperties: map(['id']) },
  logins: map(['password']),
  apiToken: set({ type: 'string' }),
  settings: map(['key']),
  constructor: map(['id']),
  dotted: map(['a.b=c?']),
};

/** The definition of Gadgets; each version with a schema of its own. */
function definition(versions: Readonly<Record<string, unknown>>): Stored {
  const list = Object.entries(versions).map(([name, schema]) => ({
    name,
    schema: { openAPIV3Schema: schema },
  }));
  return stored('CustomResourceDefinition', 'gadgets.example.com', { spec: { versions: list } });
}

const DEFINITION = definition({ v1: object({ spec: object(SPEC) }) });

function gadget(spec: object, version = 'v1'): Stored {
  return { ...stored('Gadget', 'a', { spec }), apiVersion: `example.com/${version}` };
}

async function drift(
  context: { after(fn: () => Promise<void>): void },
  before: Night,
  after: Night,
  onChange?: Parameters<typeof compareArchives>[0]['onChange'],
): Promise<Drift> {
  const dir = await temporaryFolder(context);
  const paths = { before: await writeNightOf(dir, 19, before), after: await writeNightOf(dir, 20, after) };
  const question = { projects: [], types: [], rules: [], findsRenames: true, isForced: false };
  return await compareArchives({ ...question, ...paths, ...(onChange && { onChange }) });
}

function headersOf(...names: readonly string[]): object {
  const response = names.map((name) => ({ name, action: name }));
  return { spec: { httpHeaders: { actions: { response } } } };
}

function lines({ changes }: Drift): string[] {
  return changes
    .filter(({ kind }) => kind !== 'CustomResourceDefinition')
    .flatMap(({ fields }) => fields)
    .map((one) => {
      if (one.hidden) return `${pathText(one.path)}: ${one.hidden}`;
      const [from, to] = [one.before, one.after].map((value) => (value === undefined ? '' : jsonText(value)));
      return `${pathText(one.path)}: ${{ added: `+ ${to}`, removed: `- ${from}`, changed: `${from} → ${to}` }[one.op]}`;
    })
    .toSorted();
}

const CASES: readonly (readonly [
  what: string,
  before: object,
  after: object,
  expected: readonly string[],
])[] = [
  [
    'a list with two keys in another order',
    { ports: [{ port: 1, protocol: 'UDP' }, { port: 1 }] },
    { ports: [{ port: 1 }, { port: 1, protocol: 'UDP' }] },
    [],
  ],
  [
    'an element of it that has changed, in another order',
    {
      ports: [
        { port: 1, a: 1 },
        { port: 1, protocol: 'UDP', a: 1 },
      ],
    },
    {
      ports: [
        { port: 1, protocol: 'UDP', a: 2 },
        { port: 1, a: 1 },
      ],
    },
    ['spec.ports[port=1,protocol=UDP].a: 1 → 2'],
  ],
  [
    'an element with the default instead of nothing',
    { ports: [{ port: 1, a: 1 }] },
    { ports: [{ port: 1, protocol: 'TCP', a: 1 }] },
    ['spec.ports[port=1].protocol: + "TCP"'],
  ],
  [
    'an element that came and one that went',
    { ports: [{ port: 1 }, { port: 2 }] },
    { ports: [{ port: 3 }, { port: 1 }] },
    ['spec.ports[port=2]: - {"port":2}', 'spec.ports[port=3]: + {"port":3}'],
  ],
  [
    'two elements of one key, which a server does not take',
    { ports: [{ port: 1 }, { port: 1 }] },
    { ports: [{ port: 1 }, { port: 1, a: 1 }] },
    ['spec.ports[port=1,#=1].a: + 1'],
  ],
  [
    'an element without its key',
    { groups: [{ x: 1 }, { id: 'a' }] },
    { groups: [{ x: 2 }, { id: 'a' }] },
    ['spec.groups[0].x: 1 → 2'],
  ],
  [
    'keyed lists in a keyed list, each in another order',
    { groups: [{ id: 'a', members: [{ uid: 1 }, { uid: 2, v: 1 }] }, { id: 'b' }] },
    { groups: [{ id: 'b' }, { id: 'a', members: [{ uid: 2, v: 2 }, { uid: 1 }] }] },
    ['spec.groups[id=a].members[uid=2].v: 1 → 2'],
  ],
  [
    'a list under a key that anybody chose',
    { byTeam: { red: [{ id: 1 }, { id: 2 }] } },
    { byTeam: { red: [{ id: 2, v: 1 }, { id: 1 }] } },
    ['spec.byTeam.red[id=2].v: + 1'],
  ],
  ['a set in another order', { zones: ['a', 'b'] }, { zones: ['b', 'a'] }, []],
  ['a set with something new', { zones: ['a', 'b'] }, { zones: ['c', 'b', 'a'] }, ['spec.zones[c]: + "c"']],
  [
    'a set of objects in another order',
    { peers: [{ a: 1 }, { b: [1, 2] }] },
    { peers: [{ b: [1, 2] }, { a: 1 }] },
    [],
  ],
  [
    'a list that is one value, in another order',
    { steps: [{ x: 1 }, { x: 2 }] },
    { steps: [{ x: 2 }, { x: 1 }] },
    ['spec.steps[0]: - {"x":1}', 'spec.steps[1]: + {"x":1}'],
  ],
  [
    'a list of which the schema says nothing',
    { other: [{ id: 1 }, { id: 2 }] },
    { other: [{ id: 2 }, { id: 1 }] },
    ['spec.other[0]: - {"id":1}', 'spec.other[1]: + {"id":1}'],
  ],
  [
    'a list that is none any more',
    { groups: [{ id: 'a' }] },
    { groups: 'none' },
    ['spec.groups: [{"id":"a"}] → "none"'],
  ],
  [
    'a list with the name of what every object has',
    { constructor: [{ id: 1 }, { id: 2 }] },
    { constructor: [{ id: 2 }, { id: 1 }] },
    [],
  ],
  [
    'a key that is written as no name is',
    { dotted: [{ 'a.b=c?': 1, v: 1 }, { 'a.b=c?': 2 }] },
    { dotted: [{ 'a.b=c?': 2 }, { 'a.b=c?': 1, v: 2 }] },
    ['spec.dotted[a.b=c?=1].v: 1 → 2'],
  ],
  [
    'elements that a secret names, so that none is in a path',
    { logins: [{ password: 'hunter2', v: 1 }] },
    { logins: [{ password: 'hunter2', v: 2 }] },
    ['spec.logins[0].v: 1 → 2'],
  ],
  ['a set of secrets', { apiToken: ['a'] }, { apiToken: ['a', 'hunter2'] }, ['spec.apiToken: secret']],
  [
    'a value whose key may tell that it is secret',
    { settings: [{ key: 'DB_PASSWORD', value: 'hunter2' }] },
    { settings: [{ key: 'DB_PASSWORD', value: 'hunter3' }] },
    ['spec.settings[key=DB_PASSWORD].value: secret'],
  ],
];

describe('lists of custom resources, by their definition', () => {
  for (const [what, before, after, expected] of CASES) {
    test(what, async (context) => {
      const found = await drift(
        context,
        { objects: [DEFINITION, gadget(before)] },
        { objects: [DEFINITION, gadget(after)] },
        (change, old, present) => {
          // Where a segment of a path names an element, the patch names the same one.
          assert.ok(old !== undefined && present !== undefined);
          assert.ok(
            objectPatch(change, old, present).operations.length > 0 || expected.join().includes('secret'),
          );
        },
      );
      assert.deepEqual(lines(found), expected);
    });
  }

  const REORDERED = [{ groups: [{ id: 1 }, { id: 2 }] }, { groups: [{ id: 2 }, { id: 1 }] }] as const;
  const MOVED = ['spec.groups[0]: - {"id":1}', 'spec.groups[1]: + {"id":1}'];
  const none = definition({ v1: object({}) });
  const SOURCES: readonly (readonly [
    what: string,
    before: Stored | undefined,
    after: Stored | undefined,
    expected: readonly string[],
  ])[] = [
    ['of the newer archive', none, DEFINITION, []],
    ['of the newer archive, which no longer says anything', DEFINITION, none, MOVED],
    ['of the older archive, where the newer has none', DEFINITION, undefined, []],
    ['of neither, without which the order may say something', undefined, undefined, MOVED],
    ['of another version only', undefined, definition({ v2: object({ spec: object(SPEC) }) }), MOVED],
  ];
  for (const [what, before, after, expected] of SOURCES) {
    test(what, async (context) => {
      const nights = [before, after].map((one, index) => ({
        objects: [...(one ? [one] : []), gadget(REORDERED[index] ?? {})],
      }));
      assert.deepEqual(lines(await drift(context, nights[0] ?? {}, nights[1] ?? {})), expected);
    });
  }

  test('of the version that the objects are in', async (context) => {
    const other = definition({
      v1: object({ spec: object({ groups: set({}) }) }),
      v2: object({ spec: object({ groups: map(['uid']) }) }),
    });
    const nights = [
      [{ uid: 1, v: 1 }, { uid: 2 }],
      [{ uid: 2 }, { uid: 1, v: 2 }],
    ].map((groups) => ({ objects: [other, gadget({ groups }, 'v2')] }));
    const found = await drift(context, nights[0] ?? {}, nights[1] ?? {});
    assert.deepEqual(lines(found), ['spec.groups[uid=1].v: 1 → 2']);
  });

  test('also of an object with another name', async (context) => {
    const content = { one: 1, two: 2, three: 3, four: 4, zones: ['x', 'y'] };
    const renamed = {
      ...gadget({ ...content, zones: ['y', 'x'] }),
      metadata: { name: 'b', namespace: 'shop' },
    };
    const found = await drift(
      context,
      { objects: [DEFINITION, gadget(content)] },
      { objects: [DEFINITION, renamed] },
    );
    assert.deepEqual([found.changes.map(({ change }) => change), lines(found)], [['renamed'], []]);
  });

  test("as OpenShift's own definition of a Route says", async (context) => {
    const file = path.join(import.meta.dirname, '..', 'data', 'openshift', 'crds', 'routes.yaml');
    const routes = parse(await readFile(file, 'utf8')) as Stored;
    const [before, after] = [headersOf('a', 'b'), headersOf('b', 'c', 'a')];
    const nights = [before, after].map((content) => ({ objects: [routes, stored('Route', 'r', content)] }));
    assert.deepEqual(lines(await drift(context, nights[0] ?? {}, nights[1] ?? {})), [
      'spec.httpHeaders.actions.response[name=c]: + {"action":"c","name":"c"}',
    ]);
  });

  const deep = (levels: number): unknown =>
    Array.from({ length: levels }).reduce<unknown>((inner) => object({ x: inner }), map(['id']));
  const HOSTILE: readonly (readonly [what: string, schema: unknown])[] = [
    ['no object', 7],
    ['lists for objects', { properties: [{ spec: 1 }], items: [], additionalProperties: true }],
    [
      'keys that are no list',
      object({ spec: object({ groups: { ...map([]), 'x-kubernetes-list-map-keys': 'id' } }) }),
    ],
    ['keys that are no texts', object({ spec: object({ groups: map([1, null, {}]) }) })],
    ['no keys', object({ spec: object({ groups: map([]) }) })],
    ['a key without a name', object({ spec: object({ groups: map(['']) }) })],
    ['a key that a path uses', object({ spec: object({ groups: map(['#']) }) })],
    [
      'a kind of list that nobody knows',
      object({ spec: object({ groups: { ...map(['id']), 'x-kubernetes-list-type': 'x' } }) }),
    ],
    [
      'a kind of list that is no text',
      object({ spec: object({ groups: { ...map(['id']), 'x-kubernetes-list-type': {} } }) }),
    ],
    [
      'a prototype',
      JSON.parse(
        '{"__proto__":{"properties":{"spec":{"x":1}}},"properties":{"__proto__":{"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["__proto__"]}}}',
      ),
    ],
    ['three hundred levels', deep(300)],
    [
      'a hundred thousand lists',
      object(Object.fromEntries(Array.from({ length: 150_000 }, (_value, index) => [`p${index}`, set({})]))),
    ],
  ];
  for (const [what, schema] of HOSTILE) {
    test(`whatever its schema is: ${what}`, async (context) => {
      const hostile = definition({ v1: schema });
      const [old, present] = REORDERED.map((spec) => ({ objects: [hostile, gadget(spec)] }));
      const begin = process.cpuUsage().user;
      assert.deepEqual(lines(await drift(context, old ?? {}, present ?? {})), MOVED);
      assert.ok(process.cpuUsage().user - begin < 10_000_000, 'microseconds');
    });
  }

  test('whatever stands in the place of its versions', async (context) => {
    for (const versions of [7, 'v1', { v1: {} }, [7, { name: 7 }, { name: 'v1', schema: [] }]]) {
      const odd = stored('CustomResourceDefinition', 'gadgets.example.com', { spec: { versions } });
      const [old, present] = REORDERED.map((spec) => ({ objects: [odd, gadget(spec)] }));
      assert.deepEqual(lines(await drift(context, old ?? {}, present ?? {})), MOVED);
    }
  });

  test('with a key called __proto__', async (context) => {
    const odd = definition({ v1: object({ spec: object({ groups: map(['__proto__']) }) }) });
    const [old, present] = [
      '[{"__proto__":1,"v":1},{"__proto__":2}]',
      '[{"__proto__":2},{"__proto__":1,"v":2}]',
    ].map((groups) => ({ objects: [odd, gadget(JSON.parse(`{"groups":${groups}}`) as object)] }));
    const found = lines(await drift(context, old ?? {}, present ?? {}));
    assert.deepEqual(found, ['spec.groups[__proto__=1].v: 1 → 2']);
  });
});
