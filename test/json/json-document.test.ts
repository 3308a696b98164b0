import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CanonicalWriter } from '../../src/json/canonical-writer.ts';
import { JsonDocument, type JsonNode } from '../../src/json/json-document.ts';
import { JsonSyntaxError } from '../../src/json/tape-reader.ts';
import { Kind, NODE_SIZE } from '../../src/json/tape.ts';
import { JSON_TEXTS } from './json-texts.ts';

function parse(text: string): JsonDocument {
  return new JsonDocument(Buffer.from(text));
}

/** The value, array by array, from what the document says of its nodes. */
function rebuilt(document: JsonDocument, node: JsonNode): unknown {
  if (document.isArray(node))
    return [...document.elements(node)].map((element) => rebuilt(document, element));
  return document.value(node);
}

test('JsonDocument gives what JSON.parse gives', () => {
  fc.assert(
    fc.property(JSON_TEXTS, (text) => {
      const document = parse(text);
      assert.deepEqual(document.value(document.root), JSON.parse(text));
      assert.deepEqual(rebuilt(document, document.root), JSON.parse(text));
    }),
    { numRuns: 1000 },
  );
});

test('elementAfter goes from element to element, past those that were removed', () => {
  const document = parse('[[1,2],"a",{"b":[3]},null]');
  const all = [...document.elements(document.root)];
  const [first = 0, second = 0, third = 0, last = 0] = all;
  assert.equal(all.length, 4);
  document.removeElement(first);
  document.removeElement(third);
  assert.equal(document.elementAfter(document.root), second);
  assert.equal(document.elementAfter(document.root, second), last);
  assert.equal(document.elementAfter(document.root, third), last);
  assert.equal(document.elementAfter(document.root, last), undefined);
  assert.equal(document.elementAfter(third), undefined);
  assert.equal(document.elementAfter(second), undefined);
});

test('JsonDocument refuses a text that is cut anywhere', () => {
  const text =
    '{"kind":"List","items":[{"a":"\\"]}\\\\"},{"b":[{},1e3,null,-12.5]}],"metadata":{"continue":"x"}}';
  parse(text);
  for (let length = 0; length < text.length; length++) {
    assert.throws(() => parse(text.slice(0, length)), JsonSyntaxError, `cut at ${length}`);
  }
});

test('JsonDocument refuses what JSON.parse refuses', () => {
  const damage = fc.tuple(
    JSON_TEXTS,
    fc.nat(),
    fc.constantFrom('', ',', '"', '}', ']', '{', ':', '\\', '0', 'x', '\n', '-', '.'),
  );
  fc.assert(
    fc.property(damage, ([text, at, put]) => {
      const position = at % (text.length + 1);
      const damaged = text.slice(0, position) + put + text.slice(position + 1);
      let isJson = true;
      try {
        JSON.parse(damaged);
      } catch {
        isJson = false;
      }
      // A string's escapes are checked when it is read, and a byte order mark is no white space.
      if (isJson) parse(damaged);
      else if (!damaged.includes('\\')) assert.throws(() => parse(damaged), JsonSyntaxError);
    }),
    { numRuns: 5000 },
  );
});

for (const text of [
  '',
  ' ',
  '[1,]',
  '{"a":1,}',
  '{"a" 1}',
  '{"a":1 "b":2}',
  '[1]x',
  '[}',
  'nul',
  'True',
  '{a:1}',
  '01',
  '+1',
  '.5',
  '1.',
  '--1',
  '1e',
  '"\n"',
  '"\t"',
  "'a'",
  'NaN',
  '[1 2]',
]) {
  test(`JsonDocument refuses ${JSON.stringify(text)}`, () =>
    assert.throws(() => parse(text), JsonSyntaxError));
}

test('JsonDocument never quotes the text in its errors', () => {
  assert.throws(
    () => parse('{"password":"hunter2"'),
    (error: Error) => !error.message.includes('hunter2'),
  );
});

test('JsonDocument refuses what is nested so deeply that it could end the process', () => {
  assert.throws(() => parse('['.repeat(1001)), JsonSyntaxError);
  assert.throws(() => parse('{"a":'.repeat(100_000)), JsonSyntaxError);
});

test('JsonDocument takes bytes that are no UTF-8 as Go and JavaScript do', () => {
  const document = new JsonDocument(Buffer.from([0x22, 0xff, 0x22]));
  assert.equal(document.text(document.root), '\ufffd');
});

