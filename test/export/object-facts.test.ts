import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import { FactsWriter } from '../../src/export/object-facts.ts';

const CASES: readonly (readonly [name: string, object: object, facts: object])[] = [
  ['an object that nobody says anything of', { metadata: { name: 'a' } }, {}],
  [
    'who made it, who wrote it and who owns it',
    {
      metadata: {
        name: 'web',
        uid: '5e3f',
        creationTimestamp: '2026-11-20T00:00:00Z',
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1', controller: true },
        ],
        managedFields: [
          {
            manager: 'kubectl',
            operation: 'Apply',
            apiVersion: 'v1',
            time: '2026-11-20T00:00:00Z',
            fieldsV1: { 'f:a': {} },
          },
          {
            manager: 'ü "quoted"\n',
            operation: 'Update',
            subresource: 'status',
            time: '2026-11-21T00:00:00Z',
          },
        ],
      },
      spec: { secret: 'never here' },
    },
    {
      uid: '5e3f',
      created: '2026-11-20T00:00:00Z',
      owners: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }],
      managers: [
        { manager: 'kubectl', operation: 'Apply', time: '2026-11-20T00:00:00Z' },
        { manager: 'ü "quoted"\n', operation: 'Update', subresource: 'status', time: '2026-11-21T00:00:00Z' },
      ],
    },
  ],
  [
    'the newest image of each tag of an ImageStream',
    {
      metadata: { name: 'app' },
      spec: {},
      status: {
        tags: [
          {
            tag: 'v2',
            items: [
              {
                created: '2026-11-20T00:00:00Z',
                dockerImageReference: 'r/app@sha256:2',
                image: 'sha256:2',
                generation: 3,
              },
              { created: '2026-11-19T00:00:00Z', dockerImageReference: 'r/app@sha256:1', image: 'sha256:1' },
            ],
          },
          { tag: 'latest', items: null },
          { tag: 'a', items: [{ image: 'sha256:0' }] },
        ],
      },
    },
    {
      images: {
        a: { image: 'sha256:0' },
        v2: { created: '2026-11-20T00:00:00Z', dockerImageReference: 'r/app@sha256:2', image: 'sha256:2' },
      },
    },
  ],
];

for (const [name, object, facts] of CASES) {
  test(`FactsWriter tells ${name}`, () => {
    const document = new JsonDocument(Buffer.from(JSON.stringify(object)));
    const item = Buffer.from(new FactsWriter().write(document, document.root)).toString();
    const { metadata } = object as { metadata: { name: string } };
    const whole = {
      apiVersion: 'openshift-backup.io/v1',
      kind: 'Facts',
      metadata: { name: metadata.name },
      ...facts,
    };
    // As an item of the list that the entry is.
    const list = canonicalJson({ apiVersion: 'v1', items: [whole], kind: 'List' });
    assert.equal(`{\n  "apiVersion": "v1",\n  "items": [\n    ${item}\n  ],\n  "kind": "List"\n}\n`, list);
  });
}
