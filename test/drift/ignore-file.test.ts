import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { ObjectChange, Segment } from '../../src/drift/drift.ts';
import { ignoreFileOf, parseIgnoreFile } from '../../src/drift/ignore-file.ts';
import { ignorerOf, objectIgnorerOf } from '../../src/drift/ignore-rule.ts';
import { ignoreContextOf } from '../../src/drift/scale-target.ts';
import { KnownError } from '../../src/model/known-error.ts';
import { identityOf, pathOf } from './json-value.ts';

const TODAY = new Date('2026-11-20T13:00:00Z');
const RULE = { group: 'apps', kind: 'Deployment', paths: ['spec.replicas'], reason: 'scaled by hand' };

/** As people have it in an Application of Argo CD, and with what this tool asks for besides. */
const FILE = `
ignoreDifferences:
- group: apps
  kind: Deployment
  name: web
  namespace: shop
  reason: |
    scaled
    by hand
  expires: 2026-12-31
  jsonPointers:
  - /spec/replicas
  jqPathExpressions:
  - .spec.template.spec.containers[] | select(.name == "web") | .image
  paths:
  - metadata.annotations[example.com/*]
- kind: ConfigMap
  reason: written by a robot
  managedFieldsManagers:
  - robot
- kind: "*"
  group: "*"
  namespace: tmp-*
  changes: [added, removed, renamed]
  reason: nobody's
`;

describe('An ignore file', () => {
  test('says what Argo CD says, and why', () => {
    const { rules, expired } = parseIgnoreFile(parse(FILE), TODAY);
    assert.deepEqual(expired, []);
    assert.deepEqual(
      rules.map(({ paths, ...rule }) => ({ ...rule, paths: paths.map(({ text }) => text) })),
      [
        {
          id: 'ignore-file-1',
          group: 'apps',
          kind: 'Deployment',
          name: 'web',
          namespace: 'shop',
          reason: 'scaled by hand',
          expires: '2026-12-31',
          paths: [
            'metadata.annotations[example.com/*]',
            '/spec/replicas',
            '.spec.template.spec.containers[] | select(.name == "web") | .image',
          ],
        },
        {
          id: 'ignore-file-2',
          group: '',
          kind: 'ConfigMap',
          reason: 'written by a robot',
          managers: ['robot'],
          paths: [],
        },
        {
          id: 'ignore-file-3',
          group: '*',
          kind: '*',
          namespace: 'tmp-*',
          changes: ['added', 'removed', 'renamed'],
          reason: "nobody's",
          paths: [],
        },
      ],
    );
  });

  test('may be a list, or have no rules', () => {
    assert.equal(parseIgnoreFile([RULE], TODAY).rules.length, 1);
    assert.deepEqual(parseIgnoreFile([], TODAY), { rules: [], expired: [] });
  });

  test('has rules that hold through their last day', () => {
    const days = ['2026-11-19', '2026-11-20', '2026-11-21'];
    const file = days.map((expires) => ({ ...RULE, expires }));
    const { rules, expired } = parseIgnoreFile(file, new Date('2026-11-20T23:59:59Z'));
    assert.deepEqual(
      [rules, expired].map((list) => list.map(({ id }) => id)),
      [['ignore-file-2', 'ignore-file-3'], ['ignore-file-1']],
    );
  });
});