test('JsonDocument finds members by exact key', () => {
  const document = parse('{"a":1,"ab":2,"\\u0063":3,"é":4,"__proto__":5,"":6}');
  const valueOf = (key: string): unknown => {
    const node = document.member(document.root, key);
    return node === undefined ? undefined : document.value(node);
  };
  assert.deepEqual(['a', 'ab', 'c', 'é', '__proto__', '', 'b', 'toString'].map(valueOf), [
    1,
    2,
    3,
    4,
    5,
    6,
    undefined,
    undefined,
  ]);
});

test('JsonDocument counts the members that remain', () => {
  const document = parse('{"a":1,"b":{"c":2},"list":[1,2,3],"empty":{}}');
  const { root } = document;
  const sizeOf = (key: string): number => document.size(document.member(root, key) ?? root);
  assert.deepEqual(
    [document.size(root), sizeOf('a'), sizeOf('b'), sizeOf('list'), sizeOf('empty')],
    [4, 0, 1, 3, 0],
  );
  document.remove(document.member(root, 'b') ?? root, ['c']);
  assert.deepEqual([document.size(root), sizeOf('b')], [4, 0]);
  document.remove(root, ['b']);
  assert.deepEqual([document.size(root), document.member(root, 'b')], [3, undefined]);
});

const WAY = ['items', '*', 'm', '*', 'f'];

/** A list with such a value on the way, and beside it under the same keys. */
function listWith(text: string): string {
  const entry = `{ "f" : ${text} ,"g":${text},"m":[{"f":${text}}]}`;
  return `{"f":${text},"m":[{"f":${text}}],"items":[{"f":${text},"m":[${entry},${entry}],"n":[{"f":${text}}]},[],1]}`;
}

test('JsonDocument passes over objects on a way, and over nothing else', () => {
  fc.assert(
    fc.property(JSON_TEXTS, (text) => {
      const list = listWith(text);
      const document = read(list);
      const [whole, object] = [parse(list), JSON.parse(list) as unknown];
      assert.deepEqual(document.value(document.root), object);
      const entries = entriesOf(document);
      const [entry] = document.elements(entries);
      const passed = document.member(entry ?? 0, 'f') ?? 0;
      assert.deepEqual(document.value(passed), JSON.parse(text));
      const isObject = text.trimStart().startsWith('{');
      assert.equal(passedOver(whole), 0);
      assert.equal(passedOver(document), isObject ? 2 : 0);
      if (isObject) assertAsksNothing(document, passed);
      if (isObject)
        assert.throws(() => new CanonicalWriter().write(document, document.root, 0), /passed over/u);
      for (const element of document.elements(entries)) document.remove(element, ['f']);
      for (const one of whole.elements(entriesOf(whole))) whole.remove(one, ['f']);
      assert.equal(canonical(document), canonical(whole));
    }),
    { numRuns: 1000 },
  );
});

/** What has been passed over does not look like something empty. */
function assertAsksNothing(document: JsonDocument, node: JsonNode): void {
  const questions = [
    () => document.member(node, 'a'),
    () => [...document.members(node)],
    () => [...document.elements(node)],
    () => document.isEmpty(node),
    () => document.size(node),
  ];
  for (const ask of questions) assert.throws(ask, /passed over/u);
}

/** How many values have been passed over. */
function passedOver({ tape }: JsonDocument): number {
  return tape.filter((kind, at) => at % NODE_SIZE === 0 && kind === Kind.unread).length;
}

function read(text: string): JsonDocument {
  return new JsonDocument(Buffer.from(text), undefined, WAY);
}

function entriesOf(document: JsonDocument): JsonNode {
  const [item] = document.elements(document.member(document.root, 'items') ?? 0);
  return document.member(item ?? 0, 'm') ?? 0;
}

function canonical(document: JsonDocument): string {
  return Buffer.from(new CanonicalWriter().write(document, document.root, 0)).toString();
}

test('JsonDocument refuses a text that is cut anywhere, also in what it passes over', () => {
  const text = listWith('{"a":"\\"]}\\\\","b":[{},1e3,null,[-12.5]]}');
  read(text);
  for (let length = 0; length < text.length; length++) {
    assert.throws(() => read(text.slice(0, length)), JsonSyntaxError, `cut at ${length}`);
  }
});
