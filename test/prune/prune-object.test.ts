import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { CanonicalWriter } from '../../src/json/canonical-writer.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import type { ResourceType } from '../../src/model/resource-type.ts';
import { identityOf, prunerOf } from '../../src/prune/prune-object.ts';
import { skipReason } from '../../src/prune/skip-types.ts';

const CONFIG_MAP: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  isNamespaced: true,
  verbs: [],
};
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const CASES: readonly (readonly [name: string, raw: string, pruned: string])[] = [
  [
    'fills in apiVersion and kind',
    '{"metadata":{"name":"a"}}',
    '{"metadata":{"name":"a"},"apiVersion":"v1","kind":"ConfigMap"}',
  ],
  [
    'keeps empty values that somebody wrote',
    '{"metadata":{"labels":{},"annotations":{}},"data":{},"x":[],"y":""}',
    '{"metadata":{"labels":{},"annotations":{}},"data":{},"x":[],"y":"","apiVersion":"v1","kind":"ConfigMap"}',
  ],
  [
    'drops annotations that only a rule has emptied',
    `{"metadata":{"name":"a","annotations":{"${LAST_APPLIED}":"{}"}}}`,
    '{"metadata":{"name":"a"},"apiVersion":"v1","kind":"ConfigMap"}',
  ],
  [
    'keeps the other annotations',
    `{"metadata":{"annotations":{"${LAST_APPLIED}":"{}","mine":"1"}}}`,
    '{"metadata":{"annotations":{"mine":"1"}},"apiVersion":"v1","kind":"ConfigMap"}',
  ],
  [
    "prunes by exact path: data is the user's",
    '{"data":{"status":"x","uid":"y"},"spec":{"status":{},"metadata":{"uid":"z"}}}',
    '{"data":{"status":"x","uid":"y"},"spec":{"status":{},"metadata":{"uid":"z"}},"apiVersion":"v1","kind":"ConfigMap"}',
  ],
  [
    'leaves a field alone that is not of the expected shape',
    '{"metadata":"text","status":1}',
    '{"metadata":"text","apiVersion":"v1","kind":"ConfigMap"}',
  ],
  [
    'keeps a key __proto__ at every level it copies',
    '{"__proto__":{"a":1},"metadata":{"annotations":{"__proto__":"p"}}}',
    '{"__proto__":{"a":1},"metadata":{"annotations":{"__proto__":"p"}},"apiVersion":"v1","kind":"ConfigMap"}',
  ],
];

function pruned(raw: string): string {
  const document = new JsonDocument(Buffer.from(raw));
  prunerOf(CONFIG_MAP)(document, document.root);
  const bytes = new CanonicalWriter().write(document, document.root, 0, identityOf(CONFIG_MAP));
  return `${Buffer.from(bytes).toString()}\n`;
}

for (const [name, raw, expected] of CASES) {
  test(`pruneObject() ${name}`, () => assert.equal(pruned(raw), canonicalJson(JSON.parse(expected))));
}

const SKIPS: readonly (readonly [type: string, verbs: string, rule: string | undefined])[] = [
  ['configmaps', 'list get create', undefined],
  ['events', 'list get create', 'event'],
  ['events.events.k8s.io', 'list get create', 'event'],
  ['leases.coordination.k8s.io', 'list get create', 'heartbeat'],
  ['imagestreamtags.image.openshift.io', 'list get create', 'view'],
  ['oauthaccesstokens.oauth.openshift.io', 'list get create', 'live-credential'],
  ['tokenreviews.authentication.k8s.io', 'create', 'virtual'],
  ['nodes.metrics.k8s.io', 'list get', 'virtual'],
];
for (const [name, verbs, rule] of SKIPS) {
  test(`skipReason() of ${name} with ${verbs} is ${rule ?? 'none'}`, () => {
    const [plural = '', ...group] = name.split('.');
    const type = { ...CONFIG_MAP, plural, group: group.join('.'), verbs: verbs.split(' ') };
    assert.equal(skipReason(type)?.rule, rule);
  });
}