const PROBLEMS: readonly (readonly [name: string, file: unknown, says: RegExp])[] = [
  ['nothing', null, /must be a list of rules/u],
  ['a text', 'a', /must be a list of rules/u],
  ['an object', { rules: [] }, /must be a list of rules/u],
  [
    'an object with more than the list',
    { ignoreDifferences: [], kind: 'Application' },
    /must be a list of rules/u,
  ],
  ['too many rules', Array.from({ length: 10_001 }, () => RULE), /more than 10000 rules/u],
  ['a rule that is none', [RULE, 'a'], /^rule 2 .* no object/u],
  ['a rule that is nothing', [null], /^rule 1 .* no object/u],
  ['a rule that is a list', [[]], /^rule 1 .* no object/u],
  ['an unknown key', [RULE, { ...RULE, path: ['a'] }], /^rule 2 .*unknown key "path": known are .*paths/u],
  ['no kind', [{ ...RULE, kind: undefined }], /^rule 1 .*needs a kind/u],
  ['an empty kind', [{ ...RULE, kind: ' ' }], /needs a kind/u],
  ['a kind that is a number', [{ ...RULE, kind: 1 }], /a kind that is no text/u],
  ['no reason', [{ ...RULE, reason: undefined }], /needs a reason/u],
  ['an empty reason', [{ ...RULE, reason: '\n' }], /needs a reason/u],
  [
    'a reason with an escape sequence',
    [{ ...RULE, reason: '\u001B[2J' }],
    /control characters in its reason/u,
  ],
  ['a name that is null', [{ ...RULE, name: null }], /a name that is no text/u],
  ['a date that is none', [{ ...RULE, expires: '2026-02-30' }], /"2026-02-30" as its last day/u],
  ['a date in words', [{ ...RULE, expires: 'tomorrow' }], /as its last day/u],
  ['a date with a time', [{ ...RULE, expires: '2026-12-31T00:00:00Z' }], /as its last day/u],
  ['a month that there is not', [{ ...RULE, expires: '2026-13-01' }], /as its last day/u],
  ['a date that the parser has read', [{ ...RULE, expires: TODAY }], /an? expires that is no text/u],
  ['an empty list', [{ ...RULE, paths: [] }], /paths that are no list of texts/u],
  ['a list that is none', [{ ...RULE, jsonPointers: '/spec' }], /jsonPointers that are no list/u],
  ['a list with a number', [{ ...RULE, paths: [1] }], /paths that are no list of texts/u],
  [
    'no fields at all',
    [{ kind: 'A', reason: 'b' }],
    /says nothing of what doesn't count: give one of paths, jsonPointers/u,
  ],
  [
    'a path that cannot be read',
    [{ ...RULE, paths: ['spec..a'] }],
    /^rule 1 .*paths that can't be used: "spec\.\.a" can't be read/u,
  ],
  ['a pointer that is none', [{ ...RULE, jsonPointers: ['spec'] }], /jsonPointers that can't be used/u],
  [
    'jq that is not known',
    [{ ...RULE, jqPathExpressions: ['.a | keys'] }],
    /jqPathExpressions that can't be used.*only keys/u,
  ],
  [
    'a change that there is not',
    [{ ...RULE, changes: ['changed'] }],
    /"changed" among its changes: known are added/u,
  ],
  ['everything', [{ kind: '*', group: '*', reason: 'a', paths: ['*'] }], /would keep everything out/u],
  [
    'everything in other words',
    [{ kind: '**', name: '*', reason: 'a', jqPathExpressions: ['.[][]'] }],
    /would keep everything out/u,
  ],
  [
    'everything that comes',
    [{ kind: '*', namespace: '*', reason: 'a', changes: ['added'] }],
    /would keep everything out/u,
  ],
];

describe('An ignore file that cannot be used names the rule and what is wrong:', () => {
  for (const [name, file, says] of PROBLEMS) {
    test(name, () =>
      assert.throws(
        () => parseIgnoreFile(file, TODAY),
        (error: unknown) => {
          assert.ok(error instanceof KnownError && error.kind === 'usage');
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /\p{Cc}/u);
          return true;
        },
      ),
    );
  }

  test('whatever it holds, it is read or refused', () => {
    const keys = fc.constantFrom(
      'kind',
      'reason',
      'paths',
      'jsonPointers',
      'expires',
      'changes',
      'name',
      '__proto__',
    );
    const values = fc.oneof(fc.string(), fc.array(fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.dictionary(keys, values)), fc.jsonValue()), (file) => {
        try {
          parseIgnoreFile(file, TODAY);
        } catch (error) {
          assert.ok(error instanceof KnownError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('what it allows is not too much', () => {
    const allowed = [
      { kind: 'Event', reason: 'a', paths: ['*'] },
      { kind: '*', namespace: 'tmp', reason: 'a', paths: ['*'], changes: ['added'] },
      { kind: '*', group: '*', reason: 'a', paths: ['metadata.annotations.*'] },
    ];
    assert.equal(parseIgnoreFile(allowed, TODAY).rules.length, 3);
  });
});

const DEPLOYMENT = identityOf('deployments.apps', 'Deployment');
const CHANGES: readonly ObjectChange[] = [
  change(DEPLOYMENT, 'changed', [
    pathOf('spec', 'replicas'),
    pathOf('metadata', 'annotations', 'example.com/a"b'),
  ]),
  change(
    { type: 'clusterroles.rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:x' },
    'added',
    [],
  ),
  change({ ...DEPLOYMENT, name: 'new' }, 'renamed', [pathOf('spec', 'list', 0)]),
];

describe('The file that accepts changes', () => {
  test('is YAML that people read', () => {
    assert.equal(
      ignoreFileOf(CHANGES, '2026-11-20'),
      `# Changes that were accepted. Give each rule a reason, and a last day with "expires" where it has one.
- group: "apps"
  kind: "Deployment"
  namespace: "shop"
  name: "web"
  paths:
    - "spec.replicas"
    - "metadata.annotations[\\"example.com/a\\\\\\"b\\"]"
  reason: "accepted on 2026-11-20"
- group: "rbac.authorization.k8s.io"
  kind: "ClusterRole"
  name: "system:x"
  changes: [added]
  reason: "accepted on 2026-11-20"
- group: "apps"
  kind: "Deployment"
  namespace: "shop"
  name: "new"
  changes: [renamed]
  paths:
    - "spec.list[0]"
  reason: "accepted on 2026-11-20"
`,
    );
  });

  test('keeps out what it was written for, whatever it is called', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('\u0085', '\u2028', '\uFEFF', '\uFFFF', '\u007F', '# a', '- b', ': c', '\t', '\uD800'),
    );
    const segment: fc.Arbitrary<Segment> = fc.oneof(
      word.map((key) => ({ key })),
      fc.nat(9).map((index) => ({ index })),
      fc
        .dictionary(word, word, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
        .map((match) => ({ match })),
    );
    const paths = fc.array(fc.array(segment, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(paths, fc.constantFrom('changed', 'renamed' as const), (all, kind) => {
        const text = ignoreFileOf([change(DEPLOYMENT, kind, all)], '2026-11-20');
        assert.doesNotMatch(text, /[\u007F-\u009F\u2028\u2029\uFEFF]|\t/u);
        const { rules } = parseIgnoreFile(parse(text), TODAY);
        const ignores = ignorerOf(rules, ignoreContextOf([]));
        for (const path of all) assert.ok(ignores(DEPLOYMENT, { path, op: 'changed' }, {}));
        assert.equal(objectIgnorerOf(rules)(DEPLOYMENT, 'renamed') !== undefined, kind === 'renamed');
        assert.equal(
          ignores({ ...DEPLOYMENT, name: 'other' }, { path: all[0] ?? [], op: 'changed' }, {}),
          undefined,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('of no changes is one without rules', () => {
    assert.deepEqual(parseIgnoreFile(parse(ignoreFileOf([], '2026-11-20')), TODAY).rules, []);
  });
});

function change(
  identity: Pick<ObjectChange, 'type' | 'kind' | 'project' | 'name'>,
  kind: ObjectChange['change'],
  paths: readonly (readonly Segment[])[],
): ObjectChange {
  const fields = paths.map((path) => ({ path, op: 'changed', severity: 'low' }) as const);
  return { ...identity, change: kind, severity: 'low', fields };
}
