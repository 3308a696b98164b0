import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import { type NightFacts, planNight } from '../../../src/volumes/night/plan-night.ts';

const USUAL = { bandwidthKiB: 0, deadlineSeconds: 3600 };

function claim(name: string, annotations: Record<string, string> = {}, namespace = 'shop'): ClusterObject {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`openshift-backup.io/${key}`, value]);
  return {
    metadata: { name, namespace, annotations: Object.fromEntries(prefixed) as Record<string, string> },
  };
}

function intoFolder(folder: string): Record<string, string> {
  return { 'copy-to': 'both', 'copy-into': folder };
}

function plan(claims: readonly ClusterObject[], more: Partial<NightFacts> = {}) {
  return planNight({ claims, projects: new Set(['shop', 'blog']), configured: [], usual: USUAL, ...more });
}

describe('A night of copies', () => {
  test('copies what is annotated, as the annotations say', () => {
    const annotations = {
      'copy-to': 'data-backup',
      'copy-mode': 'generations',
      'copy-keep': '30',
      'copy-folder': 'db/main',
      'copy-into': 'shop/data',
      'copy-quiesce': 'hooks',
    };
    const { requests, outcomes } = plan([claim('data', annotations), claim('data-backup')]);
    assert.deepEqual(requests, [
      {
        namespace: 'shop',
        source: 'data',
        target: 'data-backup',
        sub: 'db/main',
        into: 'shop/data',
        mode: 'generations',
        keepGenerations: 30,
        quiesce: 'hooks',
        mayShrink: false,
        checksum: false,
        node: '',
        ...USUAL,
      },
    ]);
    assert.deepEqual(outcomes, [
      { namespace: 'shop', claim: 'data-backup', result: 'copy', message: 'holds the copy of data' },
    ]);
  });

  const WRONG: readonly (readonly [annotations: Record<string, string>, message: RegExp])[] = [
    [{ 'copy-to': '' }, /copy-to is empty: name the claim/u],
    [{ 'copy-to': 'b', 'copy-mode': 'Mirror' }, /copy-mode is "Mirror": give mirror or generations/u],
    [{ 'copy-to': 'b', 'copy-quiesce': 'yes' }, /copy-quiesce is "yes": give none, hooks, scale/u],
    [{ 'copy-to': 'b', 'copy-keep': '0' }, /copy-keep is "0": give a whole number from 1 to 1000/u],
    [{ 'copy-to': 'b', 'copy-keep': '1e2' }, /copy-keep is "1e2"/u],
    [{ 'copy-to': 'b', 'copy-keep': '9999' }, /copy-keep is "9999"/u],
  ];
  for (const [annotations, message] of WRONG) {
    test(`declines ${JSON.stringify(annotations)}`, () => {
      const { requests, outcomes } = plan([claim('data', annotations)]);
      assert.deepEqual(requests, []);
      assert.equal(outcomes[0]?.result, 'declined');
      assert.match(outcomes[0].message, message);
    });
  }

  test('copies what is configured, unless the claim itself says more', () => {
    const configured = [
      { namespace: 'shop', claim: 'data', target: 'elsewhere' },
      { namespace: 'blog', claim: 'posts', target: 'posts-copy' },
      { namespace: 'closed', claim: 'data', target: 'copy' },
    ];
    const { requests, outcomes } = plan([claim('data', { 'copy-to': 'near' })], { configured });
    assert.deepEqual(
      requests.map(({ namespace, source, target }) => [namespace, source, target]),
      [
        ['blog', 'posts', 'posts-copy'],
        ['shop', 'data', 'near'],
      ],
    );
    assert.deepEqual(
      outcomes.map(({ namespace, result, message }) => [namespace, result, message]),
      [
        [
          'closed',
          'declined',
          'the project does not let its volumes be copied: make volumes-allow PROJECT=closed',
        ],
      ],
    );
  });

  const FOLDERS: readonly (readonly [one: string, other: string, isDeclined: boolean])[] = [
    ['', '', true],
    ['', 'b', true],
    ['a', 'a', true],
    ['a', 'a/b', true],
    ['a//b', 'a/b', true],
    ['./a', 'a', true],
    ['a', 'ab', false],
    ['x/a', 'x/b', false],
  ];
  for (const [one, other, isDeclined] of FOLDERS) {
    test(`${isDeclined ? 'declines' : 'makes'} copies into ${JSON.stringify([one, other])} of one claim`, () => {
      const { requests, outcomes } = plan([
        claim('first', intoFolder(one)),
        claim('second', intoFolder(other)),
      ]);
      assert.equal(requests.length, isDeclined ? 0 : 2);
      assert.equal(outcomes.filter(({ result }) => result === 'declined').length, isDeclined ? 2 : 0);
    });
  }

  test('copies of other projects do not overlap', () => {
    const both = [claim('data', { 'copy-to': 'copy' }), claim('data', { 'copy-to': 'copy' }, 'blog')];
    assert.equal(plan(both).requests.length, 2);
  });

  test('says of every claim what becomes of it, once', () => {
    const text = fc.constantFrom('a', 'b', 'c', '', '../x');
    const annotations = fc.dictionary(
      fc.constantFrom('copy-to', 'copy-into', 'copy-mode', 'copy-of', 'copy-keep'),
      fc.oneof(text, fc.constantFrom('mirror', 'generations', '3')),
    );
    const claims = fc.uniqueArray(
      fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), annotations, fc.constantFrom('shop', 'blog')),
      { selector: ([name, , namespace]) => `${namespace}/${name}` },
    );
    const property = fc.property(claims, (made) => {
      const all = made.map(([name, values, namespace]) => claim(name, values, namespace));
      const { requests, outcomes } = plan(all);
      const named = [
        ...requests.map(({ namespace, source }) => `${namespace}/${source}`),
        ...outcomes.map(({ namespace, claim: name }) => `${namespace}/${name}`),
      ];
      assert.deepEqual(
        named.toSorted(),
        made.map(([name, , namespace]) => `${namespace}/${name}`).toSorted(),
      );
      // No two copies in one folder, by any reading of their paths.
      const places = requests.map(
        ({ namespace, target, into }) => `${namespace}/${target}/${into.replace(/^\.?\/*/u, '')}`,
      );
      assert.equal(new Set(places).size, places.length);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
