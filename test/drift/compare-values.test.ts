import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareObjects } from '../../src/drift/compare-objects.ts';
import { compareValues } from '../../src/drift/compare-values.ts';
import { pathText } from '../../src/drift/display.ts';
import { jsonText, parseValue } from '../../src/drift/value.ts';

type Case = readonly [what: string, type: string, before: string, after: string, expected: readonly string[]];

const DEPLOYMENTS = 'deployments.apps';
const ROLES = 'roles.rbac.authorization.k8s.io';

/** Before and after are JSON, so that what JavaScript can't hold can stand there too. */
const CASES: readonly Case[] = [
  ['equal objects', 'configmaps', '{"a":[1,{"b":null}]}', '{"a":[1,{"b":null}]}', []],
  ['keys in another order', 'configmaps', '{"a":1,"b":2}', '{"b":2,"a":1}', []],
  [
    'integers beyond 2^53',
    'things',
    '{"a":9007199254740993}',
    '{"a":9007199254740992}',
    ['a: 9007199254740993 → 9007199254740992'],
  ],
  ['a number beyond 1e308', 'things', '{"a":1e400}', '{"a":1e401}', ['a: 1e400 → 1e401']],
  ['a text and a number', 'things', '{"a":"1"}', '{"a":1}', ['a: "1" → 1']],
  ['null and nothing', 'things', '{"a":null}', '{}', ['a: - null']],
  ['nothing and null', 'things', '{}', '{"a":null}', ['a: + null']],
  ['an object and a list', 'things', '{"a":{}}', '{"a":[]}', ['a: {} → []']],
  ['a key __proto__', 'things', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', ['__proto__.a: 1 → 2']],
  ['a key constructor', 'things', '{}', '{"constructor":1}', ['constructor: + 1']],
  [
    'a key that is a number',
    'configmaps',
    '{"data":{"0":"a"}}',
    '{"data":{"0":"b"}}',
    ['data["0"]: "a" → "b"'],
  ],
  ['an empty key', 'things', '{"":1}', '{"":2}', ['[""]: 1 → 2']],
  [
    'a key with a dot',
    'configmaps',
    '{"data":{"a.b":"1"}}',
    '{"data":{"a.b":"2"}}',
    ['data["a.b"]: "1" → "2"'],
  ],
  ['a key with an escape', 'things', '{"a\\u001b":1}', '{"a\\u001b":2}', [String.raw`["a\u001b"]: 1 → 2`]],
  ['lone surrogates', 'things', '{"a":"\\ud800"}', '{"a":"\\udbff"}', [String.raw`a: "\ud800" → "\udbff"`]],
  [
    'a quantity',
    DEPLOYMENTS,
    '{"resources":{"limits":{"cpu":"1000m"}}}',
    '{"resources":{"limits":{"cpu":"1"}}}',
    [],
  ],
  [
    'a quantity as a number',
    'resourcequotas',
    '{"spec":{"hard":{"pods":10}}}',
    '{"spec":{"hard":{"pods":"10"}}}',
    [],
  ],
  [
    'the same text where no quantity stands',
    'configmaps',
    '{"data":{"cpu":"1000m"}}',
    '{"data":{"cpu":"1"}}',
    ['data.cpu: "1000m" → "1"'],
  ],
  [
    'a quantity that differs',
    DEPLOYMENTS,
    '{"resources":{"limits":{"memory":"1G"}}}',
    '{"resources":{"limits":{"memory":"1Gi"}}}',
    ['resources.limits.memory: "1G" → "1Gi"'],
  ],
  [
    'no quantity',
    DEPLOYMENTS,
    '{"resources":{"limits":{"memory":"a"}}}',
    '{"resources":{"limits":{"memory":"b"}}}',
    ['resources.limits.memory: "a" → "b"'],
  ],
  [
    'a keyed list in another order',
    DEPLOYMENTS,
    '{"env":[{"name":"a"},{"name":"b"}]}',
    '{"env":[{"name":"b"},{"name":"a"}]}',
    [],
  ],
  [
    'an element of a keyed list',
    DEPLOYMENTS,
    '{"env":[{"name":"a","value":"1"}]}',
    '{"env":[{"name":"b"},{"name":"a","value":"2"}]}',
    ['env[name=a].value: "1" → "2"', 'env[name=b]: + {"name":"b"}'],
  ],
  [
    'two elements of one name',
    DEPLOYMENTS,
    '{"env":[{"name":"a","value":"1"},{"name":"a","value":"2"}]}',
    '{"env":[{"name":"a","value":"1"},{"name":"a","value":"3"}]}',
    ['env[name=a,#=1].value: "2" → "3"'],
  ],
  [
    'elements of one name, of which one gets another name',
    DEPLOYMENTS,
    '{"env":[{"name":"a","value":"1"},{"name":"a","value":"2"}]}',
    '{"env":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}',
    ['env[name=a,#=1]: - {"name":"a","value":"2"}', 'env[name=b]: + {"name":"b","value":"2"}'],
  ],
  [
    'an element without its name',
    DEPLOYMENTS,
    '{"env":[{"value":"1"}]}',
    '{"env":[{"value":"2"}]}',
    ['env[0].value: "1" → "2"'],
  ],
  [
    'an unknown list of named elements',
    'things',
    '{"x":[{"name":"a","v":1},{"name":"b"}]}',
    '{"x":[{"name":"a","v":2},{"name":"c"}]}',
    ['x[name=a].v: 1 → 2', 'x[name=b]: - {"name":"b"}', 'x[name=c]: + {"name":"c"}'],
  ],
  [
    'an unknown list of named elements in another order',
    'things',
    '{"x":[{"name":"a"},{"name":"b"}]}',
    '{"x":[{"name":"b"},{"name":"a"}]}',
    ['x: ["a","b"] → ["b","a"] (another order)'],
  ],
  ['an insertion into a list', 'things', '{"x":["a","b","c"]}', '{"x":["a","n","b","c"]}', ['x[1]: + "n"']],
  ['a removal from a list', 'things', '{"x":["a","b","c"]}', '{"x":["a","c"]}', ['x[1]: - "b"']],
  ['a change in a list', 'things', '{"x":["a","b","c"]}', '{"x":["a","B","c"]}', ['x[1]: "b" → "B"']],
  ['a list in another order', 'things', '{"x":["a","b"]}', '{"x":["b","a"]}', ['x[0]: - "a"', 'x[1]: + "a"']],
  ['a list in a list', 'things', '{"x":[["a"]]}', '{"x":[["a","b"]]}', ['x[0][1]: + "b"']],
  [
    'a set in another order',
    ROLES,
    '{"rules":[{"verbs":["get","list"]}]}',
    '{"rules":[{"verbs":["list","get"]}]}',
    [],
  ],
  [
    'a set with something new',
    ROLES,
    '{"rules":[{"resources":["a"],"verbs":["get"]}]}',
    '{"rules":[{"resources":["a"],"verbs":["get","watch"]}]}',
    ['rules[0].verbs[watch]: + "watch"'],
  ],
  [
    'a set in which one stands twice',
    ROLES,
    '{"rules":[{"resources":["a"],"verbs":["get","get"]}]}',
    '{"rules":[{"resources":["a"],"verbs":["get"]}]}',
    ['rules[0].verbs[get,#=1]: - "get"'],
  ],
  [
    'sets in the elements of a set, in another order',
    'networkpolicies.networking.k8s.io',
    '{"ingress":[{"from":[{"a":1},{"b":2}]},{"from":[{"c":3}]}]}',
    '{"ingress":[{"from":[{"c":3}]},{"from":[{"b":2},{"a":1}]}]}',
    [],
  ],
  [
    'a set in which two elements have come and gone',
    'networkpolicies.networking.k8s.io',
    '{"ingress":[{"from":[{"a":1},{"b":2}]}]}',
    '{"ingress":[{"from":[{"b":2},{"a":1}]},{"from":[{"a":1},{"b":2},{"c":3}]}]}',
    ['ingress[1]: + {"from":[{"a":1},{"b":2},{"c":3}]}'],
  ],
  [
    'rules that are alike',
    ROLES,
    '{"rules":[{"resources":["a"],"verbs":["get"]},{"resources":["b"],"verbs":["*"]}]}',
    '{"rules":[{"resources":["b"],"verbs":["*"]},{"resources":["a"],"verbs":["list"]}]}',
    ['rules[1].verbs[get]: - "get"', 'rules[1].verbs[list]: + "list"'],
  ],
  [
    'the same key in another type',
    'egressfirewalls.k8s.ovn.org',
    '{"spec":{"egress":["a","b"]}}',
    '{"spec":{"egress":["b","a"]}}',
    ['spec.egress[0]: - "a"', 'spec.egress[1]: + "a"'],
  ],
  [
    'a host of an Ingress',
    'ingresses.networking.k8s.io',
    '{"spec":{"rules":[{"http":1},{"host":"a","http":1}]}}',
    '{"spec":{"rules":[{"host":"a","http":2},{"http":1}]}}',
    ['spec.rules[host=a].http: 1 → 2'],
  ],
  [
    'an Ingress without a host',
    'ingresses.networking.k8s.io',
    '{"spec":{"rules":[{"http":1}]}}',
    '{"spec":{"rules":[{"http":2}]}}',
    ['spec.rules[host=*].http: 1 → 2'],
  ],
  [
    'triggers of a DeploymentConfig',
    'deploymentconfigs.apps.openshift.io',
    '{"spec":{"triggers":[{"type":"ConfigChange"},{"type":"ImageChange","imageChangeParams":{"automatic":true,"from":{"name":"a:1"}}}]}}',
    '{"spec":{"triggers":[{"type":"ImageChange","imageChangeParams":{"automatic":false,"from":{"name":"a:1"}}},{"type":"ConfigChange"}]}}',
    ['spec.triggers[type=ImageChange,name=a:1].imageChangeParams.automatic: true → false'],
  ],
  [
    'parameters of a Template',
    'templates.template.openshift.io',
    '{"parameters":[{"name":"A"}],"objects":[{"kind":"Service","metadata":{"name":"s"},"a":1}]}',
    '{"parameters":[{"name":"A","value":"1"}],"objects":[{"kind":"Service","metadata":{"name":"s"},"a":2}]}',
    ['objects[kind=Service,name=s].a: 1 → 2', 'parameters[name=A].value: + "1"'],
  ],
  ['a whole list that is gone', DEPLOYMENTS, '{"env":[{"name":"a"}]}', '{}', ['env: - [{"name":"a"}]']],
];

function longList(prefix: string): string {
  return JSON.stringify({ x: Array.from({ length: 20_000 }, (_value, index) => `${prefix}${index}`) });
}

describe('compareValues()', () => {
  for (const [what, type, before, after, expected] of CASES) {
    test(`of ${what}`, () => {
      assert.deepEqual(linesOf(type, before, after), [...expected].toSorted());
    });
  }

  test('of long lists ends soon', () => {
    assert.equal(linesOf('things', longList('a'), longList('b')).length, 20_000);
    const sets = ['a', 'b'].map((prefix) =>
      JSON.stringify({
        rules: Array.from({ length: 3000 }, (_value, index) => ({ verbs: [`${prefix}${index}`] })),
      }),
    );
    assert.equal(linesOf(ROLES, sets[0] ?? '', sets[1] ?? '').length, 6000);
  });
});

/** Of 200 rules with 2,000 verbs each, of which every other one is another one. */
function longRole(prefix: string): string {
  const rules = Array.from({ length: 200 }, (_value, rule) => ({
    apiGroups: [`g${rule}`],
    resources: [`r${rule}`],
    verbs: Array.from(
      { length: 2000 },
      (_verb, index) => `${index % 2 === 0 ? prefix : 'v'}${rule}-${index}`,
    ),
  }));
  return JSON.stringify({ rules });
}

test('compareObjects() of a role with 400,000 verbs ends soon', () => {
  const [before, after] = ['a', 'b'].map((prefix) => parseValue(Buffer.from(longRole(prefix))));
  assert.ok(before !== undefined && after !== undefined);
  const identity = { type: ROLES, kind: 'Role', project: 'shop', name: 'long' };
  const begin = process.cpuUsage().user;
  const fields = compareObjects({ identity, before, after }, { areSecretsComparable: true });
  assert.equal(fields.length, 400);
  assert.ok(process.cpuUsage().user - begin < 4_000_000, 'microseconds');
});

const QUANTITIES: readonly (readonly [a: string, b: string, isSame: boolean])[] = [
  ['1', '1000m', true],
  ['0.5', '500m', true],
  ['1Gi', '1024Mi', true],
  ['1G', '1000M', true],
  ['1G', '1Gi', false],
  ['1e3', '1k', true],
  ['1E3', '1000', true],
  ['1Mi', '1048576', true],
  ['1Ki', '1.024k', true],
  ['1E', '1000P', true],
  ['1.5Gi', '1536Mi', true],
  ['0', '0Mi', true],
  ['-1', '1', false],
  ['+1', '1', true],
  ['100n', '0.1u', true],
  ['9007199254740993', '9007199254740992', false],
  ['1e-3', '1m', true],
  ['', '0', false],
  ['.', '0', false],
  ['1 Gi', '1Gi', false],
  ['1KiB', '1Ki', false],
];

describe('quantities', () => {
  for (const [a, b, isSame] of QUANTITIES) {
    test(`${JSON.stringify(a)} is ${isSame ? '' : 'not '}${JSON.stringify(b)}`, () => {
      const [before, after] = [a, b].map((cpu) => JSON.stringify({ resources: { limits: { cpu } } }));
      assert.equal(linesOf(DEPLOYMENTS, before ?? '', after ?? '').length, isSame ? 0 : 1);
    });
  }
});

function linesOf(type: string, before: string, after: string): string[] {
  const [old, present] = [parseValue(Buffer.from(before)), parseValue(Buffer.from(after))];
  return compareValues(type, old, present)
    .map((one) => {
      const note = one.note === undefined ? '' : ` (${one.note})`;
      const [from, to] = [one.before, one.after].map((value) => (value === undefined ? '' : jsonText(value)));
      const text = { added: `+ ${to}`, removed: `- ${from}`, changed: `${from} → ${to}` }[one.op];
      return `${pathText(one.path)}: ${text}${note}`;
    })
    .toSorted();
}
