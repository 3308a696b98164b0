import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareObjects } from '../../src/drift/compare-objects.ts';
import { pathText } from '../../src/drift/display.ts';
import { objectPatch } from '../../src/drift/json-patch.ts';
import { jsonText } from '../../src/drift/value.ts';
import { identityOf, valueOf } from './json-value.ts';

const DEPLOYMENTS = 'deployments.apps';
const URL = 'https://anna:hunter2@example.com';

function env(...variables: readonly (readonly [name: string, value: string])[]): object {
  return {
    spec: { containers: [{ name: 'web', env: variables.map(([name, value]) => ({ name, value })) }] },
  };
}

const ENV = 'spec.containers[name=web].env';

interface Case {
  readonly what: string;
  readonly type: string;
  readonly before: object;
  readonly after: object;
  /** What is told of the fields, and where the patch withholds a value. */
  readonly fields: readonly string[];
  readonly withheld: readonly string[];
}

/** In each of them, `hunter` stands in every secret value, and nowhere else. */
const CASES: readonly Case[] = [
  {
    what: 'a value changes',
    type: 'secrets',
    before: { data: { a: 'hunter1', b: 'hunter' } },
    after: { data: { a: 'hunter2', b: 'hunter' } },
    fields: ['data.a changed'],
    withheld: ['/data/a'],
  },
  {
    what: 'all keys come at once',
    type: 'secrets',
    before: {},
    after: { data: { a: 'hunter1', b: 'hunter2' } },
    fields: ['data.a added', 'data.b added'],
    withheld: ['/data/a', '/data/b'],
  },
  {
    what: 'a key goes: the patch removes it',
    type: 'secrets',
    before: { data: { a: 'hunter1', b: 'hunter2' } },
    after: { data: { a: 'hunter1' } },
    fields: ['data.b removed'],
    withheld: [],
  },
  {
    what: 'elements with names, where no Secret has any',
    type: 'secrets',
    before: { data: { a: [{ name: 'hunter1', v: 1 }] } },
    after: { data: { a: [{ name: 'hunter1', v: 2 }, { name: 'hunter3' }] } },
    fields: ['data.a changed'],
    withheld: ['/data/a/0/v', '/data/a/1/name'],
  },
  {
    what: 'a text becomes one that gives a password away',
    type: 'things.example.com',
    before: { spec: { url: 'https://example.com' } },
    after: { spec: { url: URL } },
    fields: ['spec.url changed'],
    withheld: ['/spec/url'],
  },
  {
    what: 'a text gave a password away, and does no more',
    type: 'things.example.com',
    before: { spec: { url: URL } },
    after: { spec: { url: 'https://example.com' } },
    fields: ['spec.url changed'],
    withheld: ['/spec/url'],
  },
  {
    what: 'a variable comes',
    type: DEPLOYMENTS,
    before: env(['A', '1']),
    after: env(['TOKEN', 'hunter1'], ['A', '1']),
    fields: [`${ENV}[name=TOKEN].name added`, `${ENV}[name=TOKEN].value added`],
    withheld: ['/spec/containers/0/env/0/value'],
  },
  {
    what: 'variables change places',
    type: DEPLOYMENTS,
    before: env(['TOKEN', 'hunter1'], ['A', '1']),
    after: env(['A', '1'], ['TOKEN', 'hunter1']),
    fields: [],
    withheld: ['/spec/containers/0/env/1/value'],
  },
  {
    what: 'of two variables of one name one gets another name',
    type: DEPLOYMENTS,
    before: env(['TOKEN', 'hunter1'], ['TOKEN', 'hunter2']),
    after: env(['TOKEN', 'hunter1'], ['A', '1']),
    fields: [
      `${ENV}[name=TOKEN,#=1].name removed`,
      `${ENV}[name=TOKEN,#=1].value removed`,
      `${ENV}[name=A] added`,
    ],
    withheld: [],
  },
  {
    what: 'an entry of a set of secrets comes',
    type: 'oauthclients.oauth.openshift.io',
    before: { additionalSecrets: ['hunter1'] },
    after: { additionalSecrets: ['hunter1', 'hunter2'] },
    fields: ['additionalSecrets[1] added'],
    withheld: ['/additionalSecrets/1'],
  },
];

describe('of secrets only the place is told', () => {
  for (const { what, type, before, after, fields, withheld } of CASES) {
    test(what, () => {
      const identity = identityOf(type);
      const pair = { identity, before: valueOf(before), after: valueOf(after) };
      const found = compareObjects(pair, { areSecretsComparable: true });
      assert.deepEqual(
        found.map(({ path, op }) => `${pathText(path)} ${op}`),
        fields,
      );
      const patch = objectPatch(identity, pair.before, pair.after);
      assert.deepEqual(patch.withheld, withheld);
      const values = [
        ...found.flatMap((field) => [field.before, field.after]),
        ...patch.operations.map(({ value }) => value),
      ];
      const told = values.map((value) => (value === undefined ? '' : jsonText(value))).join('\n');
      assert.ok(!`${told}\n${JSON.stringify(found)}\n${JSON.stringify(patch)}`.includes('hunter'), told);
    });
  }
});
