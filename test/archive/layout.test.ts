import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryPath } from '../../src/archive/layout.ts';

test('entryPath() names the entry of a project and of the cluster', () => {
  assert.equal(entryPath('shop', 'deployments.apps'), 'shop/deployments.apps.json');
  assert.equal(entryPath(undefined, 'nodes'), '_cluster/nodes.json');
});

const REFUSED: readonly (readonly [project: string | undefined, type: string])[] = [
  ['_cluster', 'configmaps'],
  ['..', 'configmaps'],
  ['a/b', 'configmaps'],
  ['', 'configmaps'],
  ['A', 'configmaps'],
  ['shop', '../x'],
  ['shop', ''],
  ['shop', 'deployments/status'],
  [undefined, 'a\\b'],
];
for (const [project, type] of REFUSED) {
  test(`entryPath() refuses ${JSON.stringify([project, type])}`, () => {
    assert.throws(() => entryPath(project, type), RangeError);
  });
}
