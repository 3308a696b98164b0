import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyGlobMatcher, globMatcher, isGlob } from '../../src/model/glob.ts';

const CASES: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['shop', ['shop'], ['shops', 'my-shop', '']],
  ['dev-*', ['dev-', 'dev-a', 'dev-a-b'], ['dev', 'my-dev-a']],
  [
    '*.openshift.io',
    ['routes.route.openshift.io'],
    ['routes.route.openshift.io.example.com', 'openshift.io'],
  ],
  ['deployments.*', ['deployments.apps'], ['deployments', 'deploymentsxapps']],
  ['rights-?', ['rights-a'], ['rights-', 'rights-ab']],
  ['*', ['', 'configmaps', 'deployments.apps'], []],
  ['a**b', ['ab', 'axb'], ['a', 'b']],
];
for (const [pattern, yes, no] of CASES) {
  test(`the pattern ${pattern} matches what it should`, () => {
    const matches = globMatcher(pattern);
    assert.deepEqual([yes.filter((name) => !matches(name)), no.filter(matches)], [[], []]);
  });
}

test('a pattern of any characters but stars matches itself, and as a name nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (pattern, name) => {
      assert.ok(globMatcher(pattern)(pattern));
      if (!isGlob(pattern)) assert.equal(globMatcher(pattern)(name), pattern === name);
    }),
  );
});

test('one of several patterns is enough, and none match nothing', () => {
  assert.ok(anyGlobMatcher(['a', 'b*'])('bc'));
  assert.ok(!anyGlobMatcher([])(''));
});

test('a pattern of many stars does not take for ever', { timeout: 5000 }, () => {
  assert.ok(!globMatcher(`${'*'.repeat(200)}b`)('a'.repeat(253)));
  assert.ok(!globMatcher(`${'*a'.repeat(25)}*b`)('a'.repeat(253)));
});

test('a pattern matches what the regular expression of it matches', () => {
  fc.assert(
    fc.property(textOf('a', 'b', '*', '?'), textOf('a', 'b', 'c'), (pattern, name) => {
      const source = pattern.replaceAll(/\*+/gu, '.*').replaceAll('?', '.');
      assert.equal(globMatcher(pattern)(name), new RegExp(`^${source}$`, 'u').test(name));
    }),
    { numRuns: 5000 },
  );
});

function textOf(...characters: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...characters), { maxLength: 8 }).map((all) => all.join(''));
}
