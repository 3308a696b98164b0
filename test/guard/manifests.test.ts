import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { kustomize, MANIFESTS, objectsIn } from '../openshift/kustomize.ts';
import { fileText, GENERATED } from './manifest-files.ts';

const FOLDER = path.join(MANIFESTS, 'guard');

if (process.env['UPDATE_MANIFESTS'] === '1') {
  for (const [file, objects] of Object.entries(GENERATED))
    writeFileSync(path.join(FOLDER, file), fileText(objects));
}

describe('The manifests of the guard', () => {
  for (const [file, objects] of Object.entries(GENERATED)) {
    test(`${file} is what the rules make it`, () => {
      const text = readFileSync(path.join(FOLDER, file), 'utf8');
      assert.equal(text, fileText(objects), `${file} is behind. To write it anew: npm run manifests`);
      assert.deepEqual(objectsIn(text), JSON.parse(JSON.stringify(objects)));
    });
  }

  for (const [folder, kinds] of [
    ['audit', { ValidatingAdmissionPolicy: 5, ValidatingAdmissionPolicyBinding: 5 }],
    ['deny', { ValidatingAdmissionPolicy: 5, ValidatingAdmissionPolicyBinding: 5 }],
    [
      'webhook',
      {
        Deployment: 1,
        Namespace: 1,
        NetworkPolicy: 1,
        PodDisruptionBudget: 1,
        Service: 1,
        ServiceAccount: 1,
        ValidatingWebhookConfiguration: 1,
      },
    ],
    [
      'webhook-before-1.28',
      {
        Deployment: 1,
        Namespace: 1,
        NetworkPolicy: 1,
        PodDisruptionBudget: 1,
        Service: 1,
        ServiceAccount: 1,
        ValidatingWebhookConfiguration: 1,
      },
    ],
  ] as const) {
    test(`${folder} builds, and all of it has the label by which it is removed`, async () => {
      const objects = await kustomize(`guard/${folder}`);
      const counts: Record<string, number> = {};
      for (const { kind, metadata } of objects) {
        counts[kind] = (counts[kind] ?? 0) + 1;
        assert.equal(metadata.labels?.['app.kubernetes.io/name'], 'openshift-backup', metadata.name);
        // Else the guard would refuse its own pods.
        assert.doesNotMatch(metadata.name, /^backuper-/u);
      }
      assert.deepEqual(
        Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1))),
        kinds,
      );
    });
  }

  test('the pods of the webhook are those that its Service and its budget mean', async () => {
    const objects = await kustomize('guard/webhook');
    const spec = (kind: string): Record<string, unknown> =>
      (objects.find((one) => one.kind === kind)?.['spec'] ?? {}) as Record<string, unknown>;
    const { template, selector } = spec('Deployment') as unknown as {
      template: { metadata: { labels: Record<string, string> } };
      selector: { matchLabels: Record<string, string> };
    };
    const selectors = [
      selector.matchLabels,
      spec('Service')['selector'],
      (spec('PodDisruptionBudget')['selector'] as { matchLabels: object }).matchLabels,
    ];
    for (const wanted of selectors)
      assert.deepEqual({ ...template.metadata.labels, ...(wanted as object) }, template.metadata.labels);
  });
});
