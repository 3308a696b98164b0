import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import stableStringify from 'json-stable-stringify';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { CanonicalWriter } from '../../src/json/canonical-writer.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import { JSON_TEXTS } from './json-texts.ts';

const writer = new CanonicalWriter();

function written(text: string, depth = 0): string {
  const document = new JsonDocument(Buffer.from(text));
  return Buffer.from(writer.write(document, document.root, depth)).toString();
}

test('CanonicalWriter writes exactly what json-stable-stringify writes', () => {
  fc.assert(
    fc.property(JSON_TEXTS, (text) => assert.equal(`${written(text)}\n`, canonicalJson(JSON.parse(text)))),
    { numRuns: 5000 },
  );
});

test('CanonicalWriter indents a value as it stands in a larger document', () => {
  const value = { b: [1, { c: {} }], a: [] };
  const whole = stableStringify({ items: [value] }, { space: 2, collapseEmpty: true });
  assert.equal(`{\n  "items": [\n    ${written(JSON.stringify(value), 2)}\n  ]\n}`, whole);
});

const AS_THEY_ARE = [
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '18446744073709551615',
  '0',
  '-1',
  '1.5',
  '1e+21',
  '0.1',
  '1e400',
  '"12345678901234567890"',
  'true',
  'false',
  'null',
  '"\\n\\t\\"\\\\"',
  '"grüße \u2028 \u{1f600}"',
  '{}',
  '[]',
];
for (const text of AS_THEY_ARE)
  test(`CanonicalWriter keeps ${text}`, () => assert.equal(written(text), text));

const CHANGED: readonly (readonly [raw: string, canonical: string])[] = [
  ['"\\u003ca\\u003e\\/"', '"<a>/"'],
  ['"\\ud83d\\ude00"', '"\u{1f600}"'],
  ['"\\ud800"', '"\\ud800"'],
  ['"\\u000a"', '"\\n"'],
  ['-0', '0'],
  ['1.0', '1'],
  ['1E2', '100'],
  ['{"b":1,"a":2,"b":3}', '{\n  "a": 2,\n  "b": 3\n}'],
  ['{"10":1,"9":2,"__proto__":{"x":1}}', '{\n  "10": 1,\n  "9": 2,\n  "__proto__": {\n    "x": 1\n  }\n}'],
  ['{"\\u0062":1,"a":2}', '{\n  "a": 2,\n  "b": 1\n}'],
  ['{"a\\\\n":1,"a\\nb":2,"\\\\":3}', '{\n  "\\\\": 3,\n  "a\\nb": 2,\n  "a\\\\n": 1\n}'],
  ['{"a ":1,"a":2,"a!":3}', '{\n  "a": 2,\n  "a ": 1,\n  "a!": 3\n}'],
  ['{"\u{1f600}":1,"\uffee":2}', '{\n  "\u{1f600}": 1,\n  "\uffee": 2\n}'],
];
for (const [raw, canonical] of CHANGED) {
  test(`CanonicalWriter writes ${raw} as JSON.stringify would`, () => assert.equal(written(raw), canonical));
}

/** The key in a line of canonical JSON. */
function keyOf(line: string): string {
  return JSON.parse(line.slice(0, line.lastIndexOf(': '))) as string;
}

test('CanonicalWriter leaves out what was removed and puts in what is added, in order', () => {
  const added = ['apiVersion', 'kind', 'zz'].map((key) => ({ key, json: `"${key}"` }));
  const own = ['a', 'api', 'apiVersions', 'b', 'kin', 'kinds', 'm', 'z', 'zzz', '{', 'é', 'k\n', '__proto__'];
  fc.assert(
    fc.property(fc.subarray(own), fc.subarray(added), (keys, members) => {
      const removed = JSON.stringify(
        Object.fromEntries([...keys.toReversed(), 'gone', 'kind'].map((key) => [key, 1])),
      );
      const document = new JsonDocument(Buffer.from(removed));
      document.remove(document.root, ['gone', 'kind', 'never there']);
      const text = Buffer.from(writer.write(document, document.root, 0, members)).toString();
      const expected = [
        ...keys.map((key) => `${JSON.stringify(key)}: 1`),
        ...members.map(({ key, json }) => `"${key}": ${json}`),
      ];
      const lines = text
        .split('\n')
        .slice(1, -1)
        .map((line) => line.trim().replace(/,$/u, ''));
      assert.deepEqual(
        lines,
        expected.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      );
    }),
    { numRuns: 2000 },
  );
});

test('CanonicalWriter grows for a large value, and goes deep', () => {
  const large = JSON.stringify({
    text: 'x'.repeat(3_000_000),
    list: Array.from({ length: 50_000 }, (_value, index) => index),
  });
  assert.equal(`${written(large)}\n`, canonicalJson(JSON.parse(large)));
  const keys = JSON.stringify(
    Object.fromEntries(Array.from({ length: 3000 }, (_value, index) => [`key-${index}`, index])),
  );
  assert.equal(`${written(keys)}\n`, canonicalJson(JSON.parse(keys)));
  const deep = '[{"a":'.repeat(500) + '1' + '}]'.repeat(500);
  assert.equal(`${written(deep)}\n`, canonicalJson(JSON.parse(deep)));
});
