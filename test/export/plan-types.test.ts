import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planTypes } from '../../src/export/plan-types.ts';
import { gapsOf } from '../../src/model/manifest.ts';

const TYPE = { group: 'shop.example.com', version: 'v1', plural: 'carts', kind: 'Cart', isNamespaced: true };

test('planTypes() takes what can be listed, got and created, and says why of the rest', () => {
  const whole = { ...TYPE, verbs: ['get', 'list', 'create'] };
  const view = { ...TYPE, plural: 'totals', verbs: ['get', 'list'] };
  const { selected, settled } = planTypes({ types: [whole, view], unknown: [] });
  assert.deepEqual(selected, [whole]);
  assert.deepEqual(
    settled.map(({ type, outcomes }) => [type, outcomes]),
    [
      [
        'totals.shop.example.com',
        [{ scope: '*', result: 'skipped', rule: 'virtual', reason: 'the server offers no create for it' }],
      ],
    ],
  );
});

test('planTypes() makes a gap of a group that does not answer, unless it holds nothing but views', () => {
  const reason = 'no answer';
  const unknown = [
    { group: 'route.openshift.io', version: 'v1', reason },
    { group: 'metrics.k8s.io', version: 'v1beta1', reason },
  ];
  const { settled } = planTypes({ types: [], unknown });
  assert.deepEqual(gapsOf(settled), [{ type: '*.route.openshift.io', scope: '*', reason }]);
  assert.equal(settled.length, 2);
});
