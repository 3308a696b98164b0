import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../src/archive/manifest.ts';
import { type ExportOptions, isSelectionOf, selectionOf } from '../../src/model/manifest.ts';
import { manifestOf, SMALL } from '../archive/zip-fixtures.ts';

const CASES: readonly (readonly [options: ExportOptions, selection: string])[] = [
  [{ namespaces: [] }, ''],
  [{ namespaces: [], excludeNamespaces: [], selector: '', include: [], exclude: [], require: [] }, ''],
  [{ namespaces: ['b', 'a', 'b'] }, 'a b'],
  [{ namespaces: [], contextProject: 'a' }, 'the project of the context, a'],
  [{ namespaces: [], excludeNamespaces: ['a'] }, 'without projects a'],
  [{ namespaces: [], selector: 'app=web' }, 'labels app=web'],
  [
    { namespaces: ['a'], include: ['y', 'x'], exclude: ['z'], excludeNamespaces: ['b'] },
    'a; without projects b; types x y; without types z',
  ],
  // What is required decides which archive is complete, not what is in it.
  [{ namespaces: [], require: ['secrets'] }, ''],
];
for (const [options, selection] of CASES) {
  test(`the selection of ${JSON.stringify(options)} is "${selection}"`, () => {
    assert.equal(selectionOf(options), selection);
  });
}

test('the options of a manifest are read back, also those of an older version', () => {
  const all = {
    namespaces: ['a'],
    contextProject: 'a',
    excludeNamespaces: ['b'],
    selector: 'app',
    include: ['c'],
    exclude: ['d'],
    require: ['e'],
  };
  for (const options of [all, { namespaces: [] }]) {
    assert.deepEqual(parseManifest(JSON.stringify({ ...manifestOf(SMALL), options })).options, options);
  }
  for (const wrong of [{ include: 'c' }, { selector: 7 }, { require: null }]) {
    const text = JSON.stringify({ ...manifestOf(SMALL), options: { namespaces: [], ...wrong } });
    assert.throws(() => parseManifest(text), /manifest.json has a wrong or missing options\./u);
  }
});

const OWN = selectionOf({ namespaces: [], contextProject: 'a' });
const OWN_TYPES = selectionOf({ namespaces: [], contextProject: 'a', include: ['x'] });
const COMPARED: readonly (readonly [selection: string, options: ExportOptions, is: boolean])[] = [
  ['', { namespaces: [] }, true],
  ['a', { namespaces: ['a'] }, true],
  ['a', { namespaces: [] }, false],
  // Who gives the same options need not know that only one project could be exported.
  [OWN, { namespaces: [] }, true],
  [OWN_TYPES, { namespaces: [], include: ['x'] }, true],
  [OWN_TYPES, { namespaces: [] }, false],
  [OWN, { namespaces: ['a'] }, false],
];
for (const [selection, options, is] of COMPARED) {
  test(`"${selection}" ${is ? 'comes' : 'does not come'} of ${JSON.stringify(options)}`, () => {
    assert.equal(isSelectionOf(selection, options), is);
  });
}
