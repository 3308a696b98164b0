import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LIST_HEAD, LIST_TAIL } from '../../src/archive/layout.ts';
import { countItems, itemProblem, ListItems } from '../../src/archive/list-items.ts';
import { configMap, listOf } from './zip-fixtures.ts';

/** The items of a content that arrives in pieces which end at these places. */
function itemsOf(content: Buffer, cuts: readonly number[] = []): string[] {
  const list = new ListItems();
  const ends = [...cuts.map((cut) => cut % content.length).toSorted((a, b) => a - b), content.length];
  return ends.flatMap((end, index) => {
    const piece = content.subarray(ends[index - 1] ?? 0, end);
    return [...list.push(piece, index === ends.length - 1)].map((item) => item.toString());
  });
}

/** The count, or what is thrown instead. */
function countOf(count: () => number): number | string {
  try {
    return count();
  } catch (error) {
    return String(error);
  }
}

test('A List falls into its items, wherever its pieces are cut', () => {
  const data = fc.dictionary(
    fc.constantFrom('a', 'items', '__proto__', 'kind'),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(',\n    {', '\n  ],\n  "kind": "List"\n}\n', '    }'),
    ),
  );
  const items = fc.array(
    fc.oneof(
      data.map((value) => configMap('x', value)),
      fc.jsonValue({ maxDepth: 3 }).map((spec) => ({ ...configMap('y'), spec })),
      fc.constant({ empty: {} }),
    ),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(items, fc.array(fc.nat(), { maxLength: 12 }), (objects, cuts) => {
      const content = listOf(...objects);
      const read = itemsOf(content, cuts).map((text) => JSON.parse(text) as object);
      assert.deepEqual(read, JSON.parse(JSON.stringify(objects)));
      assert.equal(countItems(content), objects.length);
    }),
    { numRuns: 500 },
  );
});

const COUNTED = listOf(configMap('a'), configMap('b')).toString();
const noList: Record<string, string> = {
  nothing: '',
  'other JSON': '{}',
  'another kind': COUNTED.replace('"List"', '"PodList"'),
  'an empty List': listOf().toString(),
  'JSON without line breaks': JSON.stringify(JSON.parse(COUNTED)),
  'no newline at the end': COUNTED.slice(0, -1),
  'two newlines at the end': `${COUNTED}\n`,
  'half a List': COUNTED.slice(0, 100),
  'a byte order mark': `\uFEFF${COUNTED}`,
};
for (const [what, text] of Object.entries(noList)) {
  test(`Not a List in canonical form: ${what}`, () => {
    for (const read of [itemsOf, countItems]) {
      assert.throws(() => read(Buffer.from(text)), {
        kind: 'failed',
        message: 'is not a List in canonical form',
      });
    }
  });
}

test('Items are counted as they are taken apart, whatever the content is', () => {
  const text = fc.array(
    fc.constantFrom(LIST_HEAD.toString(), LIST_TAIL.toString(), ',\n    {', '{', '}', ',', '\n', '    ', 'x'),
    { maxLength: 12 },
  );
  const content = fc
    .tuple(fc.boolean(), text, fc.boolean())
    .map(([hasHead, parts, hasTail]) =>
      Buffer.from(`${hasHead ? String(LIST_HEAD) : ''}${parts.join('')}${hasTail ? String(LIST_TAIL) : ''}`),
    );
  const counts = { counted: 0, refused: 0 };
  fc.assert(
    fc.property(content, (bytes) => {
      const counted = countOf(() => countItems(bytes));
      counts[typeof counted === 'number' ? 'counted' : 'refused']++;
      assert.equal(
        counted,
        countOf(() => itemsOf(bytes).length),
      );
    }),
    { numRuns: 2000 },
  );
  assert.ok(counts.counted > 200 && counts.refused > 200, JSON.stringify(counts));
});

test('An object that never ends does not fill the memory', () => {
  const list = new ListItems();
  const piece = Buffer.alloc(8 * 1024 * 1024, ' ');
  assert.deepEqual([...list.push(listOf(configMap('a')).subarray(0, 60), false)], []);
  assert.throws(
    () => {
      for (let index = 0; index < 9; index++) assert.deepEqual([...list.push(piece, false)], []);
    },
    { message: 'has an object longer than 64 MiB' },
  );
});

const items: readonly (readonly [string, string | undefined])[] = [
  [JSON.stringify(configMap('a')), undefined],
  ['{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","__proto__":1}}', undefined],
  ['', 'is not a JSON object'],
  ['{', 'is not a JSON object'],
  ['[]', 'is not a JSON object'],
  ['null', 'is not a JSON object'],
  ['7', 'is not a JSON object'],
  ['{"kind":"Pod","metadata":{"name":"a"}}', 'has no apiVersion'],
  ['{"apiVersion":"","kind":"Pod","metadata":{"name":"a"}}', 'has no apiVersion'],
  ['{"apiVersion":"v1","kind":7,"metadata":{"name":"a"}}', 'has no kind'],
  ['{"apiVersion":"v1","kind":"Pod"}', 'has no metadata.name'],
  ['{"apiVersion":"v1","kind":"Pod","metadata":null}', 'has no metadata.name'],
  ['{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"a-"}}', 'has no metadata.name'],
];
test('What an item lacks is told without quoting it', () => {
  for (const [text, problem] of items) assert.equal(itemProblem(Buffer.from(text)), problem, text);
  const secret = Buffer.from('{"apiVersion":"v1","data":{"password":"\xc3\x28"}}', 'latin1');
  assert.equal(itemProblem(secret), 'is not UTF-8');
});
